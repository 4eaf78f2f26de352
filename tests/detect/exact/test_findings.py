# SPDX-License-Identifier: MIT
"""Findings in constant memory: merged, counted, capped, grouped into episodes."""

from __future__ import annotations

import dataclasses

import pytest

from stress.detect.exact.findings import LARGEST_GAP, SHORTEST_MUTE, Collector, merged, sentence
from stress.model.finding import Analysis, Finding, Kind
from stress.model.histogram import Axes, Histogram
from stress.model.ring import Rings

STALE = Finding(Kind.STALE, 0, 8, 0, lag=48, laps=1, ring="playback")


def _at(frame, **changes):
    return dataclasses.replace(STALE, frame=frame, **changes)


def _collected(*findings, lap=100, cap=1000):
    def merged(one, other):
        return dataclasses.replace(one, frames=one.frames + other.frames)

    made = Collector(lap, lambda finding: dataclasses.replace(finding, text="complete"), merged, cap)
    for finding in findings:
        made.add(finding)
    return made, made.result()


def test_findings_that_go_on_are_one_and_others_are_not():
    made, kept = _collected(
        _at(0), _at(8), _at(24), _at(32, lag=96, laps=2), _at(40, kind=Kind.DROP), _at(48, kind=Kind.DROP)
    )
    assert [(one.frame, one.frames) for one in kept] == [(0, 16), (24, 8), (32, 8), (40, 8), (48, 8)]
    assert made.counts == {Kind.STALE: 3, Kind.DROP: 2}
    assert made.sites == {
        (Kind.STALE, "playback", 1): 2,
        (Kind.STALE, "playback", 2): 1,
        (Kind.DROP, "playback", 1): 2,
    }
    assert made.wrong_frames == 48
    assert all(one.text == "complete" for one in kept)


def test_episode_ends_when_a_lap_passes_without_a_finding():
    made, _ = _collected(_at(0), _at(108), _at(217), _at(400))
    assert made.episodes == 3  # 8..108 is a lap and no more, 116..217 is more


def test_dropped_frames_take_no_time_of_the_capture():
    lost = _at(0, kind=Kind.DROP, frames=50)
    assert _collected(lost, _at(101))[0].episodes == 2
    assert _collected(lost, _at(100))[0].episodes == 1


def test_findings_past_the_cap_are_counted_only():
    made, kept = _collected(*(_at(1000 * n) for n in range(5)), cap=2)
    assert (len(kept), made.dropped, made.counts) == (2, 3, {Kind.STALE: 5})


def test_sentence_of_a_scaled_stretch_says_each_level_and_sign():
    def said(kind=Kind.GAIN, **details):
        return sentence(Finding(kind, 7, 40, 8, details=details))

    assert said(gain_db=-6.0) == "40 frames at capture frame 7 are scaled by -6.0 dB."
    assert said(gain_db=-3.0, channels_db=[-6.0, 0.0]).endswith("are scaled by -6.0, 0.0 dB (by channel).")
    assert said(gain_db=-6.0, inverted=True).endswith("are scaled by -6.0 dB and of inverted sign.")
    assert said(Kind.POLARITY, gain_db=0.0, inverted=True).endswith("are of inverted sign.")
    assert said(Kind.POLARITY, gain_db=0.0, inverted=[1]).endswith("are of inverted sign in channel 2.")


def test_scaled_stretches_are_one_where_levels_and_signs_are_alike():
    def after(**details):
        return _collected(
            Finding(Kind.GAIN, 0, 40, 0, details={"gain_db": -3.0, "channels_db": [-6.0, 0.0]}),
            Finding(Kind.GAIN, 40, 40, 40, details=details),
        )[1]

    assert len(after(gain_db=-3.02, channels_db=[-6.04, 0.0])) == 1
    assert len(after(gain_db=-3.0, channels_db=[0.0, -6.0])) == 2
    assert len(after(gain_db=-3.0, channels_db=[-6.0, 0.0], inverted=True)) == 2
    assert len(after(gain_db=-3.0)) == 2


def test_many_places_of_flips_take_a_single_place_with_its_bits():
    many = {"places": 70, "span": 900, "flips": 70, "per_bit": [70] + [0] * 15}
    last = Finding(Kind.BITFLIP, 100, 70, 0, details=many)
    single = Finding(Kind.BITFLIP, 1010, 1, 0, details={"bits": [[0, 17], [0, 3]], "flips": 2})
    both = merged(last, single)
    assert both.details["flips"] == 72 and both.frames == 71
    assert both.details["per_bit"] == [70, 1, 0, 1] + [0] * 12


# Limits of the collector.


