# SPDX-License-Identifier: MIT
"""The access trace: what the cache models consume, in time order."""

from __future__ import annotations

from dataclasses import dataclass

from stress.errors import ConfigError
from stress.model.arrays import Bytes, Ints, LineNumbers

LOAD, STORE, CLEAN, INVALIDATE, CLEAN_INVALIDATE, FLUSH = range(6)

DELIVER = 1  # the words of this load reach the wire or the application
PRETOUCH = 2  # a load ahead of hw_ptr, whose words nobody uses
ZEROS = 4  # a store of zeros: hw_params clears the ring
UNCACHED = 8  # goes to memory past the cache, which neither helps nor notices


@dataclass(frozen=True)
class Trace:
    """Hold accesses of one line each, in the order they happen.

    Every access has an ``op`` and a virtual line; the accesses to shared
    memory (a ring) have a second set of columns. All other accesses are
    private: they compete for cache lines but carry no data.

    Parameters
    ----------
    op : (n,) uint8: LOAD, STORE, CLEAN, INVALIDATE, CLEAN_INVALIDATE (one
        line each) or FLUSH (clean+invalidate of the whole cache).
    vline : (n,) int64 or int32: virtual address / line_bytes, below 2**28.
    at : (m,) int64, ascending: which accesses the following columns describe.
    pline : (m,) int64: physical line number, 0 <= pline < 2**19.
    alias : (m,) int64: which mapping, 0 (kernel) or 1 (user). One mapping
        shows a physical line at one virtual line.
    lo, hi : (m,) int64: the words [lo, hi) of the line.
    value : (m,) int64: stored word ``lo`` holds this value, the next one more,
        and so on; the stream position in words plus 1. Loads have what word
        ``lo`` ought to hold.
    flags : (m,) uint8: DELIVER, PRETOUCH, ZEROS, UNCACHED.
    """

    op: Bytes
    vline: Ints | LineNumbers
    at: Ints
    pline: Ints
    alias: Ints
    lo: Ints
    hi: Ints
    value: Ints
    flags: Bytes

    def __post_init__(self) -> None:
        rows = {name: len(getattr(self, name)) for name in ("pline", "alias", "lo", "hi", "value", "flags")}
        for name, length in rows.items():
            if length != len(self.at):
                raise ConfigError(f"{length} rows, expected {len(self.at)}", where="trace", key=name)
        if len(self.op) != len(self.vline):
            raise ConfigError(f"{len(self.vline)} rows, expected {len(self.op)}", where="trace", key="vline")

    def __len__(self) -> int:
        return len(self.op)
