# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path.attribute import CLEAN, FRAMES, LEAST_FIRST, REACH, Attribution, Mix, Term
from stress.detect.path.sources import ODD, Sources
from stress.model.formats import FORMATS

KNOWN = Sources("mix1", FORMATS["S24_3LE"])
POSITION, N = 70000, 3000


def heard(*terms, frames=N, position=POSITION):
    """A captured channel of some terms, (frames,) float64."""
    out = np.zeros(frames)
    for source, delay, gain in terms:
        out += gain * KNOWN.block(position - delay, frames, [source])[:, 0]
    return out


def mixed(seen, among=range(8), sources=KNOWN, position=POSITION):
    """What a channel is made of."""
    return Attribution(sources, position, seen[:, None], among).mix(0)


@pytest.mark.parametrize("source", [0, 3, 7])
@pytest.mark.parametrize(("delay", "gain"), [(0, 1.0), (0, -0.3), (19, 0.7), (-40, 0.5)])
def test_channel_is_told_with_delay_gain_and_constant(source, delay, gain):
    found = mixed(heard((source, delay, gain)) + 12345)
    assert found.terms == (Term(source, delay, pytest.approx(gain, rel=1e-6)),)
    assert found.offset == pytest.approx(12345, abs=0.5)
    assert found.left < CLEAN


def test_words_of_two_frames_are_told_as_their_source():
    found = mixed(heard((ODD + 1, 3, 0.5)), (0, 1, ODD, ODD + 1))
    assert found.terms == (Term(ODD + 1, 3, pytest.approx(0.5, rel=1e-6)),)


def test_second_captured_channel_is_told_by_itself():
    both = np.stack([heard((0, 0, 1.0)), heard((1, 5, 0.25))], 1)
    one = Attribution(KNOWN, POSITION, both, range(8))
    assert [one.mix(c).terms[0].source for c in (0, 1)] == [0, 1]
    assert one.mix(1).terms[0].delay == 5


@pytest.mark.parametrize(
    "terms",
    [
        ((0, 0, 0.5), (1, 0, 0.5)),
        ((0, 0, 0.7), (1, 12, -0.3)),
        ((0, 0, 0.5), (2, 0, 0.4), (4, 0, 0.3)),
        ((0, 0, 0.5), (2, 0, 0.45), (4, 0, 0.4), (6, 3, 0.35)),
    ],
)
def test_sum_is_told_by_its_parts(terms):
    found = mixed(heard(*terms))
    made = {(one.source, one.delay): one.gain for one in found.terms}
    assert made == {(source, delay): pytest.approx(gain, rel=1e-4) for source, delay, gain in terms}
    assert found.left < CLEAN


def test_sum_of_five_is_told_by_four_of_them():
    found = mixed(
        heard(*((source, 0, gain) for source, gain in zip((0, 2, 4, 6, 1), (0.64, 0.32, 0.16, 0.08, 0.04))))
    )
    assert len(found.terms) == 4


@pytest.mark.parametrize(("gain", "parts"), [(0.015, 1), (0.04, 2)])
def test_faint_part_of_a_sum_is_left_out(gain, parts):
    assert len(mixed(heard((0, 0, 1.0), (3, 0, gain))).terms) == parts


def test_noise_and_silence_hold_nothing():
    noise = np.random.default_rng(1).normal(0, 1e6, N)
    found = mixed(noise)
    assert found == Mix(offset=pytest.approx(float(noise.mean())))
    assert mixed(np.zeros(N)) == Mix()
    assert mixed(np.full(N, 77.0)) == Mix(offset=77.0)


@pytest.mark.parametrize(("level", "told"), [(5e6, True), (3e8, False)])
def test_channel_under_noise_is_told_from_a_correlation_on(level, told):
    seen = heard((2, 4, 1.0)) + np.random.default_rng(1).normal(0, level, N)
    found = mixed(seen)
    assert bool(found.terms) is told
    if told:
        assert (found.terms[0].source, found.terms[0].delay) == (2, 4)
        # Six sigmas of what is left, in medians of its magnitude.
        assert found.left == pytest.approx(np.var(seen - heard((2, 4, 1.0))) / np.var(seen), rel=0.2)
        assert LEAST_FIRST < 0.5


def test_channel_at_its_rails_nearly_always_is_a_constant():
    seen = heard((0, 0, 1.0))
    seen[149:] = np.where(np.arange(N - 149) % 3, 1 << 23, -(1 << 23))
    assert mixed(seen) == Mix(offset=float(1 << 23))
    # A twentieth of the samples tells: they are the pattern, however loud the rest is.
    one = heard((0, 0, 1.0))
    one[151:] = np.sign(one[151:]) * (1 << 23)
    assert mixed(one).terms == (Term(0, 0, pytest.approx(1.0, rel=1e-6)),)