def _only(**changes):
    return dataclasses.replace(Finding(Kind.ZERO, 100, 8, 0), **changes)


def test_zeros_longer_than_a_lap_and_than_the_shortest_mute_are_mute():
    for lap in (100, 700):
        longest = max(SHORTEST_MUTE - 1, lap)
        for frames, kind in ((longest, Kind.ZERO), (longest + 1, Kind.MUTE)):
            _, (one,) = _collected(_only(frames=frames), lap=lap)
            assert one.kind is kind


def test_zeros_in_many_places_and_other_kinds_are_never_mute():
    places = {"places": 600, "span": 9000}
    assert _collected(_only(frames=900, details=places))[1][0].kind is Kind.ZERO
    assert _collected(_only(frames=900, kind=Kind.HOLD))[1][0].kind is Kind.HOLD


def test_zeros_to_the_end_are_mute_from_the_shortest_on():
    for frames, end, kind in (
        (SHORTEST_MUTE, 100 + SHORTEST_MUTE, Kind.MUTE),
        (SHORTEST_MUTE - 1, 99 + SHORTEST_MUTE, Kind.ZERO),
        (SHORTEST_MUTE, 101 + SHORTEST_MUTE, Kind.ZERO),
    ):
        made = Collector(5000, lambda one: one, merged)
        made.add(_only(frames=frames, details={"a": 1}))
        made.mute_to(end)
        (one,) = made.result()
        assert one.kind is kind
        assert one.details == ({"a": 1, "to_end": True} if kind is Kind.MUTE else {"a": 1})


def test_what_is_no_zero_is_not_mute_to_the_end_and_nothing_is_not_either():
    made = Collector(5000, lambda one: one, merged)
    made.mute_to(0)
    made.add(_only(kind=Kind.HOLD, frames=900))
    made.mute_to(1000)
    assert made.result()[0].kind is Kind.HOLD


def test_a_lap_of_no_frames_still_parts_episodes():
    # One right frame between two findings is within the least lap of one frame.
    assert _collected(_at(0), _at(9), lap=0)[0].episodes == 1
    assert _collected(_at(0), _at(10), lap=0)[0].episodes == 2


def test_findings_past_the_cap_are_placed_in_their_rings():
    axes = Axes(Rings(1200, 1320), 4, 0, 32)
    made = Collector(100, lambda one: one, merged, 1, axes)
    for frame in (0, 1000, 2000):
        made.add(_at(frame))
    assert [one.frame for one in made.result()] == [0]
    assert (made.dropped, made.wrong_frames) == (2, 24)
    wanted = Histogram(axes)
    wanted.add(_at(1000))
    wanted.add(_at(2000))
    assert made.beyond == wanted or vars(made.beyond) == vars(wanted)


def test_nothing_found_is_nothing_kept():
    made, kept = _collected()
    assert (kept, made.counts, made.sites, made.wrong_frames, made.episodes, made.dropped) == (
        (),
        {},
        {},
        0,
        0,
        0,
    )


# Which findings go on.


def _pair(one, other, gap=0):
    """Whether a finding of eight frames goes on in one that begins `gap` frames behind its end."""
    first = Finding(one[0], 0, 8, 0, **one[1])
    second = Finding(other[0], 8 + gap, 8, 8 + gap, **other[1])
    return len(_collected(first, second)[1]) == 1


def test_only_findings_of_one_kind_age_and_ring_that_touch_go_on():
    stale = (Kind.STALE, {"lag": 48, "ring": "playback"})
    assert _pair(stale, stale)
    assert not _pair(stale, stale, 1)
    assert not _pair(stale, stale, -1)
    assert not _pair(stale, (Kind.STALE, {"lag": 96, "ring": "playback"}))
    assert not _pair(stale, (Kind.STALE, {"lag": 48, "ring": "capture"}))
    assert not _pair(stale, (Kind.MISPLACED, {"lag": 48, "ring": "playback"}))
    for slip in (Kind.DROP, Kind.REPEAT, Kind.INSERT):
        assert not _pair((slip, {}), (slip, {}))


