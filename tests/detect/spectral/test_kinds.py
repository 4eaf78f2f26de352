# SPDX-License-Identifier: MIT
"""Faults that are not stale lines, and stale lines of the capture ring."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.finding import Kind

AT = 70000
LATENCY = 703  # 701.3 of delay and the filter's own


def spliced(*parts):
    return np.concatenate(parts)


def only(result):
    assert result.analysis.found == 1, result.analysis.findings
    return result.analysis.findings[0]


def test_zeroed_line_is_zero(loop):
    played = loop.clean.copy()
    played[AT : AT + 16] = 0
    finding = only(loop.judge(loop.hear(played)))
    assert (finding.kind, finding.frames, finding.frame) == (Kind.ZERO, 16, AT + LATENCY)


def test_exchanged_channels_of_a_line_are_a_swap(loop):
    played = loop.clean.copy()
    played[AT : AT + 8] = played[AT : AT + 8, ::-1]
    finding = only(loop.judge(loop.hear(played)))
    assert (finding.kind, finding.frames, finding.frame) == (Kind.SWAP, 8, AT + LATENCY)


def test_repeated_frame_is_a_hold(loop):
    played = loop.clean.copy()
    played[AT : AT + 16] = played[AT - 1]
    finding = only(loop.judge(loop.hear(played)))
    assert (finding.kind, finding.frames, finding.frame) == (Kind.HOLD, 16, AT + LATENCY)


@pytest.mark.parametrize("frames, ppm", [(1, 0.0), (1, 120.0), (7, -60.0), (480, 0.0)])
def test_dropped_frames_are_a_drop_of_their_number(loop, frames, ppm):
    played = spliced(loop.clean[:AT], loop.clean[AT + frames :], np.zeros((frames, 2)))
    finding = only(loop.judge(loop.hear(played, drift_ppm=ppm)))
    assert (finding.kind, finding.frames) == (Kind.DROP, frames)
    assert abs(finding.frame - (AT + LATENCY) / (1 + ppm * 1e-6)) <= 1.5
    assert finding.details["slip_frames"] == pytest.approx(-frames, abs=0.02)
    assert finding.details["side"] == "playback"


@pytest.mark.parametrize("frames", [6, 48])
def test_frames_sent_twice_are_a_repeat(loop, frames):
    played = spliced(loop.clean[:AT], loop.clean[AT - frames : -frames])
    finding = only(loop.judge(loop.hear(played)))
    assert (finding.kind, finding.frames, finding.frame) == (Kind.REPEAT, frames, AT + LATENCY)


@pytest.mark.parametrize("content, amount", [("silence", 0.0), ("noise", 0.18)])
def test_inserted_frames_are_an_insert(loop, content, amount):
    middle = amount * np.random.default_rng(4).standard_normal((100, 2))
    finding = only(loop.judge(loop.hear(spliced(loop.clean[:AT], middle, loop.clean[AT:-100]))))
    assert (finding.kind, finding.frames, finding.details["content"]) == (Kind.INSERT, 100, content)
    assert abs(finding.frame - (AT + LATENCY)) <= 1


def test_frames_lost_by_the_capture_side_are_told_from_playback(loop):
    heard = loop.hear(after=lambda y: spliced(y[:AT], y[AT + 5 :], y[:5]))
    finding = only(loop.judge(heard))
    assert (finding.kind, finding.frames, finding.details["side"]) == (Kind.DROP, 5, "capture")
    assert abs(finding.frame - AT) <= 1


def test_whole_laps_of_stale_data_are_one_finding(loop):
    played = loop.clean.copy()
    played[AT : AT + 14000] = loop.clean[AT - 4800 : AT + 14000 - 4800]
    finding = only(loop.judge(loop.hear(played)))
    assert (finding.kind, finding.lag, finding.ring) == (Kind.STALE, 4800, "playback")
    assert abs(finding.frame - (AT + LATENCY)) <= 1 and abs(finding.frames - 14000) <= 1


def test_silence_before_the_end_is_a_mute_when_more_was_played(loop):
    played = loop.clean.copy()
    played[AT:] = 0
    finding = only(loop.judge(loop.hear(played), played=loop.frames))
    assert finding.kind is Kind.MUTE
    assert abs(finding.frame - (AT + LATENCY)) <= 1


def test_silence_after_the_stimulus_is_no_finding(loop):
    played = loop.clean.copy()
    played[AT:] = 0
    for known in (AT, None):
        result = loop.judge(loop.hear(played), played=known)
        assert result.analysis.found == 0
        assert any("silent from about frame" in note for note in result.analysis.notes)


@pytest.mark.parametrize("frames, ppm", [(4, 0.0), (8, 80.0)])
def test_capture_line_that_repeats_its_noise_is_stale_in_the_capture_ring(loop, ppm, frames):
    def stale(y):
        y[AT : AT + frames] = y[AT - 2 * 5280 : AT + frames - 2 * 5280]
        return y

    result = loop.judge(loop.hear(after=stale, drift_ppm=ppm))
    finding = only(result)
    assert (finding.kind, finding.ring, finding.laps) == (Kind.STALE, "capture", 2)
    assert (finding.frame, finding.frames) == (AT, frames)
    assert finding.ring_offset == AT % 5280 * 4
    assert finding.details == {"bit_identical": True}
    assert result.disturbances == 0
