# SPDX-License-Identifier: MIT
"""Evidence: the raw frames around a finding, expected and observed, as readable JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stress.errors import CaptureFileError
from stress.model import shape
from stress.model.arrays import Bytes
from stress.model.record.findings import EvidenceRecord, FindingRecord
from stress.model.stimulus import POSITIONS
from stress.record import rundir

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stress.model.finding import Analysis, Finding
    from stress.model.stimulus import Stimulus

# Frames kept before and after a finding, and of a long one.
# Source: two 64-byte lines of S16 stereo on each side. Higher: larger records;
# lower: a neighbour that explains the finding may be cut off.
AROUND_FRAMES = 32
MOST_FRAMES = 512
SCHEMA = "pcmstress/evidence/1"
_HEX = re.compile("(?:[0-9a-fA-F]{2})*")


def read(folder: Path, name: str) -> EvidenceRecord:
    """Return one evidence file.

    Raises
    ------
    CaptureFileError : it cannot be read, or is no evidence.
    """
    try:
        made = shape.read(EvidenceRecord, rundir.read_json(folder, name))
    except shape.Mismatch as error:
        raise CaptureFileError(str(folder / name), str(error)) from None
    if not all(_HEX.fullmatch(text) for text in (made.expected, made.observed)):
        raise CaptureFileError(str(folder / name), "expected and observed are not bytes in hexadecimal")
    return made


class Pending(NamedTuple):
    """Evidence that is chosen and not yet written: its file, and what goes into it."""

    name: str
    finding: Finding
    captured: Bytes
    stimulus: Stimulus


class EvidenceStore:
    """Writes evidence files until the cap of the run is reached.

    The record of a burst goes first: evidence without it proves nothing.

    Parameters
    ----------
    kept : files that earlier bursts of the record name.

    Attributes
    ----------
    kept : files named so far.
    """

    def __init__(self, folder: Path, most: int, per_burst: int, kept: int = 0) -> None:
        self._folder = folder / "evidence"
        self._most = most
        self._per_burst = per_burst
        self.kept = kept

    def choose(
        self, burst: int, analysis: Analysis, captured: Bytes, stimulus: Stimulus, tag: str = ""
    ) -> list[Pending]:
        """Return some real findings of a burst, of every sort first.

        They are written once the burst is recorded, see `write`.

        Parameters
        ----------
        tag : tells the streams of one burst apart, part of the file names.
        """
        room = max(0, min(self._per_burst, self._most - self.kept))
        chosen = []
        for number, finding in enumerate(_samples(analysis.findings, room)):
            name = f"burst-{burst:05d}-{tag}{number:03d}-{finding.kind.value}.json"
            chosen.append(Pending(name, finding, captured, stimulus))
        self.kept += len(chosen)
        return chosen

    def write(self, chosen: Iterable[Pending]) -> None:
        """Write the files of findings whose burst is recorded.

        Raises
        ------
        StorageError : one cannot be written; the record of the burst stays.
        """
        for one in chosen:
            value = shape.write(_evidence(one.finding, one.captured, one.stimulus))
            rundir.write_json(self._folder, one.name, value)


def _samples(findings: tuple[Finding, ...], room: int) -> list[Finding]:
    # The first of every kind, ring and age, so that a common kind does not crowd out the rare ones.
    real = [finding for finding in findings if not finding.injected]
    sorts: dict[tuple[object, ...], int] = {}
    for index, finding in enumerate(real):
        sorts.setdefault((finding.kind, finding.ring, finding.laps), index)
    firsts = list(sorts.values())
    others = [index for index in range(len(real)) if index not in sorts.values()]
    return [real[index] for index in sorted([*firsts, *others][:room])]


def _evidence(finding: Finding, captured: Bytes, stimulus: Stimulus) -> EvidenceRecord:
    step = stimulus.frame_bytes
    first = max(0, finding.frame - AROUND_FRAMES)
    last = min(len(captured) // step, finding.frame + min(finding.frames, MOST_FRAMES) + AROUND_FRAMES)
    observed = captured[first * step : last * step]
    expected = observed.copy()
    stimulus.fill((finding.position - finding.frame + first) % POSITIONS, expected)
    return EvidenceRecord(
        finding=FindingRecord.of(finding),
        first_frame=first,
        frame_bytes=step,
        expected=expected.tobytes().hex(),
        observed=observed.tobytes().hex(),
        schema=SCHEMA,
    )
