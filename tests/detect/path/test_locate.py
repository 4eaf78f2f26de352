# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path import locate as module
from stress.detect.path.lines import PathLines
from stress.detect.path.locate import KEPT, LEAST_FRAMES, NEAR_HINT, Place, locate, position_of, step_of
from tests.detect.path.path_kit import sent

MASK = (1 << 32) - 1


def halves(position, frames, pair=0, shift=0):
    """Left and right samples of a pair, without their `shift` top bits, each (frames,) float64 of -1 to 1."""
    x = sent("S16_LE", 8, position, frames)[:, 2 * pair : 2 * pair + 2].astype(np.int64) << shift
    x = (x & 0xFFFF).astype(np.uint16).view(np.int16) / 32768
    return x[:, 0], x[:, 1]


def samples(stream, **more):
    """A stream whose frames all count."""
    steps = np.arange(len(stream), dtype=np.uint64) * np.uint64(step_of(1))
    return module._Samples(np.asarray(stream, float), steps, **more)


@pytest.mark.parametrize(
    ("place", "steps"),
    [
        (Place(5, 0, 1.0), (5,)),
        (Place(5, 0, 1.0, twin=1 << 31), (5, 5 + (1 << 31))),
        (Place(MASK, 0, 1.0, twin=1 << 31), (MASK, (1 << 31) - 1)),
        (Place(5, 0, 1.0, alike=(9, 11)), (5, 9, 11)),
        (Place(5, 0, 1.0, twin=1 << 30, alike=(9,)), (5, 5 + (1 << 30), 9, 9 + (1 << 30))),
        (Place(5, 0, 1.0, lost=2), tuple(5 + n * (1 << 30) for n in range(4))),
        (Place(5, 0, 1.0, lost=2, alike=(9,)), tuple(5 + n * (1 << 30) for n in range(4))),
        (Place(5, 0, 1.0, twin=1 << 29, lost=2), tuple(5 + n * (1 << 29) for n in range(8))),
    ],
)
def test_place_holds_all_steps_that_fit_alike(place, steps):
    assert place.steps() == steps


@pytest.mark.parametrize(
    ("lost", "twin", "number"), [(6, 0, 64), (7, 0, 64), (5, 1 << 26, 64), (6, 1 << 25, 64)]
)
def test_place_tries_six_lost_bits_at_most(lost, twin, number):
    assert len(Place(0, 0, 1.0, twin=twin, lost=lost).steps()) == number


@pytest.mark.parametrize("position", [0, 1, 77, MASK])
def test_step_of_a_position_is_taken_back(position):
    assert step_of(position) == position * 0x9E3779B1 % (1 << 32)
    assert position_of(step_of(position)) == position


@pytest.mark.parametrize(
    ("reach", "step"), [(0.2, 1), (1, 1), (2, 2), (3.9, 2), (31.9, 16), (32, 32), (900, 32)]
)
def test_first_grid_is_a_power_of_two_up_to_32(reach, step):
    assert module._coarse(reach) == step


def test_grid_goes_round_the_end_of_its_turns_and_holds_each_place_once():
    found = module._around(np.array([[0, 5], [1, 5]]), (0.5, 2), (1, 2), (4, 3))
    assert found.tolist() == [[slow, fast] for slow in (0, 1, 2, 15) for fast in (3, 5, 7)]
    assert module._around(np.array([[0, 0]]), (0, 1), (1, 1), (4, 3)).tolist() == [[0, 0], [0, 1], [0, 7]]


def test_grid_steps_are_the_slow_above_the_fast():
    assert module._steps(np.array([[3, 5], [0, 1]]), 4).tolist() == [53, 1]


