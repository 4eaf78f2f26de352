# SPDX-License-Identifier: MIT
from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import forward
from stress.detect.path.attribute import Mix, Term
from stress.detect.path.forward import FEWEST, MOST_MET, RULE_SHARE, UNSURE, Forward, bounds, columns
from stress.detect.path.sources import ODD, Sources
from stress.model.formats import FORMATS

PLAIN = (Term(0, 0, 1.0),)
SENT = np.random.default_rng(3).integers(-32768, 32768, 4000)


def one(gain=1.0, **more):
    """One term of a gain, with more of what a path has."""
    return Forward((Term(0, 0, gain),), **more)


def due_of(values):
    """Samples sent, as the one column of a single term."""
    return np.asarray(values, float)[:, None]


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        # 0.5, 1.5, -0.5, -1.5, 1.25, -1.25 before rounding.
        ("round", [0, 2, 0, -2, 1, -1]),
        ("floor", [0, 1, -1, -2, 1, -2]),
        ("truncate", [0, 1, 0, -1, 1, -1]),
        ("half up", [1, 2, 0, -1, 1, -1]),
        ("float32", [0, 2, 0, -2, 1, -1]),
    ],
)
def test_values_of_a_way_of_rounding_are_those_of_its_name(rule, due):
    sent = due_of([2, 6, -2, -6, 5, -5])
    assert one(0.25, rule=rule).values(sent).tolist() == due


def test_values_are_whole_steps_and_the_offset_comes_after_them():
    assert one(0.5, rule="floor", step=4, offset=3).values(due_of([15, 16, -1])).tolist() == [7, 11, -1]


def test_values_of_float32_have_a_mantissa_of_24_bits():
    found = one(rule="float32", offset=5, low=-(1 << 31), high=(1 << 31) - 1)
    assert found.values(due_of([(1 << 24) + 1, (1 << 25) + 3])).tolist() == [(1 << 24) + 5, (1 << 25) + 9]


def test_values_end_at_the_rails():
    assert one(low=-7, high=9).values(due_of([-8, -7, 9, 10])).tolist() == [-7, -7, 9, 9]


def test_default_path_is_sixteen_bits_as_they_are():
    assert Forward(PLAIN).values(due_of([-40000, 1, 40000])).tolist() == [-32768, 1, 32767]


@pytest.mark.parametrize(
    ("share", "clipped", "known"),
    [
        (RULE_SHARE, None, True),
        (RULE_SHARE - 0.01, None, False),
        (FEWEST, 0.0, True),
        (FEWEST, None, False),
        (FEWEST - 0.01, 0.0, False),
        (1.0, 0.2, True),
    ],
)
def test_path_is_known_by_its_share_and_by_less_where_a_rule_was_found(share, clipped, known):
    assert one(share=share, clipped=clipped).known is known


@pytest.mark.parametrize(
    ("rule", "exact", "least", "most"),
    [
        ("round", 10.0, 8.0, 12.0),
        ("half up", 10.0, 8.0, 12.0),
        ("floor", 10.0, 6.0, 10.0),
        ("truncate", 10.0, 6.0, 10.0),
        ("truncate", -10.0, -10.0, -6.0),
        ("truncate", 0.0, 0.0, 0.0),
    ],
)
def test_bounds_of_a_rule_are_a_step_wide_on_its_side(rule, exact, least, most):
    low, high = bounds(one(0.5, rule=rule, step=4), np.array([exact]))
    assert low == pytest.approx([least - 1e-6], abs=1e-9)
    assert high == pytest.approx([most + 1e-6], abs=1e-9)


def test_bounds_of_float32_are_half_a_unit_of_its_mantissa():
    low, high = bounds(one(0.5, rule="float32", high=1 << 31), np.array([2.0**26]))
    assert (low[0], high[0]) == pytest.approx((2.0**26 - 4.5, 2.0**26 + 4.5), abs=1e-5)


@pytest.mark.parametrize(
    ("gains", "more"),
    [
        ((0.5,), 1e-6),
        ((-4.0,), 1e-6),
        ((0.7,), UNSURE * 2),
        ((0.5, 0.7), 3 * UNSURE * 2),
        ((0.5, 0.25), 1e-6),
    ],
)
def test_bounds_leave_open_what_the_fit_leaves_open(gains, more):
    found = Forward(tuple(Term(n, 0, gain) for n, gain in enumerate(gains)), step=2, off=3, slack=5)
    low, high = bounds(found, np.array([100.0]))
    assert (low[0], high[0]) == pytest.approx((100 - 1 - 8 - more, 100 + 1 + 8 + more), abs=1e-9)


def test_bounds_follow_the_offset_and_end_at_the_rails():
    low, high = bounds(one(offset=20, low=-50, high=60), np.array([0.0, 80, -80]))
    assert low == pytest.approx([19.5, 60, -60.5], abs=1e-5)
    assert high == pytest.approx([20.5, 100.5, -50], abs=1e-5)


