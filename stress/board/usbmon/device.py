# SPDX-License-Identifier: MIT
"""/dev/usbmonN of a card's bus: opened before a burst, drained after it.

Events are fetched with GETX, which copies. usbmon's own mmap is a second
mapping of cached memory without any maintenance: on a VIVT cache it has the
very defect that is looked for.

Source: Linux drivers/usb/mon/mon_bin.c.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from stress.board.usbmon.format import (
    GET,
    HEADER_BYTES,
    IOCG_STATS,
    IOCT_RING_SIZE,
    IOCX_GETX,
    STATS,
    UsbEvent,
    parse,
)
from stress.errors import BackendUnavailable, DeviceError

# Limits of usbmon's ring (mon_bin.c, BUFF_MIN and BUFF_MAX) [bytes].
LEAST_RING, MOST_RING = 8192, 64 << 20
# Largest event taken over whole [bytes]. Source: 48 packets of 3072 bytes with
# their descriptors are 148 KB. Higher: memory for nothing; lower: large URBs
# come truncated.
MOST_EVENT = 1 << 18

GRANT = (
    'a rule in /etc/udev/rules.d such as SUBSYSTEM=="usbmon", GROUP="audio", MODE="0640" grants it to a group'
)
COST = "without it only a loopback can judge, and it cannot tell the host's rings from the wire"


class UsbMonitor:
    """One open usbmon device.

    Parameters
    ----------
    bus : USB bus number.
    ring_bytes : asked for; halved until the kernel gives it.

    Attributes
    ----------
    ring_bytes : granted [bytes].
    dropped : events that found no room, since opening; known after `drain`.

    Raises
    ------
    BackendUnavailable : there is no usbmon.
    DeviceError : no right to open it, or it fails.
    """

    def __init__(self, bus: int, ring_bytes: int, root: Path = Path("/dev")) -> None:
        self.path = str(root / f"usbmon{bus}")
        self.dropped = 0
        try:
            self._file = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise _refusal(self.path, error) from None
        try:
            self.ring_bytes = self._size(ring_bytes)
        except OSError as error:
            self.close()
            raise _refusal(self.path, error) from None
        self._header = array.array("B", bytes(HEADER_BYTES))
        self._body = array.array("B", bytes(MOST_EVENT))
        places = (self._header.buffer_info()[0], self._body.buffer_info()[0])
        self._request = GET.pack(*places, MOST_EVENT)

    def drain(self) -> Iterator[UsbEvent]:
        """Yield what has come in so far, oldest first; counts drops at the end."""
        header, body = memoryview(self._header), memoryview(self._body)
        while True:
            try:
                fcntl.ioctl(self._file, IOCX_GETX, self._request)
            except BlockingIOError:
                break
            except OSError as error:
                raise _refusal(self.path, error) from None
            yield parse(header, body)
        self.dropped += STATS.unpack(fcntl.ioctl(self._file, IOCG_STATS, bytes(STATS.size)))[1]

    def close(self) -> None:
        """Stop looking; idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _size(self, wanted: int) -> int:
        size = max(LEAST_RING, min(wanted, MOST_RING))
        while True:
            try:
                # Setting the size also empties the ring and forgets its drops.
                fcntl.ioctl(self._file, IOCT_RING_SIZE, size)
            except OSError as error:
                # Older kernels allow less (EINVAL), small boards have less (ENOMEM).
                if error.errno not in (errno.EINVAL, errno.ENOMEM) or size // 2 < LEAST_RING:
                    raise
                size //= 2
            else:
                return size


def _refusal(path: str, error: OSError) -> BackendUnavailable | DeviceError:
    number = error.errno or 0
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return BackendUnavailable(f"{path} is missing: modprobe usbmon (CONFIG_USB_MON); {COST}")
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError(
            f"no right to watch the bus: run as root, or {GRANT}; {COST}",
            errno_=number,
            device=path,
            call="open",
        )
    return DeviceError("usbmon fails", errno_=number, device=path, call="ioctl")
