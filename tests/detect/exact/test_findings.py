# SPDX-License-Identifier: MIT
"""Findings in constant memory: merged, counted, capped, grouped into episodes."""

from __future__ import annotations

import dataclasses

from stress.detect.exact.findings import Collector, merged, sentence
from stress.model.finding import Finding, Kind

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
