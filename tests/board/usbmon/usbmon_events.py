# SPDX-License-Identifier: MIT
"""Events as usbmon writes them, packed by hand from the layout in the kernel's documentation."""

from __future__ import annotations

import struct
from collections.abc import Sequence

OUT, IN = 0x01, 0x82
DEVICE = 5
HEADER = "=QBBBBHbbqiiII8siiII"


def raw(
    kind: str,
    endpoint: int,
    packets: Sequence[tuple[int, int, int]],
    data: bytes = b"",
    *,
    urb: int = 1,
    status: int = 0,
    device: int = DEVICE,
    kept: int | None = None,
    transfer: int = 0,
) -> tuple[bytes, memoryview]:
    """Return header and body of one event.

    Parameters
    ----------
    packets : status, offset, length of each descriptor.
    kept : bytes of the body that found room, all by default.
    """
    body = b"".join(struct.pack("=iIII", *packet, 0) for packet in packets) + data
    body = body if kept is None else body[:kept]
    setup = struct.pack("=ii", 0, len(packets))
    header = struct.pack(
        HEADER,
        *(urb, ord(kind), transfer, endpoint, device, 1, -1, 0, 0, 0, status),
        *(len(data), len(body), setup, 1, 0, 0, len(packets)),
    )
    return header, memoryview(body)
