# SPDX-License-Identifier: MIT
"""Inside the guest: pcmstress, each of its bursts between two marks of the emulator's log.

Beside the record it leaves what a comparison with the ground truth needs:
every finding of every burst, and the frames that came back or were on the wire.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stress.board.text import text_of
from stress.cli.main import main as pcmstress
from stress.experiment import burst, runner
from stress.model.arrays import Bytes
from stress.pcm.alsa import mapping
from stress.pcm.alsa.pcm import AlsaPcm
from tools.labkit.emulator_guest import FULL, OFF, Model

if TYPE_CHECKING:
    from stress.model.pcm import Exchange, Granted, PcmRequest
    from stress.pcm.contract import Pcm

#: One JSON object per burst, in the working directory.
TRUTH = "bursts.jsonl"
#: In the environment: the cache is switched on for the bursts alone. Boot, imports and comparisons then
#: run at the emulator's full speed, and a burst finds the cache empty.
IN_BURSTS = "LAB_CACHE_IN_BURSTS"
#: In the environment: open the card behind a random number of other mappings each time.
SCATTER = "LAB_SCATTER"
# A hole that an earlier ring left is filled first, then up to this many pages are mapped.
_HOLES, _MOST_PAGES = 16, 64
# include/uapi/asm-generic/mman-common.h, since Linux 5.14
_MADV_POPULATE_READ = 22


def first_mark(number: int) -> int:
    """Return the mark before burst `number`, counted from 1; the next one ends it."""
    return 2 * number


class _Marked:
    """A PCM whose exchanges lie between two marks of the log, with counters of their own."""

    def __init__(self, pcm: Pcm, number: int) -> None:
        self._pcm, self._number, self._model = pcm, number, Model()
        self._switched = bool(os.environ.get(IN_BURSTS))
        self.counters: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pcm, name)

    def exchange(self, *arguments: Any, **named: Any) -> Exchange:
        """Stream; see `stress.pcm.contract.Pcm.exchange`."""
        if self._switched:
            self._model.switch(FULL)
        for start, size_bytes in _rings():
            self._model.declare(start, size_bytes)
        self._model.reset()
        self._model.mark(first_mark(self._number))
        try:
            return self._pcm.exchange(*arguments, **named)
        finally:
            self.counters = self._model.counters()
            self._model.mark(first_mark(self._number) + 1)
            self._model.end_declarations()
            if self._switched:
                self._model.switch(OFF)


def _rings() -> list[tuple[int, int]]:
    """Return address and size [bytes] of the rings mapped here, every page of them present.

    Presence by madvise: a load would bring in lines that the burst finds there.
    """
    libc = ctypes.CDLL(None)
    found = [
        (vma.start, vma.end - vma.start)
        for vma in mapping.parse(text_of(mapping.SMAPS))
        if vma.path.startswith("/dev/snd/pcm") and vma.offset == 0
    ]
    for start, size_bytes in found:
        # A mapping of page frames (use_vmalloc=0) is whole from the start and refuses this.
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size_bytes), _MADV_POPULATE_READ)
    return found


class BurstRunner(burst.BurstRunner):
    """A bench that marks its bursts and keeps what they gave."""

    def run(self, pcm: Pcm, *arguments: Any, **named: Any) -> burst.BurstResult:
        """Run one burst between its marks; see `stress.experiment.burst.BurstRunner.run`."""
        path = Path(TRUTH)
        number = 1 + (path.read_text(encoding="ascii").count("\n") if path.exists() else 0)
        marked = _Marked(pcm, number)
        result = super().run(cast("Pcm", marked), *arguments, **named)
        Path(f"captured-{number}.bin").write_bytes(_judged(result, self.captured).tobytes())
        with path.open("a", encoding="ascii") as log:
            log.write(json.dumps(_described(number, result, marked.counters)) + "\n")
        return result


def _judged(result: burst.BurstResult, captured: Bytes) -> Bytes:
    """Return the samples that the findings speak of: read back, or seen on the wire."""
    return result.views.wire.out.data if result.views and result.by_wire else captured


def _described(number: int, result: burst.BurstResult, counters: dict[str, int]) -> dict[str, Any]:
    analysis, exchange = result.analysis, result.exchange
    return {
        "number": number,
        "position": result.position,
        "frames": result.span,
        "xruns": exchange.xruns,
        "locked": analysis.locked,
        "first_frame": analysis.first_frame,
        "first_position": analysis.first_position,
        "checked_frames": analysis.checked_frames,
        "counts": {kind.value: count for kind, count in analysis.counts.items()},
        "findings": [
            [
                finding.kind.value,
                finding.frame,
                finding.frames,
                finding.position,
                finding.lag,
                finding.ring,
                finding.laps,
                finding.injected,
                dict(finding.details),
            ]
            for finding in analysis.findings
        ],
        "counters": counters,
    }


def _scatter() -> None:
    """Have each opening of a card map its rings at addresses of random colour."""
    opened, kept, drawn = AlsaPcm.open, list[mmap.mmap](), random.Random(os.urandom(8))

    def open_elsewhere(self: AlsaPcm, request: PcmRequest) -> Granted:
        self.close()
        kept.extend(mmap.mmap(-1, mmap.PAGESIZE) for _ in range(_HOLES))
        kept.append(mmap.mmap(-1, drawn.randint(1, _MOST_PAGES) * mmap.PAGESIZE))
        return opened(self, request)

    AlsaPcm.open = open_elsewhere  # type: ignore[method-assign]


def main(argv: Sequence[str]) -> int:
    """Run pcmstress with these arguments and return its exit status."""
    if os.environ.get(SCATTER):
        _scatter()
    # Every burst of every command is made by the runner's BurstRunner.
    vars(runner)["BurstRunner"] = BurstRunner
    return pcmstress(list(argv))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
