# SPDX-License-Identifier: MIT
from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import model as module
from stress.detect.path.attribute import Term
from stress.detect.path.bitmap import planes, wiring
from stress.detect.path.estimated import Estimate
from stress.detect.path.forward import Forward
from stress.detect.path.model import Arithmetic, Wired, model_of, packed
from stress.detect.path.sources import ODD, numbers
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.patterns.word import Pattern

STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)
LEFT, RIGHT = Term(0, 0, 0.5), Term(1, 0, 0.5)


def known(*forwards, pattern=STEREO, bits=None, encoding=""):
    """The model of what was fitted to each channel."""
    n = len(forwards)
    path = replace(Path.bit_exact(n, 16), bits=bits or (15,) * n)
    return Arithmetic(Estimate(path, 0, tuple(forwards), encoding=encoding), pattern)


def of(*terms, **more):
    """What was fitted to a channel."""
    return Forward(terms, **more)


def sent(positions, channels=2):
    """Samples of any positions, (n, channels) int64."""
    pattern = Pattern("mix1", FORMATS["S16_LE"], channels)
    image = pattern.image((np.asarray(positions) % (1 << 32)).astype(np.uint32))
    return numbers(image.reshape(-1), pattern.fmt, channels)


@pytest.mark.parametrize(
    ("forwards", "channels"),
    [
        ((of(LEFT), of(RIGHT)), 2),
        ((of(LEFT), of(LEFT)), 2),
        ((of(Term(0, 0, 1.0)), of(Term(4, 0, 1.0))), 5),
        ((of(Term(0, 0, 1.0)), of(Term(ODD + 1, 0, 1.0))), 3),
        ((of(Term(0, 0, 1.0)), of()), 2),
    ],
)
def test_pattern_that_was_sent_holds_all_channels_that_arrive(forwards, channels):
    assert known(*forwards).sent.channels == channels


@pytest.mark.parametrize(("source", "channels"), [(0, 2), (1, 2), (2, 4), (3, 4), (ODD, 1)])
def test_one_captured_channel_is_of_a_pattern_of_pairs_or_of_its_own_words(source, channels):
    mono = Pattern("mix1", FORMATS["S16_LE"], 1)
    assert known(of(Term(source, 0, 1.0)), pattern=mono).sent.channels == channels


@pytest.mark.parametrize(
    ("delays", "ahead", "behind"),
    [((0, 0), 0, 0), ((0, 5), 5, 0), ((-3, 0), 0, 3), ((-3, 5), 5, 3), ((4, 6), 6, 0)],
)
def test_frames_beside_a_frame_are_those_of_the_delays(delays, ahead, behind):
    one = known(of(replace(LEFT, delay=delays[0])), of(replace(RIGHT, delay=delays[1])))
    assert (one.ahead, one.behind) == (ahead, behind)
    n = 10
    raw = np.arange((behind + n + ahead) * 2).reshape(-1, 2)
    seen = one.seen(packed(raw, STEREO).reshape(-1))
    expected = np.stack([raw[behind + late : behind + late + n, c] for c, late in enumerate(delays)], 1)
    assert seen.tolist() == expected.tolist()


def test_sum_is_as_late_as_its_earliest_part():
    one = known(of(replace(LEFT, delay=7), replace(RIGHT, delay=3)), of(RIGHT))
    assert (one.ahead, one.behind) == (3, 0)
    positions = np.array([50, 900, 51])
    made = one.made(positions)
    left, right = sent(positions - 4)[:, 0], sent(positions)[:, 1]
    assert made.tolist() == np.stack([0.5 * left + 0.5 * right, 0.5 * right], 1).tolist()


@pytest.mark.parametrize(
    "positions",
    [np.arange(70, 90), np.array([5, 7, 9, 8]), np.array([3]), np.array([], int), np.array([5, 5, 7])],
)
def test_made_numbers_are_factors_times_what_was_sent(positions):
    one = known(of(LEFT), of(Term(1, 0, -0.25)))
    assert one.made(positions).tolist() == (sent(positions) * [0.5, -0.25]).tolist()


def test_made_numbers_of_a_run_go_round_the_end_of_positions():
    one = known(of(LEFT), of(RIGHT))
    run = np.arange(-3, 5)
    assert one.made(run).tolist() == (sent(run) * 0.5).tolist()
    assert one.made(run + (1 << 32)).tolist() == one.made(run).tolist()


def test_made_numbers_of_words_that_take_two_frames():
    mono = Pattern("mix1", FORMATS["S16_LE"], 1)
    one = known(of(Term(ODD, 0, 0.5)), pattern=mono)
    assert one.made(np.arange(9))[:, 0].tolist() == (sent(np.arange(9), 1)[:, 0] * 0.5).tolist()


def test_channel_without_the_pattern_is_left_out():
    one = known(of(), of(RIGHT))
    raw = packed(np.array([[1, 2], [3, 4]]), STEREO).reshape(-1)
    assert one.seen(raw).tolist() == [[2], [4]]
    assert one.made(np.arange(4)).shape == (4, 1)


