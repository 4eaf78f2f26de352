# SPDX-License-Identifier: MIT
"""Captures made by hand: what ends the pattern is no corruption, and hides none."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.expected import Expected
from stress.detect.exact.known_playing import Known
from stress.detect.exact.recording_check import check_recording
from stress.detect.exact.survey import KnownRecording
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

BLOCK = 1 << 14
UNKNOWN, RINGS = Rings(), Rings(4800, 5280)


def pattern(first, frames, channels=2, fmt="S16_LE"):
    return Pattern("mix1", FORMATS[fmt], channels).bytes_at(first, frames).view("<i2").reshape(-1, channels)


def noise(frames, size, channels=2):
    return np.random.default_rng(frames).integers(-size, size + 1, (frames, channels))


def zeros(frames, channels=2):
    return np.zeros((frames, channels), int)


def judge(parts, known=None, rings=UNKNOWN, channels=2, tail=True):
    samples = np.concatenate([np.asarray(part) for part in parts])
    raw = (
        np.ascontiguousarray(np.clip(np.rint(samples), -32768, 32767).astype("<i2"))
        .view(np.uint8)
        .reshape(-1)
    )
    size = 2 * channels

    def read(first, stop):
        for at in range(first, stop, BLOCK):
            yield raw[at * size : min(at + BLOCK, stop) * size]

    capture = KnownRecording(read, len(raw) // size)
    sent = Pattern("mix1", FORMATS["S16_LE"], channels)
    found = check_recording(capture, Expected(sent, rings), known or Known(), tail=tail)
    assert found.analysis.locked
    assert found.analysis.wrong_frames == sum(one.frames for one in found.analysis.findings)
    return found


def verdict(found):
    if found.analysis.found:
        return "FAIL"
    return "doubt" if found.advice else "right"


P = pattern(1, 96000)
PLAIN = {
    "nothing else": ([P], 96000),
    "silence behind": ([P, zeros(48000)], 96000),
    "silence on both sides": ([zeros(4800), P, zeros(48000)], 96000),
    "idle noise behind": ([P, noise(48000, 8)], 96000),
    "idle noise with DC on both sides": ([noise(9000, 6) + 40, P, noise(20000, 6) + 40], 96000),
    "a constant behind": ([P, zeros(48000) - 1], 96000),
    "a large constant behind": ([P, zeros(48000) + 12345], 96000),
    "the last frame held": ([P, np.repeat(P[-1:], 30000, 0)], 96000),
    "a decaying level": ([P, np.linspace(9000, 0, 48000)[:, None] * [1, -1]], 96000),
    "residue of a ring behind silence": ([P, zeros(576), P[24576:24768], zeros(20000)], 96000),
    "residue that wraps": ([P, zeros(500), P[40000:44800], P[40000:42000], zeros(20000)], 96000),
    "a second pass": ([zeros(4800), P, zeros(9000), P, zeros(4000)], 192000),
    "a second pass without a gap": ([P, P], 192000),
    "a third pass, cut by the end": ([P, zeros(5000), P, noise(6000, 5), P[:50000]], 242000),
    "another file behind silence": ([P, zeros(5000), pattern(2000000, 50000)], 146000),
    "begun inside the pattern": ([P[5000:]], 91000),
    "old frames before": ([P[50000:50100], zeros(3000), P], 96000),
    "more old frames before": ([P[50000:53000], zeros(3000), P], 96000),
}


@pytest.mark.parametrize("case", list(PLAIN))
def test_capture_with_whole_pattern_is_right_to_its_end(case):
    parts, checked = PLAIN[case]
    found = judge(parts)
    assert (verdict(found), found.analysis.checked_frames) == ("right", checked)
    if checked < sum(map(len, parts)) and "before" not in case and "pass" not in case and "file" not in case:
        assert any(note.startswith("the pattern ends at frame") for note in found.analysis.notes)


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_capture_of_other_channels_ends_and_begins_again(channels):
    one = pattern(1, 30000, channels)
    found = judge(
        [zeros(480, channels), one, zeros(9000, channels), one, noise(9000, 4, channels)], channels=channels
    )
    assert (verdict(found), found.analysis.checked_frames) == ("right", 60000)


AT = Known(position=1)
DAMAGED = {
    "mute that ends": ([P[:40000], zeros(9600), P[49600:]], None, "mute"),
    "silence put in": ([P[:40000], zeros(9600), P[40000:]], None, "insert"),
    "loss behind silence": ([P[:40000], zeros(2000), P[50000:]], None, "drop"),
    "faded to the end": ([P[:90000], P[90000:] * 0.001], None, None),
    "softer to the end": ([P[:90000], P[90000:] * 0.5], None, "gain"),
    "noise at the end, then silence": ([P, noise(200, 20000), zeros(40000)], None, "unknown"),
    "noise to the end": ([P, noise(5000, 20000)], None, "unknown"),
    "stale last line": ([P[:-8], P[-4808:-4800]], None, None),
    "damage in the third pass": (
        [P, zeros(5000), P, zeros(6000), P[:20000], noise(40, 20000), P[20040:50000]], None, "unknown"),
    "damage in another file": (
        [P, zeros(5000), pattern(2000000, 20000), noise(16, 20000), pattern(2020016, 9000)], None, "unknown"),
    "a ring that was named replays to the end": ([P[:48000]] + [P[43200:48000]] * 10, None, None),
    "a ring replays once, to the end": ([P[:48000], P[43200:48000]], None, None),
    "a ring replays, and the pattern goes on": (
        [P[:48000], *[P[43200:48000]] * 10, P[48000:]], None, None),
    "a stale lap twice, of another size": ([P[:48000], P[43200:48000], P[44000:48000]], None, None),
    "softer beginning": ([zeros(4800), P[:2400] * 0.5, P[2400:]], None, "gain"),
    "softer beginning, position named": ([zeros(4800), P[:2400] * 0.5, P[2400:]], AT, "gain"),
    "faded beginning": ([zeros(4800), P[:2400] * 0.001, P[2400:]], AT, None),
    "noisy beginning": ([zeros(4800), noise(2400, 20000), P[2400:]], None, "unknown"),
    "lost beginning": ([zeros(4800), P[48000:]], AT, "drop"),
    "mute beginning": ([zeros(60000), P[48000:]], AT, None),
    "zero line at the start": ([zeros(8), P[8:]], None, "zero"),
    "wrong frames at the start, position named": ([noise(20, 20000), P[20:]], AT, "unknown"),
    "stale line at the start": ([P[2000:2008], P[6808:]], None, None),
    "cut before its known length": ([zeros(3000), P[:50000], zeros(40000)], Known(frames=96000), "mute"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(DAMAGED))
def test_damage_at_an_end_is_found_and_never_passed_over(case):
    parts, known, kind = DAMAGED[case]
    found = judge(parts, known, RINGS)
    assert verdict(found) == "FAIL"
    assert kind is None or kind in {one.value for one in found.analysis.counts}


NO_REPLAY = {
    "one lap cut short": [P[:48000], P[43200:48000], P[43200:47000], P[43200:48000]],
    "noise behind it": [P[:48000], *[P[43200:48000]] * 3, noise(5000, 20000)],
    "the pattern goes on": [P[:48000], *[P[43200:48000]] * 10, P[48000:]],
    "laps of two sizes": [P[:48000], P[43200:48000], P[44000:48000]],
}


@pytest.mark.parametrize("case", list(NO_REPLAY))
def test_laps_that_no_ring_replays_to_the_end_are_damage(case):
    assert verdict(judge(NO_REPLAY[case])) == "FAIL"


DOUBTFUL = {
    "a short file again without a gap": ([P[:48000], P[:48000]], None, "a ring of 48 000 frames replays"),
    "a ring from its first frame": ([P[:4800]] * 20, None, "a ring of 4 800 frames replays"),
    "further on behind silence": ([P, zeros(5000), pattern(160000, 50000)], None, "another file, or frames"),
    "a second pass cut at its start": ([P, zeros(5000), pattern(10001, 86000)], None, "beginning is lost"),
    "something behind silence": ([P, zeros(5000), noise(5000, 20000), zeros(5000)], None, "neither silence"),
    "a short silent tail": ([P, zeros(100)], None, "the last 100 frames are silence"),
    "old frames right behind the end": ([P, P[40000:44800], zeros(20000)], None, "of old pattern from frame"),
    "a stale line, then silence": ([P[:-8], P[-4808:-4800], zeros(9000)], None, "of old pattern from frame"),
    "old frames behind each pass": (
        [P, P[72000:72192], zeros(9000), P, P[72000:72192], zeros(9000)], None, "of old pattern from frame"),
    "many old frames behind the first pass": (
        [P, P[72000:78000], zeros(9000), P, zeros(9000)], None, "6 000 frames of old pattern from frame"),
    "old frames of a ring to the end of the file": (
        [P, P[72000:72192]], None, "192 frames of old pattern from frame 96 000 on"),
    "a ring replays once": ([P[:48000], P[43200:48000]], None, "4 800 frames of old pattern"),
    "a ring replays to the end": ([P[:48000]] + [P[43200:48000]] * 10, None, "frames come again, 10 times"),
    "a ring replays, cut in its lap": (
        [P[:48000]] + [P[43200:48000]] * 2 + [P[43200:45000]], None, "4 800 frames come again, 3 times"),
    "a wrong frame at the start": ([noise(1, 20000), P[5001:]], None, "behind 1 frame of something else"),
    "noise before it": ([noise(96000, 20000), P[:20000]], None, "neither silence nor pattern"),
    "noise before it, position named": ([noise(96000, 20000), P[:20000]], AT, "neither silence nor pattern"),
    "wrong frames at the start": ([noise(20, 20000), P[5020:]], None, "not the pattern"),
    "a pop before it": ([zeros(4800), noise(30, 20000), P], None, "neither silence nor pattern"),
    "a second pass that has lost its beginning": (
        [P[:48000], zeros(5000), P[1000:48000], zeros(9000)], None, "another pass whose beginning is lost"),
    "begins late, position named": ([P[2000:]], AT, "2 000 frames behind the --position 1"),
    "silence, and not from the beginning": ([zeros(4800), P[48000:]], None, "begins at position 48001"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(DOUBTFUL))
def test_what_nobody_can_tell_is_neither_right_nor_damage(case):
    parts, known, words = DOUBTFUL[case]
    found = judge(parts, known)
    assert verdict(found) == "doubt"
    assert any(words in line.replace("\u202f", " ") for line in found.advice), found.advice


def test_rings_and_length_decide_what_is_doubtful_without():
    assert verdict(judge([P[:48000], P[:48000]], rings=Rings(4700, 5280))) == "right"
    assert verdict(judge([P[:4800]] * 20, rings=RINGS)) == "FAIL"
    assert verdict(judge([P, P[40000:44800], zeros(20000)], Known(frames=96000))) == "right"
    assert verdict(judge([zeros(4800), P[48000:]], Known(position=48001))) == "right"


def test_known_length_ends_the_judgement_there():
    old = [P, P[72000:72192], zeros(9000)]
    for passes in (1, 2):
        found = judge(old * passes, Known(frames=96000))
        assert (verdict(found), found.analysis.checked_frames) == ("right", 96000 * passes)
        assert "9 192 frames behind the last one" in found.analysis.notes[-1].replace("\u202f", " ")
    found = judge([P[:95000], P[71000:72000], zeros(9000), P], Known(frames=96000))
    assert verdict(found) == "FAIL"
    found = judge([zeros(3000), P, noise(4000, 20000)], Known(frames=96000))
    assert (verdict(found), found.analysis.checked_frames) == ("right", 96000)
    found = judge([zeros(3000), P[:50000]], Known(frames=96000))
    assert verdict(found) == "right" and "46 000 frames before the end" in found.analysis.notes[-1].replace(
        "\u202f", " "
    )


def test_findings_of_a_later_pass_have_their_frame_in_the_capture():
    found = judge([P, zeros(5000), P[:20000], noise(16, 20000), P[20016:]])
    (finding,) = found.analysis.findings
    assert (finding.kind, finding.frame, finding.frames) == (Kind.UNKNOWN, 121000, 16)
    assert "121000" in finding.text


FOREIGN = {
    "another song": [P, noise(5000, 20000)],
    "another song, then silence": [P, noise(5000, 20000), zeros(40000)],
    "hum": [P, np.rint(9000 * np.sin(np.arange(20000) / 150))[:, None].repeat(2, 1)],
    "a noisy input": [P, noise(5000, 40)],
}


@pytest.mark.parametrize("case", list(FOREIGN))
def test_foreign_sound_behind_the_pattern_is_known_and_left_out_where_asked(case):
    found = judge(FOREIGN[case])
    assert verdict(found) == "FAIL" and found.ends_strange
    found = judge(FOREIGN[case], tail=False)
    assert (verdict(found), found.analysis.checked_frames, found.foreign) == ("doubt", 96000, None)
    assert any("no pattern in any form" in line for line in found.advice)


@pytest.mark.parametrize(
    "parts",
    [
        [P, noise(200, 20000)],
        [P[:90000], P[90000:] * 0.5],
        [P[:80000], P[80000:80480] * 0.5, noise(9000, 20000)],
        [P, noise(5000, 20000), zeros(9000), P],
    ],
    ids=["a few frames", "the pattern, softer", "softer, then noise", "the pattern again"],
)
def test_damage_is_no_foreign_sound(parts):
    found = judge(parts)
    assert verdict(found) == "FAIL" and not found.ends_strange


@pytest.mark.parametrize("lost", [zeros(20000, 1), noise(20000, 20000, 1)], ids=["silent", "noise"])
def test_channel_that_is_lost_from_an_instant_on_is_no_foreign_sound(lost):
    samples = pattern(1, 40000, 4).copy()
    samples[20000:, 3] = lost[:, 0]
    for tail in (True, False):
        found = judge([samples], channels=4, tail=tail)
        assert verdict(found) == "FAIL" and not found.ends_strange


def test_known_length_makes_damage_of_a_foreign_sound():
    found = judge([P[:48000], noise(5000, 20000)], Known(frames=96000))
    assert verdict(found) == "FAIL" and not found.ends_strange


def test_residue_of_half_a_second_behind_silence_is_no_other_pass():
    assert verdict(judge([P, zeros(600), P[60000:84000], zeros(9000)])) == "right"


def test_wrong_frames_at_the_start_are_counted_from_the_first_one():
    found = judge([noise(40, 20000), P[40:]])
    assert found.analysis.first_frame == 0
    assert any("frames 0 to 39, before the first right frame" in line for line in found.advice)
    assert not any("begins at position" in line for line in found.advice)


def test_note_names_what_is_behind_only_where_it_is_one_thing():
    notes = {
        "of silence behind": judge([P, zeros(9000)]),
        "9 000 frames behind": judge([P, zeros(5000), noise(3000, 20000), zeros(1000)]),
    }
    for words, found in notes.items():
        assert words in found.analysis.notes[-1].replace("\u202f", " ")
