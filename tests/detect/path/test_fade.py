# SPDX-License-Identifier: MIT
"""A fade is one finding, down to its quiet end; damage is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.path import fade
from stress.detect.path.fade import LEAST, named_fades
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import captured, packed, sent

PATTERN, RINGS = Pattern("mix1", FORMATS["S16_LE"], 2), Rings(4800, 5280)


def _named(way):
    raw = captured(way, position=1 << 20)
    found = check(raw, Expected(PATTERN, RINGS))
    return found, named_fades(found, PATTERN, lambda first, stop: raw[4 * first : 4 * stop])


def test_fade_to_silence_is_one_gain_from_its_first_to_its_last_frame():
    def fading(x):
        gain = np.ones((len(x), 1))
        gain[12000:, 0] = np.linspace(1, 0, 12000)
        return x * gain

    before, after = _named(fading)
    assert before.found > 1
    (found,) = after.findings
    assert found.kind is Kind.GAIN and dict(after.counts) == {Kind.GAIN: 1}
    assert abs(found.frame - 12000) < 4 and found.frame + found.frames == 24000
    assert "fades" in found.text and found.details["gain_db"] < -3
    assert sum(after.sites.values()) == 1


def test_noise_in_the_place_of_frames_is_no_fade():
    def noisy(x):
        x = x.copy()
        x[12000:16000] = np.random.default_rng(3).integers(-30000, 30000, (4000, 2))
        return x

    before, after = _named(noisy)
    assert after is before and before.found


def _fading(first=3000, frames=4000, low=0.05, total=9000, channels=2, more=None):
    x = sent("S16_LE", channels, frames=total)
    x[first : first + frames] *= np.linspace(1, low, frames)[:, None]
    return packed(np.rint(x if more is None else more(x)), "S16_LE")


def _unknown(frame, frames, **more):
    return Finding(Kind.UNKNOWN, frame, frames, 1 + frame, **more)


def _read(raw, channels=2):
    size = 2 * channels
    return lambda a, b: raw[size * a : size * b]


def _analysis(*findings):
    return Analysis("exact", True, 9000).holding(findings, 100)


@pytest.mark.parametrize(("frames", "named"), [(LEAST - 1, False), (LEAST, True), (4000, True)])
def test_fade_is_named_from_so_many_frames_on(frames, named):
    one = _unknown(3000, frames)
    found = fade._named(one, PATTERN, _read(_fading(frames=4000)))
    assert (found.kind is Kind.GAIN) is named
    if named:
        assert (found.frame, found.frames, found.position) == (3000, frames, 3001)
        part = np.linspace(1, 0.05, 4000)[:frames]
        assert found.details["gain_db"] == pytest.approx(20 * np.log10(np.sqrt((part**2).mean())), abs=0.1)
        assert found.text.startswith("The capture fades from about frame 3000 on: the gain changes within ")
    else:
        assert found is one


def test_fade_is_unknown_damage_of_all_channels_that_nobody_injected():
    raw = _fading()
    assert fade._named(_unknown(3000, 4000, injected=True), PATTERN, _read(raw)).kind is Kind.UNKNOWN
    other = Finding(Kind.ZERO, 3000, 4000, 3001)
    assert fade._named(other, PATTERN, _read(raw)) is other
    one_side = _fading(more=lambda x: x * [1, 1] + np.random.default_rng(1).normal(0, 1, x.shape) * [0, 9000])
    assert fade._named(_unknown(3000, 4000), PATTERN, _read(one_side)).kind is Kind.UNKNOWN
    assert fade._named(_unknown(3000, 7000), PATTERN, _read(raw)).kind is Kind.UNKNOWN


def test_long_fade_is_looked_at_in_its_first_frames(monkeypatch):
    monkeypatch.setattr(fade, "MOST", 2000)
    found = fade._named(_unknown(3000, 4000), PATTERN, _read(_fading()))
    part = np.linspace(1, 0.05, 4000)[:2000]
    assert found.frames == 4000
    assert found.details["gain_db"] == pytest.approx(20 * np.log10(np.sqrt((part**2).mean())), abs=0.1)


def test_quiet_end_of_a_fade_is_part_of_it_on_both_sides():
    raw = _fading()
    before = Finding(Kind.GAIN, 2980, 8, 2981)
    behind = Finding(Kind.ZERO, 7010, 32, 7011)
    stale = Finding(Kind.STALE, 8000, 8, 8001, 1200, 1, "playback")
    found = fade.named_fades(_analysis(before, _unknown(3000, 4000), behind, stale), PATTERN, _read(raw))
    one, other = found.findings
    assert (one.kind, one.frame, one.frames, one.position) == (Kind.GAIN, 2980, 4062, 2981)
    assert other == stale
    assert found.counts == {Kind.GAIN: 1, Kind.STALE: 1}
    assert found.sites == {(Kind.GAIN, None, None): 1, (Kind.STALE, "playback", 1): 1}


def test_findings_past_the_cap_stay_counted():
    one = replace(_analysis(_unknown(3000, 4000)), counts={Kind.UNKNOWN: 5, Kind.ZERO: 2})
    found = fade.named_fades(one, PATTERN, _read(_fading()))
    assert found.counts == {Kind.UNKNOWN: 4, Kind.GAIN: 1, Kind.ZERO: 2}


def test_analysis_without_a_fade_is_as_it_was():
    one = _analysis(_unknown(3000, 500))
    assert fade.named_fades(one, PATTERN, _read(_fading())) is one


FADE = Finding(Kind.GAIN, 3000, 4000, 3001, text="fades")


@pytest.mark.parametrize(
    ("one", "part"),
    [
        (Finding(Kind.ZERO, 7032, 32, 7033), True),
        (Finding(Kind.ZERO, 7033, 32, 7034), False),
        (Finding(Kind.ZERO, 7000, 33, 7001), False),
        (Finding(Kind.ZERO, 2960, 8, 2961), True),
        (Finding(Kind.ZERO, 2959, 8, 2960), False),
        (Finding(Kind.ZERO, 7010, 8, 7012), False),
        (Finding(Kind.STALE, 7010, 8, 7011), False),
        (Finding(Kind.ZERO, 7010, 8, 7011, injected=True), False),
        (Finding(Kind.DITHER, 7010, 8, 7011 + (1 << 32)), True),
    ],
)
def test_short_quiet_finding_goes_on_with_a_fade_that_it_touches(one, part):
    assert fade._continues(FADE, one) is part
    assert len(fade._joined([FADE, one], [FADE])) == 2 - part
    # What is no fade takes nothing up.
    assert len(fade._joined([replace(FADE, text="other"), one], [FADE])) == 2


def test_joined_fade_spans_what_it_took_up():
    (one,) = fade._joined([FADE, Finding(Kind.ZERO, 2990, 8, 2991)], [FADE])
    assert (one.frame, one.frames, one.position) == (2990, 4010, 2991)
    (inside,) = fade._joined([FADE, Finding(Kind.ZERO, 3100, 8, 3101)], [FADE])
    assert (inside.frame, inside.frames, inside.position) == (3000, 4000, 3001)
