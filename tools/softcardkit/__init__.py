# SPDX-License-Identifier: MIT
"""A USB Audio Class 1.0 card in userspace, attached to the kernel's vhci-hcd.

The real snd-usb-audio driver binds to it, so the whole kernel path from the PCM
ring to the URB is exercised without hardware. What is played comes back as
capture, bit for bit, except where a fault was asked for. No network port is
opened: USB/IP is spoken over an AF_UNIX socketpair, one end of which the kernel
holds. The death of the process is an unplug.

Data walks one way: `wire` cuts PDUs out of the byte stream, `card` hands them to
`requests` (endpoint 0) or `engine` (isochronous endpoints, the bus clock and the
FIFO), `inject` spoils the FIFO as `faultspec` says. `serve` is the only module
that knows sockets and time.

Not modelled: any cache, volume controls, electrical errors other than the status
codes asked for, suspend. A stale chunk here is made after the host's copy, so it
looks like cache aliasing to a loopback but not to usbmon.
"""

from __future__ import annotations
