"""One burst: prepare the buffers, stream, compare."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

import numpy as np

from stress.board.conditions import Asked, Terms, conditions
from stress.experiment import control
from stress.experiment.alignment import settle
from stress.experiment.transport import set_apart
from stress.experiment.window import hot_window
from stress.experiment.wire import Sent, Views, attribute, by_wire, look
from stress.model.finding import Analysis
from stress.model.pcm import Access, Direction
from stress.model.ring import Rings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stress.model.pcm import Exchange, Granted, Handling
    from stress.model.stimulus import Stimulus
    from stress.model.wire import Tap
    from stress.pcm.contract import Pcm

    Bytes = NDArray[np.uint8]

# Frames of silence after the pattern beyond both rings, as time. A playback
# stream is never drained (drain on snd-usb-audio pads with old data), so the
# last ring-full stays unplayed; this much lies beyond the pattern.
TAIL_S = 0.05
# Leading silence a capture may hold before the pattern arrives: capture starts
# first. Measured on real drivers: up to 1200 frames.
LEAD_S = 0.1
PAGE_BYTES = 4096
# A modelled board has its conditions in its description.
MODELLED = Terms((), (), ())


# Turns the captured bytes, the rings, the first position sent and the frames
# that were due into an analysis.
Detector = Callable[["Bytes", Rings, int, int], Analysis]


@dataclass(frozen=True)
class BurstResult:
    """What one burst gave: transport, analysis, positive control.

    Parameters
    ----------
    views : what a tap saw beside it, None without one; `blind` says why.
    by_wire : the analysis was drawn from the wire, not from a loopback.
    span : frames of the pattern in the play buffer; the next burst begins behind them.
    """

    position: int
    frames: int
    exchange: Exchange
    analysis: Analysis
    control: control.Outcome
    terms: Terms
    views: Views | None = None
    by_wire: bool = False
    blind: str = ""
    span: int = 0


class Bench:
    """Buffers of one open PCM, allocated and touched once.

    Threads: one caller.
    """

    def __init__(self, granted: Granted, stimulus: Stimulus, frames: int) -> None:
        rate, step = granted.playback.rate, stimulus.frame_bytes
        rings = granted.playback.buffer_size + granted.capture.buffer_size
        tail = rings + round(TAIL_S * rate)
        lead = rings + round(LEAD_S * rate)
        self._stimulus, self._granted = stimulus, granted
        self._frames = self._span = frames
        self._rate = rate
        directions = ((Direction.PLAYBACK, granted.playback), (Direction.CAPTURE, granted.capture))
        self._mapped = tuple(way for way, params in directions if params.access is Access.MMAP)
        self.rings = Rings(granted.playback.buffer_size, granted.capture.buffer_size)
        self.play: Bytes = _touched((frames + tail + lead) * step)
        self.captured: Bytes = _touched((frames + lead) * step)

    @property
    def longest(self) -> int:
        """Frames of pattern that a burst may take."""
        return self.play.size // self._stimulus.frame_bytes

    def run(
        self,
        pcm: Pcm,
        handling: Handling,
        detector: Detector,
        position: int,
        faults: tuple[control.Planted, ...],
        geometry: control.Geometry,
        asked: Asked,
        tap: Tap | None = None,
        loopback: str = "auto",
        to_end: bool = False,
    ) -> BurstResult:
        """Stream one burst from `position` and check what came back.

        Parameters
        ----------
        tap : looks at bus and memory beside the burst.
        loopback : "digital" judges what comes back, "none" what the tap saw,
            "auto" the latter where the pattern does not come back.
        to_end : pattern instead of silence behind the frames asked for, so that
            the last lap tells in memory. Old pattern stays in the ring: the PCM
            has to be opened anew before another burst.
        """
        step = self._stimulus.frame_bytes
        self._span = self.play.size // step if to_end else self._frames
        self._stimulus.fill(position, self.play[: self._span * step])
        self.play[self._span * step :] = 0
        control.lay(self.play, faults, geometry, self._stimulus.fill, position)
        self.captured[:] = 0
        # Allocates pages: outside the window, as is the fetching.
        blind = tap.start(self._granted, self._seconds()) if tap else ""
        with conditions(asked) if not pcm.is_virtual else nullcontext(MODELLED) as terms, hot_window():
            exchange = pcm.exchange(self.play, self.captured, handling)
            if tap and not blind:
                tap.grab()
        wire = tap.finish() if tap and not blind else None
        due, taken = self._judged(exchange)
        returned = self.captured[: taken * self._stimulus.frame_bytes]
        views = None
        if wire is not None:
            sent = self._sent(returned, position, due, faults, geometry.line_bytes)
            views = look(wire, sent, exchange, detector)
        analysis, outcome = Analysis("wire", False, taken, notes=(blind,)), control.Outcome(0, 0, ())
        if loopback != "none":
            analysis, outcome = self._loopback(returned, exchange, detector, position, faults, due)
        wired = views is not None and _takes_the_wire(views, loopback, analysis)
        if views is not None and wired:
            analysis = by_wire(views, self._stimulus.frame_bytes, geometry.line_bytes)
            outcome = views.control
        else:
            if views is not None:
                analysis = attribute(analysis, views, position)
            analysis = set_apart(analysis, self.rings, exchange.xruns)
        return BurstResult(
            position=position,
            frames=self._frames,
            exchange=exchange,
            analysis=analysis,
            control=outcome,
            terms=terms,
            views=views,
            by_wire=wired,
            blind=blind,
            span=self._span,
        )

    def _sent(
        self, read: Bytes, position: int, due: int, faults: tuple[control.Planted, ...], line_bytes: int
    ) -> Sent:
        return Sent(
            written=self.play,
            read=read,
            position=position,
            due=due,
            rings=self.rings,
            frame_bytes=self._stimulus.frame_bytes,
            line_bytes=line_bytes,
            rate=self._rate,
            faults=faults,
            mapped=self._mapped,
        )

    def _loopback(
        self,
        returned: Bytes,
        exchange: Exchange,
        detector: Detector,
        position: int,
        faults: tuple[control.Planted, ...],
        due: int,
    ) -> tuple[Analysis, control.Outcome]:
        analysis = detector(returned, self.rings, position, due)
        analysis = settle(analysis, returned, exchange, self.rings, self._mapped, position, self._rate)
        return control.match(analysis, faults, position, self._reached(analysis, due), self.rings)

    def _seconds(self) -> float:
        return self.play.size / self._stimulus.frame_bytes / self._rate

    def _judged(self, exchange: Exchange) -> tuple[int, int]:
        # An xrun is noticed up to a lap late: meanwhile the last ring-full was
        # read while it was written, on either side.
        due, taken = min(self._span, exchange.played_limit), exchange.capture.frames
        if exchange.playback.xruns and exchange.playback.frames < self._span:
            due = max(0, due - (self.rings.playback or 0))
        if exchange.capture.xruns:
            taken = max(0, taken - (self.rings.capture or 0))
        return due, taken

    def _reached(self, analysis: Analysis, due: int) -> int:
        # A fault in the part that never came back was not due either.
        return min(due, analysis.checked_frames)


def _takes_the_wire(views: Views, loopback: str, heard: Analysis) -> bool:
    if loopback == "auto":
        return not heard.locked and views.playback.locked
    return loopback == "none"


def _touched(size: int) -> Bytes:
    buffer = np.zeros(size, dtype=np.uint8)
    # np.zeros maps the shared zero page; a write to each page makes it ours before the burst.
    buffer[::PAGE_BYTES] = 0
    return buffer
