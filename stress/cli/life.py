# SPDX-License-Identifier: MIT
"""The line that shows a run is alive: phase, bar inside the burst, share, time left, findings.

On a terminal it is redrawn every half second by a thread, elsewhere it is one line each
10 s, written between bursts. A burst on a real card whose arm runs Python once per period
gets no thread: on a slow core the line would take the interpreter from the loop for a
millisecond and cause the xrun that it then reports. Other bursts on real cards are one
libasound call per direction; there the line costs two context switches a redraw at most,
against some ten that an idle system makes anyway.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable

from stress.model.words import count
from stress.settings.times import format_duration

if TYPE_CHECKING:
    from types import TracebackType

    from stress.report.console import Console

# Between two redraws [s]. Higher: "at least every second" fails on a busy machine;
# lower: a serial console of 9600 baud spends its time on the line.
REDRAW_S = 0.5
BAR = 12


@dataclass(frozen=True)
class Standing:
    """Where a run stands.

    Attributes
    ----------
    phase : "streaming", or what comes before and after it.
    number, planned : of the burst, planned 0 where the run goes by duration.
    burst_s, streamed_s, total_s : audio of this burst, of all before, and of the whole run [s].
    before_s : streamed in an earlier part of the run, which took no time of this one [s].
    began_s, burst_began_s : monotonic time of run and burst [s].
    findings : corrupted stretches so far, the injected ones left out.
    """

    phase: str = "starting"
    arm: str = ""
    number: int = 0
    planned: int = 0
    burst_s: float = 0.0
    streamed_s: float = 0.0
    total_s: float = 0.0
    before_s: float = 0.0
    began_s: float = 0.0
    burst_began_s: float = 0.0
    findings: int = 0

    def pace(self, real_time: bool, now_s: float) -> float:
        """Return the seconds that a second of audio takes, judging included."""
        done = self.streamed_s - self.before_s
        if done <= 0:
            return 1.0 if real_time else 0.0
        spent = (self.burst_began_s if self.phase == "streaming" else now_s) - self.began_s
        return max(0.0, spent) / done


def line(standing: Standing, now_s: float, real_time: bool) -> str:
    """Return the line for `standing` at `now_s`.

    Parameters
    ----------
    real_time : the burst streams as fast as it is long; a virtual board does not.
    """
    if not standing.number:
        return f"{standing.phase} ..."
    of = f" of {standing.planned}" if standing.planned else ""
    parts = [f"burst {standing.number}{of}", standing.arm]
    pace = standing.pace(real_time, now_s)
    inside = _inside(standing, now_s, real_time, pace)
    if standing.phase == "streaming" and inside < 1:
        parts.append(_bar(inside) if pace else _moving(now_s - standing.burst_began_s))
    else:
        parts.append("judging" if standing.phase == "streaming" else standing.phase)
    done_s = standing.streamed_s + (inside * standing.burst_s if standing.phase == "streaming" else 0.0)
    parts.append(_left(standing, done_s, pace))
    parts.append(f"{count(standing.findings)} corrupted" if standing.findings else "clean")
    return "  ".join(part for part in parts if part)


def _bar(share: float) -> str:
    filled = int(share * BAR)
    return f"[{'#' * filled}{'.' * (BAR - filled)}]"


def _moving(seconds: float) -> str:
    # How long the first burst of a virtual board takes is not known: a mark that wanders.
    at = int(seconds / REDRAW_S) % BAR
    return f"[{'.' * at}#{'.' * (BAR - 1 - at)}]"


def _inside(standing: Standing, now_s: float, real_time: bool, pace: float) -> float:
    long_s = standing.burst_s * (1.0 if real_time else pace)
    return min(1.0, max(0.0, (now_s - standing.burst_began_s) / long_s)) if long_s > 0 else 0.0


def _left(standing: Standing, done_s: float, pace: float) -> str:
    if standing.total_s <= 0:
        return f"{format_duration(done_s)} streamed"
    share = f"{min(100.0, 100 * done_s / standing.total_s):.0f} %"
    rest = standing.total_s - done_s
    if rest <= 0:
        return f"{share}, to the end of the plan"
    return f"{share}, {format_duration(round(rest * pace))} left" if rest * pace >= 0.5 else share


class Life:
    """Shows where a run stands while it runs; a context manager.

    Threads: one of its own on a terminal, which only writes the line.

    Parameters
    ----------
    now_s : monotonic time [s].
    real_time : see `line`.
    """

    def __init__(self, console: Console, now_s: Callable[[], float], real_time: bool) -> None:
        self._console = console
        self._now_s = now_s
        self._real_time = real_time
        self._standing = Standing(began_s=now_s())
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def __enter__(self) -> Life:
        """Start redrawing the line."""
        if not self._real_time:
            self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop redrawing."""
        self._end()

    def show(self, phase: str, **changed: object) -> None:
        """Take over where the run stands, and show it."""
        with self._lock:
            self._standing = replace(self._standing, phase=phase, **changed)  # type: ignore[arg-type]
            self._draw()

    def streaming(self, quiet: bool, **changed: object) -> None:
        """Show that a burst begins.

        Parameters
        ----------
        quiet : nothing may run beside it but what streams.
        """
        self._end_if(quiet)
        self.show("streaming", burst_began_s=self._now_s(), **changed)
        if not quiet:
            self._begin()

    def _begin(self) -> None:
        if self._thread is None and self._console.moves:
            self._stop.clear()
            self._thread = threading.Thread(target=self._redraw, name="line of life", daemon=True)
            self._thread.start()

    def _end(self) -> None:
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None

    def _end_if(self, quiet: bool) -> None:
        if quiet:
            self._end()

    def _redraw(self) -> None:
        while not self._stop.wait(REDRAW_S):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        if not self._standing.number and not self._console.moves:
            # A log is told of bursts; the line it gets in ten seconds shall be one of them.
            return
        now_s = self._now_s()
        self._console.status(line(self._standing, now_s, self._real_time), now_s)
