# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path import bitmap
from stress.detect.path.bitmap import BitMap, Inverse, planes, wiring
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
COUNT, FRAMES = 32, 2048


def sent(frames=FRAMES, before=0):
    """Bits of the frames from position 1000 on, (frames, 32)."""
    return planes(PATTERN.bytes_at(1000 - before, frames), 4).copy()


def seen_as(bits):
    """The wiring of captured bits."""
    return wiring(np.packbits(bits, axis=1, bitorder="little").reshape(-1), 1000, PATTERN)


def test_planes_are_the_bits_of_frames_from_the_lowest_on():
    assert planes(np.array([1, 128, 3, 0], np.uint8), 2).tolist() == [
        [1, *[0] * 14, 1],
        [1, 1, *[0] * 14],
    ]


def test_wiring_of_an_untouched_capture_is_straight():
    found = seen_as(sent())
    assert found.source.tolist() == list(range(COUNT))
    assert not found.frame.any() and not found.inverted.any() and (found.constant == -1).all()
    assert (found.level, found.wired) == (1.0, 1.0)


def test_wiring_compares_some_frames_alone():
    bits = sent(FRAMES + 500)
    bits[FRAMES:] = 0
    assert seen_as(bits).level == 1.0
    assert seen_as(sent(300)).source.tolist() == list(range(COUNT))


@pytest.mark.parametrize(("bit", "value"), [(0, 0), (13, 1), (31, 0)])
def test_bit_that_never_changes_is_constant(bit, value):
    bits = sent()
    bits[:, bit] = value
    found = seen_as(bits)
    assert (found.source[bit], found.constant[bit], found.inverted[bit]) == (-1, value, False)
    assert int((found.constant >= 0).sum()) == 1
    assert found.wired == 1.0


@pytest.mark.parametrize(("changes", "value"), [(30, 1), (31, -1)])
def test_bit_is_constant_while_its_mean_is_beyond_the_limit(changes, value):
    bits = sent()
    bits[:, 5] = 1
    bits[:changes, 5] = 0
    found = seen_as(bits)
    assert (found.constant[5], found.source[5]) == (value, -1)
    assert found.wired == (1.0 if value == 1 else 31 / 32)


def test_inverted_bit_is_told_as_such():
    bits = sent()
    bits[:, 9] ^= 1
    found = seen_as(bits)
    assert (found.source[9], found.frame[9], found.inverted[9]) == (9, 0, True)
    assert int(found.inverted.sum()) == 1


@pytest.mark.parametrize(("wrong", "known"), [(170, True), (172, False)])
def test_bit_is_its_own_while_it_agrees_in_enough_frames(wrong, known):
    bits = sent()
    bits[:wrong, 3] ^= 1
    found = seen_as(bits)
    assert int(found.source[3]) == (3 if known else -1)
    # Its own place counts 2 % more.
    agreed = (31 + 1.02 * (1 - 2 * wrong / FRAMES)) / 32 if known else 1.0
    assert found.level == pytest.approx(agreed, abs=1e-6)


def test_exchanged_bits_are_found_where_they_went():
    bits = sent()
    bits[:, [2, 20]] = bits[:, [20, 2]]
    found = seen_as(bits)
    assert (found.source[2], found.source[20]) == (20, 2)
    assert np.delete(found.source, [2, 20]).tolist() == [n for n in range(COUNT) if n not in (2, 20)]


