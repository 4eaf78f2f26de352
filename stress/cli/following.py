# SPDX-License-Identifier: MIT
"""report --follow: the report of a run while it goes on, redrawn with each burst.

Only what is new in the record is read, no lock is taken and nothing of the run directory
is written. Between bursts the file is looked at once a second, which is all that it costs
the machine that streams.
"""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from stress.cli import outputs
from stress.cli.several import plan_of, refuse_of_one
from stress.errors import CaptureFileError, ConfigError
from stress.model.record.burst import BurstRecord
from stress.model.record.events import EndRecord
from stress.model.verdict import Verdict, exit_code
from stress.model.words import counted, stretches
from stress.record import bundle, folder_lock
from stress.record.journal import NAME
from stress.record.living import LivingRecord
from stress.report import facts, text
from stress.report.console import Console
from stress.settings.times import format_duration
from stress.verdict.judge import Judgement
from stress.verdict.needs import NOT_BEGUN
from stress.verdict.summary import Summing

if TYPE_CHECKING:
    import argparse

    from stress.plan.plan import Plan
    from stress.verdict.summary import Summary

# Between two looks at the record [s]. Source: custom. Higher: a picture that lags; lower: the
# machine that streams is woken for nothing.
LOOK_S = 1.0
# Between two lines where a terminal has no cursor to move [s]. Lower: a serial console of 9600 baud
# and the log of a night are full of them.
LINE_S = 60.0
# How long a run may take to begin [s]: the two commands are often typed at once, and the start of
# Python, the probe of the board and the first ring take half a minute on a slow core. Higher: a
# mistyped DIR is told later; lower: a slow board's run is given up before it is there.
BEGIN_S = 120.0
# Between two pages, and what the page itself reloads after [s]: a page takes up to a second.
PAGE_S = 5.0


@dataclass
class Follower:
    """A run that goes on, as it is shown.

    Parameters
    ----------
    folder : the run directory.
    page : the file to keep writing, "" for none.
    now_s, wait : the clock and how to wait [s]; a test hands in its own.
    """

    folder: Path
    console: Console
    page: str = ""
    verbose: bool = False
    now_s: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._record = LivingRecord(self.folder)
        self._sum = Summing()
        self._ended = False
        self._last = ""
        self._line_due_s = self._page_due_s = 0.0

    def follow(self) -> Summary:
        """Show the run until it ends; return what it added up to.

        Raises
        ------
        CaptureFileError : no run begins, its record is damaged, or the page cannot be written.
        """
        behind = self._await_begin()
        while True:
            # Asked before the record is read: what a run wrote before it let go is then seen.
            alone = folder_lock.holder(self.folder) == 0
            fresh = self._read()
            behind |= fresh
            if behind and not (self._ended or alone):
                behind = not self._show()
            if (self._ended or alone) and not fresh:
                return self._finish()
            self.wait(LOOK_S)

    def _await_begin(self) -> bool:
        """Wait until the record of the run has its start; return True."""
        end_s, told = self.now_s() + BEGIN_S, False
        while not (self._read() and self._sum.start is not None):
            if folder_lock.holder(self.folder):
                # A process is at it: its probe and first rings may take minutes on a busy machine.
                end_s = self.now_s() + BEGIN_S
            elif self.now_s() >= end_s:
                reason = f"holds no run, and none began here within {format_duration(BEGIN_S)}"
                raise CaptureFileError(str(self.folder), reason)
            if not told:
                within = f"it may begin within {format_duration(BEGIN_S)} (Ctrl-C ends)"
                self.console.note(f"{self.folder} holds no run yet: {within}")
                told = True
            self.wait(LOOK_S)
        return True

    def _read(self) -> bool:
        found = self._record.new()
        for event in found:
            self._sum.add(event)
            self._ended = isinstance(event, EndRecord)
            if isinstance(event, BurstRecord):
                self._last = time.strftime("%H:%M:%S", time.localtime((self.folder / NAME).stat().st_mtime))
        return bool(found)

    def _show(self) -> bool:
        """Draw what is due; return whether nothing is left to be drawn."""
        now_s, plan = self.now_s(), plan_of(self.folder)
        known, run = facts.read(self.folder), going_on(self._sum.result(plan), plan, self._last)
        drawn = True
        if self.console.redraws:
            self.console.redraw(text.lines(run, self.console.columns, known, self.verbose))
        elif now_s >= self._line_due_s:
            self._line_due_s = now_s + LINE_S
            self.console.line(line(run))
        else:
            drawn = False
        if self.page and now_s >= self._page_due_s:
            self._page_due_s = now_s + PAGE_S
            outputs.written(self.page, reloading(outputs.page(self.folder, run, known)).encode("utf-8"))
        elif self.page:
            drawn = False
        return drawn

    def _finish(self) -> Summary:
        run, known = self._sum.result(plan_of(self.folder)), facts.read(self.folder)
        if self.page:
            outputs.written(self.page, outputs.page(self.folder, run, known).encode("utf-8"))
        if self.console.redraws:
            self.console.redraw([])
        self.console.prose(text.lines(run, self.console.columns, known, self.verbose))
        if not self._ended:
            self.console.note("the process of this run is gone and left no end: killed, or a power cut")
        return run