def _with(kind, **details):
    return kind, {"details": details}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (_with(Kind.GAIN, gain_db=-6.0), _with(Kind.GAIN, gain_db=-6.09), True),
        (_with(Kind.GAIN, gain_db=-6.0), _with(Kind.GAIN, gain_db=-6.11), False),
        (_with(Kind.GAIN, gain_db=-6.0), _with(Kind.GAIN, gain_db=-6.0, inverted=True), False),
        (_with(Kind.GAIN, gain_db=-6.0), _with(Kind.GAIN, gain_db=-6.0, channels_db=[-6.0, -6.05]), True),
        (_with(Kind.GAIN, gain_db=-6.0), _with(Kind.GAIN, gain_db=-6.0, channels_db=[-6.0, -7.0]), False),
        (_with(Kind.GAIN, gain_db=1.0, channels_db=[1.0, 2.0]), _with(Kind.GAIN, gain_db=1.0), False),
        (
            _with(Kind.POLARITY, gain_db=0.0, inverted=[1]),
            _with(Kind.POLARITY, gain_db=0.0, inverted=[0]),
            False,
        ),
        (
            _with(Kind.POLARITY, gain_db=0.0, inverted=[1]),
            _with(Kind.POLARITY, gain_db=0.0, inverted=[1]),
            True,
        ),
        (_with(Kind.RESAMPLE, ratio=1.0), _with(Kind.RESAMPLE, ratio=1.0099), True),
        (_with(Kind.RESAMPLE, ratio=1.0), _with(Kind.RESAMPLE, ratio=0.98), False),
        (_with(Kind.RESAMPLE, ratio=1.0), _with(Kind.RESAMPLE, ratio=1.02), False),
        (_with(Kind.SWAP, source=[1, 0]), _with(Kind.SWAP, source=[1, 0]), True),
        (_with(Kind.SWAP, source=[1, 0]), _with(Kind.SWAP, source=[0, 0]), False),
        (_with(Kind.BYTESHIFT, bytes=1), _with(Kind.BYTESHIFT, bytes=1), True),
        (_with(Kind.BYTESHIFT, bytes=1), _with(Kind.BYTESHIFT, bytes=-1), False),
        (_with(Kind.DITHER, lsb=1), _with(Kind.DITHER, lsb=2), True),
    ],
)
def test_findings_go_on_where_what_their_kind_says_is_alike(one, other, alike):
    assert _pair(one, other) is alike


def test_many_places_go_on_over_a_gap_up_to_the_largest():
    places = _with(Kind.UNKNOWN, places=600, span=8)
    single = (Kind.UNKNOWN, {})
    for other in (places, single):
        for gap, alike in ((0, True), (LARGEST_GAP, True), (LARGEST_GAP + 1, False), (-1, False)):
            first, second = (
                Finding(Kind.UNKNOWN, 0, 8, 0, **places[1]),
                Finding(other[0], 8 + gap, 8, 0, **other[1]),
            )
            made = Collector(100, lambda one: one, merged)
            made.add(first)
            made.add(second)
            assert (len(made.result()) == 1) is alike
    assert not _pair(places, (Kind.HOLD, {}))


def test_many_places_and_one_more_are_merged_with_all_their_numbers():
    dense = Finding(
        Kind.BITFLIP, 100, 600, 7, details={"places": 600, "span": 900, "flips": 700, "per_bit": [5, 6]}
    )
    more = Finding(
        Kind.BITFLIP, 1010, 30, 8, details={"places": 20, "span": 50, "flips": 40, "per_bit": [1, 2]}
    )
    lone = Finding(Kind.BITFLIP, 1010, 3, 8, details={"flips": 3, "bits": [[0, 1], [1, 2], [2, 3]]})
    both = merged(dense, more)
    assert (both.frame, both.frames, both.position) == (100, 630, 7)
    assert both.details == {"places": 620, "span": 960, "flips": 740, "per_bit": [6, 8]}
    # Bits 1 and 3 of a frame of samples of two bits are the upper one.
    both = merged(dense, lone)
    assert both.frames == 603
    assert both.details == {"places": 601, "span": 913, "flips": 703, "per_bit": [6, 8]}


# Sentences.


def said(kind, frames=2, frame=7, rings=True, **more):
    return sentence(Finding(kind, frame, frames, 0, **more), rings)