def test_clipped_channel_is_told_by_samples_off_its_rails():
    seen = np.clip(heard((0, 0, 1.6)), -6e6, 6e6)
    found = mixed(seen)
    assert found.terms == (Term(0, 0, pytest.approx(1.6, rel=1e-6)),)


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_damage_does_not_move_the_factor(share):
    seen = heard((0, 7, 0.8)) + 1000
    wrong = np.random.default_rng(2).random(N) < share
    seen[wrong] = np.random.default_rng(3).normal(0, 3e6, int(wrong.sum()))
    found = mixed(seen)
    assert found.terms[0].delay == 7
    assert found.terms[0].gain == pytest.approx(0.8, rel=1e-5)
    assert found.offset == pytest.approx(1000, abs=5)


@pytest.mark.parametrize(
    ("delay", "told"), [(REACH, True), (REACH + 1, False), (-REACH, True), (-REACH - 1, False)]
)
def test_delay_is_looked_for_within_its_reach(delay, told):
    found = mixed(heard((0, delay, 1.0), frames=FRAMES + 50), (0, 2))
    assert (found.terms[:1] == (Term(0, delay, pytest.approx(1.0)),)) is told


@pytest.mark.parametrize(("delay", "told"), [(500, True), (501, False)])
def test_delay_in_a_short_capture_is_half_of_it_at_most(delay, told):
    found = mixed(heard((0, delay, 1.0), frames=1000), (0, 2))
    assert (found.terms[:1] == (Term(0, delay, pytest.approx(1.0)),)) is told


def test_first_frames_alone_are_compared():
    seen = heard((0, 0, 1.0), frames=FRAMES + 3000)
    seen[FRAMES:] = 0
    assert mixed(seen, (0, 2)).left < CLEAN


def test_norms_are_those_of_each_delay():
    one = Attribution(KNOWN, POSITION, heard((0, 0, 1.0), frames=400)[:, None], (0, 3))
    wide = KNOWN.block(POSITION - 200, 800, [0, 3]).astype(float)
    for row in (0, 1, 399, 400):
        part = wide[row : row + 400]
        assert one._mean[row] == pytest.approx(part.mean(axis=0), rel=1e-9)
        assert one._norm[row] == pytest.approx(
            np.sqrt(((part - part.mean(axis=0)) ** 2).sum(axis=0)), rel=1e-6
        )
    assert one._mean.shape == one._norm.shape == (401, 2)


def test_strongest_correlation_is_that_of_its_place_and_no_channel_is_taken_twice():
    seen = heard((0, 9, 1.0), (3, 0, 0.8), frames=1000)
    one = Attribution(KNOWN, POSITION, seen[:, None], (0, 3))
    rest = seen - seen.mean()
    column, delay, fit = one._strongest(rest, [])
    due = heard((0, 9, 1.0), frames=1000)
    assert (column, delay) == (0, 9)
    assert fit == pytest.approx(abs(np.corrcoef(rest, due)[0, 1]), rel=1e-6)
    assert one._strongest(rest, [(0, 9)])[:2] == (1, 0)
    assert one._strongest(np.zeros(1000), []) is None


def test_place_with_more_samples_that_agree_is_told_of_those_alike():
    seen = heard((0, 9, 1.0), frames=1000)
    one = Attribution(KNOWN, POSITION, seen[:, None], (0, 3))
    assert one._best(seen, [(0, 5), (0, 9), (1, 9)]) == (0, 9)
    assert one._best(seen, [(1, 2)]) == (1, 2)
    assert one._agreeing(seen, (0, 9)) == 1.0
    assert one._agreeing(seen, (0, 5)) < 0.1
    near = seen.copy()
    near[:3] += 1e6
    # Three of a thousand samples are no reason for a place that is farther away.
    assert one._best(near, [(0, 9), (0, 9)]) == (0, 9)


def test_samples_near_the_factor_most_agree_on_are_kept():
    one = Attribution(KNOWN, POSITION, heard((0, 0, 1.0), frames=1000)[:, None], (0,))
    due = np.stack([np.arange(1000.0) - 500, np.ones(1000)], 1)
    seen = 0.5 * due[:, 0] + 100
    seen[:300] += 5000
    free = np.ones(1000, bool)
    near = one._near(seen, free, due)
    assert not near[:300].any() and near[300:].all()
    # Too few loud samples say nothing.
    few = np.zeros(1000, bool)
    few[450:550] = True
    assert one._near(seen, few, due).all()
