# SPDX-License-Identifier: MIT
import pytest

from stress.detect.spectral.slips import Jump, findings
from stress.detect.spectral.splice import Splice
from stress.model.finding import Finding, Kind
from stress.model.ring import Rings

RINGS = Rings(4800, 5280)
PLAIN = Splice(0, 0, "capture", False)


def jump(frames, frame=1000, played=300, splice=PLAIN):
    """One change of delay."""
    return Jump(frame, frame, frames, played, splice)


def found(*changes, first=(1 << 32) - 100, laps=8):
    """What is said of them."""
    return findings(changes, RINGS, laps, first)


def test_delay_that_falls_is_a_drop():
    assert found(jump(-7.02)) == [
        Finding(
            Kind.DROP, 1000, 7, 200, details={"slip_frames": -7.02, "side": "capture"},
            text="7 frames are missing before frame 1000",
        )
    ]  # fmt: skip


def test_delay_that_grows_without_a_gap_is_a_repeat():
    assert found(jump(24.0004)) == [
        Finding(
            Kind.REPEAT, 1000, 24, 200, lag=24, details={"slip_frames": 24.0, "side": "capture"},
            text="24 frames come twice at frame 1000",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(("silent", "what"), [(True, "silence"), (False, "noise")])
def test_delay_that_grows_by_a_gap_is_an_insertion(silent, what):
    assert found(jump(24.0, splice=Splice(0, 24, "playback", silent))) == [
        Finding(
            Kind.INSERT, 1000, 24, 200,
            details={"slip_frames": 24.0, "side": "playback", "content": what},
            text=f"24 frames of {what} are inserted at frame 1000",
        )
    ]  # fmt: skip


def test_slip_of_less_than_a_frame_is_one_frame():
    assert [one.frames for one in found(jump(-0.3), jump(0.4))] == [1, 1]


def test_there_and_back_by_whole_laps_is_a_stale_run():
    assert found(jump(9600.1), jump(-9599.9, frame=3000)) == [
        Finding(
            Kind.STALE, 1000, 2000, 200, 9600, 2, "playback",
            text="2000 frames at frame 1000 are 9600 frames old: 2 laps of the playback ring",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "back", "kinds"),
    [
        (4800.0, -4800.59, [Kind.STALE]),
        (4800.0, -4800.6, [Kind.REPEAT, Kind.DROP]),
        (4800.0, -4799.4, [Kind.REPEAT, Kind.DROP]),
        (4801.0, -4801.0, [Kind.REPEAT, Kind.DROP]),
        (-4800.0, 4800.0, [Kind.DROP, Kind.REPEAT]),
        (4800.0 * 9, -4800.0 * 9, [Kind.REPEAT, Kind.DROP]),
    ],
)
def test_there_and_back_by_anything_else_are_two_slips(there, back, kinds):
    assert [one.kind for one in found(jump(there), jump(back, frame=3000))] == kinds


def test_jumps_behind_a_stale_run_are_told_as_well():
    kinds = [
        one.kind
        for one in found(jump(-1.0), jump(4800.0), jump(-4800.0, frame=2000), jump(4800.0, frame=5000))
    ]
    assert kinds == [Kind.DROP, Kind.STALE, Kind.REPEAT]
    assert found() == []
