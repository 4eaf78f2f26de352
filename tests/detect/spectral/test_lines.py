# SPDX-License-Identifier: MIT
"""Single stale lines through channels that keep no bit of them."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.spectral.weigh import LINE
from stress.model.finding import Kind

LAGS = (4800, 9600, 5280, 14400, 10560, 38400)


def with_stale_lines(clean, frames, every=2400, start=40000):
    played, truth = clean.copy(), {}
    for i, at in enumerate(range(start, len(clean) - 8000, every)):
        at += 16 * (i % 7)
        lag = LAGS[i % len(LAGS)]
        played[at : at + frames] = clean[at - lag : at - lag + frames]
        truth[at] = lag
    return played, truth


@pytest.mark.parametrize(
    "snr, ppm, lowpass, frames",
    [
        (60, 0, 20000, 8),
        (60, 200, 14000, 4),
        (60, -150, 8000, 16),
        (40, 0, 8000, 8),
        (40, -200, 20000, 8),
        (30, 30, 14000, 16),
    ],
)
def test_every_stale_line_is_found_placed_and_aged(loop, snr, ppm, lowpass, frames):
    played, truth = with_stale_lines(loop.clean, frames)
    result = loop.judge(loop.hear(played, snr=snr, drift_ppm=ppm, lowpass_hz=lowpass))
    found = {loop.played_frame(f): f for f in result.analysis.findings}
    assert sorted(found) == sorted(truth)
    assert {at: f.lag for at, f in found.items()} == truth
    assert all(f.kind is Kind.STALE and f.frames == frames for f in found.values())
    assert result.analysis.counts == {Kind.STALE: len(truth)}
    assert result.disturbances == 0


def test_finding_names_ring_laps_offset_and_line_size(loop):
    played = loop.clean.copy()
    played[48040:48048] = loop.clean[48040 - 9600 : 48048 - 9600]
    result = loop.judge(loop.hear(played, delay_frames=1000.0, lowpass_hz=None))
    (finding,) = result.analysis.findings
    assert (finding.ring, finding.laps, finding.lag) == ("playback", 2, 9600)
    assert finding.ring_offset == 48040 % 4800 * 4
    assert finding.line_bytes == 32
    assert finding.frame == 49040
    assert finding.position == (loop.first + 48040) & 0xFFFFFFFF
    assert result.analysis.episodes == 1 and result.analysis.wrong_frames == 8


def test_clean_capture_has_no_finding_and_every_line_is_checked(loop):
    result = loop.judge(loop.hear(drift_ppm=90.0))
    assert result.analysis.locked
    assert result.analysis.found == 0 and result.disturbances == 0 and result.advice == ()
    assert 5 < result.quiet_score < 9
    # Whole lines, all but the latency and a margin at the end.
    assert loop.frames - 701 - 1100 < result.analysis.checked_frames < loop.frames - 701
    assert result.analysis.checked_frames % LINE == 0


def test_first_lines_of_a_burst_are_checked(loop):
    played = loop.clean.copy()
    before = loop.pattern.samples(loop.first - 4800, 16, 0), loop.pattern.samples(loop.first - 4800, 16, 1)
    played[8:16] = (np.array(before).T / float(1 << 23))[8:16]
    (finding,) = loop.judge(loop.hear(played)).analysis.findings
    assert (loop.played_frame(finding), finding.frames, finding.lag) == (8, 8, 4800)


def test_lag_of_no_lap_is_misplaced_with_its_lag(loop):
    played = loop.clean.copy()
    played[60000:60016] = loop.clean[60000 - 12345 : 60016 - 12345]
    (finding,) = loop.judge(loop.hear(played)).analysis.findings
    assert (finding.kind, finding.lag, finding.ring) == (Kind.MISPLACED, 12345, None)


def test_lag_of_an_earlier_burst_is_found_when_named(loop):
    played = loop.clean.copy()
    old = [loop.pattern.samples(loop.first + 60000 - 900001, 8, c) for c in (0, 1)]
    played[60000:60008] = np.array(old).T / float(1 << 23)
    assert loop.judge(loop.hear(played)).analysis.found == 0
    (finding,) = loop.judge(loop.hear(played), extra_lags=(900001,)).analysis.findings
    assert finding.lag == 900001


@pytest.mark.parametrize("channels, fmt", [(1, "S16_LE"), (2, "S24_3LE"), (8, "S32_LE")])
def test_other_formats_find_a_line_too(make_loop, channels, fmt):
    loop = make_loop(2.0, channels, fmt)
    played = loop.clean.copy()
    played[50000:50016] = loop.clean[50000 - 5280 * 2 : 50016 - 5280 * 2]
    (finding,) = loop.judge(loop.hear(played)).analysis.findings
    assert (loop.played_frame(finding), finding.frames, finding.lag) == (50000, 16, 10560)
    assert (finding.ring, finding.laps) == ("capture", 2)


def test_findings_past_the_cap_are_counted(loop):
    played, truth = with_stale_lines(loop.clean, 8)
    result = loop.judge(loop.hear(played), most=5)
    assert len(result.analysis.findings) == 5
    assert result.analysis.found == len(truth)
    assert any(f"{len(truth)} findings, the first 5 kept" in note for note in result.analysis.notes)
    assert dict(result.analysis.sites).keys() == {
        (Kind.STALE, ring, laps)
        for ring, laps in (
            ("playback", 1),
            ("playback", 2),
            ("playback", 3),
            ("playback", 8),
            ("capture", 1),
            ("capture", 2),
        )
    }


def test_clicks_are_disturbances_and_no_findings(loop):
    result = loop.judge(loop.hear(impulses_per_s=5.0))
    assert result.analysis.found == 0
    assert 5 <= result.disturbances <= 60
    assert any("no ring data explains" in line for line in result.advice)


@pytest.mark.parametrize(
    "channel", [{"third": 0.05, "second": 0.01}, {"hum_dbfs": -30.0}, {"wander_ppm": 2.0}]
)
def test_stale_lines_show_through_distortion_hum_and_wander(loop, channel):
    played, truth = with_stale_lines(loop.clean, 8)
    result = loop.judge(loop.hear(played, **channel))
    assert {loop.played_frame(f): f.lag for f in result.analysis.findings} == truth