def test_columns_are_each_channel_so_late():
    known = Sources("mix1", FORMATS["S16_LE"])
    found = columns(known, 100, 5, [Term(0, 3, 1.0), Term(1, 0, 1.0), Term(0, -2, 1.0)])
    assert found[:, 0].tolist() == known.block(97, 5, [0])[:, 0].tolist()
    assert found[:, 1].tolist() == known.block(100, 5, [1])[:, 0].tolist()
    assert found[:, 2].tolist() == known.block(102, 5, [0])[:, 0].tolist()


@pytest.mark.parametrize(
    ("odd", "step"),
    # A share of 0.95 that are multiples is enough.
    [(0, 8), (5, 8), (6, 1)],
)
def test_step_is_what_95_of_100_samples_are_multiples_of(odd, step):
    seen = np.arange(100) * 16 + 8
    seen[:odd] += 1
    assert forward.step_of(seen, 16) == step


def test_step_of_zeros_is_the_highest_that_the_format_has():
    assert forward.step_of(np.zeros(9, np.int64), 16) == 1 << 15


@pytest.mark.parametrize(("met", "high"), [(19, 32767), (20, 200)])
def test_rail_is_where_more_samples_meet_than_chance_makes(met, high):
    # Chance: 4 / 401 of the values between the rails, and 10 of 1000 samples: 0.01998.
    seen = np.arange(1000) % 350 - 175
    seen[0], seen[1 : 1 + met] = -200, 200
    assert forward.rails_of(seen, 16) == (-32768, high, met / 1000 if met == 20 else 0.0)


def test_rails_on_both_sides_count_together():
    seen = np.arange(-500, 500)
    seen[:40], seen[-60:] = -600, 700
    assert forward.rails_of(seen, 16) == (-600, 700, 0.1)
    assert forward.rails_of(seen[:-60], 16)[:2] == (-600, 32767)


@pytest.mark.parametrize(("share", "off", "ruled"), [
    (FEWEST - 0.01, 100, False), (FEWEST, 100, True), (RULE_SHARE - 0.01, 3, False), (RULE_SHARE, 3, False),
    (RULE_SHARE, 100, True), (RULE_SHARE - 0.01, 4, True),
])  # fmt: skip
def test_rule_holds_where_the_other_samples_are_far_off(share, off, ruled):
    seen = np.arange(1000)
    seen[:300] += off
    assert forward._ruled(one(share=share), seen, due_of(np.arange(1000))) is ruled


