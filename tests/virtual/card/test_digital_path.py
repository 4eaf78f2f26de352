# SPDX-License-Identifier: MIT
"""The digital path of a board, part by part, on samples that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from stress.virtual.card.digital_path import moved, transformed
from stress.virtual.card.path_spec import SHAPES, WORDS, PathSpec

SENT = np.array([[1000, -2000], [300, 400], [-500, 32767], [0x1234, -1]], np.int64)


def _made(**what):
    return transformed(SENT, PathSpec(**what), 16, 1).tolist()


@pytest.mark.parametrize(
    ("what", "arrives"),
    [
        ({"order": "second"}, [[-2000, -2000], [400, 400], [32767, 32767], [-1, -1]]),
        ({"order": "rotated"}, [[-2000, 1000], [400, 300], [32767, -500], [-1, 0x1234]]),
        ({"order": "sum"}, [[-1000, -1000], [700, 700], [32267, 32267], [0x1233, 0x1233]]),
        ({"order": "mono-first"}, [[-500, -2000], [350, 400], [16133, 32767], [0x919, -1]]),
        ({"delay_frames": 2}, [[1000, 0], [300, 0], [-500, -2000], [0x1234, 400]]),
        ({"gains_db": (-20.0,)}, [[100, -2000], [30, 400], [-50, 32767], [466, -1]]),
        ({"inverted_channels": (1,)}, [[1000, 2000], [300, -400], [-500, -32767], [0x1234, 1]]),
        ({"silent_channel": 0}, [[0, -2000], [0, 400], [0, 32767], [0, -1]]),
    ],
)
def test_route_level_and_delay_do_what_they_say(what, arrives):
    assert _made(**what) == arrives


@pytest.mark.parametrize(
    ("words", "by", "arrives"),
    [
        ("bytes-exchanged", 1, 0x3412),
        ("halves-exchanged", 1, 0x3412),
        ("bits-mirrored", 1, 0x2C48),
        ("unsigned", 1, 0x1234 - 0x8000),
        ("ones-complement", 1, -0x1235),
        ("shift-left", 2, 0x48D0),
        ("shift-right", 4, 0x0123),
        ("arithmetic-shift", 4, 0x0123),
        ("bit-always-1", 3, 0x123C),
        ("bit-always-0", 4, 0x1224),
        ("bit-inverted", 0, 0x1235),
        ("bits-exchanged", 2, 0x1238),
    ],
)
def test_words_are_changed_bit_by_bit(words, by, arrives):
    assert _made(words=words, words_by=by)[3][0] == arrives


def test_every_name_of_a_word_changes_samples():
    assert all(_made(words=one, words_by=2) != SENT.tolist() for one in WORDS if one)


def test_stream_is_moved_by_bytes_in_memory_and_by_bits_as_they_are_sent():
    raw = np.array([[0x34, 0x12], [0x78, 0x56]], np.uint8)
    assert moved(raw, PathSpec(bytes_late=1), 2).tolist() == [[0, 0x34], [0x12, 0x78]]
    # 0x1234 0x5678 a bit later: 0x091A 0x2B3C.
    assert moved(raw, PathSpec(bits_late=1), 2).tolist() == [[0x1A, 0x09], [0x3C, 0x2B]]


@pytest.mark.parametrize("shape", [one for one in SHAPES if one])
def test_shape_stays_within_full_scale_and_changes_loud_samples(shape):
    rng = np.random.default_rng(1)
    loud = rng.integers(-32768, 32768, (4000, 2))
    made = transformed(loud, PathSpec(shape=shape), 16, 1)
    assert made.shape == loud.shape and made.min() >= -32768 and made.max() <= 32767
    assert (made != loud).mean() > 0.2


def test_companding_has_as_many_levels_as_eight_bits():
    every = np.arange(-32768, 32768).reshape(-1, 1)
    for shape in ("mu-law", "a-law"):
        made = transformed(every, PathSpec(shape=shape), 16, 1)
        assert 250 <= len(np.unique(made)) <= 257
        assert np.abs(made - every).max() <= 1024


def test_resampler_keeps_a_slow_sine_and_gives_the_frames_asked_for():
    sine = np.rint(10000 * np.sin(np.arange(8000) / 40)).astype(np.int64)[:, None]
    made = transformed(sine, PathSpec(rate_ratio=0.5), 16, 1, 3000)
    due = 10000 * np.sin(np.arange(3000) * 2 / 40)
    assert len(made) == 3000
    assert np.abs(made[200:2800, 0] - due[200:2800]).max() < 20


def test_shaped_noise_has_no_sum_and_dither_is_drawn_by_its_seed():
    rng = np.random.default_rng(2)
    sent = rng.integers(-20000, 20000, (5000, 1))
    shaped = transformed(sent, PathSpec(bits=10, dither="shaped"), 16, 1)
    assert not (shaped % 64).any()
    assert np.abs(np.cumsum(shaped - sent)).max() <= 64
    one, same, other = (transformed(sent, PathSpec(dither="triangular"), 16, seed) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
