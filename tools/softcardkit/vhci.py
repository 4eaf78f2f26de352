# SPDX-License-Identifier: MIT
"""Attach to and detach from the kernel's virtual host controller, by sysfs.

Source: drivers/usb/usbip/vhci_sysfs.c (status_show, attach_store, detach_store).
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from stress.errors import BackendUnavailable, DeviceError
from tools.softcardkit.config import Speed

_PLATFORM = Path("/sys/devices/platform")
_PORT_FREE = "004"  # VDEV_ST_NULL, include/linux/usbip.h numbering as printed in status
_SPEED_CODE = {Speed.FULL: 2, Speed.HIGH: 3}  # enum usb_device_speed
_DEVID = 1 << 16 | 2  # bus 1, device 2 of an imaginary remote host
#: The kernel frees a port some 100 ms after its connection broke [s].
BUSY_RETRY_S = 2.0


def controller(platform: Path = _PLATFORM) -> Path:
    """Return the sysfs folder of the first vhci controller.

    Raises
    ------
    BackendUnavailable : the module is not loaded, or its files cannot be written.
    """
    for name in ("vhci_hcd.0", "vhci_hcd"):  # without the number before Linux 4.13
        folder = platform / name
        if (folder / "attach").exists():
            if not os.access(folder / "attach", os.W_OK):
                raise BackendUnavailable(f"{folder}/attach: no permission to write; run as root")
            return folder
    raise BackendUnavailable(
        "no virtual USB host controller: run 'modprobe vhci-hcd' as root"
        " (kernel option CONFIG_USBIP_VHCI_HCD)"
    )


def free_ports(status: str) -> list[int]:
    """Return the free ports that take full and high speed, from the status file.

    Lines are ``hs  0000 004 000 00000000 000000 0-0``; before Linux 4.13 without the
    hub column.
    """
    ports = []
    for line in status.splitlines()[1:]:
        words = line.split()
        if words and words[0] in ("hs", "ss"):
            hub, words = words[0], words[1:]
        else:
            hub = "hs"
        if hub == "hs" and len(words) > 1 and words[1] == _PORT_FREE:
            ports.append(int(words[0]))
    return ports


def attach(speed: Speed, folder: Path) -> tuple[socket.socket, int]:
    """Plug in; return our end of the connection and the port number.

    Raises
    ------
    DeviceError : every port is taken, or the kernel refused.
    """
    deadline = time.monotonic() + BUSY_RETRY_S
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        for port in _ports_until(folder, deadline):
            line = f"{port} {theirs.fileno()} {_DEVID} {_SPEED_CODE[speed]}"
            try:
                (folder / "attach").write_text(line, encoding="ascii")
            except OSError as error:
                if error.errno != errno.EBUSY:
                    ours.close()
                    raise DeviceError(
                        "the kernel refused the card", errno_=error.errno, device=str(folder), call="attach"
                    ) from None
            else:
                return ours, port
    ours.close()
    raise DeviceError("every port is taken", errno_=errno.EBUSY, device=str(folder), call="attach")


def _ports_until(folder: Path, deadline: float) -> Iterator[int]:
    while True:
        yield from free_ports((folder / "status").read_text(encoding="ascii"))
        if time.monotonic() > deadline:
            return
        time.sleep(0.05)


def is_free(folder: Path, port: int) -> bool:
    """Tell whether `port` has been given up by the kernel."""
    return port in free_ports((folder / "status").read_text(encoding="ascii"))
