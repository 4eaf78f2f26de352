# SPDX-License-Identifier: MIT
from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path.bitmap import BitMap
from stress.detect.path.change import change_finding
from stress.detect.path.estimated import Estimate
from stress.detect.path.wires import Named
from stress.model.finding import Kind
from stress.model.path import Path

STEREO, QUAD = Path.bit_exact(2, 16), Path.bit_exact(4, 16)


def found(path, before=STEREO, **more):
    """The finding of a change to a path."""
    return change_finding(before, Estimate(path, 7, **more), 700, 90, 701)


@pytest.mark.parametrize(
    ("path", "before", "kind"),
    [
        (replace(STEREO, channels=(1, 0)), STEREO, Kind.SWAP),
        (replace(STEREO, channels=(None, 1), idle=("silent", "")), STEREO, Kind.ZERO),
        (replace(STEREO, channels=(None, 1), idle=("constant", "")), STEREO, Kind.HOLD),
        (replace(STEREO, channels=(None, None), idle=("constant", "silent")), STEREO, Kind.ZERO),
        (replace(STEREO, channels=(None, None), idle=("constant", "constant")), STEREO, Kind.HOLD),
        (replace(QUAD, channels=(1, 2, 3, 0)), QUAD, Kind.ROTATE),
        (replace(QUAD, channels=(1, 0, 2, 3)), QUAD, Kind.SWAP),
        (replace(QUAD, channels=((0, 1), 2, 3, 0)), QUAD, Kind.SWAP),
        (QUAD, replace(QUAD, channels=(1, 2, 3, 0)), Kind.SWAP),
        (replace(STEREO, delay_frames=(0, 3)), STEREO, Kind.MISPLACED),
        (STEREO, replace(STEREO, delay_frames=(0, 3)), Kind.DITHER),
        (replace(STEREO, encoding="float32"), STEREO, Kind.ENDIAN),
        (replace(STEREO, polarity=(1, -1)), STEREO, Kind.POLARITY),
        (replace(STEREO, gain_db=(0.0, -0.0031)), STEREO, Kind.GAIN),
        (replace(STEREO, gain_db=(0.0, 0.0029)), STEREO, Kind.DITHER),
        (replace(STEREO, gain_db=(None, None)), replace(STEREO, gain_db=(0.0, None)), Kind.DITHER),
        (replace(STEREO, gain_db=(-6.0, None)), replace(STEREO, gain_db=(None, None)), Kind.GAIN),
        (replace(STEREO, bits=(15, 15)), STEREO, Kind.DITHER),
        # What differs first in this order names it.
        (replace(STEREO, delay_frames=(0, 3), encoding="float32", polarity=(-1, 1)), STEREO, Kind.MISPLACED),
        (replace(STEREO, encoding="float32", polarity=(-1, 1), gain_db=(-6.0, 0.0)), STEREO, Kind.ENDIAN),
        (replace(STEREO, polarity=(-1, 1), gain_db=(-6.0, 0.0)), STEREO, Kind.POLARITY),
    ],
)
def test_change_is_named_by_what_differs(path, before, kind):
    assert found(path, before).kind is kind


def test_channel_that_was_silent_before_is_no_change_to_zero():
    before = replace(STEREO, channels=(None, 1), idle=("silent", ""))
    assert found(replace(before, gain_db=(None, -6.0)), before).kind is Kind.GAIN
    assert found(replace(STEREO, channels=(0, 1)), before).kind is Kind.SWAP


def test_change_tells_its_place_and_the_channels_that_it_touches():
    one = found(replace(STEREO, gain_db=(0.0, -6.0206)))
    assert (one.frame, one.frames, one.position) == (700, 90, 701)
    assert one.details["touched"] == [1]
    assert one.details["path"]["gain_db"] == [0.0, -6.0206]
    assert one.details["gain_db"] == 0.0
    assert one.text.startswith("From capture frame 700 on: ")
    assert one.text.endswith("; left stays as it was.")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channels", (0, 1, 2, 2)), ("polarity", (1, 1, 1, -1)), ("gain_db", (0.0, 0.0, 0.0, -6.0)),
        ("offset", (0, 0, 0, 9)), ("bits", (16, 16, 16, 12)), ("delay_frames", (0, 0, 0, 5)),
    ],
)  # fmt: skip
def test_channel_is_touched_by_each_thing_that_changes_in_it(field, value):
    one = found(replace(QUAD, **{field: value}), QUAD)
    assert one.details["touched"] == [3]
    assert one.text.endswith("; channel 1, channel 2, channel 3 stay as they were.")


