# SPDX-License-Identifier: MIT
from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import assembled
from stress.detect.path.assembled import MOST_CLIPPED, arithmetic_path, bent_path, idle_of, level_by_low_notes
from stress.detect.path.attribute import Mix, Term
from stress.detect.path.filters import Response
from stress.detect.path.forward import Forward
from stress.detect.path.sources import ODD, Sources
from stress.model.formats import FORMATS
from stress.model.path import Path

S16, S24 = FORMATS["S16_LE"], FORMATS["S24_3LE"]
LEFT, RIGHT = Term(0, 0, 1.0), Term(1, 0, 1.0)
SEEN = np.stack([np.arange(-500, 500)] * 3, axis=1) * 30


def made(*forwards, fmt=S16, idle=None, first=0):
    """The path of what was fitted to each channel."""
    terms = [one.terms for one in forwards]
    seen = SEEN[:, : len(forwards)]
    return arithmetic_path(forwards, terms, fmt, seen, idle or [""] * len(forwards), first)


def of(*terms, **more):
    """What was fitted to a channel that clips nowhere."""
    return Forward(terms, **{"clipped": 0.0, **more})


@pytest.mark.parametrize(
    ("seen", "idle"),
    [
        (np.zeros(1000, int), "silent"),
        (np.where(np.arange(1000) < 991, 7, 9), "constant"),
        (np.where(np.arange(1000) < 990, 7, 9), "other"),
    ],
)
def test_idle_channel_is_silent_constant_or_other(seen, idle):
    assert idle_of(seen) == idle


@pytest.mark.parametrize(
    ("delays", "channels", "since"),
    [
        ((3, 7, 5), (0, 1, 2), (0, 4, 2)),
        ((-3, 1), (0, 1), (0, 4)),
        ((1, 7, 5), (None, 1, 2), (0, 2, 0)),
        ((4, 9), (None, None), (0, 0)),
    ],
)
def test_delays_count_from_the_earliest_channel_with_the_pattern(delays, channels, since):
    assert assembled.since(delays, channels) == since


def test_path_of_untouched_channels_is_exact():
    assert made(of(LEFT), of(RIGHT)) == replace(Path.bit_exact(2, 16), clipped=(0.0, 0.0), idle=("", ""))
    assert made(of(replace(LEFT, delay=3)), of(replace(RIGHT, delay=3))).exact


@pytest.mark.parametrize(
    "forwards",
    [
        (of(RIGHT), of(LEFT)),
        (of(replace(LEFT, gain=0.9)), of(RIGHT)),
        (of(replace(LEFT, gain=-1.0)), of(RIGHT)),
        (of(LEFT, offset=1.0), of(RIGHT)),
        (of(LEFT), of(RIGHT, clipped=0.01)),
        (of(LEFT), of(replace(RIGHT, delay=1))),
        (of(LEFT), of(RIGHT, off=1)),
        (of(LEFT), of(RIGHT, step=2)),
        (of(LEFT, rule="float32"), of(RIGHT)),
        (of(LEFT), of()),
        (of(LEFT), of(Term(ODD, 0, 1.0))),
        (of(LEFT), of(RIGHT), of(Term(2, 0, 1.0))),
    ],
)
def test_path_that_differs_in_anything_is_not_exact(forwards):
    assert not made(*forwards).exact


def test_odd_last_channel_of_its_own_words_is_exact():
    path = made(of(LEFT), of(RIGHT), of(Term(ODD + 1, 0, 1.0)))
    assert path.exact
    assert (path.channels, path.notes) == ((0, 1, 2), ())


def test_path_tells_what_was_fitted_to_each_channel():
    path = made(
        of(Term(1, 9, -0.5), offset=-3.4),
        of(offset=8.0),
        of(Term(2, 4, 0.25), off=1),
        idle=["", "constant", ""],
        first=77,
    )
    assert path == Path(
        exact=False,
        channels=(1, None, 2),
        polarity=(-1, 1, 1),
        gain_db=(-6.0206, None, -12.0412),
        offset=(-3, 0, 0),
        bits=(15, 0, 13),
        delay_frames=(5, 0, 0),
        from_frame=77,
        clipped=(0.0, 0.0, 0.0),
        idle=("", "constant", ""),
        notes=("channel 3 of a pattern of 4 channels", "samples are off by at most 1 LSB (dither)"),
        source_bits=16,
    )


def test_sum_is_told_by_its_channels_its_loudest_part_and_its_least_delay():
    path = made(of(Term(1, 7, 0.25), Term(0, 3, -0.5)), of(RIGHT))
    assert path.channels == ((0, 1), 1)
    assert path.gain_db == (-6.0206, 0.0)
    assert path.delay_frames == (3, 0)
    assert path.notes == ("left is -6.02 dB inverted of left and -12.04 dB of right",)


