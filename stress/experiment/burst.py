# SPDX-License-Identifier: MIT
"""One burst: fill the buffers, stream, compare."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stress.board.cache_clean_counters import Opportunities, watched
from stress.board.conditions import GrantedConditions, RequestedConditions, conditions
from stress.experiment import middle, positive_control
from stress.experiment.alignment import Streams, old_start, settle
from stress.experiment.burst_buffers import BurstBuffers
from stress.experiment.hot_window import hot_window
from stress.experiment.lost_time import Stalls, set_apart
from stress.experiment.method.detector import CheckResult
from stress.experiment.wire.race import set_apart_unseen_races
from stress.experiment.wire.reordered import exchanged, set_apart_reordered
from stress.experiment.wire.views import HostBuffers, WireComparison, attribute, by_wire, look
from stress.model.arrays import Bytes
from stress.model.exposure import Exposure
from stress.model.finding import Analysis
from stress.model.histogram import Axes
from stress.model.pcm import Access, Direction
from stress.model.ring import Rings
from stress.model.stimulus import POSITIONS
from stress.model.transport import NO_TRANSPORT, TransportRecord
from stress.patterns.layout import Layout
from stress.verdict.audit import Sums, sums_of_burst

if TYPE_CHECKING:
    from stress.board.processes import Process, Processes
    from stress.experiment.method.detector import Detector
    from stress.model.pcm import Exchange, Granted, Handling
    from stress.model.wire import Tap
    from stress.patterns.shared import Shared
    from stress.pcm.contract import Pcm

# A modelled board has its conditions in its description.
MODELLED = GrantedConditions((), (), ())


@dataclass(frozen=True)
class BurstResult:
    """What one burst gave: transport, analysis, positive control.

    Parameters
    ----------
    heard : what is judged: of the loopback, or of the wire where `by_wire`.
    locked : the stimulus was recognised in what came back.
    opportunities : accidental clean+invalidates, as far as they are counted.
    sums : checksums of what was played and of what came back.
    views : what a tap saw beside it, None without one; `blind` says why.
    by_wire : the analysis was drawn from the wire, not from a loopback.
    span : frames of the pattern in the play buffer; the next burst begins behind them.
    beside : the processes that were busiest meanwhile.
    gap : what an event in the middle put into the capture, which is judged without it; None without one.
    """

    position: int
    frames: int
    exchange: Exchange
    heard: CheckResult
    locked: bool
    control: positive_control.Outcome
    terms: GrantedConditions
    sums: Sums
    opportunities: Opportunities
    views: WireComparison | None = None
    by_wire: bool = False
    blind: str = ""
    span: int = 0
    beside: tuple[Process, ...] = ()
    gap: middle.Gap | None = None

    @property
    def analysis(self) -> Analysis:
        """The judged analysis."""
        return self.heard.analysis

    @property
    def exposed_frames(self) -> int:
        """Frames that were checked and in which stale data would have shown."""
        exposed = self.heard.exposed_frames
        return self.analysis.checked_frames if exposed is None else exposed


class BurstRunner:
    """Buffers of one open PCM, allocated and touched once, and what stays alike from burst to burst.

    Parameters
    ----------
    frames : pattern frames of a burst.
    line_bytes : ring line of exposure and control [bytes].
    asked : of the machine, during each burst on a real card.
    tap : looks at bus and memory beside the burst, None where it may not.
    loopback : "digital" and "analog" judge what comes back, "none" what the
        tap saw, "auto" the latter where the stimulus does not come back.
    transport : what carries the sound; see `Stalls`.
    processes : looks at who else runs, before and behind each burst on a real card.
    still_s : how long a stream stands still in the middle of a burst at most, 0 where none does [s].
    shared : how the frames of the stimulus lie in those of each direction; None
        where they are the same.

    Threads: one caller.
    """

    def __init__(
        self,
        granted: Granted,
        method: Detector,
        frames: int,
        line_bytes: int,
        asked: RequestedConditions,
        *,
        tap: Tap | None = None,
        loopback: str = "auto",
        transport: TransportRecord = NO_TRANSPORT,
        shared: Shared | None = None,
        processes: Processes | None = None,
        still_s: float = 0.0,
    ) -> None:
        stimulus = method.stimulus
        rate, step = granted.playback.rate, stimulus.frame_bytes
        self.granted = granted
        self.geometry = positive_control.Geometry(
            granted.playback.buffer_size,
            step,
            line_bytes,
            stimulus.fmt.sample_bytes,
            granted.playback.frame_bytes,
            stimulus.fmt.sample_bytes - -(-stimulus.fmt.bits // 8),
        )
        self._method, self._stimulus = method, stimulus
        self._layout = Layout(stimulus.fmt, stimulus.channels)
        self._asked, self._tap, self._loopback, self._transport = asked, tap, loopback, transport
        self._processes = processes
        self._frames = self._span = frames
        self._rate = rate
        directions = ((Direction.PLAYBACK, granted.playback), (Direction.CAPTURE, granted.capture))
        self._mapped = tuple(way for way, params in directions if params.access is Access.MMAP)
        self.capture_bytes = granted.capture.frame_bytes
        self.rings = Rings(
            granted.playback.buffer_size,
            granted.capture.buffer_size,
            playback_bytes=granted.playback.frame_bytes,
            capture_bytes=self.capture_bytes,
        )
        self._shared = None if shared is None or shared.plain else shared
        self._buffers = BurstBuffers(granted, stimulus, frames, self._shared, still_s)
        self.seen: Bytes = self.captured

    @property
    def longest(self) -> int:
        """Frames of pattern that a burst may take."""
        return self._buffers.longest

    @property
    def captured(self) -> Bytes:
        """What the card gave in the last burst, (n,) uint8; `seen` is the same in frames of the stimulus."""
        return self._buffers.captured

    def run(
        self,
        pcm: Pcm,
        handling: Handling,
        position: int,
        faults: tuple[positive_control.Planted, ...] = (),
        *,
        over_read: tuple[positive_control.Planted, ...] = (),
        to_end: bool = False,
    ) -> BurstResult:
        """Stream one burst from `position` and check what came back.

        Parameters
        ----------
        faults : to be laid over the stimulus; `over_read` over what was read,
            where the wire judges.
        to_end : stimulus instead of silence behind the frames asked for, so that
            the last lap tells in memory. Old frames stay in the ring: the PCM
            has to be opened anew before another burst.
        """
        buffers, tap = self._buffers, None if handling.middle else self._tap
        self._span = buffers.longest if to_end else self._frames
        buffers.fill(position, self._span)
        laid = positive_control.inject(buffers.play, faults, self.geometry, self._stimulus.fill, position)
        buffers.ready()
        # Allocates pages: outside the window, as is the fetching.
        blind = tap.start(self.granted, self._seconds()) if tap else ""
        if self._tap and handling.middle:
            blind = f"{handling.middle.event.value} in the middle of the burst: the bus was not looked at"
        looks = self._processes if not pcm.is_virtual else None
        if looks:
            looks.before(self._frames / self._rate)
        with conditions(self._asked) if not pcm.is_virtual else nullcontext(MODELLED) as terms, hot_window():
            # Read before and after: what is counted takes no part of the burst.
            with watched() if not pcm.is_virtual else nullcontext(Opportunities()) as chances:
                exchange = pcm.exchange(buffers.out, buffers.captured, handling)
            if tap and not blind:
                tap.grab()
        beside = looks.behind() if looks else ()
        wire = tap.finish() if tap and not blind else None
        exchange, gap = self._closed(exchange, handling)
        due, taken = self._judged(exchange)
        self.seen = returned = buffers.returned(taken)
        views = None
        if wire is not None:
            sent = self._sent(buffers.raw(taken), position, due, laid, over_read)
            views = look(wire, sent, exchange, self._method.check_wire)
        heard, outcome = (
            CheckResult(Analysis("wire", False, taken, notes=(blind,))),
            positive_control.Outcome(0, 0, ()),
        )
        if self._loopback != "none":
            heard, outcome = self._loopback_result(returned, exchange, position, laid, due)
        sums = self._sums(returned, heard.analysis, position, due)
        analysis, locked = heard.analysis, heard.analysis.locked
        wired = views is not None and _takes_the_wire(views, self._loopback, analysis)
        if views is not None and wired:
            # What keeps the loopback from judging is said, too.
            of_wire = by_wire(views, self.capture_bytes, self.geometry.line_bytes)
            heard = CheckResult(replace(of_wire, path=analysis.path))
            outcome = views.control + views.read_control
        else:
            if views is None:
                analysis = set_apart_unseen_races(analysis, self._transport, self._rate)
            else:
                analysis = attribute(analysis, views, position)
            analysis = set_apart_reordered(analysis, exchanged(analysis, self.rings, self._transport))
            heard = replace(heard, analysis=set_apart(analysis, self.rings, self._stalls(exchange)))
        return BurstResult(
            position=position,
            frames=self._frames,
            exchange=exchange,
            heard=heard,
            locked=locked,
            control=outcome,
            terms=terms,
            sums=sums,
            opportunities=chances,
            views=views,
            by_wire=wired,
            blind=blind,
            span=self._span,
            beside=beside,
            gap=gap,
        )

    def _closed(self, exchange: Exchange, handling: Handling) -> tuple[Exchange, middle.Gap | None]:
        """Take the silence of an event in the middle out of the capture."""
        if handling.middle is None or exchange.stood is None or exchange.stood.refused:
            return exchange, None
        taken, ring = exchange.capture.frames, self.granted.playback.buffer_size
        seen, step = self._buffers.returned(taken), self._stimulus.frame_bytes
        gap = middle.gap_in(seen, self._buffers.play, handling.middle, step, ring)
        if gap.returned:
            self._buffers.cut(gap, taken)
            exchange = middle.without(exchange, gap, exchange.stood)
        return exchange, gap

    def _sent(
        self,
        read: Bytes,
        position: int,
        due: int,
        faults: tuple[positive_control.Planted, ...],
        over_read: tuple[positive_control.Planted, ...],
    ) -> HostBuffers:
        return HostBuffers(
            written=self._buffers.out,
            read=read,
            position=position,
            due=due,
            rings=self.rings,
            frame_bytes=self.granted.playback.frame_bytes,
            line_bytes=self.geometry.line_bytes,
            rate=self._rate,
            faults=faults,
            mapped=self._mapped,
            rules=self._method.wire_rules,
            over_read=over_read,
            layout=self._layout,
            transport=self._transport,
            capture_bytes=self.capture_bytes,
            stimulus=self._buffers.play,
            heard=self._shared.playback.gather if self._shared else _as_it_is,
        )

    def _loopback_result(
        self,
        returned: Bytes,
        exchange: Exchange,
        position: int,
        faults: tuple[positive_control.Planted, ...],
        due: int,
    ) -> tuple[CheckResult, positive_control.Outcome]:
        heard = self._method.check(returned, self.rings, position, due, len(faults))
        streams = Streams(self.rings, self._mapped, self._rate, position)
        analysis = settle(heard.analysis, returned, exchange, streams)
        changed = analysis.path is not None and not analysis.path.exact
        if not changed:
            analysis = old_start(analysis, returned, self._stimulus, self.rings)
        digital = self._method.loopback == "digital" and not changed
        carried = positive_control.Carried(self._buffers.play, returned, self._layout) if digital else None
        # Behind a path the bytes are others and a flip may look like noise: its place is its name.
        rules = replace(self._method.rules, names_kind=False) if changed else self._method.rules
        # A fault in the part that never came back was not due either.
        reached = min(due, analysis.checked_frames)
        analysis, outcome = positive_control.match(
            analysis, faults, position, reached, self.rings, rules, carried
        )
        return replace(heard, analysis=analysis), outcome

    def _sums(self, returned: Bytes, analysis: Analysis, position: int, due: int) -> Sums:
        step = self._stimulus.frame_bytes
        start = None
        if self._method.same_bytes(analysis) and analysis.first_frame is not None:
            missing = ((analysis.first_position or 0) - position) % POSITIONS
            start = analysis.first_frame - missing
        return sums_of_burst(
            self._buffers.play[: due * step], returned, start, step, self.granted.playback.period_size
        )

    def exposure(self, result: BurstResult) -> Exposure:
        """Return the ring lines of a burst in which stale data would have shown.

        Of rings with frames of different size the one with fewer lines counts, and
        of a ring only lines that hold a compared sample.
        """
        line, frames = self.geometry.line_bytes, result.exposed_frames
        if self._shared is None:
            return Exposure.of_frames(frames, self._stimulus.frame_bytes, line)
        sides = {Direction.PLAYBACK: self._shared.playback, Direction.CAPTURE: self._shared.capture}
        shares = [
            sides[way].frame_bytes * sides[way].telling_share(line) for way in self._mapped or tuple(sides)
        ]
        return Exposure(int(frames * min(shares)) // line, line)

    def axes(self, position: int) -> Axes:
        """Return the rings as places are counted in them, of a burst from `position` on."""
        return Axes(self.rings, self._stimulus.frame_bytes, position, self.geometry.line_bytes)

    def _stalls(self, exchange: Exchange) -> Stalls:
        return Stalls.of(exchange, self._rate, self._transport)

    def _seconds(self) -> float:
        return self._buffers.longest / self._rate

    def _judged(self, exchange: Exchange) -> tuple[int, int]:
        # An xrun is noticed up to a lap late: meanwhile the last ring-full was
        # read while it was written, on either side.
        due, taken = min(self._span, exchange.played_limit), exchange.capture.frames
        if exchange.playback.xruns and exchange.playback.frames < self._span:
            due = max(0, due - (self.rings.playback or 0))
        if exchange.capture.xruns:
            taken = max(0, taken - (self.rings.capture or 0))
        return due, taken


def _takes_the_wire(views: WireComparison, loopback: str, heard: Analysis) -> bool:
    if loopback == "auto":
        return not heard.locked and views.playback.locked
    return loopback == "none"


def _as_it_is(out: Bytes) -> Bytes:
    return out