def follow(args: argparse.Namespace) -> int:
    """Show a run until it ends; return 0, with --exit-skip what its verdict says.

    Raises
    ------
    ConfigError : a bundle, several runs, or a result that is of a run that is over.
    CaptureFileError : no run begins there in time, or its record is damaged.
    """
    refuse_of_one(args, "--follow", but=("verbose",))
    if args.json or len(args.directories) != 1:
        raise ConfigError("shows one run as it goes on", where="--follow", allowed="one DIR, --html")
    folder = Path(args.directories[0])
    if folder.is_file():
        raise ConfigError("is a bundle: nothing goes on in it", where=str(folder), allowed="a run directory")
    _refuse_inside(args.html or "", folder)
    # A folder that a run is about to make is waited for.
    with bundle.opened(str(folder)) if folder.exists() else contextlib.nullcontext():
        console = Console(sys.stdout, sys.stderr, color=args.color)
        run = Follower(folder, console, args.html or "", args.verbose).follow()
    return exit_code(run.judgement.verdict) if args.exit_skip else 0


def _refuse_inside(page: str, folder: Path) -> None:
    if page and folder.resolve() in Path(page).resolve().parents:
        allowed = "a file outside the run directory"
        raise ConfigError("would change the run directory", where="--html", allowed=allowed)


def going_on(run: Summary, plan: Plan, last: str) -> Summary:
    """Return the summary of a run that goes on: what is open is no reason against it.

    Parameters
    ----------
    last : wall time of the last burst.
    """
    begun = [pair for pair in zip(run.parts, run.verdicts) if pair[0].skipped != NOT_BEGUN]
    left = len(run.parts) - len(begun)
    planned = plan.repeats * sum(arm.bursts for arm in plan.arm)
    of = f" of {planned}" if run.whole.bursts <= planned else ""
    told = f"the run goes on: {run.whole.bursts}{of} bursts, {format_duration(run.whole.streamed_s)} streamed"
    more = f", {counted(left, 'arm')} not begun" if left else ""
    verdict = Verdict.FAIL if run.whole.found else Verdict.INCONCLUSIVE
    # The first reason of a FAIL is what the sentence above it says already.
    found = (stretches(run.whole.found),) if run.whole.found else ()
    reasons = (*found, f"{told}{more}{f', the last one recorded at {last}' if last else ''}")
    return replace(
        run,
        parts=tuple(part for part, _ in begun),
        verdicts=tuple(judged for _, judged in begun),
        judgement=Judgement(verdict, reasons),
    )


def line(run: Summary) -> str:
    """Return where a run that goes on stands, in a line."""
    found = stretches(run.whole.found) if run.whole.found else "clean so far"
    return f"{run.judgement.reasons[-1]}: {found}"


def reloading(page: str) -> str:
    """Return a page that a browser loads again by itself."""
    return page.replace("<head>", f'<head><meta http-equiv="refresh" content="{PAGE_S:.0f}">', 1)
