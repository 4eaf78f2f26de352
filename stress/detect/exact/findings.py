"""Keep findings in constant memory: merge, count, cap, group into episodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stress.model.finding import SLIPS, Finding, Kind, Site

# Findings kept in full. Source: 1 kB each is 1 MB on a board with 64 MB.
# Higher: memory; lower: less evidence. Counts go on past it.
CAP = 1000


class Collector:
    """Takes findings in order of frame.

    Parameters
    ----------
    lap : an episode ends when a lap passes without a finding [frames].
    complete : fills in what only the whole finding knows (lines, text).
    merge : makes one of two findings that continue each other.
    cap : findings kept in full.
    """

    def __init__(
        self,
        lap: int,
        complete: Callable[[Finding], Finding],
        merge: Callable[[Finding, Finding], Finding],
        cap: int = CAP,
    ) -> None:
        self._lap, self._cap = max(lap, 1), cap
        self._complete, self._merge = complete, merge
        self._kept: list[Finding] = []
        self._last: Finding | None = None
        self._until: int | None = None
        self.counts: dict[Kind, int] = {}
        self.sites: dict[Site, int] = {}
        self.wrong_frames = 0
        self.episodes = 0

    def add(self, finding: Finding) -> None:
        """Take one finding; one that continues the last is merged into it."""
        last = self._last
        if last is not None and _continues(last, finding):
            self._last = self._merge(last, finding)
            return
        self.flush()
        self._last = finding

    def flush(self) -> None:
        """Count the finding that was held back for merging."""
        last, self._last = self._last, None
        if last is None:
            return
        self.counts[last.kind] = self.counts.get(last.kind, 0) + 1
        site = (last.kind, last.ring, last.laps)
        self.sites[site] = self.sites.get(site, 0) + 1
        self.wrong_frames += last.frames
        if self._until is None or last.frame - self._until > self._lap:
            self.episodes += 1
        self._until = last.frame + (0 if last.kind is Kind.DROP else last.frames)
        if len(self._kept) < self._cap:
            self._kept.append(self._complete(last))

    def mute_from(self, shortest: int, end: int) -> None:
        """Call the last finding mute when it is zeros from there to `end`."""
        last = self._last
        if last is None or last.kind is not Kind.ZERO or last.frames < shortest:
            return
        if last.frame + last.frames == end:
            self._last = replace(last, kind=Kind.MUTE)

    def result(self) -> tuple[Finding, ...]:
        """Return the findings kept, in order."""
        self.flush()
        return tuple(self._kept)

    @property
    def dropped(self) -> int:
        """Findings counted but not kept."""
        return sum(self.counts.values()) - len(self._kept)


def _continues(last: Finding, finding: Finding) -> bool:
    return (
        finding.kind is last.kind
        and finding.kind not in SLIPS
        and finding.frame == last.frame + last.frames
        and (finding.lag, finding.ring) == (last.lag, last.ring)
        and _alike(last, finding)
    )


def _alike(last: Finding, finding: Finding) -> bool:
    if finding.kind is Kind.GAIN:
        return abs(float(last.details["gain_db"]) - float(finding.details["gain_db"])) < 0.1
    if finding.kind is Kind.RESAMPLE:
        return abs(float(last.details["ratio"]) / float(finding.details["ratio"]) - 1) < 1e-2
    keys = {Kind.SWAP: "source", Kind.BYTESHIFT: "bytes"}
    key = keys.get(finding.kind)
    return key is None or last.details.get(key) == finding.details.get(key)