@pytest.mark.parametrize(
    ("text", "kind", "more"),
    [
        ("@are left from an earlier burst.", Kind.STALE, {}),
        (
            "@are one capture lap old, from byte 20 of the capture ring.",
            Kind.STALE,
            {"ring": "capture", "laps": 1, "ring_offset": 20},
        ),
        (
            "@are 3 playback laps old; they fill exactly one 32-byte line of the playback ring.",
            Kind.STALE,
            {"ring": "playback", "laps": 3, "ring_offset": 32, "line_bytes": 32},
        ),
        (
            "@is 3 playback laps old; it fills exactly 2 16-byte half lines of the playback ring.",
            Kind.STALE,
            {
                "frames": 1,
                "ring": "playback",
                "laps": 3,
                "ring_offset": 32,
                "line_bytes": 16,
                "details": {"lines": 2, "part_of_line": 32},
            },
        ),
        (
            "@are 3 playback laps old; they fill exactly one 16-byte quarter line of the playback ring.",
            Kind.STALE,
            {
                "ring": "playback",
                "laps": 3,
                "ring_offset": 32,
                "line_bytes": 16,
                "details": {"part_of_line": 64},
            },
        ),
        (
            "@are 3 playback laps old; they fill exactly one 16-byte part line of the playback ring.",
            Kind.STALE,
            {
                "ring": "playback",
                "laps": 3,
                "ring_offset": 32,
                "line_bytes": 16,
                "details": {"part_of_line": 128},
            },
        ),
        ("At capture frame 7 2 frames are missing.", Kind.DROP, {}),
        ("At capture frame 7 1 frame is missing.", Kind.DROP, {"frames": 1}),
        ("At capture frame 7 the stream falls back by 2 frames that came before.", Kind.REPEAT, {}),
        (
            "At capture frame 7 the stream falls back by 2 frames that came before, 1 whole lap of a ring: "
            "a replay.",
            Kind.REPEAT,
            {"details": {"laps": 1}},
        ),
        ("At capture frame 7 2 frames are inserted (no pattern).", Kind.INSERT, {}),
        (
            "At capture frame 7 1 frame is inserted (zero).",
            Kind.INSERT,
            {"frames": 1, "details": {"content": "zero"}},
        ),
        ("@are pattern data 9 frames older, which is no whole lap of a ring.", Kind.MISPLACED, {"lag": 9}),
        ("@are pattern data 1 frame newer.", Kind.MISPLACED, {"lag": -1, "rings": False}),
        ("@are right but for 1 flipped bit.", Kind.BITFLIP, {}),
        ("@are right but for 3 flipped bits.", Kind.BITFLIP, {"details": {"flips": 3}}),
        (
            "700 of 900 frames from capture frame 7 on, in 600 places, are right but for 800 flipped bits.",
            Kind.BITFLIP,
            {"frames": 700, "details": {"places": 600, "span": 900, "flips": 800}},
        ),
        ("@are off by at most 3 LSB.", Kind.DITHER, {"details": {"lsb": 3}}),
        (
            "@are with channels exchanged (channel by channel from [1, 0]).",
            Kind.SWAP,
            {"details": {"source": [1, 0]}},
        ),
        ("@are shifted by 1 byte.", Kind.BYTESHIFT, {"details": {"bytes": 1}}),
        ("@are resampled by 1.5.", Kind.RESAMPLE, {"details": {"ratio": 1.5}}),
        ("@is zero where the pattern was due.", Kind.ZERO, {"frames": 1}),
        ("@are a repetition of the frame before.", Kind.HOLD, {}),
        ("@are zero, to the end.", Kind.MUTE, {"details": {"to_end": True}}),
        ("@are zero, for longer than a ring holds.", Kind.MUTE, {}),
        ("@are wrong in a way that fits no known kind.", Kind.UNKNOWN, {}),
        (
            "@are of inverted sign in channels 1 and 3.",
            Kind.POLARITY,
            {"details": {"gain_db": 0.0, "inverted": [0, 2]}},
        ),
    ],
)
def test_each_kind_is_said_in_one_sentence(text, kind, more):
    # "@": so many frames, and where they are.
    subject = "1 frame at capture frame 7 " if more.get("frames") == 1 else "2 frames at capture frame 7 "
    assert said(kind, **more) == text.replace("@", subject)


@pytest.mark.parametrize(
    ("findings", "wrong"),
    [
        ([_at(0), _at(7, lag=96, laps=2)], 15),  # lines of 27 bytes share a frame
        ([_at(0), _at(7, lag=96, laps=2), _at(14)], 22),
        ([_at(0, frames=20), _at(5, lag=96, laps=2), _at(30)], 28),
        ([_at(0), _at(8, lag=96, laps=2)], 16),
        ([_at(0), _at(4, kind=Kind.DROP), _at(6, lag=96)], 22),  # missing frames share none
    ],
)
def test_frame_that_lies_in_two_findings_is_one_wrong_frame(findings, wrong):
    assert _collected(*findings)[0].wrong_frames == wrong


def test_frames_of_findings_that_are_taken_out_stay_wrong_where_another_holds_them():
    found = [_at(0, frames=20), _at(0, frames=20, lag=96, laps=2), _at(30)]
    analysis = dataclasses.replace(Analysis("exact", True, 100, 100).holding(found, 3), wrong_frames=28)
    left = analysis.without(found[1:])
    assert (left.wrong_frames, left.findings) == (20, (found[0],))
    assert analysis.without(found).wrong_frames == 0
    assert analysis.without(found[2:]).wrong_frames == 20