def test_bits_of_a_frame_count_each_source_once():
    assert known(of(LEFT), of(RIGHT), bits=(15, 12)).bits == 27
    assert known(of(LEFT), of(LEFT), bits=(15, 12)).bits == 12
    assert known(of(), of(RIGHT), bits=(0, 12)).bits == 12


def test_frames_are_the_same_where_every_channel_is_within_its_rounding():
    one = known(of(LEFT, offset=10.0), of(RIGHT))
    made = np.array([[100.0, 7.5], [100.5, 7.5], [0.0, 0.0]])
    seen = np.array([[110, 8], [110, 7], [10, 1]])
    assert one.same(seen, made).tolist() == [True, True, False]
    assert one.same(np.array([110, 8]), made).tolist() == [True, True, False]


@pytest.mark.parametrize(("source", "slack"), [(0, 1), (ODD, 1), (1, 3)])
def test_high_half_alone_leaves_more_open(source, slack):
    pattern = Pattern("mix1", FORMATS["S16_LE"], 1)
    one = known(of(Term(source, 0, 0.5), slack=3), pattern=pattern)
    reach = [n for n in range(9) if one.same(np.array([[100 + n]]), np.array([[100.0]]))[0]]
    assert max(reach) == slack


def test_order_finds_a_frame_by_its_first_number():
    one = known(of(LEFT), of(RIGHT))
    made = np.array([[30.0, 1], [10.0, 2], [20.0, 3], [10.2, 4]])
    order = one.ordered(made)
    assert sorted(order.places(one.key(np.array([10, 99]))).tolist()) == [1, 3]
    assert order.places(one.key(np.array([20, 0]))).tolist() == [2]
    assert order.places(25.0).tolist() == []


def test_frames_that_fit_nothing_are_taken_back_through_the_arithmetic():
    one = known(of(LEFT, offset=4.0), of(Term(1, 0, -0.25)))
    positions = np.array([50, 60, 70])
    seen = np.array([[1004, 250], [-20000 + 4, 9000], [4, 0]])
    found = numbers(one.strange(seen, one.made(positions), positions).reshape(-1), STEREO.fmt, 2)
    # Rails of the format; and what is idle behind the path was silence.
    assert found.tolist() == [[2000, -1000], [-32768, -32768], [0, 0]]


def test_frame_of_which_a_bit_is_wrong_is_the_pattern_with_that_bit_flipped():
    one = known(of(Term(0, 0, 0.37)), of(Term(1, 0, 1.0)))
    positions = np.arange(500, 532)
    due = sent(positions)
    bits = np.arange(32) % 16
    flipped = due.copy()
    flipped[:, 0] = ((due[:, 0] & 0xFFFF) ^ (1 << bits)).astype(np.uint16).view(np.uint16)
    flipped[:, 0] = np.where(flipped[:, 0] > 32767, flipped[:, 0] - 65536, flipped[:, 0])
    seen = np.rint(flipped * [0.37, 1.0]).astype(int)
    found = numbers(one.strange(seen, one.made(positions), positions).reshape(-1), STEREO.fmt, 2)
    # Flips of the two lowest bits are within the rounding of a factor of 0.37.
    high = bits > 1
    assert found[high].tolist() == flipped[high].tolist()
    assert np.abs(found[~high, 0] - flipped[~high, 0]).max() <= 3


def test_strange_sum_moves_its_loudest_part():
    one = known(of(Term(0, 0, 0.25), Term(1, 0, -0.5)), of(RIGHT))
    positions = np.array([50, 60])
    due = one.made(positions)
    seen = np.rint(due + [[100, 0], [0, 0]]).astype(int)
    found = numbers(one.strange(seen, due, positions).reshape(-1), STEREO.fmt, 2)
    # The second captured channel is the right one by itself: it is taken back last.
    assert found[:, 0].tolist() == sent(positions)[:, 0].tolist()
    assert np.abs(found[:, 1] - sent(positions)[:, 1]).max() <= 1
    alone = known(of(Term(0, 0, 0.25), Term(1, 0, -0.5)), of())
    moved = numbers(alone.strange(seen[:, :1], due[:, :1], positions).reshape(-1), STEREO.fmt, 2)
    assert moved[0, 1] == pytest.approx(sent([50])[0, 1] - 200, abs=1)
    assert moved[:, 0].tolist() == sent(positions)[:, 0].tolist()


def test_silence_behind_dither_is_silence():
    one = known(of(LEFT, off=2, offset=3.0), of(RIGHT, off=1))
    positions = np.array([50, 51, 52])
    seen = np.array([[5, -1], [1, 1], [6, 0]])
    found = numbers(one.strange(seen, one.made(positions), positions).reshape(-1), STEREO.fmt, 2)
    assert found[:2].tolist() == [[0, 0], [0, 0]]
    assert found[2].any()


