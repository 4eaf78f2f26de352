# SPDX-License-Identifier: MIT
"""Layouts of playback and capture: whatever they share is compared, and what they do not is said."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from stress.errors import ConfigError
from stress.model.formats import CARD_FORMATS, FORMATS
from stress.patterns.samples import pack, unpack
from stress.patterns.shared import share
from stress.patterns.word import Pattern

S16, S24, S32 = FORMATS["S16_LE"], FORMATS["S24_3LE"], FORMATS["S32_LE"]
CHANNELS = [(2, 2), (2, 1), (1, 2), (2, 10), (10, 2), (3, 8), (64, 64)]


def _through_a_card(raw, played, captured):
    # Channel by channel, in the bits both formats have; the rest is silent.
    samples = unpack(raw, *played)
    wanted = np.zeros((len(samples), captured[1]), np.uint32)
    both = min(played[1], captured[1])
    wanted[:, :both] = samples[:, :both]
    return pack(wanted, captured[0])


def _kept(shared):
    bits = min(shared.playback.side.fmt.bits, shared.capture.side.fmt.bits)
    return np.uint32((0xFFFFFFFF << (32 - max(bits, 16))) & 0xFFFFFFFF)


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize(
    ("played", "captured"),
    [*((fmt, fmt) for fmt in CARD_FORMATS.values()), *itertools.permutations((S16, S24, S32), 2)],
    ids=lambda fmt: fmt.name,
)
def test_pattern_comes_back_through_any_pair_of_layouts(played, captured, channels):
    sides = (played, channels[0]), (captured, channels[1])
    if min(played.bits, captured.bits) == 8 and min(channels) == 1:
        with pytest.raises(ConfigError, match="two channels in common"):
            share(*sides)
        return
    shared = share(*sides)
    sent = Pattern("mix1", shared.fmt, shared.channels).bytes_at(99, 40)
    raw = np.zeros(40 * shared.playback.frame_bytes, np.uint8)
    shared.playback.spread(sent, raw)
    seen = shared.capture.gather(_through_a_card(raw, *sides))
    left, right = (unpack(one, shared.fmt, shared.channels) for one in (sent, seen))
    assert left.shape == right.shape
    assert ((left ^ right) & _kept(shared) == 0).all()


def test_same_native_layout_needs_no_conversion():
    assert share((S24, 5), (S24, 5)).plain
    assert not share((S24, 5), (S24, 4)).plain


def test_mono_sum_of_a_stereo_output_still_carries_the_pattern():
    shared = share((S16, 2), (S16, 1))
    sent = Pattern("mix1", shared.fmt, shared.channels).bytes_at(5, 40)
    raw = np.zeros(40 * 4, np.uint8)
    shared.playback.spread(sent, raw)
    left, right = raw.view("<i2").reshape(-1, 2).T.astype(int)
    mean = ((left + right) // 2).astype("<i2").view(np.uint8)
    assert (shared.capture.gather(mean) == sent).all()


def test_channel_map_names_the_channels_that_belong_together():
    shared = share((S16, 2), (S16, 4), [(0, 3), (1, 2)])
    sent = Pattern("mix1", S16, 2).bytes_at(5, 10)
    captured = np.zeros((10, 4, 2), np.uint8)
    captured[:, [3, 2]] = sent.reshape(10, 2, 2)
    assert (shared.capture.gather(captured.reshape(-1)) == sent).all()


@pytest.mark.parametrize("pairs", [[(0, 4)], [(2, 0)], [(0, 0), (0, 1)], [(0, 0), (1, 0)], [(-1, 0)]])
def test_channel_map_with_what_is_not_there_is_refused(pairs):
    with pytest.raises(ConfigError, match="channel_map"):
        share((S16, 2), (S16, 4), pairs)


def test_limits_say_what_the_layouts_cannot_prove():
    assert share((S16, 2), (S16, 2)).limits() == ()
    lines = share((S16, 2), (S24, 10)).limits()
    assert lines[0].startswith("8 of 10 capture channels are not compared")
    assert lines[1].startswith("16 of 24 bits per sample are compared")


@pytest.mark.parametrize(
    ("channels", "line", "share_of_lines"), [(2, 32, 1.0), (10, 32, 0.8), (10, 64, 1.0), (64, 64, 2 / 16)]
)
def test_telling_share_counts_lines_with_a_compared_sample(channels, line, share_of_lines):
    # Frames of 40 bytes, of which 8 are compared: one of five lines of 32 bytes misses them.
    shared = share((S32, 2), (S32, channels))
    judged = np.zeros(channels * 4, bool)
    judged[: 4 * min(2, channels)] = True
    slow = np.tile(judged, line).reshape(-1, line).any(axis=1).mean()
    assert shared.capture.telling_share(line) == pytest.approx(slow)
    if channels != 64:
        assert slow == pytest.approx(share_of_lines)