@pytest.mark.parametrize(("second", "noted"), [(0.5, 0), (0.5001, 0), (0.51, 1), (-0.5, 1)])
def test_sum_of_parts_that_are_alike_needs_no_words(second, noted):
    assert len(made(of(Term(0, 0, 0.5), Term(1, 0, second)), of(RIGHT)).notes) == noted


@pytest.mark.parametrize(
    ("clipped", "off", "step", "invertible"),
    [
        (MOST_CLIPPED - 1e-4, 0, 1, True), (MOST_CLIPPED, 0, 1, False), (0.0, 1, 1, True), (0.0, 2, 1, False),
        (0.0, 4, 4, True), (0.0, 8, 4, False),
    ],
)  # fmt: skip
def test_path_can_be_taken_off_unless_it_clips_or_dithers_too_much(clipped, off, step, invertible):
    assert made(of(LEFT), of(RIGHT, clipped=clipped, off=off, step=step)).invertible is invertible


def test_clipping_that_was_not_fitted_is_told_by_the_rails():
    seen = np.clip(SEEN[:, :1], -15000, 14000)
    low, high = float((seen == -15000).mean()), float((seen == 14000).mean())
    path = arithmetic_path([Forward((LEFT,))], [(LEFT,)], S16, seen, [""], 0)
    assert high > MOST_CLIPPED
    assert path.clipped == (round(high if low < 0.02 else low + high, 4),)
    assert arithmetic_path([Forward()], [()], S16, seen, ["other"], 0).clipped == (0.0,)


@pytest.mark.parametrize(
    ("forward", "fmt", "notes"),
    [
        (of(LEFT, rule="float32"), S24, ("every sample is rounded to the 24 bits of a float32",)),
        (of(LEFT, off=16, step=16), S24, ("every sample is rounded to 20 bits, with dither",)),
        (of(LEFT, off=3), S24, ("samples are off by at most 3 LSB (dither)",)),
        (of(LEFT, step=256, rule="floor"), S24, ("every sample is cut to 16 bits",)),
        (of(LEFT, step=256, rule="truncate"), S24, ("every sample is cut to 16 bits",)),
        (of(LEFT, step=2, rule="round"), S16, ("every sample is rounded to 15 bits",)),
        (of(LEFT), S16, ()),
        (of(off=3, step=2), S16, ()),
    ],
)
def test_rounding_is_told_in_a_sentence(forward, fmt, notes):
    path = made(forward, of(RIGHT, clipped=0.1), fmt=fmt)
    assert path.notes == notes
    assert path.encoding == ("float32" if forward.rule == "float32" else "")


@pytest.mark.parametrize(
    ("source", "notes"),
    [
        (0, ("left of a pattern of 2 channels",)),
        (1, ("right of a pattern of 2 channels",)),
        (2, ("channel 3 of a pattern of 4 channels",)),
        (7, ("channel 8 of a pattern of 8 channels",)),
        (ODD, ()),
    ],
)
def test_one_channel_of_a_wider_pattern_is_told(source, notes):
    assert made(of(Term(source, 0, 1.0))).notes == notes


def test_channel_of_a_wider_pattern_is_told_of_odd_captures_and_single_terms_alone():
    assert made(of(LEFT), of(RIGHT)).notes == ()
    assert made(of(Term(0, 0, 0.5), Term(1, 0, 0.5))).notes == ()


@pytest.mark.parametrize(
    ("forward", "gain", "bits", "carried"),
    [
        (Forward(), 1.0, 16, 16),
        (Forward(), 2.0, 16, 16),
        (Forward(), 0.5, 16, 15),
        (Forward(), 0.49, 16, 14),
        (Forward(), 0.5 * (1 - 1e-8), 16, 15),
        (Forward(), 0.5 * (1 - 1e-5), 16, 14),
        (Forward(step=256), 1 - 1e-3, 24, 16),
        (Forward(step=256), 1 - 3e-3, 24, 15),
        (Forward(step=4, off=4), 1.0, 16, 13),
        (Forward(off=3), 1.0, 16, 14),
        (Forward(), 1e-9, 16, 1),
    ],
)
def test_bits_that_arrive_are_what_gain_rounding_and_dither_leave(forward, gain, bits, carried):
    assert assembled._bits(forward, gain, bits) == carried


@pytest.mark.parametrize(
    ("gain", "level"),
    [(1.0, 0.0), (1 - 1e-6, 0.0), (1 + 2e-5, 2e-4), (0.5, -6.0206), (0.0, -240.0), (1e-13, -240.0)],
)
def test_level_in_decibels_is_zero_where_it_is_nearly_that(gain, level):
    assert assembled._db(gain) == level


