# SPDX-License-Identifier: MIT
"""The parts of an estimate, each at its limits: what is tried in which order, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import estimate as module
from stress.detect.path.attribute import Mix, Term
from stress.detect.path.estimate import LEAST, LINES, Estimate, _Estimator, estimate, named_at
from stress.detect.path.estimated import Nothing
from stress.detect.path.forward import Forward
from stress.detect.path.lines import SeenLine
from stress.detect.path.ranking import cost
from stress.detect.path.sources import ALL
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import bits, captured, packed

STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)
S24 = Pattern("mix1", FORMATS["S24_3LE"], 2)
FRAMES, POSITION = 2400, 5001


def estimator(raw=None, pattern=STEREO, first=0, hint=1, known=None):
    """An estimate of a capture, of noise where none is given."""
    raw = (
        np.random.default_rng(1).integers(0, 256, FRAMES * pattern.frame_bytes, dtype=np.uint8)
        if raw is None
        else raw
    )
    return _Estimator(raw, pattern, first, hint, known)


def costing(price, **more):
    """An estimate of so much cost: a delay costs five, a filter a thousand."""
    path = replace(Path.bit_exact(2, 16), exact=False, delay_frames=(0,) * 2 + (1,) * (price // 5), **more)
    assert cost(Estimate(path, 0)) == price
    return Estimate(path, 0)


def ways(one, monkeypatch, near=None, straight=None, parts=None, recoded=None, resampled=None):
    """Set what each way finds; return the names of those that were tried."""
    tried = []

    def way(name, found):
        monkeypatch.setattr(one, name, lambda: tried.append(name) or found)

    for name, found in (
        ("near", near), ("straight", straight), ("_in_parts", parts), ("_recoded", recoded),
        ("_resampled", resampled),
    ):  # fmt: skip
        way(name, found)
    return tried


EVERY = ["near", "straight", "_in_parts", "_recoded", "_resampled"]


@pytest.mark.parametrize(
    ("found", "price", "tried"),
    [
        ({"near": costing(15)}, 15, EVERY[:1]),
        ({"near": costing(20, invertible=False), "straight": costing(10)}, 10, EVERY[:2]),
        ({"near": costing(20, invertible=False), "straight": costing(25)}, 20, EVERY),
        ({"near": costing(5, invertible=False)}, 5, EVERY[:2]),
        ({"straight": costing(10)}, 10, EVERY[:2]),
        ({"straight": costing(15), "parts": costing(10)}, 10, EVERY[:3]),
        ({"straight": costing(15), "parts": costing(20), "resampled": costing(15)}, 15, EVERY),
        ({"recoded": costing(20), "resampled": costing(15)}, 15, EVERY),
    ],
)
def test_simplest_path_is_told_and_what_is_sure_ends_the_search(found, price, tried, monkeypatch):
    one = estimator()
    seen = ways(one, monkeypatch, **found)
    assert cost(one.result()) == price
    assert seen == tried


def test_nothing_is_told_where_every_way_fails(monkeypatch):
    one = estimator()
    ways(one, monkeypatch)
    assert one.result().what == "other"


@pytest.mark.parametrize("near", [None, costing(20, invertible=False)])
def test_pattern_without_lines_is_known_by_its_position_alone(near, monkeypatch):
    one = estimator(pattern=Pattern("mix2", FORMATS["S16_LE"], 2))
    tried = ways(one, monkeypatch, near=near)
    found = one.result()
    assert tried == ["near"]
    assert found is near if near else found.what == "unknown"


@pytest.mark.parametrize(
    ("pattern", "among"),
    [
        (STEREO, range(8)),
        (Pattern("mix1", FORMATS["S16_LE"], 10), range(10)),
        (Pattern("mix1", FORMATS["S16_LE"], 3), ALL),
    ],
)
def test_sources_that_are_looked_for_are_those_that_the_pattern_may_have(pattern, among):
    assert estimator(pattern=pattern)._among() == among


@pytest.mark.parametrize(("frames", "what"), [(LEAST - 1, "short"), (LEAST, None)])
def test_too_few_frames_name_no_path(frames, what):
    found = estimator(captured(lambda x: x, frames=frames)).nothing()
    assert (found.what if found else None) == what


def test_constant_capture_tells_its_word():
    raw = packed(np.array([[-2, 0x123]] * 1200), "S16_LE")
    assert estimator(raw).nothing() == Nothing(
        "constant", "every frame is the same word 0xFFFE 0x0123: the capture does not move"
    )
    wide = packed(np.array([[-2, 0x123]] * 1200), "S24_3LE")
    assert "word 0xFFFFFE 0x000123:" in estimator(wide, S24).nothing().why
    moving = packed(np.array([[1, 1]] * 1199 + [[1, 2]]), "S16_LE")
    assert estimator(moving).nothing() is None
    assert estimator(np.zeros(4800, np.uint8)).nothing().what == "silence"


@pytest.mark.parametrize("first", [0, 700])
def test_known_position_tells_the_path_from_its_first_frame(first):
    found = estimate(
        captured(lambda x: x * 0.5, position=POSITION, frames=FRAMES),
        STEREO,
        first_frame=first,
        known=POSITION,
    )
    assert found.position == POSITION - first
    assert (found.path.from_frame, found.path.gain_db) == (first, (-6.0206, -6.0206))
    assert [one.rule for one in found.forward] == ["round", "round"]
    wired = estimator(bits(lambda w: w ^ 8, position=POSITION, frames=FRAMES), first=first).wired(POSITION)
    assert (wired.position, wired.path.from_frame) == (POSITION - first, first)
    round_the_end = estimator(bits(lambda w: w ^ 8, position=3, frames=FRAMES), first=10).wired(3)
    assert round_the_end.position == (1 << 32) - 7


def test_path_near_a_position_that_is_not_known_is_none():
    assert estimator(known=None).near() is None


def test_wired_path_tells_what_arrives():
    found = estimator(bits(lambda w: w & ~np.array([0, 0xFFFF]), position=POSITION, frames=FRAMES)).wired(
        POSITION
    )
    assert found.path == Path(
        exact=False, channels=(0, None), polarity=(1, 1), gain_db=(0.0, None), offset=(0, 0), bits=(16, 0),
        delay_frames=(0, 0), idle=("", "silent"), source_bits=16,
    )  # fmt: skip
    exact = estimator(captured(lambda x: x, position=POSITION, frames=FRAMES)).wired(POSITION)
    assert exact.path.exact
    assert not estimator(bits(lambda w: w ^ 8, position=POSITION, frames=FRAMES)).wired(POSITION).path.exact


@pytest.mark.parametrize(("lost", "wired"), [(0, True), (1, False)])
def test_path_is_wired_where_nearly_every_bit_has_a_source(lost, wired):
    raw = captured(lambda x: x, position=POSITION, frames=FRAMES).reshape(-1, 4)
    if lost:
        raw[:, 0] ^= np.random.default_rng(1).integers(0, 2, FRAMES).astype(np.uint8)
    assert (estimator(raw.reshape(-1)).wired(POSITION) is not None) is wired
    assert estimator(np.zeros(4 * FRAMES, np.uint8)).wired(POSITION) is None


@pytest.mark.parametrize(
    ("moved", "position", "shift"),
    [(1, POSITION, 8), (-1, POSITION, -8), (3, POSITION - 1, -8), (-3, POSITION + 1, 8)],
)
def test_stream_late_by_most_of_a_frame_is_early_by_the_rest(moved, position, shift):
    raw = STEREO.bytes_at(POSITION - 1, FRAMES + 2)
    raw = raw[4 - moved : 4 - moved + 4 * FRAMES]
    found = estimator(raw).wired(POSITION)
    assert (found.position, found.named.shift) == (position, shift)


@pytest.mark.parametrize("side", [0, 1])
def test_part_of_a_window_with_a_slip_is_named(side):
    x = captured(lambda x: x * 0.5, position=POSITION, frames=8000).reshape(-1, 4)
    raw = np.concatenate([x[:900], x[1300:]] if side else [x[:5000], x[5400:]]).reshape(-1)
    found = estimator(raw, first=70)._in_parts()
    assert found.path.gain_db == (-6.0206, -6.0206)
    assert found.path.from_frame == 70


@pytest.mark.parametrize(("frames", "parts"), [(4 * LEAST - 4, 0), (4 * LEAST, 4), (LINES + 8000, 4)])
def test_parts_are_quarters_that_are_long_enough(frames, parts, monkeypatch):
    asked = []
    monkeypatch.setattr(_Estimator, "straight", lambda one: asked.append((one._first, one._frames)))
    estimator(np.zeros(4 * frames, np.uint8), first=50)._in_parts()
    part = min(frames, LINES) // 4
    assert asked == [(50 + part * n, part) for n in range(parts)]


def test_first_reading_that_is_sure_is_told(monkeypatch):
    one = estimator(bits(lambda w: w >> 8 | w << 8, position=POSITION, frames=FRAMES))
    found = one._recoded()
    assert (found.path.encoding, found.position) == ("bytes of each sample exchanged", POSITION)


def test_volume_in_front_of_exchanged_bytes_is_named_with_both():
    raw = captured(lambda x: x * 0.5, position=POSITION, frames=FRAMES).reshape(-1, 2)[:, ::-1].reshape(-1)
    found = estimator(np.ascontiguousarray(raw))._beneath_gain()
    assert found.path.gain_db == (-6.0206, -6.0206)
    assert found.encoding == found.path.encoding != ""
    assert estimator()._beneath_gain() is None


def kinds(*each):
    """What the lines of each channel say: pairs of high and share."""
    return [[SeenLine(high, 0, share, (0.0,)) for high, share in one] for one in each]


@pytest.mark.parametrize(
    ("seen", "channels"),
    [
        (kinds([(False, 0.5)], [(True, 0.6)]), (0, 1)),
        (kinds([(True, 0.5)], []), (1, None)),
        (kinds([(True, 0.5), (False, 0.16)], [(True, 0.5), (False, 0.15)]), ((0, 1), 1)),
        (kinds([(False, 0.5), (False, 0.3), (True, 0.4)], [(True, 0.5)]), (0, 1)),
    ],
)
def test_channels_by_their_lines_alone_are_told(seen, channels, monkeypatch):
    one = estimator(first=9)
    monkeypatch.setattr(
        one, "_lines", lambda frames: type("Lines", (), {"kinds": lambda self, old, least: seen})()
    )
    found = one._by_lines(0.91, np.ones((500, 2)))
    assert (found.path.channels, found.position) == (channels, 0)
    assert (found.path.rate_ratio, found.path.from_frame) == (0.91, 9)
    assert found.path.idle == tuple("" if channel is not None else "other" for channel in channels)


def test_channels_of_mono_are_told_by_whether_it_sounds():
    mono = Pattern("mix1", FORMATS["S16_LE"], 1)
    assert estimator(pattern=mono)._by_lines(0.9, np.ones((500, 1))).path.channels == (0,)
    assert estimator(pattern=mono)._by_lines(0.9, np.zeros((500, 1))).path.channels == (None,)


def test_bent_path_of_an_unknown_position_has_no_delays():
    raw = captured(lambda x: x, position=POSITION, frames=FRAMES)
    mixes = [Mix((Term(0, 4, 0.5), Term(5, 0, 0.4)), left=0.1), Mix((Term(1, 9, 0.5),), left=0.1)]
    forwards = [Forward(one.terms) for one in mixes]
    path = estimator(raw)._bent(POSITION, mixes, forwards, ["", ""]).path
    assert (path.channels, path.delay_frames) == ((0, 1), (0, 0))
    known = estimator(raw, known=POSITION)._bent(POSITION, mixes, forwards, ["", ""]).path
    assert known.delay_frames == (0, 5)
    # What is left over alone is told where no channel that was played is in it.
    other = [Mix((Term(5, 0, 0.4),), left=0.1), mixes[1]]
    assert estimator(raw)._bent(POSITION, other, forwards, ["", ""]).path.channels == (5, 1)


def test_path_named_at_a_position_is_near_it_or_plain_elsewhere():
    half = captured(lambda x: x * 0.5, position=POSITION, frames=FRAMES)
    assert named_at(half, STEREO, POSITION).position == POSITION
    assert named_at(half, STEREO, POSITION - 3).path.gain_db == (-6.0206, -6.0206)
    swapped = bits(lambda w: w ^ 8, position=POSITION, frames=FRAMES)
    assert "inverted" in named_at(swapped, STEREO, POSITION).path.encoding
    assert named_at(np.zeros(4 * FRAMES, np.uint8), STEREO, POSITION) is None


def test_line_of_each_length_is_made_once():
    one = estimator()
    assert one._lines(512) is one._lines(512)
    assert one._lines(500) is not one._lines(512)


@pytest.mark.parametrize(("gain", "found"), [(3e-4, True), (2e-4, False)])
def test_faintest_path_is_that_of_its_factor(gain, found, monkeypatch):
    one = estimator(captured(lambda x: x * 0.5, position=POSITION, frames=FRAMES))
    mix = Mix((Term(0, 0, gain),), left=0.0)
    monkeypatch.setattr(module.Attribution, "mix", lambda self, channel: mix)
    assert (one._at(POSITION, range(8)) is not None) is found