@pytest.mark.parametrize(("frames", "reach"), [(1024, 256), (4096, 64), (8192, 64)])
def test_last_search_is_wider_for_a_short_capture(frames, reach):
    assert module._near(3, 1 << 20, frames).tolist() == [
        (3 + n) % (1 << 20) for n in range(-reach, reach + 1)
    ]


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize("pair", [0, 2])
def test_half_of_a_step_is_the_sample_of_the_pattern(pair, shift):
    x = np.array([step_of(n) for n in range(500, 540)], np.uint32)
    key = np.uint32(module.pair_key(pair))
    left, right = halves(500, 40, pair, shift)
    assert module._half(x, key, False, shift).tolist() == left.tolist()
    assert module._half(x, key, True, shift).tolist() == right.tolist()


def test_unit_rows_have_no_mean_and_a_power_of_one():
    rows = np.array([[1.0, 3.0, 5.0], [2.0, 2.0, 2.0]])
    assert module._unit(rows, True) == pytest.approx(
        np.array([[-1, 0, 1], [0, 0, 0]]) / np.sqrt([[2.0], [1]])
    )
    assert module._unit(rows, False)[1] == pytest.approx(np.ones(3) / np.sqrt(3))


@pytest.mark.parametrize("pair", [0, 1])
@pytest.mark.parametrize("high", [False, True])
def test_correlation_is_the_cosine_with_the_half_at_each_step(high, pair):
    seen = halves(90, 300, 1)[high] * 0.4 + 7 + np.random.default_rng(1).normal(0, 0.1, 300)
    steps = np.array([step_of(n) for n in (90, 91, 5)], np.uint32)
    due = [halves(n, 300, pair)[high] for n in (90, 91, 5)]
    found = module._correlations(samples(seen), steps, pair, high, 0)
    assert found == pytest.approx([np.corrcoef(seen, one)[0, 1] for one in due])
    apart = module._correlations(samples(seen, centred=False), steps, pair, high, 0)
    assert apart == pytest.approx([seen @ one / np.sqrt((seen @ seen) * (one @ one)) for one in due])


def test_correlation_with_both_halves_is_that_of_the_best_sum():
    left, right = halves(90, 300)
    seen = left + 0.5 * right + np.random.default_rng(1).normal(0, 0.3, 300) + 3
    for n in (90, 1234):
        due = np.stack([*halves(n, 300), np.ones(300)], 1)
        rest = seen - due @ np.linalg.lstsq(due, seen, rcond=None)[0]
        steps = np.array([step_of(n)], np.uint32)
        for high in (False, True):
            found = module._correlations(samples(seen, both=True), steps, 0, high, 0)
            assert found == pytest.approx([np.sqrt(1 - rest.var() / seen.var())])


def test_correlation_of_silence_is_none():
    assert module._correlations(samples(np.zeros(9)), np.array([1], np.uint32), 0, True, 0).tolist() == [0.0]


def test_correlations_in_blocks_are_those_at_once():
    # Two blocks: 2^19 products fit one.
    seen = halves(90, 4096)[1]
    steps = (step_of(90) + np.arange(-70, 70) * 1000).astype(np.uint32)
    found = module._correlations(samples(seen), steps, 0, True, 0)
    assert int(np.argmax(found)) == 70
    alone = [
        module._correlations(samples(seen), steps[n : n + 1], 0, True, 0)[0] for n in (0, 69, 127, 128, 139)
    ]
    assert found[[0, 69, 127, 128, 139]] == pytest.approx(alone)


@pytest.mark.parametrize(("away", "near"), [(NEAR_HINT - 1, True), (NEAR_HINT, False), (1 - NEAR_HINT, True)])
def test_hint_decides_between_steps_that_fit_alike_up_to_its_distance(away, near):
    steps = np.array([step_of(1 << 31), step_of(1000)], np.uint32)
    best = step_of(1 << 31)
    found = module._nearest(steps, best, 0, False, 1000 + away)
    assert found == (step_of(1000) if near else best)


