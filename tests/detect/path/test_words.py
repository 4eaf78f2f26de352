# SPDX-License-Identifier: MIT
"""The path in words: each thing that a path does is said with its numbers, and with what to do about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.detect.path.words import advice, lost, sentence
from stress.model.path import Path


def _path(_number=2, **changes):
    return replace(Path.bit_exact(_number, 16), exact=False, **changes)


FOLD = {"channels": ((0, 1), (0, 1)), "gain_db": (-6.0206, -6.0206)}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (Path.bit_exact(2, 16), "bit-exact"),
        (_path(), "not bit-exact"),
        (_path(gain_db=(-3.0, -3.0)), "gain -3.00 dB left, -3.00 dB right"),
        (_path(4, gain_db=(6.0,) * 4), "gain +6.00 dB"),
        (_path(4, gain_db=(6.0, 0.0, 0.0, 0.0)), "gain +6.00 dB channel 1, +0.00 dB channel 2, "),
        (_path(channels=(1, 0)), "channels exchanged: left and right are swapped"),
        (_path(channels=(0, 0)), "both channels carry the left channel of the pattern (left twice)"),
        (_path(4, channels=(2, 2, 2, 2)), "channels 1, 2, 3 and 4 carry the channel 3 of the pattern"),
        (_path(4, channels=(0, 2, 1, 3)), "channel 2 carries channel 3, channel 3 carries channel 2"),
        (_path(**FOLD), "both channels carry the mean of left and right (mono fold-down)"),
        (
            _path(channels=((0, 1), (0, 1)), gain_db=(-3.0, -3.0)),
            "both channels carry the sum of left and right at -3.00 dB each (mono fold-down)",
        ),
        (_path(channels=(0, None), idle=("", "silent")), "left is the pattern; right is silent"),
        (
            _path(4, channels=(0, 1, None, None), idle=("", "", "silent", "constant")),
            "a pattern of 2 channels in channels 1 and 2 of 4; channels 3 and 4 are without the pattern",
        ),
        (_path(delay_frames=(0, 1)), "right is 1 frame late"),
        (_path(delay_frames=(12, 0)), "left is 12 frames late"),
        (_path(polarity=(-1, -1)), "polarity inverted"),
        (_path(polarity=(1, -1)), "polarity inverted (right only)"),
        (_path(offset=(5, 5)), "a constant of +5 LSB added"),
        (_path(offset=(5, -2)), "a constant added: +5 LSB left, -2 LSB right"),
        (_path(clipped=(0.0, 0.25)), "clipped: 25 % of the samples are at a rail"),
        (_path(bits=(12, 12)), "12 of 16 bits"),
        (_path(bits=(12, 14)), "12 to 14 of 16 bits"),
        (_path(bits=(12, 16)), "12 to 16 of 16 bits"),
        (_path(rate_ratio=44100 / 48000), "resampled from 48000 to 44100 Hz (captured/played 0.91875)"),
        (_path(rate_ratio=1 / 3), "resampled from 48000 to 16000 Hz"),
        (_path(rate_ratio=192000 / 44100), "resampled from 44100 to 192000 Hz"),
        (_path(rate_ratio=1 + 52e-6), "resampled by +52.00 ppm"),
        (_path(rate_ratio=1.01), "resampled (captured/played 1.01)"),
        (_path(encoding="bytes exchanged"), "bytes exchanged"),
        (_path(encoding="float32"), "float32 inside"),
        (_path(notes=("dither",)), "dither"),
    ],
)
def test_path_is_said_with_its_numbers(path, said):
    assert said in sentence(path)
    # One thing is done, and one is said.
    if said.count(";") == 0 and not said.endswith(", "):
        assert sentence(path).count(";") == 0


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (_path(gain_db=(-3.0, -3.0)), ["raise the volume"]),
        (_path(gain_db=(3.0, -1.0)), ["lower the volume"]),
        (_path(gain_db=(0.0, -1.0)), ["raise the volume"]),
        (_path(gain_db=(0.003, 0.0)), ["lower the volume"]),
        (_path(gain_db=(0.0029, 0.0)), []),
        (_path(gain_db=(-0.9, -0.9), encoding="filtered"), []),
        (_path(gain_db=(-1.0, -1.0), encoding="noisy"), ["raise the volume"]),
        (_path(**FOLD), ["mono fold-down off"]),
        (_path(channels=(1, 0)), ["exchange the plugs"]),
        (_path(channels=(0, None), gain_db=(0.0, None), bits=(16, 0)), ["unmute or connect"]),
        (_path(channels=(None, None), gain_db=(None, None)), []),
        (_path(polarity=(1, -1)), ["balanced input"]),
        (_path(gain_db=(-9.0, -9.0), encoding="bent"), ["switch limiter"]),
        (_path(encoding="bytes exchanged"), ["look at the word format"]),
        (_path(encoding="float32"), ["use hw: devices"]),
        (_path(notes=("dither",)), ["use hw: devices"]),
        (_path(delay_frames=(0, 3)), ["arrive at different times"]),
        (_path(bits=(12, 12)), ["fewer bits"]),
        (_path(bits=(12, 16)), ["fewer bits"]),
        (_path(bits=(12, 12), polarity=(-1, -1)), ["balanced input"]),
        (_path(offset=(4, 4)), ["a converter or an effect adds a constant"]),
        (_path(rate_ratio=1 + 50e-6), ["different clocks"]),
        (_path(rate_ratio=1 - 101e-6), ["at one rate"]),
        (_path(rate_ratio=0.5), ["at one rate"]),
        (Path.bit_exact(2, 16), []),
    ],
)
def test_advice_is_for_what_the_path_does_and_for_nothing_else(path, words):
    given = [one for one in advice(path).split("; ") if one]
    assert len(given) == len(words)
    assert all(word in one for word, one in zip(words, given))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (_path(), ""),
        (_path(invertible=False, rate_ratio=0.5, clipped=(0.1, 0.1)), "resampled"),
        (_path(invertible=False, encoding="bent"), "may have been more than one"),
        (_path(invertible=False, clipped=(0.1, 0.0)), "rails"),
        (_path(invertible=False, encoding="filtered"), "mixes each sample with its neighbours"),
        (_path(invertible=False, encoding="noisy"), "noise covers"),
    ],
)
def test_reason_that_nothing_can_be_judged_is_the_one_of_the_path(path, why):
    assert (lost(path) == "") == (why == "") and why in lost(path)


RATES = (16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000)


@pytest.mark.parametrize("captured", [rate for rate in RATES if rate != 48000])
def test_common_rates_are_named_against_48_khz(captured):
    assert f"resampled from 48000 to {captured} Hz" in sentence(_path(rate_ratio=captured / 48000))


def test_ratio_of_two_common_rates_is_named_to_two_millionths():
    assert "resampled from 44100 to 88200 Hz" not in sentence(_path(rate_ratio=2.0))
    assert "resampled from 48000 to 44100 Hz" in sentence(_path(rate_ratio=44100 / 48000 * (1 + 1.9e-6)))
    assert "from" not in sentence(_path(rate_ratio=44100 / 48000 * (1 + 2.1e-6)))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (_path(rate_ratio=1 + 4.9e-3), "resampled by +4900.00 ppm"),
        (_path(rate_ratio=1 - 6e-3), "resampled (captured/played 0.994)"),
        # One channel of another pattern is told by a note alone.
        (
            _path(1, channels=(1,), notes=("right of a pattern of 2 channels",)),
            "right of a pattern of 2 channels",
        ),
        (
            _path(3, channels=(1, 0, 2)),
            "channels exchanged: channel 1 carries channel 2, channel 2 carries channel 1",
        ),
        (
            _path(channels=(0, (0, 1)), gain_db=(0.0, -6.0)),
            "right carries the sum of left channel and right channel",
        ),
        (
            _path(3, channels=((0, 1), (0, 1), 2), gain_db=(0.0, 0.0, 0.0)),
            "channel 1 carries the sum of channel 1 and",
        ),
        (
            _path(3, channels=((0, 1),) * 3, gain_db=(-6.02,) * 3),
            "channels 1, 2 and 3 carry the mean of left and right",
        ),
        (_path(1, channels=((0, 1),), gain_db=(-6.02,)), "channel 1 carries the mean of left and right"),
        (_path(3, channels=((0, 2),) * 3, gain_db=(-3.0,) * 3), "the sum of 1 and 3 at -3.00 dB each"),
        (_path(channels=((0, 1), (0, 1)), gain_db=(-6.0306, -6.0306)), "the mean of"),
        (
            _path(channels=((0, 1), (0, 1)), gain_db=(-6.0316, -6.0316)),
            "the sum of left and right at -6.03 dB",
        ),
        (
            _path(
                channels=((0, 1), (0, 1)), gain_db=(-3.0, -3.0), notes=("left is -3.00 dB of left and more",)
            ),
            "both channels carry sums of left and right",
        ),
        (_path(channels=((0, 1), (0, 1)), gain_db=(-3.0, -3.0), notes=("left is late",)), "(mono fold-down)"),
        (_path(channels=((0, 1), (0, 1)), gain_db=(-3.0, -3.0), notes=("by 3 dB",)), "(mono fold-down)"),
        (_path(channels=(None, 1), idle=("constant", "")), "right is the pattern; left is constant"),
        (_path(channels=(None, 1), idle=()), "left is without the pattern"),
        (
            _path(channels=(None, 0), idle=("silent", "")),
            "channels exchanged: right carries left channel; left is silent",
        ),
        (
            _path(4, channels=(0, None, None, None), idle=("", "silent", "silent", "silent")),
            "a pattern of 1 channels in channel 1 of 4; channels 2, 3 and 4 are silent",
        ),
        (
            _path(6, channels=(0, 1, *[None] * 4), idle=("", "", *["silent"] * 4)),
            "channels 3, 4, 5 and 6 are silent",
        ),
        (_path(6, channels=(0, *[None] * 5), idle=("", *["silent"] * 5)), "the others are silent"),
        (_path(3, channels=(0, 1, None), idle=("", "", "silent")), "channel 3 is silent"),
        (_path(3, channels=(2, 2, 2)), "channels 1, 2 and 3 carry the channel 3 of the pattern"),
        (_path(channels=(1, 1)), "both channels carry the right channel of the pattern (right twice)"),
        (_path(channels=(2, 2)), "both channels carry the channel 3 of the pattern"),
        (_path(3, channels=(None, 2, None)), "channel 2 carries channel 3"),
        (_path(4, gain_db=(6.0, 6.004, 6.0, 6.0)), "gain +6.00 dB"),
        (
            _path(3, gain_db=(6.0, 6.006, 6.0)),
            "gain +6.00 dB channel 1, +6.01 dB channel 2, +6.00 dB channel 3",
        ),
        (_path(gain_db=(0.003, 0.0)), "gain +0.00 dB left, +0.00 dB right"),
        (_path(gain_db=(None, -2.0), encoding="filtered"), "gain -2.00 dB right"),
        (_path(channels=(0, None), polarity=(-1, 1), idle=("", "silent")), "polarity inverted"),
        (_path(3, polarity=(1, -1, -1)), "polarity inverted (channel 2, channel 3 only)"),
        (_path(offset=(0, -3)), "a constant added: +0 LSB left, -3 LSB right"),
        (_path(channels=(None, 1), offset=(0, -3), idle=("silent", "")), "a constant of -3 LSB added"),
        (_path(3, delay_frames=(0, 1, 7)), "channel 2 is 1 frame late; channel 3 is 7 frames late"),
    ],
)
def test_path_of_any_number_of_channels_is_said(path, said):
    assert said in sentence(path)


@pytest.mark.parametrize(
    "path",
    [
        _path(gain_db=(0.0029, -0.0029)),
        _path(gain_db=(-9.0, -9.0), encoding="bent"),
        _path(gain_db=(-0.99, -0.99), encoding="noisy", invertible=False),
        _path(clipped=(0.1, 0.1), encoding="bent"),
        _path(bits=(12, 12), encoding="filtered", invertible=False),
        _path(bits=(12, 12), invertible=False),
        _path(channels=(None, None), bits=(0, 0)),
    ],
)
def test_path_says_nothing_that_is_not_known(path):
    said = sentence(path)
    assert "gain" not in said and "clipped" not in said and "bits" not in said


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (_path(rate_ratio=1 + 1.01e-4), ["at one rate"]),
        (_path(rate_ratio=1 - 0.99e-4), ["different clocks"]),
        (_path(channels=((0, 1), 1), gain_db=(-3.0, 0.0)), ["mono fold-down off"]),
        (_path(gain_db=(-1.0, 2.0)), ["lower the volume"]),
        (_path(gain_db=(0.5, -0.5)), ["lower the volume"]),
        (_path(1, channels=(1,), notes=("right of a pattern of 2 channels",)), ["record as many channels"]),
        (_path(1, channels=(1,), encoding="float32", notes=("right of a pattern of 2 channels",)),
         ["record as many channels", "use hw: devices"]),
        (_path(channels=((0, 1), (0, 1)), notes=("left is -3 dB of left",)), ["mono fold-down off"]),
        (_path(gain_db=(0.0, 0.0), encoding="bent", notes=("samples are bent",)), ["switch limiter"]),
        (_path(clipped=(0.1, 0.0)), ["play softer"]),
        (_path(clipped=(0.1, 0.0), gain_db=(6.0, 6.0)), ["lower the volume"]),
        (_path(clipped=(0.1, 0.0), channels=((0, 1), (0, 1)), gain_db=(0.0, 0.0)), ["mono fold-down off"]),
        (_path(clipped=(0.1, 0.0), encoding="bent"), ["switch limiter"]),
        (_path(bits=(12, 12), gain_db=(-24.0, -24.0)), ["raise the volume"]),
        (_path(offset=(0, 4)), ["adds a constant"]),
        (_path(offset=(4, 4), gain_db=(-1.0, 0.0)), ["raise the volume"]),
        (_path(channels=(0, None), bits=(15, 0), gain_db=(0.0, None)), ["unmute or connect"]),
    ],
)  # fmt: skip
def test_advice_names_each_cause_once(path, words):
    given = [one for one in advice(path).split("; ") if one]
    assert len(given) == len(words)
    assert all(word in one for word, one in zip(words, given))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (_path(invertible=False, encoding="gain varies"), "the gain of a frame is not known"),
        (_path(invertible=False, encoding="bent", clipped=(0.1, 0.1)), "may have been more than one"),
        (_path(invertible=False, encoding="filtered", clipped=(0.0, 0.1)), "rails"),
    ],
)
def test_reason_is_the_first_that_holds(path, why):
    assert why in lost(path)
