# SPDX-License-Identifier: MIT
"""A file of several recordings: each is judged as a file of its own, and one verdict is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from stress.cli.found import Found
from stress.detect.exact.findings import CAP
from stress.detect.path import words as path_words
from stress.model.finding import Analysis, Kind, Site
from stress.model.histogram import joined, places_of
from stress.model.path import Path
from stress.model.words import count, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.files.audio import AudioSource


def judged_parts(judge: Callable[[AudioSource], Found], sources: Sequence[AudioSource]) -> Found:
    """Return what a judge says of every recording of a file.

    Parameters
    ----------
    sources : the recordings in order; not empty. What cannot be read beside them is a reason against PASS.
    """
    unread = tuple(line for source in sources for line in source.unread)
    if len(sources) == 1:
        one = sources[0]
        found = judge(one)
        begins = (f"the recording begins {one.behind}",) if one.behind else ()
        found = found.with_notes((*begins, *one.notes))
    else:
        parts = [_Part(source, judge(source)) for source in sources]
        found = _one(parts)
    for line in unread:
        found = found.with_advice(f"not judged: {line}")
    return found


class _Part:
    # What was found in one recording.
    def __init__(self, source: AudioSource, found: Found) -> None:
        self.source, self.found = source, found

    @property
    def path(self) -> Path | None:
        path = self.found.analysis.path
        return None if path is None else replace(path, from_frame=0, delay_frames=())


def _one(parts: list[_Part]) -> Found:
    # Findings and lines say which part they are of; frames of findings count through the file.
    starts = [sum(part.source.frames for part in parts[:at]) for at in range(len(parts))]
    first = next((part for part in parts if part.found.analysis.locked), parts[0])
    locked = first.found.analysis.locked
    advice: list[str] = []
    notes = [
        f"{len(parts)} recordings are in this file: each is judged by itself, and its frames are counted "
        "from its own beginning"
    ]
    for at, part in enumerate(parts):
        name, found = f"part {at + 1}", part.found
        where = f", {part.source.behind}" if part.source.behind else ""
        frames = counted(part.source.frames, "frame")
        notes.append(f"{name}: {frames} from frame {count(starts[at])} on{where}")
        notes += [f"{name}: {line}" for line in (*part.source.notes, *found.analysis.notes)]
        advice += [f"{name}: {line}" for line in found.advice]
        if locked and not found.analysis.locked:
            advice.append(f"{name}: {_missing(found)}")
        elif locked and part.path != first.path:
            advice.append(f"{name}: {_other_path(found)}")
    return replace(
        first.found,
        analysis=replace(_joined(parts, starts, first.found.analysis), notes=tuple(notes)),
        extra={**first.found.extra, "advice": advice},
        advice=tuple(advice),
        lines=tuple(f"part {at + 1}: {line}" for at, part in enumerate(parts) for line in part.found.lines),
        exposed=sum(part.found.exposed_frames for part in parts),
        unexplained=sum(part.found.unexplained for part in parts),
    )


def _missing(found: Found) -> str:
    path = found.analysis.path
    return found.missing if path is None else path_words.lost(path)


def _other_path(found: Found) -> str:
    path = found.analysis.path
    return f"another path than before: {'not known' if path is None else path_words.sentence(path)}"


def _joined(parts: list[_Part], starts: list[int], first: Analysis) -> Analysis:
    counts: dict[Kind, int] = {}
    sites: dict[Site, int] = {}
    analyses = [part.found.analysis for part in parts]
    for one in analyses:
        for kind, number in one.counts.items():
            counts[kind] = counts.get(kind, 0) + number
        for site, number in one.sites.items():
            sites[site] = sites.get(site, 0) + number
    findings = tuple(
        replace(found, frame=found.frame + start, text=f"Part {at + 1}: {found.text}")
        for at, (start, one) in enumerate(zip(starts, analyses))
        for found in one.findings
    )
    start = starts[analyses.index(first)]
    return replace(
        first,
        frames=starts[-1] + parts[-1].source.frames,
        checked_frames=sum(one.checked_frames for one in analyses),
        first_frame=None if first.first_frame is None else first.first_frame + start,
        counts=counts,
        sites=sites,
        findings=findings[:CAP],
        wrong_frames=sum(one.wrong_frames for one in analyses),
        episodes=sum(one.episodes for one in analyses),
        beyond=joined([*(one.beyond for one in analyses), places_of(findings[CAP:])]),
    )
