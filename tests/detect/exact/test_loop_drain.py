# SPDX-License-Identifier: MIT
"""A draining player on snd-aloop: silence in the last block and as many old frames are no corruption."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.expected import Expected
from stress.detect.exact.known_playing import Known
from stress.detect.exact.recording_check import check_recording
from stress.detect.exact.survey import KnownRecording
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
