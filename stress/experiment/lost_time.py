# SPDX-License-Identifier: MIT
"""Tell wrong runs that come with lost time from corruption.

A machine that stalls for longer than a ring loses frames, and sometimes the
driver does not notice: hw_ptr only counts inside the ring, so whole laps vanish
without an xrun. Around such a place the ring is read while it is written, and
shows data one lap old that no cache has anything to do with. Measured on
snd-aloop under emulation: 3840 frames missing (3 laps of 1280) and 1664 frames
one lap old right behind, with no xrun reported. The PCM core can also count a
lap too many where an interrupt was late (sound/core/pcm_lib.c,
snd_pcm_update_hw_ptr0, hw_ptr_jiffies): the reader is then ahead of the writer
until it is put right. Measured there on x86-64: 9744 frames one lap of 1024 old
in one piece. A stall of the whole machine takes laps of both rings at once, and
the slip is what is left of them: 480 frames of rings of 4800 and 5280.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from stress.model.finding import SLIPS, Analysis, Finding, Kind
from stress.model.pcm import Exchange, StreamResult
from stress.model.ring import Rings
from stress.model.transport import ALOOP, NO_TRANSPORT, TransportRecord
from stress.model.wire import BUS

# Laps of old data in one piece that no cache line explains. Source: on the modelled ARMv5 and
# ARMv6 cores no arm of plan bringup gives one whole lap in one piece; each line ages by itself.
# Higher: short stalls are called corruption; lower: a line-sized fault of a tiny ring is excused.
BLOCK_LAPS = 2
# The same where memory is coherent, or where the clock shows the stall as well.
KNOWN_BLOCK_LAPS = 1
# The same where memory is coherent and a stall is known of as well. Source: tools/lab soak with stops of the
# emulator: replays of 528 and 960 frames of a ring of 4848, put right by the next stall. Higher: what a short
# replay leaves is called corruption; lower: a fault of a line or two is excused beside a stall.
STALLED_BLOCK_LAPS = 1 / 32
# On snd-aloop each old piece of the playback ring that long will do: a late timer copies more than is
# queued, up to what the writer has meanwhile put right, and sees no xrun. Measured by tools/lab soak
# on two CPUs: 960 frames moved at once, 384 queued, 576 one lap old.
# Blocks of one burst, and the share of it they may cover, without other evidence of a stall.
# Source: stalls under emulation came once or twice in a burst. Higher: a mechanism that makes
# whole laps stale is excused; lower: a machine that stalls thrice is called corrupt.
MOST_BLOCKS, MOST_SHARE = 3, 0.5
# Share of the frames before a slip by whole laps that is old by as many, where the stream was late from its
# start, or behind such a slip. Source: tools/lab soak on two CPUs, 0.95 to 0.99 in four runs. Higher: planted
# faults and the piece that is ahead break it; lower: lines that are old before an unrelated slip are excused.
MOST_OF_A_START = 0.9
# How far lost time reaches [laps of the larger ring]: before the place where it shows, behind the
# place where it begins, and behind its end. Source: behind 3 laps lost of a ring of 1280 frames the
# next 1664 frames, 1.3 laps, were one lap old. Higher: corruption that happens beside a stall is
# excused; lower: what the reader took while it was out of step is called corruption.
LAPS_BEFORE, LAPS_BEHIND, LAPS_BEHIND_END = 1, 2, 1
# Time beyond a lap that a call may take without a stall [s]. Source: starting capture before
# playback takes up to 0.1 s on emulated machines. Higher: stalls of a tenth of a second go
# unseen; lower: a slow start is taken for a stall.
SLACK_S = 0.1
# Findings with lost time that are kept; a record holds no more of them.
# Higher: large records of nothing; lower: fewer places to look at.
MOST_KEPT = 100


@dataclass(frozen=True)
class Stalls:
    """What else is known of lost time in one burst.

    Parameters
    ----------
    xruns : of both directions.
    lost_frames : by which the wall clock ran ahead of hw_ptr, of the direction
        where that is more [frames].
    coherent : user mapping, kernel mapping and devices of this machine always see
        the same data, so that no cache can hold old samples.
    waits : times the kernel gave up waiting for the device.
    timed : the device is a timer of this machine (snd-aloop), as late as the machine is.
    behind_frames : as `lost_frames`, without allowance for a slow start; what has the exact form
        of lost laps is believed from here on [frames].
    """

    xruns: int = 0
    lost_frames: int = 0
    coherent: bool = False
    waits: int = 0
    behind_frames: int = 0
    timed: bool = False

    @classmethod
    def of(cls, exchange: Exchange, rate: int, transport: TransportRecord = NO_TRANSPORT) -> Stalls:
        """Return what the pointers and timestamps of a burst show."""
        behind = max(_behind(stream, rate) for stream in (exchange.playback, exchange.capture))
        lost = max(0, behind - round(SLACK_S * rate))
        waits = exchange.playback.waits + exchange.capture.waits
        timed = transport.kind == ALOOP
        return cls(exchange.xruns, lost, transport.snooped, waits, behind, timed)

    def known(self, lap: int) -> bool:
        """Return whether pointers, clock or kernel say that at least `lap` frames of time were lost."""
        return bool(self.xruns or self.waits or self.lost_frames >= lap)


def _behind(stream: StreamResult, rate: int) -> int:
    if stream.hw_ptr is None or stream.ended_ns <= stream.started_ns:
        return 0
    elapsed_s = (stream.ended_ns - stream.started_ns) * 1e-9
    return max(0, round(elapsed_s * rate) - stream.hw_ptr)


def set_apart(analysis: Analysis, rings: Rings, stalls: Stalls) -> Analysis:
    """Mark the findings that lost time explains (`details["transport"]`).

    A finding is marked when frames slip by whole laps of a ring, or of both where the
    clock shows them, data is newer than it can be, whole laps are old in one piece, or
    frames slip by anything at all in a burst that had xruns or in which the kernel gave
    up waiting, or silence ends a burst in which the clock shows as much lost, or stands
    where the next lap of the capture is silent: at most two laps before it, or one lap
    behind it (see `LAPS_BEHIND`). It is not when the wire already shows it to be the
    device's, unless the kernel waited in vain (a host that stands still loses packets as
    a device does) or the stream was late by laps from its first frame, or behind frames that
    were lost by as many. Of the marked ones the first `MOST_KEPT` are kept.
    """
    blocks, end = (
        _blocks(analysis, rings, stalls)
        | _late_from_the_start(analysis, rings, stalls)
        | _late_behind_a_drop(analysis, rings, stalls),
        _end(analysis),
    )
    causes = [
        finding
        for index, finding in enumerate(analysis.findings)
        if index in blocks
        or _lost_time(finding, rings, stalls)
        or _silence_behind(finding, rings, stalls, end)
        or _silence_ahead(finding, rings, stalls, end)
    ]
    if not causes:
        return analysis
    marked = tuple(
        _mark(finding, cause) if cause else finding
        for finding in analysis.findings
        for cause in [_near(finding, causes, rings.largest)]
    )
    return _thinned(dataclasses.replace(analysis, findings=marked))


def _blocks(analysis: Analysis, rings: Rings, stalls: Stalls) -> set[int]:
    """Return the indices of old runs that make up blocks of whole laps in one piece."""
    groups = _old_in_one_piece(analysis.findings)
    found = analysis.findings
    lap = _smallest(rings)
    known = stalls.coherent or stalls.waits > 0 or stalls.lost_frames >= lap

    def enough(group: Sequence[int]) -> bool:
        block = [found[index] for index in group]
        short = stalls.known(lap) or _by_late_timer(block[0], stalls)
        least: float = KNOWN_BLOCK_LAPS if known else BLOCK_LAPS
        return _laps(block, rings) >= (STALLED_BLOCK_LAPS if stalls.coherent and short else least)

    blocks = [group for group in groups if enough(group)]
    if stalls.coherent:
        # What the end of the burst cut off may be of any length.
        last = [group for group in groups if _reaches(found[group[-1]], _end(analysis))]
        late = [group for group in last if stalls.known(lap) or _by_late_timer(found[group[0]], stalls)]
        blocks += [group for group in late if group not in blocks]
    if known:
        return {index for group in blocks for index in group}
    return {index for group in blocks for index in group} if _rare(analysis, blocks, rings.largest) else set()


def _by_late_timer(finding: Finding, stalls: Stalls) -> bool:
    return stalls.timed and finding.ring == "playback"


def _late_from_the_start(analysis: Analysis, rings: Rings, stalls: Stalls) -> set[int]:
    """Return the indices of what is old from the first frame up to a slip by the same laps of capture.

    Where a reader is so late that the driver writes over what it reads, one piece is a lap ahead.
    The rest is then old beside that piece, up to where the stream is found to be later for good.
    No device knows the laps of a ring, so the wire, which tells the same ages, blames none.
    """
    found, first = analysis.findings, analysis.first_frame
    if not stalls.coherent or not rings.capture or first is None:
        return set()
    for at, slip in enumerate(found):
        if slip.kind is not Kind.REPEAT or slip.injected or slip.frames % rings.capture:
            continue
        old = [index for index, one in enumerate(found[:at]) if _late_by(slip, one)]
        covered = sum(found[index].frames for index in old)
        if old and found[old[0]].frame == first and covered >= MOST_OF_A_START * (slip.frame - first):
            return {*old, at}
    return set()


def _late_behind_a_drop(analysis: Analysis, rings: Rings, stalls: Stalls) -> set[int]:
    """Return the indices of drops by laps of capture, and of what is old by as many up to the next slip.

    The same where the piece that is a lap ahead comes later: what was right is then old beside it.
    """
    found, end = analysis.findings, _end(analysis)
    out: set[int] = set()
    if not stalls.coherent or not rings.capture:
        return out
    slips = [at for at, one in enumerate(found) if one.kind in SLIPS and not one.injected]
    for at, behind in zip(slips, [*slips[1:], len(found)]):
        slip = found[at]
        if slip.kind is not Kind.DROP or slip.frames % rings.capture:
            continue
        old = [index for index in range(at + 1, behind) if _late_by(slip, found[index])]
        until = found[behind].frame if behind < len(found) else end
        if old and sum(found[index].frames for index in old) >= MOST_OF_A_START * (until - slip.frame):
            out |= {*old, at}
    return out


def _late_by(slip: Finding, one: Finding) -> bool:
    return one.kind is Kind.STALE and not one.injected and one.lag == slip.frames and one.ring == "capture"


def _rare(analysis: Analysis, blocks: Sequence[Sequence[int]], lap: int) -> bool:
    # A few blocks that end before the burst does, and nothing else wrong than right beside them.
    found = analysis.findings
    members = [found[index] for group in blocks for index in group]
    end = _end(analysis)
    return (
        len(blocks) <= MOST_BLOCKS
        and sum(one.frames for one in members) <= MOST_SHARE * analysis.checked_frames
        and all(found[group[-1]].frame + found[group[-1]].frames < end for group in blocks)
        and all(one.injected or _near(one, members, lap) is not None for one in found)
    )


def _old_in_one_piece(findings: Sequence[Finding]) -> list[list[int]]:
    # Old runs of one ring that follow each other without a right frame, whatever their age; a planted
    # fault in between is no right frame.
    groups: list[list[int]] = []
    end = -1
    for index, finding in enumerate(findings):
        if finding.injected:
            end += finding.frames if finding.frame == end else 0
            continue
        if finding.kind is not Kind.STALE or finding.details.get("view") == BUS:
            continue
        if finding.frame == end and findings[groups[-1][-1]].ring == finding.ring:
            groups[-1].append(index)
        else:
            groups.append([index])
        end = finding.frame + finding.frames
    return groups


def _laps(block: Sequence[Finding], rings: Rings) -> float:
    ring = rings.capture if block[0].ring == "capture" else rings.playback
    return sum(finding.frames for finding in block) / ring if ring and block[0].ring else 0.0


def _smallest(rings: Rings) -> int:
    return min((ring for ring in (rings.playback, rings.capture) if ring), default=1)


def _lost_time(finding: Finding, rings: Rings, stalls: Stalls) -> str:
    if finding.injected:
        return ""
    if finding.kind in SLIPS and stalls.waits:
        return "the kernel gave up waiting in the burst"
    # Where both rings of the host agree with the wire, the host lost no time.
    if finding.details.get("view") == BUS:
        return ""
    if finding.kind is Kind.MISPLACED and _newer(finding, rings):
        return "newer data: the ring was written over while it was read"
    if finding.kind not in SLIPS:
        return ""
    for name, ring in (("playback", rings.playback), ("capture", rings.capture)):
        if ring and finding.frames % ring == 0:
            return f"{finding.frames // ring} whole laps of the {name} ring were lost without an xrun"
    if _net_of_laps(finding, rings, stalls.behind_frames):
        return "laps of both rings were lost without an xrun"
    return "the burst had xruns" if stalls.xruns else ""


def _net_of_laps(finding: Finding, rings: Rings, behind_frames: int) -> bool:
    # A stall of the machine takes laps of both rings: capture skips, playback repeats. No more of
    # them than the clock ran ahead, rounded up as each ring is counted from its own start.
    if not rings.playback or not rings.capture or behind_frames < _smallest(rings):
        return False
    slip = finding.frames if finding.kind is Kind.DROP else -finding.frames
    skipped = range(1, -(-behind_frames // rings.capture) + 1)
    most = -(-behind_frames // rings.playback)
    rests = (laps * rings.capture - slip for laps in skipped)
    return any(rest > 0 and rest % rings.playback == 0 and rest // rings.playback <= most for rest in rests)


def _end(analysis: Analysis) -> int:
    return (analysis.first_frame or 0) + analysis.checked_frames


def _reaches(finding: Finding, end: int) -> bool:
    return finding.frame + finding.frames >= end


def _silence_behind(finding: Finding, rings: Rings, stalls: Stalls, end: int) -> bool:
    # A capture that lost its last laps goes on in the silence behind the pattern; so does one whose playback
    # ring was written over with it, or had stopped.
    silent = finding.kind in (Kind.ZERO, Kind.MUTE) and not finding.injected
    if not silent or not _reaches(finding, end):
        return False
    lap = _smallest(rings)
    stalled = stalls.known(lap) or stalls.behind_frames >= lap
    return stalled and finding.frames <= max(LAPS_BEHIND * lap, stalls.behind_frames + lap)


def _silence_ahead(finding: Finding, rings: Rings, stalls: Stalls, end: int) -> bool:
    # What is written over frames that are read late is a lap newer: in the last lap of the pattern, the
    # silence behind it. A timer may be late without an xrun, and its clock with it.
    lap = rings.largest
    silent = finding.kind is Kind.ZERO and not finding.injected
    stalled = stalls.timed or stalls.known(lap)
    return silent and stalls.coherent and stalled and 0 < end - finding.frame <= lap


def _newer(finding: Finding, rings: Rings) -> bool:
    # No cache holds what has not been written yet: data a lap ahead of its time
    # is an overrun, noticed or not.
    lag = finding.lag or 0
    return lag < 0 and any(ring and lag % ring == 0 for ring in (rings.playback, rings.capture))


def _near(finding: Finding, causes: Sequence[Finding], lap: int) -> Finding | None:
    if finding.injected:
        return None
    for cause in causes:
        end = cause.frame if cause.kind in SLIPS else cause.frame + cause.frames
        first = cause.frame - LAPS_BEFORE * lap
        last = max(cause.frame + LAPS_BEHIND * lap, end + LAPS_BEHIND_END * lap)
        if first <= finding.frame + finding.frames and finding.frame <= last:
            return cause
    return None


def _mark(finding: Finding, cause: Finding) -> Finding:
    if cause.kind is Kind.STALE:
        words = f"{cause.frames} frames that are old in one piece"
    elif cause.kind in (Kind.ZERO, Kind.MUTE):
        words = f"{cause.frames} frames of silence at the end"
    else:
        words = f"{cause.frames} frames lost or repeated"
    return finding.with_details(transport=f"beside {words} at frame {cause.frame}")


def _thinned(analysis: Analysis) -> Analysis:
    # What a record holds of lost time is bounded, and what it does not hold is not counted in it.
    marked = [index for index, one in enumerate(analysis.findings) if "transport" in one.details]
    gone = [analysis.findings[index] for index in marked[MOST_KEPT:]]
    if not gone:
        return analysis
    what = f"{len(gone)} corrupted stretches with lost time past the first {MOST_KEPT}"
    note = f"{what} are neither kept nor counted"
    return dataclasses.replace(analysis.without(gone), notes=(*analysis.notes, note))
