# SPDX-License-Identifier: MIT
"""Paths that bend samples: named with their reason, and neither FAIL nor PASS."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path.curve import BENT, COMPANDED, VARYING, bend_of
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
