# SPDX-License-Identifier: MIT
"""What an estimate takes at a position, and at another rate: each branch by what leads to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import estimate as module
from stress.detect.path.attribute import Mix, Term
from stress.detect.path.estimate import LINES, Estimate, _Estimator
from stress.detect.path.forward import Forward
from stress.detect.path.locate import step_of
from stress.detect.path.ranking import cost
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import captured, sent

STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)
FRAMES, POSITION = 2400, 5001


def estimator(raw=None, pattern=STEREO, first=0, hint=1, known=None):
    """An estimate of a capture, of noise where none is given."""
    if raw is None:
        raw = np.random.default_rng(1).integers(0, 256, FRAMES * pattern.frame_bytes, dtype=np.uint8)
    return _Estimator(raw, pattern, first, hint, known)


def costing(price, **more):
    """An estimate of so much cost: a delay costs five, a filter a thousand."""
    delays = (0,) * 2 + (1,) * (price % 1000 // 5)
    path = replace(Path.bit_exact(2, 16), exact=False, delay_frames=delays, **more)
    assert cost(Estimate(path, 0)) == price
    return Estimate(path, 0)


def _near(position, steps=32):
    """Whether a position is so few steps of x from the one played."""
    away = (step_of(position) - step_of(POSITION)) % (1 << 32)
    return min(away, (1 << 32) - away) <= steps


def _samples(way, name="S16_LE", channels=2, position=POSITION, frames=4000):
    return way(sent(name, channels, position, frames))


def test_position_is_found_by_the_low_half_first():
    found, odd = estimator(captured(lambda x: x, position=POSITION, frames=4000))._located(
        _samples(lambda x: x)
    )
    assert (found[0], odd) == (POSITION, False)
    assert len(found) <= 2


@pytest.mark.parametrize(("name", "exact"), [("S16_LE", False), ("S24_3LE", True)])
def test_position_of_a_right_channel_alone_is_settled_or_sharpened(name, exact):
    pattern = Pattern("mix1", FORMATS[name], 2)
    raw = captured(lambda x: x * [0, 1], name, position=POSITION, frames=4000)
    found, odd = estimator(raw, pattern)._located(_samples(lambda x: x * [0, 1], name))
    assert (len(found), odd) == (1, False)
    assert _near(found[0], 0 if exact else 32)


@pytest.mark.parametrize("position", [POSITION, POSITION + 1])
def test_position_of_words_that_take_two_frames_is_found_on_either_side(position):
    mono = Pattern("mix1", FORMATS["S16_LE"], 1)
    raw = captured(lambda x: x * 0.5, channels=1, position=position, frames=4000)
    found, odd = estimator(raw, mono, hint=position)._located(
        _samples(lambda x: x * 0.5, channels=1, position=position)
    )
    assert odd
    assert position in found


def test_noise_has_no_position():
    noise = np.random.default_rng(1).normal(0, 9000, (4000, 2))
    assert estimator()._located(noise) == ([], False)


STEREO_MIXES = (Mix((Term(0, 0, 0.5),), left=0.0), Mix((Term(1, 0, 0.5),), left=0.0))
SURE, UNSURE = Forward((Term(0, 0, 0.5),), share=1.0), Forward((Term(0, 0, 0.5),), share=0.3)


def _branches(one, monkeypatch, mixes=STEREO_MIXES, forwards=(SURE, SURE), linear=0, wired=None, curved=None):
    """Set what is found at a position: names of what was asked for come back."""
    asked = []

    def gives(name, found):
        monkeypatch.setattr(one, name, lambda *rest: asked.append(name) or found)

    left = iter(forwards)
    monkeypatch.setattr(module.Attribution, "mix", lambda self, channel: mixes[channel])
    monkeypatch.setattr(one, "_forward", lambda *rest: next(left))
    for name, found in (
        ("_linear", costing(linear)), ("wired", wired), ("_curved", curved),
        ("_bent", costing(1000, encoding="filtered")),
    ):  # fmt: skip
        gives(name, found)
    return asked


NOISY = (replace(STEREO_MIXES[0], left=0.31), STEREO_MIXES[1])


@pytest.mark.parametrize(
    ("setting", "price", "asked"),
    [
        ({}, 0, ["_linear"]),
        ({"linear": 5, "wired": costing(10)}, 5, ["_linear", "wired"]),
        ({"linear": 15, "wired": costing(10)}, 10, ["_linear", "wired"]),
        ({"linear": 15, "curved": costing(20)}, 20, ["_linear", "wired", "_curved"]),
        ({"linear": 15}, 15, ["_linear", "wired", "_curved"]),
        # Noise is no curve.
        ({"linear": 15, "curved": costing(20), "mixes": NOISY}, 15, ["_linear", "wired", "_curved"]),
        ({"forwards": (SURE, UNSURE), "wired": costing(10)}, 10, ["wired"]),
        ({"forwards": (SURE, UNSURE), "curved": costing(20)}, 20, ["wired", "_curved"]),
        ({"forwards": (SURE, UNSURE)}, 1000, ["wired", "_curved", "_bent"]),
        ({"forwards": (SURE, UNSURE), "mixes": (replace(STEREO_MIXES[0], left=0.3), STEREO_MIXES[1])}, 1000,
         ["wired", "_curved", "_bent"]),
        ({"forwards": (SURE, UNSURE), "mixes": NOISY}, None, ["wired", "_curved"]),
    ],
)  # fmt: skip
def test_path_at_a_position_is_arithmetic_then_wires_then_a_curve_then_a_filter(
    setting, price, asked, monkeypatch
):
    one = estimator()
    seen = _branches(one, monkeypatch, **setting)
    found = one._at(POSITION, range(8))
    assert (None if found is None else cost(found)) == price
    assert seen == asked


@pytest.mark.parametrize(
    ("carries", "asked"), [("other", ["wired", "_curved", "_linear"]), ("silent", ["_linear"])]
)
def test_channel_that_carries_something_else_may_be_wired(carries, asked, monkeypatch):
    one = estimator()
    monkeypatch.setattr(module, "idle_of", lambda seen: carries)
    seen = _branches(one, monkeypatch, mixes=(STEREO_MIXES[0], Mix()))
    assert cost(one._at(POSITION, range(8))) == 0
    assert seen == asked


@pytest.mark.parametrize(("known", "wired"), [(POSITION, True), (POSITION + 1, False), (None, False)])
def test_capture_without_a_factor_may_be_wired_at_the_known_position(known, wired, monkeypatch):
    one = estimator(known=known)
    seen = _branches(one, monkeypatch, mixes=(Mix(), Mix()), wired=costing(10))
    assert (one._at(POSITION, range(8)) is not None) is wired
    assert seen == ["wired"] * wired


@pytest.mark.parametrize(("share", "looked"), [(0.94, 1), (0.95, 0)])
def test_bend_is_looked_for_where_samples_are_not_explained(share, looked, monkeypatch):
    asked = []
    monkeypatch.setattr(
        module, "bend_of", lambda seen, due, width: asked.append((len(seen), width)) or ("bent", "so")
    )
    one = estimator(captured(lambda x: x, position=POSITION, frames=FRAMES), first=7)
    forwards = [Forward((Term(0, 0, 0.5),), share=share, offset=3.0), Forward(share=0.0)]
    found = one._curved(POSITION, [STEREO_MIXES[0], Mix()], forwards, ["", "silent"])
    assert asked == [(FRAMES, 16)] * looked
    assert (found is not None) is bool(looked)
    if looked:
        assert (found.path.encoding, found.path.notes, found.path.offset) == ("bent", ("so",), (0, 0))
        assert (found.path.exact, found.path.invertible, found.position) == (False, False, POSITION - 7)
        assert found.path.channels == (0, None)


def test_due_mix_is_as_loud_as_its_strongest_term():
    one = estimator(captured(lambda x: x, position=POSITION, frames=FRAMES))
    left, right = sent("S16_LE", 2, POSITION, FRAMES).T
    due = one._due(POSITION, [Term(0, 0, -0.25), Term(1, 0, 0.5)])
    assert due.tolist() == (-0.5 * left + right).tolist()


def _resampling(one, monkeypatch, ratio, old):
    """Set the ratio of rates and the samples at the old rate."""
    asked = []
    monkeypatch.setattr(module.rate, "ratio_of", lambda seen, sources, mono: asked.append(mono) or ratio)
    monkeypatch.setattr(module.rate, "at_old_rate", lambda seen, ratio, frames: asked.append(frames) or old)
    return asked


@pytest.mark.parametrize(
    ("ratio", "found"),
    [(None, False), (1 + 0.9e-6, False), (1 - 0.9e-6, False), (1.1, True), (1 + 2e-6, True)],
)
def test_other_rate_is_one_that_differs(ratio, found, monkeypatch):
    one = estimator()
    _resampling(one, monkeypatch, ratio, _samples(lambda x: x * 0.5))
    path = one._resampled()
    assert (path is not None) is found
    if found:
        assert path.path.rate_ratio == ratio
        assert path.path.gain_db == (pytest.approx(-6.02, abs=0.01),) * 2
        assert (path.path.channels, path.position) == ((0, 1), POSITION)


@pytest.mark.parametrize(
    ("frames", "ratio", "old"),
    [(FRAMES, 1.25, int((FRAMES - 64) / 1.25)), (40000, 0.5, LINES), (FRAMES, 0.5, 4672)],
)
def test_old_rate_is_looked_at_as_far_as_the_capture_goes(frames, ratio, old, monkeypatch):
    raw = np.random.default_rng(1).integers(0, 256, 4 * frames, dtype=np.uint8)
    one = estimator(raw)
    asked = _resampling(one, monkeypatch, ratio, _samples(lambda x: x))
    one._resampled()
    assert asked == [False, old]


@pytest.mark.parametrize(("channels", "known", "mono"), [(1, None, True), (1, 5, False), (2, None, False)])
def test_one_channel_of_an_unknown_position_may_be_the_sum_of_two(channels, known, mono, monkeypatch):
    one = estimator(pattern=Pattern("mix1", FORMATS["S16_LE"], channels), known=known)
    asked = _resampling(one, monkeypatch, None, None)
    assert one._resampled() is None
    assert asked == [mono]


def test_noise_at_nearly_the_same_rate_is_no_path(monkeypatch):
    noise = np.random.default_rng(1).normal(0, 9000, (4000, 2))
    one = estimator()
    _resampling(one, monkeypatch, 1.004, noise)
    assert one._resampled() is None
    _resampling(one, monkeypatch, 1.006, noise)
    # Two clocks are less apart: of another rate the lines alone tell.
    assert one._resampled().path.gain_db == (None, None)


@pytest.mark.parametrize(("noise", "gains"), [(1e-4, True), (0.05, False)])
def test_gains_at_another_rate_are_told_where_the_path_is_straight(noise, gains, monkeypatch):
    drawn = np.random.default_rng(1).normal(0, 32768 * noise, (4000, 2))
    one = estimator()
    _resampling(one, monkeypatch, 1.1, _samples(lambda x: x * 0.5 + drawn))
    assert (one._resampled().path.gain_db[0] is not None) is gains


def test_channels_without_the_pattern_at_another_rate_are_told_by_what_they_carry(monkeypatch):
    quad = Pattern("mix1", FORMATS["S16_LE"], 4)
    raw = captured(lambda x: x * [1, 1, 0, 1], channels=4, frames=FRAMES)
    one = estimator(raw, quad, first=9)
    drawn = np.random.default_rng(1).normal(0, 9000, (4000, 4))
    _resampling(
        one,
        monkeypatch,
        1.1,
        _samples(lambda x: np.stack([x[:, 0], x[:, 1], 0 * x[:, 2], drawn[:, 3]], 1), channels=4),
    )
    found = one._resampled()
    assert found.path.channels == (0, 1, None, None)
    assert found.path.idle == ("", "", "silent", "other")
    assert (found.position, found.path.from_frame) == (POSITION, 9)
    nothing = estimator(raw, quad)
    _resampling(nothing, monkeypatch, 1.1, drawn)
    assert nothing._resampled().path.channels == (None,) * 4


NARROW = [
    # A file of 16 bits through a volume of 24, of 32, of a float, of 20 bits in 32, and the other way round.
    ("S24_3LE", 16, lambda x: np.floor(x * 0.7079 + 0.5)),
    ("S32_LE", 16, lambda x: np.rint(x * 0.4842)),
    ("S32_LE", 16, lambda x: (x * 0.7079).astype(np.float32).astype(np.float64)),
    ("S32_LE", 20, lambda x: np.rint(x * 0.4842)),
    ("S32_LE", 24, lambda x: np.rint(x[:, ::-1] * 0.4842)),
]


@pytest.mark.parametrize(("name", "kept", "way"), NARROW)
@pytest.mark.parametrize("known", [None, POSITION])
def test_a_narrower_file_behind_a_volume_is_no_noise(name, kept, way, known):
    below = (1 << (FORMATS[name].bits - kept)) - 1
    raw = captured(
        lambda x: way((x.astype(np.int64) & ~below).astype(float)), name, position=POSITION, frames=18000
    )
    found = estimator(raw, Pattern("mix1", FORMATS[name], 2), known=known).result()
    assert (found.kept, found.position, found.path.invertible) == (kept, POSITION, True)
    assert max(found.path.bits) <= kept
    assert not found.path.exact


def test_a_narrower_file_behind_a_volume_is_found_beside_lost_frames():
    raw = captured(lambda x: np.floor(x / 256) * 256 * 0.7079, "S24_3LE", position=POSITION, frames=20000)
    raw = np.concatenate([raw[: 6 * 7000], raw[6 * 7100 :]])
    found = estimator(raw, Pattern("mix1", FORMATS["S24_3LE"], 2)).result()
    assert (found.kept, found.path.invertible) == (16, True)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (None, None),
        (Estimate(replace(Path.bit_exact(2, 24), encoding="noisy"), POSITION), None),
        (Estimate(replace(Path.bit_exact(2, 24), invertible=False, rate_ratio=1.1), POSITION), None),
        (Estimate(replace(Path.bit_exact(2, 24), invertible=False), POSITION), 16),
        (Estimate(replace(Path.bit_exact(2, 24), invertible=False), POSITION + 999_999), None),
    ],
)
def test_a_narrower_file_is_looked_for_where_a_path_cannot_be_taken_off(found, kept):
    raw = captured(lambda x: np.floor(x / 256) * 256 * 0.7079, "S24_3LE", position=POSITION, frames=18000)
    narrow = estimator(raw, Pattern("mix1", FORMATS["S24_3LE"], 2)).narrow(found)
    assert (None if narrow is None else narrow.kept) == kept
