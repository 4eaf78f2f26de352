# SPDX-License-Identifier: MIT
"""Paths that bend samples: named with their reason, and neither FAIL nor PASS."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import curve
from stress.detect.path.curve import BENT, COMPANDED, VARYING, bend_of, joint, varying
from stress.detect.path.words import advice, lost, sentence
from stress.experiment.method.exact import ByPattern
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from stress.virtual.card.cable import through_path
from stress.virtual.card.path_spec import PathSpec

FMT = FORMATS["S16_LE"]
PATTERN, FRAMES = Pattern("mix1", FMT, 2), 24000


def _judged(spec: PathSpec, first: int = 77):
    sent = np.frombuffer(PATTERN.bytes_at(first, FRAMES), np.uint8).reshape(-1, 4)
    return ByPattern(PATTERN, 32).check(
        through_path(sent, spec, FMT, 1).reshape(-1), Rings(192, 480), first, FRAMES
    )


@pytest.mark.parametrize(
    ("spec", "said", "why"),
    [
        (PathSpec(shape="soft-clip"), "are bent: a limiter or soft clipping", "may have been more than one"),
        (PathSpec(shape="mu-law"), "256 uneven levels, as behind A-law or mu-law", "more than one"),
        (PathSpec(shape="a-law", order="exchanged"), "channels exchanged", "more than one"),
        (PathSpec(shape="limiter", gain_db=-2.0), "the gain changes within", "gain of a frame is not known"),
        (PathSpec(shape="hard-clip"), "clipped: 30 % of the samples are at a rail", "cuts off at the rails"),
        (PathSpec(shape="codec"), "a filter stands in the path", "mixes each sample with its neighbours"),
        (PathSpec(filter_pole=0.4), "a filter stands in the path", "mixes each sample with its neighbours"),
    ],
)
def test_path_that_loses_samples_is_named_with_its_reason_and_not_judged(spec, said, why):
    analysis = _judged(spec).analysis
    assert not analysis.locked and not analysis.findings
    assert said in sentence(analysis.path)
    assert why in lost(analysis.path)


# Near the second and third position others look as likely, and behind those no curve is left.
@pytest.mark.parametrize("first", [77, 12345, 2345678901])
def test_soft_clipping_is_named_wherever_the_pattern_begins(first):
    analysis = _judged(PathSpec(shape="soft-clip"), first).analysis
    assert analysis.path.encoding == BENT and not analysis.findings


@pytest.mark.parametrize("side", [0, 1])
def test_soft_clipping_of_one_channel_is_a_path_that_bends_samples(side):
    sent = np.frombuffer(PATTERN.bytes_at(77, FRAMES), np.uint8).reshape(-1, 4)
    bent = through_path(sent, PathSpec(shape="soft-clip"), FMT, 1).reshape(-1, 2, 2).copy()
    bent[:, 1 - side] = sent.reshape(-1, 2, 2)[:, 1 - side]
    analysis = ByPattern(PATTERN, 32).check(bent.reshape(-1), Rings(192, 480), 77, FRAMES).analysis
    assert analysis.path.encoding == BENT and not analysis.findings


def test_soft_clipping_of_the_loudest_samples_alone_is_a_bend_and_damage_in_as_many_is_none():
    rng = np.random.default_rng(4)
    due = rng.integers(-32768, 32768, 16384).astype(np.float64)
    over = np.maximum(np.abs(due) - 28000, 0)
    mild = np.rint(np.sign(due) * (np.minimum(np.abs(due), 28000) + over / 3)).astype(np.int64)
    assert bend_of(mild, due, 16)[0] == BENT
    damaged = due.astype(np.int64)
    damaged[:1200] = rng.integers(-32768, 32768, 1200)
    assert bend_of(damaged, due, 16) == ("", "")


@pytest.mark.parametrize(
    "spec",
    [PathSpec(bits=12, dither="rectangular"), PathSpec(bits=13, dither="shaped"), PathSpec(bits_late=3)],
)
def test_path_that_keeps_positions_is_judged_behind_it_without_findings(spec):
    analysis = _judged(spec).analysis
    assert analysis.locked and not analysis.findings and not analysis.path.exact


def test_bend_is_none_where_noise_or_a_factor_explains_the_samples():
    rng = np.random.default_rng(1)
    due = rng.integers(-30000, 30000, 8192).astype(np.float64)
    assert bend_of(np.rint(due * 0.5).astype(np.int64), due, 16) == ("", "")
    noisy = np.rint(due * 0.5 + rng.normal(0, 400, 8192)).astype(np.int64)
    assert bend_of(noisy, due, 16) == ("", "")
    assert bend_of(rng.integers(-30000, 30000, 8192), due, 16) == ("", "")


def test_bend_survives_stale_frames():
    rng = np.random.default_rng(2)
    due = rng.integers(-32768, 32768, 16384).astype(np.float64)
    bent = np.rint(20000 * np.tanh(due / 20000)).astype(np.int64)
    bent[2000:2400] = bent[1000:1400]
    assert bend_of(bent, due, 16)[0] == BENT


def test_fade_is_a_gain_that_varies_and_uneven_levels_are_companding():
    rng = np.random.default_rng(3)
    due = rng.integers(-32768, 32768, 16384).astype(np.float64)
    faded = np.rint(due * np.linspace(1, 0.5, len(due))).astype(np.int64)
    assert bend_of(faded, due, 16)[0] == VARYING
    levels = np.sign(due) * 2.0 ** (np.floor(np.log2(np.abs(due) + 1) * 8) / 8)
    assert bend_of(np.rint(levels).astype(np.int64), due, 16)[0] == COMPANDED


def test_limiter_with_a_stale_line_in_it_is_a_gain_that_varies():
    rng = np.random.default_rng(7)
    due = rng.integers(-32768, 32768, 8192).astype(np.float64)
    seen = np.rint(due * (0.5 + 0.002 * np.sin(np.arange(8192) / 900))).astype(np.int64)
    seen[4000:4008] = np.rint(due[3000:3008] * 0.5)
    assert bend_of(seen, due, 16)[0] == VARYING


def test_clipping_alone_is_told_with_what_to_do():
    path = replace(Path.bit_exact(2, 16), exact=False, clipped=(0.3, 0.3), invertible=False)
    assert advice(path).startswith("play softer, or switch the limiter")
    assert not advice(replace(path, clipped=(0.0, 0.0)))


@pytest.mark.parametrize("spec", [PathSpec(dither="triangular", gain_db=-10.75), PathSpec(filter_pole=0.45)])
def test_path_in_a_run_whose_silence_is_noise_names_the_channels_that_were_played(spec):
    played = PATTERN.bytes_at(77, FRAMES)
    sent = np.concatenate([np.zeros(192 * 4, np.uint8), played]).reshape(-1, 4)
    raw = through_path(sent, spec, FMT, 1).reshape(-1)
    analysis = ByPattern(PATTERN, 32).check(raw, Rings(192, 480), 77, FRAMES).analysis
    assert analysis.path.channels == (0, 1) and analysis.path.delay_frames == (0, 0)
    assert not analysis.findings


def test_samples_off_by_a_few_steps_are_no_damage_where_the_detector_locked_too():
    played = np.frombuffer(PATTERN.bytes_at(77, FRAMES), "<i2")
    off = np.random.default_rng(5).choice([0, 0, 0, 0, 0, 0, -3, -1, 1, 3], played.size)
    raw = np.clip(played.astype(int) + off, -32768, 32767).astype("<i2").view(np.uint8)
    detector = ByPattern(PATTERN, 32)
    assert detector.check_wire(raw, Rings(192, 480), 77, FRAMES).locked
    analysis = detector.check(raw, Rings(192, 480), 77, FRAMES).analysis
    assert not analysis.locked and not analysis.findings and "dither" in sentence(analysis.path)


DUE = np.random.default_rng(6).integers(-32000, 32000, 8000)
EMPTY = ("", "")


def _bend(seen, due=DUE, bits=16):
    return bend_of(np.asarray(seen).astype(np.int64), due.astype(float), bits)


def _limited(edge, slope=0.3):
    level = edge * 32768
    size = np.abs(DUE)
    return np.rint(np.sign(DUE) * np.where(size > level, level + slope * (size - level), size)).astype(int)


@pytest.mark.parametrize("edge", [0.5, 0.35, 0.7])
def test_limiter_is_told_with_the_level_that_it_begins_at(edge):
    encoding, text = _bend(_limited(edge))
    assert encoding == BENT
    # Samples that it moves by half of a bend or more; one in twenty may be damage.
    size = np.abs(DUE) / 32768
    level = float(np.quantile(size[0.7 * (size - edge) > 0.005], 0.05))
    assert text == f"samples above {20 * np.log10(level):.0f} dBFS are bent: a limiter or soft clipping"
    assert _bend(-_limited(edge))[0] == BENT
    # Behind a gain as well.
    assert _bend(np.rint(0.5 * _limited(edge, 0.1)))[0] == BENT


def test_gain_rounding_and_silence_are_no_curve():
    assert _bend(DUE) == EMPTY
    assert _bend(np.rint(DUE * 0.3)) == EMPTY
    assert _bend(np.floor(DUE / 128) * 128) == EMPTY
    assert _bend(np.zeros(8000)) == EMPTY
    assert _bend(np.random.default_rng(1).integers(-9000, 9000, 8000)) == EMPTY


def test_gain_that_clips_is_no_bend():
    assert _bend(np.clip(2 * DUE, -32768, 32767)) == EMPTY
    # Less than CUT of the samples at a rail, and a bend all the same.
    edge = float(np.quantile(np.abs(_limited(0.5)), 0.93))
    assert _bend(np.clip(_limited(0.5), -edge, edge))[0] == BENT


@pytest.mark.parametrize(("moved", "bent"), [(0.04, False), (0.07, True)])
def test_bend_moves_a_share_of_the_samples(moved, bent):
    edge = float(np.quantile(np.abs(DUE), 1 - moved)) / 32768
    size, level = np.abs(DUE), edge * 32768
    seen = np.sign(DUE) * np.where(size > level, size + 400 + (size - level), size)
    assert (_bend(seen)[0] == BENT) is bent


@pytest.mark.parametrize(("far", "bent"), [(0.012, True), (0.008, False)])
def test_bend_is_a_hundredth_of_full_scale(far, bent):
    seen = np.sign(DUE) * np.where(np.abs(DUE) > 20000, np.abs(DUE) + far * 32768, np.abs(DUE))
    assert (_bend(seen)[0] == BENT) is bent


@pytest.mark.parametrize(("damaged", "bent"), [(300, True), (900, False)])
def test_damage_beside_a_bend_hides_it_from_a_tenth_on(damaged, bent):
    seen = _limited(0.5)
    seen[:damaged] = np.random.default_rng(2).integers(-30000, 30000, damaged)
    assert (_bend(seen)[0] == BENT) is bent


def _companded(levels=128, frames=8000):
    due = np.random.default_rng(6).integers(-32000, 32000, frames)
    size = np.log1p(255 * np.abs(due) / 32768) / np.log(256)
    back = (256 ** (np.rint(size * levels) / levels) - 1) / 255 * 32768
    return due, np.rint(np.sign(due) * back).astype(int)


@pytest.mark.parametrize(
    ("levels", "frames", "encoding"),
    [(120, 8000, COMPANDED), (400, 8000, ""), (120, 4 * 264 + 1, COMPANDED), (120, 4 * 264, BENT)],
)
def test_companding_takes_few_uneven_levels(levels, frames, encoding):
    due, seen = _companded(levels, frames)
    assert _bend(seen, due)[0] == encoding


def test_even_levels_are_rounding():
    assert curve._uneven(np.arange(40) * 9) is False
    steps = np.array([1] * 20 + [5] * 20)
    assert curve._uneven(np.cumsum(steps)) is True
    assert curve._uneven(np.cumsum(np.array([1] * 20 + [4] * 20))) is False
    assert curve._uneven(np.cumsum(np.array([1] * 8 + [5] * 9))) is False
    assert curve._uneven(np.cumsum(np.array([1] * 9 + [5] * 9))) is True


def _varying(gain, due=DUE, noise=0.0):
    drawn = np.random.default_rng(3).normal(0, 1, len(due)) * noise
    return varying(np.rint(gain * due + drawn).astype(np.int64), due.astype(float))


N = np.arange(len(DUE))


def test_gain_that_changes_slowly_is_told_with_its_ends():
    encoding, text = _varying(np.linspace(1.0, 0.5, len(DUE)))
    assert encoding == VARYING
    assert text.startswith("the gain changes within 32 to 8\N{NO-BREAK SPACE}000 frames") or "32 to 8" in text
    assert "from -5.84 to -0.10 dB" in text
    assert _varying(-np.linspace(1.0, 0.5, len(DUE)))[0] == VARYING


@pytest.mark.parametrize(("depth", "told"), [(0.004, True), (0.0008, False), (0.0, False)])
def test_gain_that_hardly_changes_is_one(depth, told):
    due = DUE * 1000
    assert (
        varying((due * (1 + depth * np.sin(N / 900))).astype(np.int64), due.astype(float))[0] == VARYING
    ) is told


def test_gains_of_neighbours_that_differ_are_noise():
    jumping = np.repeat(np.random.default_rng(1).uniform(0.5, 1, 250), 32)
    assert _varying(jumping) == EMPTY
    assert _varying(np.repeat(np.sort(np.random.default_rng(1).uniform(0.5, 1, 250)), 32))[0] == VARYING


@pytest.mark.parametrize(("damaged", "told"), [(20, True), (30, False)])
def test_most_stretches_have_one_gain_each(damaged, told):
    gain = np.linspace(1.0, 0.5, len(DUE))
    seen = np.rint(gain * DUE).astype(np.int64)
    for n in range(damaged):
        seen[8 * 32 * n + 3] += 90000
    assert (varying(seen, DUE.astype(float))[0] == VARYING) is told


@pytest.mark.parametrize(("frames", "told"), [(31, False), (32 * 40, True)])
def test_gain_needs_whole_stretches(frames, told):
    gain = np.linspace(1.0, 0.5, frames)
    assert (_varying(gain, DUE[:frames])[0] == VARYING) is told


def test_silence_has_no_gain():
    assert varying(np.zeros(8000, np.int64), DUE.astype(float)) == EMPTY
    assert varying(np.zeros(8000, np.int64), np.zeros(8000)) == EMPTY


def test_curve_of_all_channels_is_that_of_the_first():
    assert joint([(BENT, "one"), (BENT, "two")]) == (BENT, ("one",))
    assert joint([(BENT, "one"), (VARYING, "two"), (BENT, "three")]) == (BENT, ("one", "two"))
    assert joint([(BENT, "one"), EMPTY]) == ("", ())
    assert joint([]) == ("", ())