@pytest.mark.parametrize(("near", "ruled"), [(0, True), (29, True), (30, False), (40, False)])
def test_rule_of_few_samples_holds_where_under_a_tenth_of_the_others_is_near(near, ruled):
    seen = np.arange(1000)
    seen[:300] += 2 * 50
    seen[:near] -= 2 * 49 - 4
    found = one(share=0.5, step=2)
    assert forward._ruled(found, seen // 2 * 2, due_of(np.arange(1000) // 2 * 2)) is ruled


@pytest.mark.parametrize(
    ("wrong", "near", "dithered"),
    [(49, 49, False), (50, 50, True), (50, 45, False), (50, 46, True), (300, 300, True), (300, 0, False)],
)
def test_dither_moves_nearly_all_wrong_samples_by_three_steps_at_most(wrong, near, dithered):
    seen = np.arange(1000) * 2
    seen[:wrong] += 8
    seen[:near] -= 2
    assert forward._dithered(one(step=2), seen, due_of(np.arange(1000) * 2)) is dithered


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("step", [1, 2])
def test_cut_counts_samples_that_the_path_itself_puts_at_a_rail(side, step):
    found = one(low=-100, high=100, step=step)
    most = MOST_MET * step
    for count, share in ((most, 0.0), (most + 1, (most + 1) / 1000)):
        due = np.zeros(1000)
        due[:count] = 100 - step
        # Those that damage put there lie elsewhere.
        due[count : count + 50] = 100 - 2 * step - 1
        seen = due.copy()
        seen[: count + 50] = 100
        assert forward._cut(found, (side * seen).astype(int), due_of(side * due)) == share


@pytest.mark.parametrize(
    ("found", "off", "slack"),
    [
        (one(0.5, step=4), 4, 4),
        (one(0.5, step=4), 5, 0),
        (one(0.5, step=1), 0, 0),
        (one(0.7, step=4), 4, 1),
        (one(0.7, step=1), 1, 0),
        (one(0.5, step=1, rule="float32"), 1, 0),
        (one(0.5, step=2, rule="float32"), 2, 1),
        (Forward((Term(1, 0, 0.7),)), 0, 3),
        (Forward((Term(1, 0, 0.5),), step=4), 4, 4),
        (Forward((Term(1, 0, 0.5), Term(2, 0, 0.5))), 0, 0),
        (Forward((Term(ODD + 1, 0, 0.5),)), 0, 0),
    ],
)
def test_slack_is_what_the_fit_leaves_open(found, off, slack):
    due = np.tile(np.arange(200.0)[:, None] * 8, (1, len(found.terms)))
    seen = found.values(due)
    seen[:20] += off
    assert forward._slack(found, seen, due, 16) == slack


def test_slack_of_the_high_half_is_for_sixteen_bits_alone():
    found = Forward((Term(1, 0, 0.7),))
    assert forward._slack(found, found.values(due_of(SENT)), due_of(SENT), 24) == 0


@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.parametrize("gain", [0.7003, -0.31])
@pytest.mark.parametrize(
    ("rule", "mean"), [("round", 0.0), ("floor", -0.5), ("truncate", 0.0), ("half up", 0.0)]
)
def test_refined_path_has_whole_steps_of_offset_and_gives_every_sample(rule, mean, gain, step):
    true = one(gain, rule=rule, step=step, offset=2.0 * step)
    seen = true.values(due_of(SENT))
    start = one(gain * (1 + 3e-6), rule=rule, step=step)
    found = forward._refined(start, seen, due_of(SENT), Mix(start.terms, 2.2 * step + mean * step))
    assert (found.offset, found.share) == (2.0 * step, 1.0)
    assert found.terms[0].gain == pytest.approx(gain, rel=1e-6)


def test_refined_path_of_a_silent_channel_is_what_was_tried():
    tried = one(0.0)
    assert forward._refined(tried, np.zeros(9, int), due_of(np.arange(9)), Mix()) == tried


@pytest.mark.parametrize("rule", ["round", "floor", "truncate", "half up"])
@pytest.mark.parametrize(("damaged", "number"), [(0, 4), (20, 6), (300, 8)])
def test_candidates_hold_the_factor_that_nearly_all_samples_allow(rule, damaged, number):
    true = one(0.637, rule=rule, offset=9)
    seen = true.values(due_of(SENT))
    seen[:damaged] = -seen[:damaged]
    found = forward._candidates(one(0.6371, rule=rule), seen, due_of(SENT), 9.0)
    gains = [terms[0].gain for terms in found]
    assert len(gains) == number
    assert gains[:2] == [0.6371, 0.6371]
    assert gains[-1] == pytest.approx(0.637, abs=(1e-6 if damaged < 300 else 3e-6))


def test_candidates_of_a_factor_near_a_power_of_two_begin_with_it():
    found = forward._candidates(one(0.5 * (1 + 1e-5), rule="float32"), SENT, due_of(SENT), 0.0)
    assert [terms[0].gain for terms in found][:2] == [0.5, 0.5 * (1 + 1e-5)]


@pytest.mark.parametrize(("rule", "seen"), [("round", [-5, 5, 5]), ("truncate", [-5, 0, 5])])
def test_candidates_without_a_sample_that_counts_are_those_that_were_given(rule, seen):
    found = forward._candidates(one(0.7, rule=rule, low=-5, high=5), np.array(seen), due_of([-9, 8, 9]), 0.0)
    assert [terms[0].gain for terms in found] == [0.7, 0.7]


@pytest.mark.parametrize("rule", ["round", "floor", "truncate"])
def test_factors_of_a_sum_are_those_of_all_samples_that_are_no_damage(rule):
    due = np.random.default_rng(5).integers(-20000, 20000, (4000, 2)).astype(float)
    true = Forward((Term(0, 0, 0.5113), Term(1, 7, -0.3)), rule=rule, offset=100, step=2)
    seen = true.values(due)
    seen[:300] = 31000
    start = replace(true, terms=(Term(0, 0, 0.5114), Term(1, 7, -0.30005)))
    (found,) = forward._fit(start, seen, due, 100.0)
    assert [term.gain for term in found] == pytest.approx([0.5113, -0.3], abs=6e-6)
    assert [(term.source, term.delay) for term in found] == [(0, 0), (1, 7)]
    assert forward._candidates(start, seen, due, 100.0) == [start.terms, start.terms, found]


@pytest.mark.parametrize(("frames", "found"), [(8, 0), (9, 1)])
def test_factors_of_a_sum_need_more_than_four_samples_each(frames, found):
    due = np.random.default_rng(6).integers(-900, 900, (frames + 2, 2)).astype(float)
    true = Forward((Term(0, 0, 0.5), Term(1, 0, 0.25)), low=-2000, high=2000)
    seen = true.values(due)
    seen[-2:] = -2000, 2000
    assert len(forward._fit(true, seen, due, 0.0)) == found


@pytest.mark.parametrize(
    ("gain", "snapped"),
    [
        (0.0, 0.0), (1 + 1.9e-5, 1.0), (1 + 2.1e-5, 1 + 2.1e-5), (-0.25 * (1 - 1.9e-5), -0.25), (3.0, 3.0),
        (-0.25 * (1 - 2.1e-5), -0.25 * (1 - 2.1e-5)),
    ],
)  # fmt: skip
def test_factor_near_a_power_of_two_is_that(gain, snapped):
    assert forward._snapped(gain) == snapped


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("most", [1, 2, 8, 9])
def test_loose_path_tells_how_far_off_nearly_all_samples_are(most, step):
    seen = np.arange(1000) * 16 + 3
    seen[:995:2] += most * step
    # A farther few are damage.
    seen[995:] += 2000
    found = forward._loose(one(step=step, offset=3.3), seen, due_of(np.arange(1000) * 16))
    assert found.offset == 3.0
    assert (found.off, found.share) == ((most * step, 0.995) if most < 9 else (0, 0.497))


@pytest.mark.parametrize(("far", "off"), [(300, 2), (301, 0)])
def test_loose_path_beside_damage_is_known_where_two_steps_more_change_nothing(far, off):
    seen = np.arange(1000) * 16
    seen[::2] += 2
    seen[:far] += 2000
    assert forward._loose(one(), seen, due_of(np.arange(1000) * 16)).off == off


def test_loose_path_is_not_taken_while_two_steps_more_hold_many():
    seen = np.arange(1000) * 16
    seen[:100] += 2
    assert forward._loose(one(), seen, due_of(np.arange(1000) * 16)).off == 2


@pytest.mark.parametrize("rule", ["round", "floor", "truncate", "half up"])
def test_fitted_path_is_the_one_that_made_the_samples(rule):
    true = one(0.7, rule=rule, offset=50)
    seen = true.values(due_of(SENT))
    mean = float(np.mean(seen - 0.7 * SENT))
    found = forward.fitted(seen, due_of(SENT), Mix((Term(0, 0, 0.70001),), mean), 16)
    assert (found.rule, found.offset, found.share) == (rule, 50.0, 1.0) or rule == "half up"
    assert (found.clipped, found.off, found.slack, found.step) == (0.0, 0, 0, 1)
    assert found.values(due_of(SENT)).tolist() == seen.tolist()


def test_fitted_path_of_a_mantissa_is_float32_where_the_format_is_wide():
    wide = np.random.default_rng(9).integers(-(1 << 31), 1 << 31, 4000)
    seen = wide.astype(np.float32).astype(np.int64).clip(-(1 << 31), (1 << 31) - 1)
    assert forward.fitted(seen, due_of(wide), Mix(PLAIN), 32).rule == "float32"


def test_fitted_path_that_saturates_says_how_much():
    seen = np.clip(2 * SENT, -32768, 32767)
    found = forward.fitted(seen, due_of(SENT), Mix((Term(0, 0, 2.0),)), 16)
    assert found.clipped == float((np.abs(SENT * 2.0) >= 32767).mean())
    assert (found.low, found.high) == (-32768, 32767)


def test_fitted_path_under_dither_is_told_by_how_far_it_is_off():
    drawn = np.random.default_rng(4).random((2, len(SENT)))
    seen = np.rint(0.8 * SENT + drawn[0] - drawn[1]).astype(int)
    found = forward.fitted(seen, due_of(SENT), Mix((Term(0, 0, 0.8),), 0.0), 16)
    assert (found.off, found.clipped, found.known) == (1, None, True)


def test_fitted_path_is_plain_rounding_where_another_rule_leaves_as_much():
    drawn = np.random.default_rng(4).integers(-1, 2, len(SENT))
    found = forward.fitted(SENT + drawn, due_of(SENT), Mix(PLAIN, -0.5), 24)
    assert (found.rule, found.off, found.share) == ("round", 1, 1.0)


def test_fitted_path_is_the_rule_whose_others_are_nearest():
    # Noise of three steps around the floor of a half, which plain rounding misses by one more.
    drawn = np.random.default_rng(4).integers(-2, 4, len(SENT))
    seen = np.floor(0.5 * SENT).astype(int) + drawn
    found = forward.fitted(seen, due_of(SENT), Mix((Term(0, 0, 0.5),), 0.4), 24)
    off = np.abs(found.values(due_of(SENT)) - seen)
    assert (found.off, found.share, found.known) == (int(off.max()), 1.0, True)
    assert found.off == 3


def test_fitted_path_of_a_step_ignores_zeros():
    seen = np.rint(SENT / 64).astype(int) * 64
    seen[::2] = 0
    assert forward.fitted(seen, due_of(SENT), Mix(PLAIN), 16).step == 64
    assert forward.fitted(np.zeros(50, int), due_of(np.arange(50)), Mix(PLAIN), 16).step == 1
