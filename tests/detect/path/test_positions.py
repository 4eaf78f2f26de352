# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path import positions as module
from stress.detect.path.locate import Place, step_of
from stress.detect.path.positions import likeliest, settled, sharpened
from stress.detect.path.sources import Sources
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import captured, sent

POSITION, MASK = 123456, (1 << 32) - 1
KNOWN, WIDE = Sources("mix1", FORMATS["S16_LE"]), Sources("mix1", FORMATS["S24_3LE"])
PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)


def right_of(sources, pair=0, frames=4096):
    """The right channel of a pair, which is the high half."""
    return sources.block(POSITION, frames, [2 * pair + 1])[:, 0].astype(float)


@pytest.mark.parametrize("away", [0, 1, -1, module.SHARP_REACH, -module.SHARP_REACH])
@pytest.mark.parametrize("pair", [0, 1])
def test_wider_word_sharpens_the_position_of_a_high_half(away, pair):
    place = Place((step_of(POSITION) + away) & MASK, pair, 1.0)
    assert sharpened(place, -0.3 * right_of(WIDE, pair) + 1000, WIDE) == POSITION


@pytest.mark.parametrize("away", [module.SHARP_REACH + 1, -module.SHARP_REACH - 1])
def test_position_is_sharpened_within_its_reach_alone(away):
    place = Place((step_of(POSITION) + away) & MASK, 0, 1.0)
    assert sharpened(place, right_of(WIDE), WIDE) != POSITION


# A step of x moves one of 65536 samples by an LSB: of 4096 a few steps are left open, and more beside damage.
@pytest.mark.parametrize(("damaged", "open_steps"), [(0, 32), (900, 8192)])
@pytest.mark.parametrize("away", [0, 3, -70, 60000])
def test_position_of_a_high_half_is_settled_by_most_samples(away, damaged, open_steps):
    seen = 0.5 * right_of(KNOWN) + 300
    seen[:damaged] = np.random.default_rng(1).integers(-16000, 16000, damaged)
    place = Place((step_of(POSITION) + away) & MASK, 0, 1.0)
    found = (step_of(settled(place, seen, KNOWN)) - step_of(POSITION)) & MASK
    assert min(found, MASK + 1 - found) <= open_steps


def test_left_over_is_nothing_at_the_position_and_more_beside_it():
    seen = -0.5 * right_of(KNOWN, frames=400) + 300
    assert module._left(seen, KNOWN, POSITION, 1) == pytest.approx(0, abs=1e-6)
    # Steps of the last bit of a half that is rounded up or down in one frame of so many.
    beside = KNOWN.block(POSITION + 1, 400, [1])[:, 0]
    assert module._left(seen, KNOWN, POSITION + 1, 1) > 1000
    assert beside.tolist() != right_of(KNOWN, frames=400).tolist()


def test_left_over_of_damage_counts_no_more_than_three_medians():
    seen = right_of(KNOWN, frames=400)
    seen[:20] += 5000
    # A median of nothing: each damaged sample counts one.
    assert module._left(seen, KNOWN, POSITION, 1) == pytest.approx(20, abs=1e-6)
    noisy = right_of(KNOWN, frames=400) + np.tile([-10.0, 10], 200)
    noisy[:20] += 5000
    assert module._left(noisy, KNOWN, POSITION, 1) == pytest.approx(380 * 10 + 20 * 30, rel=0.02)


def test_few_positions_are_all_likely():
    assert likeliest([5, 6], np.zeros(0, np.uint8), np.zeros((0, 2)), PATTERN) == [5, 6]
    assert likeliest([5, 6, 7], np.zeros(0, np.uint8), np.zeros((0, 2)), PATTERN, most=3) == [5, 6, 7]


def test_position_whose_bits_are_those_captured_is_the_likeliest():
    raw = captured(lambda x: x, position=POSITION, frames=3000)
    found = likeliest([7, POSITION + 5000, 99, POSITION], raw, sent("S16_LE", 2, POSITION, 3000), PATTERN)
    assert (found[0], len(found)) == (POSITION, 2)


def test_position_that_explains_more_frames_is_the_likeliest_of_those_that_explain_as_many_bits():
    raw = captured(lambda x: x, position=POSITION, frames=1024)
    raw.reshape(-1, 4)[:40] = PATTERN.bytes_at(9, 40).reshape(-1, 4)
    every = [POSITION, 7, 8]
    fits = [module.wiring(raw, one, PATTERN) for one in every]
    assert fits[0].wired == 1.0
    assert likeliest(every, raw, sent("S16_LE", 2, POSITION, 1024), PATTERN, most=1) == [POSITION]


def test_likeliest_position_behind_a_filter_is_that_of_the_samples():
    seen = sent("S16_LE", 2, POSITION, 2000)
    seen = np.stack([np.convolve(c, [0.2, 0.6, 0.2])[1:-1] for c in seen.T], 1) / 7
    raw = np.random.default_rng(1).integers(0, 256, 8000, dtype=np.uint8)
    assert likeliest([1, 2, POSITION, 3], raw, seen, PATTERN)[0] == POSITION


def test_likeliest_position_goes_by_the_first_frames():
    raw = captured(lambda x: x, position=POSITION, frames=2048)
    raw.reshape(-1, 4)[module.RANKED :] = 0
    assert likeliest([1, 2, POSITION], raw, np.zeros((2048, 2)), PATTERN, most=1) == [POSITION]


def test_samples_that_are_alike_correlate_channel_by_channel():
    seen = sent("S16_LE", 2, POSITION, 1000)
    assert module._alike(POSITION, seen, PATTERN) == pytest.approx(2)
    assert module._alike(POSITION, -seen[:, ::-1] + 5, PATTERN) == pytest.approx(2)
    one = module._alike(POSITION, seen * [1, 0], PATTERN)
    assert one == pytest.approx(1)
    noise = np.random.default_rng(1).normal(size=(1000, 2))
    due = sent("S16_LE", 2, POSITION, 1000)
    expected = sum(max(abs(np.corrcoef(noise[:, c], due[:, d])[0, 1]) for d in (0, 1)) for c in (0, 1))
    assert module._alike(POSITION, noise, PATTERN) == pytest.approx(expected)
    assert module._alike(POSITION, np.zeros((1000, 2)), PATTERN) == 0.0
    assert module._alike((1 << 32) + POSITION, seen, PATTERN) == pytest.approx(2)
