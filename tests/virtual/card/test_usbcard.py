# SPDX-License-Identifier: MIT
"""The virtual card: loopback, lead, and each of its faults, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, Handling
from stress.virtual.card.usbcard import Around, apply_faults, loop_back
from stress.virtual.history import RingHistory
from stress.virtual.spec import FaultSpec
from tests.virtual.board_kit import board, ideal, noise, stream

STEREO = FORMATS["S16_LE"]


def faulted(kind, frames=300, fmt=STEREO, channels=2, lag=64, **keys):
    wire = noise(frames, fmt.frame_bytes(channels), 5)
    return wire, apply_faults(wire, [FaultSpec(kind=kind, **{"frame": 100, **keys})], fmt, Around(lag))


def test_loop_back_delays_by_the_lead_and_fills_with_zeros():
    wire = noise(10, 4)
    incoming = loop_back(wire, 3, 16)
    assert len(incoming) == 16
    np.testing.assert_array_equal(incoming[3:13], wire)
    assert not incoming[:3].any() and not incoming[13:].any()
    np.testing.assert_array_equal(loop_back(wire, 3, 8)[3:], wire[:5])
    assert not loop_back(wire, 20, 16).any()


def test_drop_takes_frames_out_and_repeat_puts_them_in_again():
    wire, out = faulted("drop")
    np.testing.assert_array_equal(out, np.concatenate([wire[:100], wire[148:]]))
    wire, out = faulted("repeat")
    np.testing.assert_array_equal(out, np.concatenate([wire[:100], wire[52:100], wire[100:]]))


def test_faults_that_spoil_bytes_touch_exactly_their_frames():
    wanted = {
        "zero": lambda part: np.zeros_like(part),
        "swap": lambda part: part[:, [2, 3, 0, 1]],
        "byteshift": lambda part: np.roll(part.reshape(-1), 3).reshape(part.shape),
    }
    for kind, change in wanted.items():
        wire, out = faulted(kind)
        assert len(out) == len(wire)
        np.testing.assert_array_equal(out[100:148], change(wire[100:148]))
        np.testing.assert_array_equal(np.delete(out, np.s_[100:148], 0), np.delete(wire, np.s_[100:148], 0))


def test_resample_reads_between_the_frames_on_straight_lines():
    wire = np.repeat(np.arange(0, 3000, 10, dtype="<i2"), 2).view(np.uint8).reshape(-1, 4)
    fault = FaultSpec(kind="resample", frame=100, frames=1000, ppm=100_000.0)
    out = apply_faults(wire, [fault], STEREO, Around(64))
    np.testing.assert_array_equal(out[:100], wire[:100])
    # From frame 100 on it plays 1.1 frames at a time and holds the last one.
    due = np.minimum(1000 + 11 * np.arange(200), 2990)
    np.testing.assert_array_equal(out[100:].reshape(-1).view("<i2"), np.repeat(due, 2))


def test_bitflip_changes_one_bit_a_frame():
    wire, out = faulted("bitflip", bit=13)
    changed = out ^ wire
    assert changed[100:148].tolist() == [[0, 32, 0, 0]] * 48
    assert not np.delete(changed, np.s_[100:148], 0).any()


def test_stale_dma_line_is_thirty_two_bytes_of_an_older_transfer():
    wire, out = faulted("stale-dma")
    np.testing.assert_array_equal(out[100:108], wire[36:44])
    np.testing.assert_array_equal(np.delete(out, np.s_[100:108], 0), np.delete(wire, np.s_[100:108], 0))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_gain_scales_samples_of_every_format_and_clips(name):
    fmt = FORMATS[name]
    carried = min(fmt.sample_bytes, fmt.bits // 8)
    most = 2 ** (8 * carried - 1) - 1
    values = [most, -most - 1, 1000, -1000, 0, 7]
    wire = np.zeros((len(values), fmt.sample_bytes), dtype=np.uint8)
    for row, value in zip(wire, values):
        row[:] = np.frombuffer(value.to_bytes(fmt.sample_bytes, "little", signed=True), dtype=np.uint8)
    fault = FaultSpec(kind="gain", frame=0, frames=len(values), gain_db=-6.020599913279624)
    out = apply_faults(wire, [fault], fmt, Around(0))
    got = [int.from_bytes(bytes(row[:carried]), "little", signed=True) for row in out]
    assert got == pytest.approx([value / 2 for value in values], abs=0.51)
    loud = apply_faults(wire, [FaultSpec(kind="gain", frame=0, frames=6, gain_db=6.0)], fmt, Around(0))
    assert int.from_bytes(bytes(loud[0, :carried]), "little", signed=True) == most


def test_fault_comes_again_and_slips_add_up():
    wire = noise(1000, 4)
    out = apply_faults(wire, [FaultSpec(kind="drop", frame=100, frames=10, every=300)], STEREO, Around(0))
    np.testing.assert_array_equal(out, np.delete(wire, np.r_[100:110, 400:410, 700:710], 0))


def test_fault_of_one_burst_strikes_in_that_burst_only():
    faults = [{"kind": "zero", "frame": 1000, "frames": 8, "burst": 1}]
    made = board("x86_64", stream(960), stream(960), fault=faults)
    play = noise(4800, 4)
    for number in range(3):
        outcome = made.burst(play, 4800, Handling())
        wrong = (outcome.captured != ideal(outcome, play)).any(axis=1)
        due = range(outcome.lead + 1000, outcome.lead + 1008) if number == 1 else ()
        assert np.flatnonzero(wrong).tolist() == list(due)


def test_lead_is_start_delay_and_loopback_in_frames():
    made = board("arm926", stream(960), stream(960), usb__loopback_frames=7, user__start_us=5000)
    outcome = made.burst(noise(4800, 4), 4800, Handling())
    assert outcome.lead == 5 * 48 + 7


def test_card_clock_ratio_moves_frames_per_second():
    made = board("x86_64", stream(960), stream(960, access=Access.RW), usb__ratio_ppm=-50000)
    outcome = made.burst(noise(48000, 4), 45600, Handling())
    assert outcome.timeline.tick * 0.000125 == pytest.approx(1.0, abs=0.01)


def test_history_finds_granules_of_any_burst_and_zeros():
    history = RingHistory(8, 4)
    bursts = [noise(20, 4, seed) for seed in range(3)]
    numbers = []
    for play in bursts:
        history.advance()
        numbers.append(history.base + 1)
        history.put(play.reshape(-1))
    assert all(number % 8 == 1 for number in numbers)
    for number, play in zip(numbers, bursts):
        got = history.get(np.array([number + 19, number, 0, number + 20]))
        np.testing.assert_array_equal(got, [*play[[19, 0]].view("<u4")[:, 0], 0, 0])
