# SPDX-License-Identifier: MIT
"""The parts of a judgement behind a path, each at its limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import judge
from stress.detect.path.attribute import Term
from stress.detect.path.estimated import Estimate, Nothing
from stress.detect.path.forward import Forward
from stress.detect.path.judge import judge_behind
from stress.detect.path.sources import numbers
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import packed

RINGS = Rings(4800, 5280)
STEREO = Pattern("mix1", FORMATS["S16_LE"], 2)


def _halved(positions):
    samples = numbers(
        STEREO.image((np.asarray(positions) % (1 << 32)).astype(np.uint32)).reshape(-1), STEREO.fmt, 2
    )
    return packed(np.rint(samples * 0.5).astype(int), "S16_LE")


def _known(gain=0.5, position=1, **more):
    terms = tuple(Forward((Term(c, 0, gain),), share=1.0, clipped=0.0) for c in (0, 1))
    path = replace(
        Path.bit_exact(2, 16), exact=gain == 1.0, gain_db=(20 * np.log10(gain),) * 2, bits=(15, 15), **more
    )
    return Estimate(path, position, terms)


@pytest.mark.parametrize(
    ("path", "blind"),
    [
        (Path.bit_exact(2, 16), True),
        (replace(Path.bit_exact(2, 16), encoding="bent"), True),
        (replace(Path.bit_exact(2, 16), encoding="filtered"), False),
        (replace(Path.bit_exact(2, 16), encoding="noisy"), False),
        (replace(Path.bit_exact(2, 16), rate_ratio=0.9), False),
        (replace(Path.bit_exact(2, 16), rate_ratio=0.9, clipped=(0.0, 0.1)), True),
        (replace(Path.bit_exact(2, 16), encoding="filtered", clipped=(0.1, 0.0)), True),
    ],
)
def test_path_is_blind_where_it_makes_frames_wrong_by_itself(path, blind):
    assert judge._blinds(path) is blind


@pytest.mark.parametrize(
    ("runs", "frames", "bare"),
    [
        ([(0, 2000)], 3100, [2000]),
        ([(0, 2000)], 3023, [2000 - 0]),
        ([(0, 2000)], 2921, []),
        ([(0, 3000)], 3000, []),
        ([], 1024, [0]),
        ([], 1023, []),
        ([(0, 2000), (3500, 1500)], 7000, [2000, 5000]),
    ],
)
def test_bare_stretches_begin_behind_the_last_right_frames(runs, frames, bare):
    ok = np.zeros(frames, bool)
    for start, length in runs:
        ok[start : start + length] = True
    assert judge._bare(ok, judge.LOST_SHARE) == bare


@pytest.mark.parametrize(("right", "bare"), [(102, 1), (103, 0)])
def test_stretch_is_bare_below_its_share_of_right_frames(right, bare):
    ok = np.zeros(1024, bool)
    ok[::10][:right] = True
    ok[5:1024:10][: max(0, right - 103)] = True
    assert len(judge._bare(ok[:1024], judge.LOST_SHARE)) == bare


def test_four_bare_stretches_are_looked_at():
    ok = np.tile(np.repeat([True, False], 1500), 6)
    assert judge._bare(ok, judge.LOST_SHARE) == [1500 + 3000 * n for n in range(4)]


@pytest.mark.parametrize(
    ("flags", "tail"),
    [("000", 0), ("110", 0), ("111", 3), ("0111000", 4), ("1110111", 7), ("11101101", 3), ("", 0), ("11", 0)],
)
def test_three_right_frames_in_a_row_are_no_chance(flags, tail):
    assert judge._tail(np.array([one == "1" for one in flags], bool)) == tail


def _finding(frame, frames=10):
    return Finding(Kind.GAIN, frame, frames, 1 + frame)


def test_changes_are_findings_in_their_order():
    found = Analysis("exact", True, 9000, checked_frames=9000).holding([_finding(50), _finding(700)], 9)
    more = judge.with_changes(found, [_finding(300, 40), _finding(400, 60)])
    assert [one.frame for one in more.findings] == [50, 300, 400, 700]
    assert (more.wrong_frames, more.episodes, more.counts[Kind.GAIN]) == (120, 2, 4)
    assert judge.with_changes(found, [_finding(300, 99999)]).wrong_frames == 9000
    assert judge.with_changes(found, []) is found


def _later(path, **more):
    return Analysis("exact", True, 9000, checked_frames=8000, path=path, **more)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({}, False),
        ({"gain_db": (0.019, 0.0)}, False),
        ({"gain_db": (0.0, -0.021)}, True),
        ({"gain_db": (0.0, None)}, True),
        ({"channels": (1, 0)}, True),
        ({"polarity": (1, -1)}, True),
        ({"offset": (0, 2)}, True),
        ({"delay_frames": (0, 2)}, True),
        ({"encoding": "float32"}, True),
        ({"bits": (15, 16)}, False),
        ({"clipped": (0.1, 0.0)}, False),
    ],
)
def test_path_of_a_later_burst_is_another_where_its_shape_or_level_is(change, moved):
    before = Path.bit_exact(2, 16)
    one = _later(replace(before, **change), first_frame=70, first_position=900)
    found = judge.moved_since(before, one)
    if not moved:
        assert found is one
        return
    (finding,) = found.findings
    assert (finding.frame, finding.frames, finding.position) == (70, 8000, 900)
    assert finding.text.startswith("Unlike in earlier bursts: From capture frame 70 on: ")


def test_path_of_a_later_burst_that_is_not_known_is_no_other():
    one = _later(None)
    assert judge.moved_since(Path.bit_exact(2, 16), one) is one
    quiet = replace(Path.bit_exact(2, 16), gain_db=(None, 0.0))
    assert judge.moved_since(quiet, _later(quiet)).found == 0
    (finding,) = judge.moved_since(Path.bit_exact(2, 16), _later(quiet)).findings
    assert (finding.frame, finding.position) == (0, 0)


def test_silence_is_nothing_to_judge():
    found = judge_behind([np.zeros(40000, np.uint8)], STEREO, RINGS)
    assert (found.path, found.nothing.what, found.analysis) == (None, "silence", None)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((0, 1234, 0), "the capture stands still, on one word and then another"),
        ((1234, 0), "the capture stands still, on one word and then another"),
        ((0, 1234), "the capture stands still, on one word and then another"),
        ((1234,), "every frame is the same word 0x04D2 0x04D2"),
    ],
)
def test_a_capture_that_stands_still_is_not_called_silent_for_a_part_that_is(words, told):
    raw = np.repeat(np.array(words, "<i2"), 2 * 12000).view(np.uint8)
    found = judge_behind([raw], STEREO, RINGS)
    assert found.path is None
    assert found.nothing.what == "constant"
    assert found.nothing.why.startswith(told)


@pytest.mark.parametrize("silent", [0, 500])
@pytest.mark.parametrize("first_position", [None, 500000])
# Position 0 is a frame of zeros: silence near it is data of that place.
def test_capture_behind_a_known_path_is_judged_from_its_first_right_frame(silent, first_position):
    raw = np.concatenate([np.zeros(4 * silent, np.uint8), _halved(500000 + np.arange(9000))])
    kept = []
    found = judge_behind(
        [raw[:12000], raw[12000:]], STEREO, RINGS, known=_known(position=(500000 - silent) % (1 << 32)),
        first_position=first_position, restored=kept,
    )  # fmt: skip
    assert found.analysis.found == 0
    assert (found.analysis.first_frame, found.analysis.first_position) == (silent, 500000)
    assert found.path.from_frame == silent
    assert found.changes == () and found.blind is False
    back = np.concatenate(kept)
    assert back[4 * silent :].tolist() == STEREO.bytes_at(500000, 9000).tolist()
    assert found.sent.channels == 2


def test_path_that_cannot_be_taken_off_is_not_judged():
    found = judge_behind([_halved(1 + np.arange(3000))], STEREO, RINGS, known=_known(invertible=False))
    assert (found.analysis, found.blind) == (None, True)
    bent = judge_behind(
        [_halved(1 + np.arange(3000))], STEREO, RINGS, known=_known(invertible=False, encoding="noisy")
    )
    assert bent.blind is False


@pytest.mark.parametrize(("lost", "changes"), [(9000, 1), (1000, 0)])
def test_change_of_the_path_is_one_finding_at_its_frame(lost, changes):
    samples = numbers(STEREO.bytes_at(1, 20000), STEREO.fmt, 2)
    gains = np.where(np.arange(20000) < 20000 - lost, 0.5, 0.25)
    raw = packed(np.rint(samples * gains[:, None]).astype(int), "S16_LE")
    found = judge_behind([raw], STEREO, RINGS, known=_known(), first_position=1)
    assert len(found.changes) == changes
    if changes:
        (one,) = found.changes
        assert (one.kind, one.frame, one.frames, one.position) == (Kind.GAIN, 11000, 9000, 11001)
        assert found.analysis.found == 1
        assert found.analysis.wrong_frames == 9000


def test_changes_are_followed_up_to_a_number(monkeypatch):
    monkeypatch.setattr(judge, "MOST_CHANGES", 1)
    samples = numbers(STEREO.bytes_at(1, 24000), STEREO.fmt, 2)
    gains = np.repeat([0.5, 0.25, 0.8], 8000)
    raw = packed(np.rint(samples * gains[:, None]).astype(int), "S16_LE")
    found = judge_behind([raw], STEREO, RINGS, known=_known(), first_position=1)
    assert [one.frame for one in found.changes] == [8000, 16000]


def test_looks_at_lost_stretches_are_counted(monkeypatch):
    looked = []

    def nothing(raw, *rest, **more):
        looked.append(more["first_frame"])
        return Nothing("other", "noise")

    monkeypatch.setattr(judge, "estimate", nothing)
    monkeypatch.setattr(judge, "MOST_LOOKS", 2)
    raw = _halved(1 + np.arange(20000)).reshape(-1, 4)
    for at in (3000, 7000, 11000, 15000):
        raw[at : at + 2000] = np.random.default_rng(at).integers(0, 256, (2000, 4))
    judge_behind([raw.reshape(-1)], STEREO, RINGS, known=_known(), first_position=1)
    assert looked == [3000, 7000]


def test_silence_in_the_midst_is_no_other_path(monkeypatch):
    monkeypatch.setattr(judge, "estimate", None)
    raw = _halved(1 + np.arange(9000)).reshape(-1, 4)
    raw[4000:6000] = 0
    found = judge_behind([raw.reshape(-1)], STEREO, RINGS, known=_known(), first_position=1)
    assert [(one.kind, one.frame, one.frames) for one in found.analysis.findings] == [
        (Kind.MUTE, 4000, 2000)
    ] or [(one.frame, one.frames) for one in found.analysis.findings] == [(4000, 2000)]


def _noise(name, sigma, lead=0):
    rng = np.random.default_rng(4)
    pattern = Pattern("mix1", FORMATS[name], 2)
    samples = numbers(pattern.bytes_at(1, 30000), pattern.fmt, 2).astype(float)
    samples = np.concatenate([np.zeros((lead, 2)), samples]) + rng.normal(0, sigma, (lead + 30000, 2))
    top = 1 << (pattern.fmt.bits - 1)
    return pattern, packed(np.clip(np.rint(samples), -top, top - 1), name)


def test_noise_alone_is_blind_and_an_old_line_in_it_is_not():
    pattern, raw = _noise("S24_3LE", 400)
    assert judge_behind([raw], pattern, RINGS, locked=(0, 1)).blind
    old = raw.copy()
    old[6 * 20000 : 6 * 20008] = raw[6 * 15200 : 6 * 15208]
    assert not judge_behind([old], pattern, RINGS, locked=(0, 1)).blind
