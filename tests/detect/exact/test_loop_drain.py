# SPDX-License-Identifier: MIT
"""A draining player on snd-aloop: silence in the last block and as many old frames are no corruption."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.expected import Expected
from stress.detect.exact.known_playing import Known
from stress.detect.exact.loop_drain import LEAST_RESIDUE, LONGEST_BLOCK_S, without_drain
from stress.detect.exact.recording_check import check_recording
from stress.detect.exact.survey import KnownRecording
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

PLAYED, RING, BEGIN = 48000, 24000, 46848


def aloop(silenced, block, fmt="S16_LE", channels=2, played=PLAYED, ring=RING, lead=BEGIN):
    # What the capture ring of snd-aloop gives: its last block reaches `silenced` frames beyond the end.
    sent = Pattern("mix1", FORMATS[fmt], channels)
    rows = np.zeros((lead + played + 30000, sent.frame_bytes), np.uint8)
    end = lead + played
    rows[lead:end] = sent.bytes_at(1, played).reshape(-1, sent.frame_bytes)
    rows[end - block : end - block + silenced] = 0
    rows[end : end + silenced] = rows[end - ring : end - ring + silenced]
    return sent, rows


def judge(sent, rows, known=None):
    def read(first, stop):
        for at in range(first, stop, 1 << 14):
            yield rows[at : min(at + (1 << 14), stop)].reshape(-1)

    found = check_recording(KnownRecording(read, len(rows)), Expected(sent, Rings()), known or Known())
    drains = [line for line in found.advice if "snd-aloop" in line]
    return "FAIL" if found.analysis.found else "doubt" if drains else "right", found


@pytest.mark.parametrize(
    ("silenced", "block"), [(192, 4416), (48, 3840), (480, 4000), (1000, 5900), (12, 200)]
)
def test_silence_in_the_last_block_with_as_many_old_frames_is_a_doubt(silenced, block):
    got, found = judge(*aloop(silenced, block))
    assert got == "doubt"
    assert found.analysis.checked_frames == PLAYED - silenced
    assert found.analysis.episodes == found.analysis.wrong_frames == 0


@pytest.mark.parametrize("known", [Known(frames=PLAYED), Known(position=1), Known(position=1, frames=PLAYED)])
def test_what_the_user_says_of_the_playing_changes_nothing(known):
    assert judge(*aloop(192, 4416), known)[0] == "doubt"


@pytest.mark.parametrize(("fmt", "channels"), [("S16_LE", 1), ("S24_3LE", 2), ("S32_LE", 6), ("S16_LE", 3)])
def test_other_layouts_are_recognised_as_well(fmt, channels):
    assert judge(*aloop(192, 4416, fmt, channels))[0] == "doubt"


def test_each_pass_of_a_file_that_is_played_again_may_end_so():
    sent, rows = aloop(192, 4416)
    _, found = judge(sent, np.concatenate([rows, rows]))
    assert not found.analysis.found
    assert len([line for line in found.advice if "snd-aloop" in line]) == 2


@pytest.mark.parametrize("kept", [192, 120])
def test_recorder_that_is_stopped_among_the_old_frames_is_recognised(kept):
    sent, rows = aloop(192, 5760)
    got, found = judge(sent, rows[: BEGIN + PLAYED + kept])
    assert got == "doubt"
    assert found.analysis.checked_frames == PLAYED - 192


def change(rows, what, end=BEGIN + PLAYED):
    if what == "one old frame less":
        rows[end + 191] = 0
    elif what == "one old frame wrong":
        rows[end + 100] ^= 1
    elif what == "silence behind the end":
        rows[end : end + 192] = 0
    elif what == "a stale line besides":
        rows[end - 30000 : end - 29992] = rows[end - 34800 : end - 34792]
    elif what == "silence that is not silent":
        rows[end - 4300] = 1
    elif what == "far from the end":
        rows[end - 4416 : end - 4224] = rows[end - 4416 - 24000 : end - 4224 - 24000]
        rows[end - 20000 : end - 19808] = 0
    return rows


@pytest.mark.parametrize(
    "what",
    [
        "one old frame less",
        "one old frame wrong",
        "silence behind the end",
        "a stale line besides",
        "silence that is not silent",
        "far from the end",
    ],
)
def test_anything_else_that_is_wrong_stays_a_failure(what):
    sent, rows = aloop(192, 4416)
    assert judge(sent, change(rows, what))[0] == "FAIL"


# The parts: one finding, the end of the pass, and what lies behind it.


STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)


def drained(n=20, end=9000, before_end=500, lag=3000, kind=Kind.ZERO, known=None, more=(), behind=None):
    """The answer for `n` silent frames that begin so many before the end, and as many old ones behind it."""
    rows = np.concatenate([STEREO.bytes_at(1, end).reshape(-1, 4), np.zeros((100, 4), np.uint8)])
    frame = end - before_end
    rows[frame : frame + n] = 0
    rows[end : end + n] = STEREO.bytes_at(1 + end - lag, n).reshape(-1, 4)
    if behind is not None:
        rows[end:] = behind(rows[end:])

    def read(first, stop):
        for at in range(first, min(stop, len(rows)), 999):
            yield rows[at : min(at + 999, stop)].reshape(-1)

    found = [Finding(kind, frame, n, 1 + frame), *more]
    analysis = Analysis("exact", True, len(rows), end, 0, 1, episodes=2).holding(found, 1000)
    rest, told = without_drain(analysis, read, end, STEREO, known or Known())
    assert (rest == analysis) is (told == "")
    return rest, told


def test_the_silence_is_left_out_and_told_with_its_place_and_age():
    rest, told = drained()
    assert (rest.found, rest.findings, rest.wrong_frames, rest.episodes, rest.checked_frames) == (
        0,
        (),
        0,
        0,
        8980,
    )
    assert told == (
        "20 frames of silence at capture frame 8 500, and as many frames behind the end of the "
        "pattern that are "
        "3 000 frames old: snd-aloop silences the head of its last block where it should silence "
        "what follows a "
        "player that drains; or damage (run never drains; --frames 8500 judges what was played before)"
    )
    assert "--frames 8501 judges" in drained(known=Known(position=0))[1]
    assert "--frames" not in drained(known=Known(position=8501))[1]


@pytest.mark.parametrize(("kind", "told"), [(Kind.ZERO, True), (Kind.MUTE, True), (Kind.HOLD, False)])
def test_only_silence_is_meant(kind, told):
    assert bool(drained(kind=kind)[1]) is told


def test_anything_else_that_was_found_is_damage():
    assert not drained(more=[Finding(Kind.BITFLIP, 100, 1, 101)])[1]


def test_silence_begins_no_farther_from_the_end_than_the_longest_block():
    longest = int(LONGEST_BLOCK_S * 8000)
    known = Known(rate=8000)
    assert drained(before_end=longest, known=known)[1]
    assert not drained(before_end=longest + 1, known=known)[1]


def test_a_few_frames_behind_the_end_show_no_lag():
    assert drained(n=LEAST_RESIDUE)[1]
    assert not drained(n=LEAST_RESIDUE - 1)[1]


@pytest.mark.parametrize("lag", [20, 21, 9000])
def test_frames_behind_the_end_are_as_old_as_they_are(lag):
    assert f"that are {lag:,} frames old".replace(",", " ") in drained(lag=lag)[1]


def test_silence_or_anything_else_behind_the_end_is_no_residue():
    assert not drained(behind=np.zeros_like)[1]
    assert not drained(behind=lambda rows: rows ^ 0x55)[1]
    # Out of step by a byte it is no piece of the recording.
    assert not drained(behind=lambda rows: np.roll(rows.reshape(-1), 1).reshape(rows.shape))[1]
