# SPDX-License-Identifier: MIT
"""The binary interface of usbmon: numbers, headers, isochronous descriptors.

Source: Linux drivers/usb/mon/mon_bin.c, struct mon_bin_hdr, struct mon_bin_get,
mon_bin_event; Documentation/usb/usbmon.rst.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping
from typing import NamedTuple

_HEADER = struct.Struct("=QBBBBHbbqiiII8siiII")
_ISO = struct.Struct("=iIII")
HEADER_BYTES = _HEADER.size
ISO_BYTES = _ISO.size
# Every event takes a multiple of this in the ring (mon_bin.c, PKT_ALIGN).
SLOT_BYTES = 64
# struct mon_bin_get: three native words, so 32 and 64 bit differ.
GET = struct.Struct("@PPN")
STATS = struct.Struct("=II")
_MAGIC = 0x92 << 8
# Direction of an ioctl in its number: shift, none, write, read. Source: asm/ioctl.h of each
# architecture; asm-generic where it has none of its own.
_GENERIC = (30, 0, 1, 2)
_THREE_BITS = (29, 1, 4, 2)
_PARISC = (30, 0, 2, 1)
_DIRECTIONS = {
    "mips": _THREE_BITS,
    "ppc": _THREE_BITS,
    "sparc": _THREE_BITS,
    "alpha": _THREE_BITS,
    "parisc": _PARISC,
}


class Ioctls(NamedTuple):
    """The numbers of usbmon's ioctls on one machine."""

    getx: int  #: _IOW(0x92, 10, struct mon_bin_get)
    stats: int  #: _IOR(0x92, 3, struct mon_bin_stats)
    ring_size: int  #: _IO(0x92, 4)


def ioctls(machine: str) -> Ioctls:
    """Return the numbers for a machine as uname names it ("armv5tejl", "mips", "ppc64le")."""
    names = (bits for prefix, bits in _DIRECTIONS.items() if machine.startswith(prefix))
    shift, none, write, read = next(names, _GENERIC)
    return Ioctls(
        getx=write << shift | GET.size << 16 | _MAGIC | 10,
        stats=read << shift | STATS.size << 16 | _MAGIC | 3,
        ring_size=none << shift | _MAGIC | 4,
    )


IOCX_GETX, IOCG_STATS, IOCT_RING_SIZE = ioctls(platform.machine())
ISO_TRANSFER = 0
SUBMIT, COMPLETE, ERROR = ord("S"), ord("C"), ord("E")
# URB statuses of a stream that is stopped: ENOENT, ECONNRESET, ESHUTDOWN. Their
# packets never ran. vhci-hcd says ECONNRESET, other controllers either.
STOPPED = frozenset((-2, -104, -108))
# A submitted packet nobody has touched (usb_submit_urb presets EXDEV).
UNTOUCHED = -18
# Errors that a packet or URB ends with, by the numbers of asm-generic. MIPS, Alpha, SPARC and PA-RISC have
# others; a record says the same everywhere. Source: Documentation/driver-api/usb/error-codes.rst.
_GENERIC_ERRORS = {
    "EXDEV": 18, "EPIPE": 32, "ETIME": 62, "ENOSR": 63, "ECOMM": 70, "EPROTO": 71, "EOVERFLOW": 75,
    "EILSEQ": 84, "ECONNRESET": 104, "ESHUTDOWN": 108, "EINPROGRESS": 115, "EREMOTEIO": 121,
}  # fmt: skip


def foreign_errors(numbers: Mapping[str, int]) -> dict[int, int]:
    """Return the statuses that a machine with these errno numbers writes otherwise, with the generic ones."""
    known = {name: numbers.get(name, number) for name, number in _GENERIC_ERRORS.items()}
    return {-own: -_GENERIC_ERRORS[name] for name, own in known.items() if own != _GENERIC_ERRORS[name]}


_FOREIGN = foreign_errors({name: number for number, name in errno.errorcode.items()})


class Packet(NamedTuple):
    """One isochronous packet: status, place in the URB's buffer [bytes]."""

    status: int
    offset: int
    length: int
    reserved: int = 0


# Thousands per second of audio: a tuple costs a third of a frozen dataclass.
class UsbEvent(NamedTuple):
    """One usbmon event of an isochronous endpoint.

    Parameters
    ----------
    urb : the URB's id, the same at submission and completion.
    kind : SUBMIT, COMPLETE or ERROR.
    endpoint : address, 0x80 set for IN.
    slot_bytes : what it took of usbmon's ring [bytes].
    data : bytes that follow the descriptors, as far as they were kept.
    """

    urb: int
    kind: int
    transfer: int
    endpoint: int
    device: int
    status: int
    slot_bytes: int
    packets: tuple[Packet, ...] = ()
    data: bytes = b""

    @property
    def is_in(self) -> bool:
        """True for a packet from the device."""
        return bool(self.endpoint & 0x80)

    @property
    def truncated(self) -> bool:
        """True when a packet that has data here was not kept whole.

        Empty packets behind the last full one lie past the data that is kept.
        """
        carries = self.kind == (COMPLETE if self.is_in else SUBMIT)
        size = len(self.data)
        return carries and any(part.length and part.offset + part.length > size for part in self.packets)


def parse(header: bytes | bytearray | memoryview, body: memoryview) -> UsbEvent:
    """Return the event of one header and the bytes that came with it.

    Parameters
    ----------
    header : `HEADER_BYTES` bytes or more.
    body : captured bytes: descriptors, then data; may be shorter than the
        header says (a small buffer), which truncates.

    Raises
    ------
    ValueError : fewer than `HEADER_BYTES` bytes.
    """
    if len(header) < HEADER_BYTES:
        raise ValueError(f"a usbmon header has {HEADER_BYTES} bytes, not {len(header)}")
    fields = _HEADER.unpack_from(header)
    urb, kind, transfer, endpoint, device = fields[:5]
    captured, descriptors = fields[12], fields[17]
    slot = -(-(HEADER_BYTES + captured) // SLOT_BYTES) * SLOT_BYTES
    status = _FOREIGN.get(fields[10], fields[10])
    if transfer != ISO_TRANSFER:
        return UsbEvent(urb, kind, transfer, endpoint, device, status, slot)
    captured = min(captured, len(body))
    split = min(descriptors, captured // ISO_BYTES) * ISO_BYTES
    packets = tuple(map(Packet._make, _ISO.iter_unpack(body[:split])))
    if _FOREIGN:
        packets = tuple(part._replace(status=_FOREIGN.get(part.status, part.status)) for part in packets)
    data = bytes(body[split:captured])
    return UsbEvent(urb, kind, transfer, endpoint, device, status, slot, packets, data)