def test_many_channels_that_stay_are_not_listed():
    wide = Path.bit_exact(6, 16)
    one = found(replace(wide, polarity=(1, 1, -1, -1, 1, 1)), wide)
    assert one.text.endswith("; the other channels stay as they were.")
    same = found(replace(STEREO, encoding="float32"))
    assert (same.details["touched"], "stay" in same.text) == ([], False)


def test_change_of_gain_tells_the_first_level_that_is_known():
    assert found(replace(STEREO, gain_db=(None, -6.02061))).details["gain_db"] == -6.021
    assert "gain_db" not in found(replace(STEREO, channels=(1, 0))).details


def test_change_of_channels_tells_their_sources():
    assert found(replace(STEREO, channels=(1, (0, 1)))).details["source"] == [1, [0, 1]]
    assert "source" not in found(replace(STEREO, polarity=(-1, 1))).details
    assert found(replace(STEREO, delay_frames=(0, 3))).details["delay_frames"] == [0, 3]


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ((None, 1), "left is zero; right stays as it was."),
        ((None, None), "left and right are zero."),
    ],
)
def test_dead_channels_are_named(channels, words):
    idle = tuple("silent" if one is None else "" for one in channels)
    assert found(replace(STEREO, channels=channels, idle=idle)).text == f"From capture frame 700 on: {words}"
    held = tuple("constant" if one is None else "" for one in channels)
    text = found(replace(STEREO, channels=channels, idle=held)).text
    assert text == f"From capture frame 700 on: {words}".replace("zero", "one value")


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        (1, "1 channel (slot): channel 1 carries channel 2, and so on."),
        (2, "2 channels (slots): channel 1 carries channel 3, and so on."),
        (3, "3 channels (slots): channel 1 carries channel 4, and so on."),
        (4, "2 channels (slots): channel 1 carries channel 5, and so on."),
        (5, "1 channel (slot): channel 1 carries channel 6, and so on."),
    ],
)
def test_rotation_is_told_by_the_shorter_way_round(moved, words):
    wide = Path.bit_exact(6, 16)
    one = found(replace(wide, channels=tuple((c + moved) % 6 for c in range(6))), wide)
    assert one.text == f"From capture frame 700 on: the channels are rotated by {words}"


WIRES = BitMap.__new__(BitMap)


def named(kind, shift=0):
    """What a wiring is called."""
    fields = dict.fromkeys(Named.__dataclass_fields__)
    return Named(**{**fields, "kind": kind, "shift": shift, "channels": [0, 1], "delay": [0, 0]})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("endian", Kind.ENDIAN),
        ("stuck", Kind.STUCK),
        ("shift", Kind.BYTESHIFT),
        ("byteshift", Kind.BYTESHIFT),
        ("rotate", Kind.ROTATE),
    ],
)
def test_wiring_is_named_by_its_kind(name, kind):
    path = replace(STEREO, exact=False, channels=(1, 0), encoding="moved")
    assert found(path, wires=WIRES, named=named(name)).kind is kind
    assert found(path, named=named(name)).kind is Kind.SWAP
    assert found(path, wires=WIRES, named=named("")).kind is Kind.SWAP


@pytest.mark.parametrize(("shift", "told"), [(16, {"bytes": 2}), (-8, {"bytes": -1}), (3, {"bits": 3})])
def test_shift_of_a_stream_is_told_in_bytes_or_bits(shift, told):
    one = found(replace(STEREO, encoding="moved"), wires=WIRES, named=named("byteshift", shift))
    assert {name: one.details.get(name) for name in told} == told
    assert len(one.details) == 3


def test_rotated_stream_of_two_channels_tells_its_bytes():
    path = replace(STEREO, exact=False, encoding="moved")
    one = found(path, wires=WIRES, named=named("rotate", -32))
    assert one.kind is Kind.ROTATE
    assert np.isclose(one.details["path"]["rate_ratio"], 1)
    assert "rotated" in one.text