@pytest.mark.parametrize(
    ("word", "bits", "value"),
    [(0x7FFF, 16, 32767), (0x8000, 16, -32768), (0x1FFFF, 16, -1), (5, 4, 5), (8, 4, -8)],
)
def test_word_is_signed_by_its_top_bit(word, bits, value):
    assert module._signed(np.array([word]), bits).tolist() == [value]


@pytest.mark.parametrize("name", ["S16_LE", "S24_3LE", "S32_LE"])
def test_packed_samples_are_frames(name):
    pattern = Pattern("mix1", FORMATS[name], 3)
    raw = pattern.bytes_at(9, 5)
    assert packed(numbers(raw, pattern.fmt, 3), pattern).reshape(-1).tolist() == raw.tolist()
    assert packed(np.zeros((0, 3), int), pattern).shape == (0, pattern.frame_bytes)


def wired(way, frames=600):
    """A path that moves bits, and its capture of positions from 1000 on."""
    bits = planes(STEREO.bytes_at(1000, frames), 4).copy()
    raw = np.packbits(way(bits), axis=1, bitorder="little").reshape(-1)
    path = Path.bit_exact(2, 16)
    return Estimate(path, 1000, wires=wiring(raw, 1000, STEREO)), raw


def lost_bit(bits):
    """Two bits exchanged, and one that is always zero."""
    bits[:, [2, 20]] = bits[:, [20, 2]]
    bits[:, 5] = 0
    return bits


def test_wiring_is_a_model_of_bytes():
    found, raw = wired(lost_bit)
    one = model_of(found, STEREO)
    assert isinstance(one, Wired)
    assert (one.ahead, one.behind, one.bits, one.sent) == (1, 1, 31, STEREO)
    seen = one.seen(raw)
    assert seen.shape == (598, 4)
    due = STEREO.bytes_at(1001, 598).reshape(-1, 4) & np.array([0xDF, 255, 255, 255], np.uint8)
    assert seen.tolist() == due.tolist()
    assert one.seen(raw[:40]).tolist() == due[:8].tolist()
    assert one.made(np.arange(1001, 1599)).tolist() == due.tolist()
    assert one.made(np.array([1001 + (1 << 32)])).tolist() == due[:1].tolist()


def test_wired_frames_are_the_same_where_all_bytes_are():
    one = model_of(*wired(lost_bit)[:1], STEREO)
    made = np.array([[1.0, 2, 3, 4], [1, 2, 3, 5]])
    assert one.same(np.array([[1, 2, 3, 4], [1, 2, 3, 4]]), made).tolist() == [True, False]
    assert one.same(np.array([1, 2, 3, 5]), made).tolist() == [False, True]


def test_wired_frames_are_found_by_their_first_bytes():
    one = model_of(*wired(lost_bit)[:1], STEREO)
    made = np.array([[1.0, 2, 3, 4], [1, 2, 3, 5], [0, 2, 3, 4], [1, 2, 3, 4]])
    order = one.ordered(made)
    assert order.places(one.key(np.array([1, 2, 3, 4]))).tolist() == [0, 3]
    assert order.places(one.key(np.array([0, 2, 3, 4]))).tolist() == [2]
    assert order.places(one.key(np.array([9, 9, 9, 9]))).tolist() == []
    assert one.key(np.array([1, 2, 0, 0])) == 513.0


def test_wired_frames_of_many_bytes_have_a_key_of_the_first_six():
    pattern = Pattern("mix1", FORMATS["S16_LE"], 4)
    raw = pattern.bytes_at(1000, 600)
    one = Wired(Estimate(Path.bit_exact(4, 16), 1000, wires=wiring(raw, 1000, pattern)), pattern)
    assert one.key(np.array([1, 0, 0, 0, 0, 2, 7, 7])) == 1 + 2 * 256.0**5
    assert one.ordered(np.array([[1.0, 0, 0, 0, 0, 2, 9, 9]])).places(1 + 2 * 256.0**5).tolist() == [0]


def test_strange_frames_of_a_wiring_keep_the_bits_that_arrived():
    found, _ = wired(lost_bit)
    one = model_of(found, STEREO)
    positions = np.array([1001, 1002])
    image = STEREO.bytes_at(1001, 2).reshape(-1, 4)
    seen = np.array([[0xDF, 1, 2, 3], [0, 0, 0, 0]])
    made = one.strange(seen, one.made(positions), positions)
    assert made.tolist() == [[0xDF | (int(image[0, 0]) & 0x20), 1, 2, 3], [0, 0, 0, 0]]


def test_path_without_a_wiring_is_no_model_of_one():
    estimate = Estimate(Path.bit_exact(2, 16), 0, (of(LEFT), of(RIGHT)))
    assert isinstance(model_of(estimate, STEREO), Arithmetic)
    with pytest.raises(ValueError, match="no wiring"):
        Wired(estimate, STEREO)