def test_strong_terms_have_half_the_level_of_the_strongest():
    terms = [Term(0, 0, -1.0), Term(1, 0, 0.5), Term(2, 0, 0.49), Term(3, 0, -0.5)]
    assert assembled.strong(terms) == (terms[0], terms[1], terms[3])
    assert assembled.strong([Term(0, 0, 0.0)]) == ()
    assert assembled.strong([]) == ()


def test_shares_are_gains_against_the_strongest():
    assert assembled.shares([Term(0, 0, -2.0), Term(1, 0, 0.5)]).tolist() == [-1.0, 0.25]
    assert assembled.shares([Term(0, 0, 0.0)]).tolist() == [0.0]


def test_own_terms_are_strong_and_of_channels_that_were_played():
    mix = Mix((Term(0, 5, 1.0), Term(2, 5, 1.0), Term(1, -4, 0.7), Term(1, 9, 0.1), Term(ODD, 3, 0.6)))
    assert assembled.own(mix, 2) == (Term(0, 0, 1.0), Term(1, 0, 0.7), Term(ODD, 0, 0.6))
    assert assembled.own(mix, 2, delayed=True) == (Term(0, 5, 1.0), Term(1, -4, 0.7), Term(ODD, 3, 0.6))


FILTER = Response(True, 0.5, "a filter", 0.004)
BETTER = Response(True, 1.0, "a better fit", 0.002)
NOISE = Response(False, 0.9, "noise", 0.001)
STEREO = Path.bit_exact(2, 16)
MIXES = [Mix((LEFT,)), Mix((RIGHT,))]


@pytest.mark.parametrize(
    ("heard", "gains", "notes", "encoding"),
    [
        ((FILTER, BETTER), (-6.0206, 0.0), ("a better fit",), "filtered"),
        ((FILTER, NOISE), (-6.0206, None), ("a filter",), "filtered"),
        ((NOISE, replace(NOISE, left=0.1, text="worse")), (0.0, 0.0), ("noise",), "noisy"),
        ((None, FILTER), (0.0, -6.0206), ("a filter",), "filtered"),
        ((None, None), (0.0, 0.0), (), "noisy"),
    ],
)
def test_bent_path_is_told_by_the_channel_that_shows_it_best(heard, gains, notes, encoding):
    path = bent_path(STEREO, heard, MIXES)
    assert (path.gain_db, path.notes, path.encoding) == (gains, notes, encoding)
    assert (path.exact, path.invertible) == (False, False)


def test_bent_path_has_no_clipping_and_no_constant_by_chance():
    path = bent_path(
        replace(STEREO, clipped=(MOST_CLIPPED, MOST_CLIPPED - 0.001), offset=(-656, 655)),
        [NOISE, NOISE],
        MIXES,
    )
    assert path.clipped == (MOST_CLIPPED, 0.0)
    assert path.offset == (-656, 0)


def test_path_by_lines_tells_channels_and_nothing_else():
    path = assembled.path_by_lines([1, None], ["", "silent"], S24, 5)
    assert path == Path(
        exact=False, channels=(1, None), polarity=(1, 1), gain_db=(None, None), offset=(0, 0), bits=(24, 24),
        delay_frames=(0, 0), from_frame=5, idle=("", "silent"), source_bits=24,
    )  # fmt: skip


def test_path_at_another_rate_is_neither_exact_nor_taken_off():
    assert assembled.with_ratio(STEREO, 0.91875000049) == replace(
        STEREO, exact=False, invertible=False, rate_ratio=0.91875
    )


def test_level_by_low_notes_ignores_what_a_converter_does_to_high_ones():
    known = Sources("mix1", S16)
    due = known.block(500, 4096, [0, 1]).astype(float)
    # A gentle low pass of gain 1 on the right, and a constant.
    old = 0.5 * due[:, 0] - 0.25 * np.convolve(due[:, 1], [0.25, 0.5, 0.25])[1:-1] + 1000
    found = level_by_low_notes((LEFT, replace(RIGHT, gain=0.7)), old, known, 500)
    assert [term.gain for term in found] == pytest.approx([0.5, -0.25], rel=5e-3)
    assert [(term.source, term.delay) for term in found] == [(0, 0), (1, 0)]


def test_level_by_low_notes_of_a_short_piece_uses_six_of_them():
    known = Sources("mix1", S16)
    due = known.block(497, 100, [0])[:, 0].astype(float)
    found = level_by_low_notes((Term(0, 3, 1.0),), -0.3 * due, known, 500)
    assert found == (Term(0, 3, pytest.approx(-0.3)),)