@pytest.mark.parametrize(
    ("shift", "low", "unit"), [(0, True, 1 << 31), (2, True, 1 << 29), (3, False, 1 << 29)]
)
def test_hint_decides_over_bits_that_are_not_captured(shift, low, unit):
    true = step_of(123456)
    for n in range((1 << 32) // unit):
        given = (true + n * unit) & MASK
        assert module._nearest(np.array([given], np.uint32), given, shift, low, 123456 + 9) == true


def test_hint_decides_over_no_bits_of_a_whole_high_half():
    given = (step_of(123456) + (1 << 31)) & MASK
    assert module._nearest(np.array([given], np.uint32), given, 0, False, 123456) == given


def kind_of(stream, high):
    """What the lines say of a stream, as a half of this kind."""
    return next(one for one in PathLines(len(stream)).kinds(stream[:, None], 0.0)[0] if one.high is high)


@pytest.mark.parametrize(("frames", "shift"), [(1000, 0), (2500, 0), (2500, 2)])
@pytest.mark.parametrize(("position", "pair"), [(700, 0), (3456789012, 2)])
def test_high_half_is_located_to_what_its_samples_tell(position, pair, frames, shift):
    stream = halves(position, frames, pair, shift)[1]
    seen = kind_of(stream, True)
    assert seen.shift == shift
    place = locate(-0.3 * stream, seen, position + 5)
    assert (place.pair, place.twin, place.lost) == (pair, 0, shift)
    assert place.fit == pytest.approx(1, abs=1e-6)
    # x has 16 bits more than the half.
    turn = 1 << (32 - shift)
    away = (place.step - step_of(position) + turn // 2) % turn - turn // 2
    assert abs(away) < 1 << 17


@pytest.mark.parametrize(("frames", "shift"), [(1000, 0), (2500, 0), (2500, 2)])
@pytest.mark.parametrize(("position", "pair"), [(700, 0), (3456789012, 2)])
def test_low_half_is_located_by_the_hint_or_but_for_bits_that_it_lacks(position, pair, frames, shift):
    stream = halves(position, frames, pair, shift)[0] * 100 + 20
    seen = kind_of(stream, False)
    assert seen.shift == shift
    place = locate(stream, seen, position - 5)
    assert (place.step, place.pair, place.twin, place.lost) == (
        step_of(position),
        pair,
        1 << (31 - shift),
        shift,
    )
    assert place.fit == pytest.approx(1, abs=1e-9)
    assert place.alike == ()
    far = locate(stream, seen, position + (1 << 30))
    assert step_of(position) in Place(far.step, pair, 1.0, far.twin, min(far.lost, 6)).steps()


def test_sum_of_both_halves_is_located_without_a_twin():
    left, right = halves(81, 2000)
    stream = (left + right) / 2
    place = locate(stream, kind_of(stream, False), 1 << 31, both=True)
    assert (place.step, place.twin) == (step_of(81), 0)
    assert place.fit == pytest.approx(1, abs=1e-9)


def test_samples_at_the_rails_do_not_count():
    left, _ = halves(81, 2000)
    stream = np.clip(left, -0.5, 0.5)
    place = locate(stream, kind_of(left, False), 81)
    assert place.step == step_of(81)
    assert place.fit == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("free", "found"), [(LEAST_FRAMES - 1, False), (LEAST_FRAMES, True)])
def test_stream_needs_samples_off_its_rails(free, found):
    right = halves(81, 4000)[1]
    stream = np.full(4000, -2.0)
    stream[-1] = 2
    stream[:free] = right[:free]
    assert (locate(stream, kind_of(right, True), 81) is not None) is found


def test_noise_has_no_place():
    noise = np.random.default_rng(2).normal(size=4000)
    for high in (False, True):
        place = locate(noise, kind_of(noise, high), 1)
        assert place is None or place.fit < 0.2


def test_noisy_half_tells_the_steps_that_fit_alike():
    left, _ = halves(81, 1000)
    stream = left + np.random.default_rng(2).normal(0, 0.02, 1000)
    place = locate(stream, kind_of(left, False), 81)
    assert step_of(81) in place.steps()
    assert len(place.alike) <= KEPT
    assert place.step not in place.alike
