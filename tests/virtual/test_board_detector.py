# SPDX-License-Identifier: MIT
"""The exact detector against the truth: every wrong frame found, nothing else, and rightly named."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.pcm import Access, CaptureTouch, Direction, Handling, PlaybackTouch
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from stress.virtual.truth import truth_of
from tests.virtual.board_kit import board, stream

FRAMES, POSITION = 24000, 1 << 20
NOISY = {"kernel__noise_lines_per_ms": 128}
RW = {"access": Access.RW}
# name: board, rings, handling, changes. Yields from one line to nearly all of them, one side at a
# time and both at once.
HEAVY = {"kernel__noise_lines_per_ms": 512}
CASES = {
    "player on a noisy ARM926": ("arm926", (1536, 4848, "P"), Handling(), NOISY),
    "player on a small ring": ("arm926", (384, 4848, "P"), Handling(), {}),
    "recorder": ("arm926", (4848, 384, "C"), Handling(capture=CaptureTouch.WHOLE), {}),
    "recorder by turns": ("arm926-rr", (4848, 384, "C"), Handling(capture=CaptureTouch.WHOLE), {}),
    "mixer": ("arm926", (960, 4848, "P"), Handling(PlaybackTouch.RMW, 2), NOISY),
    "touching ahead": ("arm926", (4848, 1920, "C"), Handling(capture=CaptureTouch.AHEAD), HEAVY),
    "start burst": ("arm926", (4800, 4848, "P"), Handling(start_burst=True), {}),
    "most of a small ring": ("arm926", (192, 4848, "P"), Handling(), {}),
    "most of touching ahead": ("arm926", (4848, 4128, "C"), Handling(capture=CaptureTouch.AHEAD), {}),
    "start burst on 32 ways": ("xscale", (960, 4848, "P"), Handling(start_burst=True), {}),
    "both": ("arm926", (768, 1056, "PC"), Handling(), {"kernel__noise_lines_per_ms": 200}),
    "coherent": ("arm926", (192, 240, "PC"), Handling(), {"kernel__use_vmalloc": False}),
    "physical tags": ("cortex-a", (192, 240, "PC"), Handling(), {}),
}


def _streamed(core, rings, changes):
    sides = [stream(ring, **({} if side in rings[2] else RW)) for ring, side in zip(rings, "PC")]
    return board(core, *sides, **changes)


@pytest.mark.parametrize("name", CASES)
def test_detector_finds_every_wrong_frame_and_nothing_else(name):
    core, rings, handling, changes = CASES[name]
    made = _streamed(core, rings, changes)
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    play = np.zeros((FRAMES, 4), dtype=np.uint8)
    pattern.fill(POSITION - FRAMES, play.reshape(-1))
    made.burst(play, FRAMES, handling)
    pattern.fill(POSITION, play.reshape(-1))
    outcome = made.burst(play, FRAMES, handling)
    truth = truth_of(made, outcome)
    due = outcome.timeline.playing.hw
    analysis = check(
        outcome.captured.reshape(-1),
        Expected(
            pattern,
            Rings(rings[0], rings[1]),
            first_position=POSITION,
            played_limit=due,
            line_bytes=made.geometry.line_bytes,
            cap=100000,
        ),
    )
    assert analysis.locked
    # Frames wrong from the very first on come before the lock, which needs right ones.
    assert truth.wrong[outcome.lead : analysis.first_frame].all()
    named = np.zeros(FRAMES, dtype=bool)
    for finding in analysis.findings:
        assert not named[finding.frame : finding.frame + finding.frames].any()
        named[finding.frame : finding.frame + finding.frames] = True
    wrong = truth.wrong.copy()
    wrong[: analysis.first_frame] = False
    np.testing.assert_array_equal(np.flatnonzero(named), np.flatnonzero(wrong))
    assert bool(wrong.any()) == bool(truth.counts)
    if len(rings[2]) == 1 and truth.counts:
        _rightly_named(analysis, truth, outcome, rings)


def _rightly_named(analysis, truth, outcome, rings):
    # One ring is at risk, so each stale run is as old, in laps of that ring, as the truth says.
    side = {"P": Direction.PLAYBACK, "C": Direction.CAPTURE}[rings[2]]
    ring = rings[0] if side is Direction.PLAYBACK else rings[1]
    laps = {}
    for run in truth.stale:
        assert run.direction is side
        for frame in range(run.captured_byte // 4, (run.captured_byte + run.size_bytes) // 4):
            laps[frame] = 0 if run.zero else run.laps
    for finding in analysis.findings:
        assert finding.kind in (Kind.STALE, Kind.ZERO)
        if finding.ring is not None:
            assert finding.ring == side.value
        if finding.kind is Kind.STALE and finding.laps is not None:
            assert finding.lag == finding.laps * ring
            frames = range(finding.frame, finding.frame + finding.frames)
            assert {laps[frame] for frame in frames} == {finding.laps}
