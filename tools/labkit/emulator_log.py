# SPDX-License-Identifier: MIT
"""Read the emulator's ground truth: every stale read that it served."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from stress.errors import CaptureFileError

_HEADER = "vivt-log 1 "


@dataclasses.dataclass(frozen=True)
class StaleRead:
    """A load that did not get the newest bytes anybody stored there.

    `ns` and `filled_ns` are the guest's virtual time [ns] of the load and of the
    fill of its line. `via` is the alias: ``u`` user, ``k`` kernel (vmalloc), ``l``
    linear map. `source` says where the bytes came from (``clean`` or ``dirty``
    line, or ``memory`` after a miss), `newest_in` where the newest ones were
    (``memory``, another ``alias``'s line, or ``lost``). Values are little endian.
    """

    ns: int
    pc: int
    via: str
    va: int
    pa: int
    size_bytes: int
    observed: int
    newest: int
    memory: int
    source: str
    newest_in: str
    filled_ns: int


@dataclasses.dataclass(frozen=True)
class Mark:
    """A value that the guest wrote into the log, at a virtual time [ns]."""

    ns: int
    value: int


@dataclasses.dataclass(frozen=True)
class Touched:
    """A line outside the rings: milliseconds in which kernel or user loaded from it, and its fills."""

    va: int
    kernel: int
    user: int
    fills: int


@dataclasses.dataclass(frozen=True)
class Touching:
    """What was loaded from while a stream ran, from the counters' reset to a mark.

    `mark` is that mark's value, `streamed_ms` how long a ring was in use [ms].
    """

    mark: int
    streamed_ms: int
    lines: tuple[Touched, ...]


@dataclasses.dataclass(frozen=True)
class GroundTruth:
    """A whole log.

    `options` is the model's configuration; `counters` are its final counters, empty
    when the emulator was killed; `touching` needs the model's option touches.
    """

    options: dict[str, str]
    stale: tuple[StaleRead, ...]
    marks: tuple[Mark, ...]
    counters: dict[str, int]
    touching: tuple[Touching, ...] = ()

    def between(self, first: int, second: int) -> list[StaleRead]:
        """Return the stale reads between two marks, named by their values.

        The last `first` counts, and the first `second` after it; KeyError when there
        is no such pair.
        """
        starts = [mark.ns for mark in self.marks if mark.value == first]
        ends = [mark.ns for mark in self.marks if mark.value == second and starts and mark.ns >= starts[-1]]
        if not ends:
            raise KeyError(f"no mark {second:#x} after a mark {first:#x}")
        return [read for read in self.stale if starts[-1] <= read.ns <= ends[0]]


def read(path: Path) -> GroundTruth:
    """Read a log; CaptureFileError names the line that is not one."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CaptureFileError(str(path), f"cannot be read: {error}") from error
    if not lines or not lines[0].startswith(_HEADER):
        raise CaptureFileError(str(path), f"does not begin with {_HEADER.strip()!r}")
    stale, marks, counters = [], [], {}
    touching: list[tuple[int, int, list[Touched]]] = []
    for number, words in _records(lines):
        try:
            if words[0] == "stale":
                stale.append(_stale(words))
            elif words[0] == "mark":
                marks.append(Mark(int(words[1]), int(words[2], 16)))
            elif words[0] == "touching":
                touching.append((marks[-1].value, int(words[2]), []))
            elif words[0] == "touched":
                touching[-1][2].append(Touched(int(words[2], 16), *map(int, words[3:6])))
            elif words[0] == "counters":
                counters = {name: int(value) for name, value in (word.split("=") for word in words[2:])}
        except (ValueError, IndexError, TypeError) as error:
            raise CaptureFileError(str(path), f"line {number} is torn: {' '.join(words)[:60]!r}") from error
    options = dict(word.split("=", 1) for word in lines[0][len(_HEADER) :].split(","))
    spans = tuple(Touching(mark, ms, tuple(lines)) for mark, ms, lines in touching)
    return GroundTruth(options, tuple(stale), tuple(marks), counters, spans)


def _records(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 1):
        if line and not line.startswith(("#", _HEADER)):
            yield number, line.split()


def _stale(words: list[str]) -> StaleRead:
    _, ns, pc, via, va, pa, size, observed, newest, memory, source, newest_in, filled = words
    return StaleRead(
        int(ns),
        int(pc, 16),
        via,
        int(va, 16),
        int(pa, 16),
        int(size),
        int(observed, 16),
        int(newest, 16),
        int(memory, 16),
        source,
        newest_in,
        int(filled),
    )
