# SPDX-License-Identifier: MIT
"""Where the two rings lie, and which of their mappings are cached."""

from __future__ import annotations

from dataclasses import dataclass

from stress.virtual.cache.geometry import PAGE_BYTES
from stress.virtual.spec import BoardSpec

KERNEL, USER = 0, 1
# Places in a 32-bit address space; only page colours and order matter.
_VMALLOC, _USER = 0xD0000000, 0x40000000
SOURCE, CAPTURED, NOISE = 0x50000000, 0x60000000, 0x70000000
BUFFER_SPAN_BYTES = 1 << 26
NOISE_SPAN_BYTES = 1 << 22
# One span for each part of a footprint, behind the noise.
WORK, WORK_SPAN_BYTES = 0x78000000, 1 << 24
# What one word of the cache model may stand for [bytes]. A word that holds the end of one frame and the
# begin of the next would be stored and loaded with either: a coherent cache would corrupt it.
_GRANULES = (4, 2, 1)


@dataclass(frozen=True)
class RingPlace:
    """One ring as the cache sees it.

    Parameters
    ----------
    ring_bytes : length [bytes].
    granule_bytes : bytes that one word of the cache model stands for.
    vlines : line numbers of the kernel's and the user's mapping.
    pline : physical line number.
    uncached : whether the kernel's and the user's accesses bypass the cache.
    user_alias : mapping that serves the user: USER, or KERNEL with rw access.
    """

    ring_bytes: int
    line_bytes: int
    granule_bytes: int
    vlines: tuple[int, int]
    pline: int
    uncached: tuple[bool, bool]
    user_alias: int = USER

    @property
    def ring_granules(self) -> int:
        """Length of the ring [granules]."""
        return self.ring_bytes // self.granule_bytes


def granule_bytes(frame_bytes: int) -> int:
    """Return the largest granule that divides a frame [bytes]."""
    return next(size for size in _GRANULES if frame_bytes % size == 0)


def uncached_mappings(spec: BoardSpec) -> tuple[bool, bool]:
    """Return whether the kernel's and the user's mapping bypass the cache."""
    if spec.architecture == "x86":
        return False, False  # snooped: memory types do not make copies differ
    if not spec.kernel.use_vmalloc:
        return True, True
    mapping = spec.kernel.mapping
    return mapping in ("kernel-noncached", "writecombine"), mapping in ("user-noncached", "writecombine")


def place_rings(
    spec: BoardSpec,
    sizes: tuple[int, int],
    granule: int,
    user_alias: tuple[int, int],
    colours: tuple[int, int] | None = None,
) -> tuple[RingPlace, RingPlace]:
    """Return both rings, playback first.

    Parameters
    ----------
    sizes : bytes of the playback and the capture ring.
    granule : [bytes], one for both: they share one cache.
    user_alias : mapping that serves the user, per direction.
    colours : of the user's mapping against the kernel's, per ring [pages]; None
        takes what the board says for both.
    """
    geometry = spec.cache.shape()
    line = geometry.line_bytes
    asked = colours or (max(0, spec.cache.colour),) * 2
    coloured = [number % geometry.colours if geometry.tagging == "vipt" else 0 for number in asked]
    uncached = uncached_mappings(spec)
    pages = -(-sizes[0] // PAGE_BYTES)
    # vmalloc leaves a guard page between areas; so does this user, which keeps the colours apart.
    offsets = (0, (pages + 1) * PAGE_BYTES)

    def place(which: int) -> RingPlace:
        vlines = (
            (_VMALLOC + offsets[which]) // line,
            (_USER + offsets[which] + coloured[which] * PAGE_BYTES) // line,
        )
        pline = which * pages * PAGE_BYTES // line
        return RingPlace(sizes[which], line, granule, vlines, pline, uncached, user_alias[which])

    return place(0), place(1)