@pytest.mark.parametrize("moved", [1, 5, 16, 31, -1, -3, -24])
def test_stream_that_is_moved_names_bit_and_frame_of_each(moved):
    # Captured bit n is bit n - moved of the stream; bits before the first of a frame are of the one before.
    stream = sent(FRAMES + 2, before=1).reshape(-1)
    bits = stream[COUNT - moved : COUNT - moved + COUNT * FRAMES].reshape(-1, COUNT)
    found = seen_as(bits)
    place = np.arange(COUNT) - moved
    assert found.source.tolist() == (place % COUNT).tolist()
    assert found.frame.tolist() == (-(place // COUNT)).tolist()
    assert not found.inverted.any()


def test_moves_are_those_that_explain_most_bits():
    own = np.arange(10)
    agree = np.zeros((10, 3, 10), np.float32)
    for seen in range(8):
        agree[seen, 0, (seen - 1) % 10 if seen else 9] = 0.9
    agree[0, 0, 9] = 0
    agree[0, 2, 9] = 0.9
    assert bitmap._moved(agree, own).tolist() == [29, *range(9)]
    agree[7, 0, 6] = 0.8
    assert bitmap._moved(agree, own) is None
    assert bitmap._moved(np.zeros((10, 3, 10), np.float32), own) is None


def test_least_of_moves_that_explain_as_many_is_taken():
    own = np.arange(10)
    agree = np.zeros((10, 3, 10), np.float32)
    for seen in range(10):
        for move in (-2, 1):
            place = seen - move
            agree[seen, (0, 2, 1)[-(place // 10) if place // 10 else 0], place % 10] = 0.0
        agree[seen, 0, (seen - 1) % 10] = 0.9 if seen else 0.0
        agree[seen, 0, (seen + 2) % 10] = 0.9 if seen < 8 else 0.0
    agree[0, 2, 9] = agree[8, 1, 0] = agree[9, 1, 1] = 0.9
    assert bitmap._moved(agree, own).tolist() == [29, *range(9)]


def test_move_by_more_than_a_frame_leaves_bits_that_it_cannot_name():
    own = np.arange(10)
    agree = np.zeros((10, 3, 10), np.float32)
    agree[own, 2, own] = 0.9
    agree[9, 2, 9] = agree[8, 2, 8] = 0
    # Moved by a frame: each bit is that of the frame before.
    assert bitmap._moved(agree, own).tolist() == (20 + own).tolist()


def test_inverse_puts_each_bit_back_from_its_frame():
    rng = np.random.default_rng(4)
    source = np.full(COUNT, -1)
    source[[0, 3, 7, 20, 30]] = 5, 0, 31, 5, 12
    frame, inverted = np.zeros(COUNT, int), np.zeros(COUNT, bool)
    frame[[3, 7, 20]] = 1, -1, 1
    inverted[[7, 30]] = True
    inverse = Inverse(BitMap(source, frame, inverted, np.full(COUNT, -1)), PATTERN)
    assert np.flatnonzero(inverse.carried).tolist() == [0, 5, 12, 31]
    assert inverse.mask().tolist() == [1 << 0 | 1 << 5, 1 << 4, 0, 1 << 7]
    raw, due = rng.integers(0, 256, 4 * 9, dtype=np.uint8), rng.integers(0, 256, 4 * 7, dtype=np.uint8)
    bits, expected = planes(raw, 4), planes(due, 4).copy()
    for n in range(7):
        # The lowest captured bit of those that carry the same one counts.
        expected[n, 5] = bits[n + 1, 0]
        expected[n, 0] = bits[n + 2, 3]
        expected[n, 31] = bits[n, 7] ^ 1
        expected[n, 12] = bits[n + 1, 30] ^ 1
    assert planes(inverse.frames(raw, due), 4).tolist() == expected.tolist()


def test_inverse_takes_a_wiring_back_to_what_was_sent():
    stream = sent(202, before=1).reshape(-1)
    bits = stream[COUNT - 5 : COUNT - 5 + COUNT * 200].reshape(-1, COUNT)
    raw = np.packbits(bits, axis=1, bitorder="little").reshape(-1)
    inverse = Inverse(wiring(raw, 1000, PATTERN), PATTERN)
    back = inverse.frames(raw, np.zeros(4 * 198, np.uint8))
    assert back.tolist() == PATTERN.bytes_at(1001, 198).tolist()
    assert inverse.mask().tolist() == [255] * 4
