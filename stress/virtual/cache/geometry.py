# SPDX-License-Identifier: MIT
"""Geometry and policy of a D-cache, and the geometries of real cores."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stress.errors import ConfigError, one_of

REPLACEMENTS = ("rr", "rrg", "random")
TAGGINGS = ("vivt", "vipt", "pipt")
LINE_BYTES = (16, 32, 64)
WORD_BYTES = 4
PAGE_BYTES = 4096


@dataclass(frozen=True)
class CacheGeometry:
    """Describe one D-cache: its shape, its policies and how it is tagged.

    Parameters
    ----------
    size_bytes : capacity [bytes].
    ways : associativity; size_bytes / line_bytes / ways must be a power of two.
    line_bytes : 16, 32 or 64 [bytes].
    write_allocate : a store that misses fills the line; otherwise it goes to
        memory only.
    write_through : every store goes to memory and no line is ever dirty.
    replacement : ``rr`` one first-in-first-out pointer per set, ``rrg`` one
        pointer for the whole cache, ``random`` a seeded uniform victim.
    tagging : ``vivt``, ``vipt`` (indexed by virtual, tagged by physical
        address) or ``pipt``.
    dirty_bytes : bytes per dirty bit [bytes], at most line_bytes.
    prefer_invalid : a fill takes the lowest invalid way, where there is one.
    name : what to call it in messages.
    word_bytes : bytes that one word of the model stands for: every access begins and ends
        on such a word, which has to divide a frame [bytes].

    Raises
    ------
    ConfigError : a value that no such cache can have.
    """

    size_bytes: int = 16384
    ways: int = 4
    line_bytes: int = 32
    write_allocate: bool = False
    write_through: bool = False
    replacement: str = "rr"
    tagging: str = "vivt"
    dirty_bytes: int = 16
    prefer_invalid: bool = False
    name: str = "cache"
    word_bytes: int = WORD_BYTES

    def __post_init__(self) -> None:
        self._among("line_bytes", LINE_BYTES)
        self._among("replacement", REPLACEMENTS)
        self._among("tagging", TAGGINGS)
        self._among("dirty_bytes", [size for size in LINE_BYTES if size <= self.line_bytes])
        if not 1 <= self.ways <= 255:
            raise ConfigError(f"{self.ways} ways", where=self.name, key="ways", allowed="1 to 255")
        way_bytes, rest = divmod(self.size_bytes, self.ways)
        sets = way_bytes // self.line_bytes
        if rest or sets < 1 or sets * self.line_bytes != way_bytes or sets & (sets - 1):
            raise ConfigError(
                f"{self.size_bytes} bytes in {self.ways} ways of {self.line_bytes}-byte lines",
                where=self.name,
                key="size_bytes",
                allowed="a power-of-two number of sets",
            )

    def _among(self, key: str, allowed: tuple[object, ...] | list[int]) -> None:
        value = getattr(self, key)
        if value not in allowed:
            raise ConfigError(f"{value!r}", where=self.name, key=key, allowed=one_of(list(allowed)))

    @property
    def sets(self) -> int:
        """Return the number of sets."""
        return self.size_bytes // self.line_bytes // self.ways

    @property
    def line_words(self) -> int:
        """Return the words in a line."""
        return self.line_bytes // self.word_bytes

    @property
    def dirty_words(self) -> int:
        """Return the words under one dirty bit."""
        return self.dirty_bytes // self.word_bytes

    @property
    def colours(self) -> int:
        """Return how many page colours a way has (1: no aliases within VIPT)."""
        return max(1, self.sets * self.line_bytes // PAGE_BYTES)

    @property
    def aliasing(self) -> bool:
        """Tell whether two mappings of one page can hold two copies of a line."""
        return self.tagging == "vivt" or (self.tagging == "vipt" and self.colours > 1)


def _named() -> dict[str, CacheGeometry]:
    base = CacheGeometry()
    rnd = replace(base, replacement="random")
    xscale = replace(base, size_bytes=32768, ways=32)
    fixed = {
        # The reference model's names, so that its cases can be written as they are.
        "926-16-rr": base,
        "926-16-rnd": rnd,
        "926-16-rrg": replace(base, replacement="rrg"),
        "926-16-wt": replace(base, write_through=True),
        "926-32-rr": replace(base, size_bytes=32768),
        "926-32-rnd": replace(rnd, size_bytes=32768),
        "xscale": xscale,
        "925-wt": replace(base, size_bytes=8192, ways=2, line_bytes=16, write_through=True),
        "920t": replace(base, ways=64),
        "fero-ra": base,
        "fero-wa": replace(base, write_allocate=True),
        "fero-wa-rnd": replace(rnd, write_allocate=True),
        # Cores. ARM DDI0198D: pseudo-random unless CP15 c1 RR is set, which Linux leaves clear.
        "arm926": rnd,
        "feroceon": base,
        "arm920": replace(rnd, ways=64),
        "arm922": replace(rnd, size_bytes=8192, ways=64),
        # Linux defaults CPU_DCACHE_WRITETHROUGH to y for the 925T only.
        "arm925": replace(base, size_bytes=8192, ways=2, line_bytes=16, write_through=True),
        # A boot log of a Gemini board: 8192 bytes, associativity 2, 16 byte lines, 256 sets.
        "fa526": replace(base, size_bytes=8192, ways=2, line_bytes=16),
        "arm1176": replace(rnd, tagging="vipt"),
        "arm1176-32": replace(rnd, size_bytes=32768, tagging="vipt"),
        # Boot logs of MV-88fxx81: 32768 bytes, associativity 1, 1024 sets.
        "orion5x": replace(base, size_bytes=32768, ways=1),
        # Boot logs of ath79: 32kB, 4-way, VIPT, cache aliases, linesize 32; MIPS32 caches allocate on write.
        "mips24k-32k": replace(rnd, size_bytes=32768, tagging="vipt", write_allocate=True, dirty_bytes=32),
        "mips24k-16k": replace(rnd, tagging="vipt", write_allocate=True, dirty_bytes=32),
        # SH7751R: 32 KB, 2-way; arch/sh copies back and allocates on write.
        "sh4-32k": replace(
            rnd, size_bytes=32768, ways=2, tagging="vipt", write_allocate=True, dirty_bytes=32
        ),
        "cortex-a": replace(rnd, size_bytes=32768, line_bytes=64, tagging="pipt", write_allocate=True),
    }
    for kilobytes in (4, 8, 16, 32, 64, 128):
        fixed[f"arm926-{kilobytes}k"] = replace(rnd, size_bytes=kilobytes * 1024)
    return {name: replace(shape, name=name) for name, shape in fixed.items()}


def geometry_names() -> list[str]:
    """Return the names :func:`named_geometry` knows, in order."""
    return list(_named())


def named_geometry(name: str) -> CacheGeometry:
    """Return the geometry of that name.

    Raises
    ------
    ConfigError : no geometry has that name; the message lists them.
    """
    known = _named()
    if name not in known:
        raise ConfigError(f"{name!r}", key="geo", allowed=one_of(list(known)))
    return known[name]
