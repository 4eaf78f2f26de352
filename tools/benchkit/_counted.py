# SPDX-License-Identifier: MIT
"""What is counted inside the emulator: every case in turn, a mark around each."""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Callable

import numpy as np

from stress.detect.exact.checker import ExactChecker
from stress.detect.exact.compare import Regenerator, address, memory
from stress.detect.exact.expected import Expected
from stress.detect.spectral import PeriodicDifference
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
from stress.patterns.word import Pattern

FRAMES, LONG = 1024, 4096
CALLS = 64
FIRST = 0x12345678
RINGS = Rings(4800, 5280)
S16 = FORMATS["S16_LE"]
Case = Callable[[], object]


def cases() -> dict[str, tuple[int, Case]]:
    """Return frames per call and the call of every case, S16 stereo."""
    pattern = Pattern("mix1", S16, 2)
    ours, out = pattern.bytes_at(FIRST, FRAMES), pattern.bytes_at(FIRST, FRAMES)
    due, libc, again = ours.copy(), memory(), Regenerator(pattern)

    def compare() -> None:
        libc.memcmp(address(ours), address(due), ours.nbytes)

    return {
        "memcmp": (FRAMES, compare),
        "np.array_equal of 32-bit words": (FRAMES, lambda: np.array_equal(ours.view("<u4"), due.view("<u4"))),
        "zlib.crc32": (FRAMES, lambda: zlib.crc32(ours.data)),
        "the pattern, made": (FRAMES, lambda: pattern.fill(FIRST, out)),
        "the pattern, made and compared": (FRAMES, lambda: again.right(address(ours), FIRST, FRAMES)),
        "exact check, pattern made again": (FRAMES, _streamed(pattern, FRAMES)),
        "exact check, pattern made again, long": (LONG, _streamed(pattern, LONG)),
        "integer tier": (FRAMES, _periodic(FRAMES)),
        "integer tier, long": (LONG, _periodic(LONG)),
    }


def _streamed(pattern: Pattern, frames: int) -> Case:
    # Locked by a first piece that is right; then one call per further piece.
    checker, lead = ExactChecker(Expected(pattern, RINGS, first_position=FIRST)), 70 * FRAMES
    checker.feed(pattern.bytes_at(FIRST, lead))
    pieces = (pattern.bytes_at(FIRST + lead + i * frames, frames) for i in range(3 * CALLS + 2))
    turn = iter(list(pieces))
    return lambda: checker.feed(next(turn))


def _periodic(frames: int) -> Case:
    # The stimulus and noise 50 dB below: what the tier sees while nothing is wrong.
    total = (3 * CALLS + 2) * frames
    stream = np.empty(total * 4, dtype=np.uint8)
    PeriodicNoise(48000, 2, S16).fill(0, stream)
    noise = np.rint(np.random.default_rng(1).standard_normal((total, 2)) * 18)
    pieces = (stream.view("<i2").reshape(-1, 2) + noise).astype(np.int16).reshape(-1, frames, 2)
    tier, turn = PeriodicDifference(2, PERIOD), iter(list(pieces))
    return lambda: tier.feed(next(turn))


def main() -> None:
    """Print name, frames and calls of every case; mark its calls 0, `CALLS` and 3 x `CALLS`."""
    mark = os.getppid
    for name, (frames, call) in cases().items():
        call()
        call()
        mark()
        for _ in range(CALLS):
            call()
        mark()
        for _ in range(2 * CALLS):
            call()
        mark()
        sys.stdout.write(json.dumps({"case": name, "frames": frames, "calls": CALLS}) + "\n")


if __name__ == "__main__":
    main()
