# SPDX-License-Identifier: MIT
from dataclasses import replace

import numpy as np
import pytest

from stress.detect.path import judge
from stress.detect.path.attribute import Term
from stress.detect.path.estimate import estimate
from stress.detect.path.estimated import Estimate, Nothing
from stress.detect.path.forward import Forward
from stress.detect.path.judge import judge_behind
from stress.detect.path.sources import numbers
from stress.detect.path.suspect import Suspicion
from stress.detect.path.words import advice, sentence
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import captured, packed, sent

RINGS = Rings(4800, 5280)


def _judge(raw, name="S16_LE", channels=2):
    return judge_behind([raw[:20000], raw[20000:]], Pattern("mix1", FORMATS[name], channels), RINGS)


def _stale(x):
    x = x.copy()
    x[15000:15008] = x[15000 - 4800 : 15008 - 4800]
    return x


@pytest.mark.parametrize(
    ("way", "name"),
    [
        (lambda x: x * 0.7071, "S16_LE"),
        (lambda x: x[:, ::-1], "S16_LE"),
        (lambda x: -x, "S16_LE"),
        (lambda x: np.floor(x / 256) * 256, "S24_3LE"),
        (lambda x: np.rint(x / 16) * 16, "S24_3LE"),
        (lambda x: 0.3 * x[:, ::-1] + 11, "S16_LE"),
    ],
)
def test_judge_finds_a_stale_line_with_place_and_age_behind_a_path(way, name):
    behind = _judge(captured(lambda x: way(_stale(x)), name), name)
    (found,) = behind.analysis.findings
    assert (found.kind, found.frame, found.frames) == (Kind.STALE, 15000, 8)
    assert (found.ring, found.laps, found.lag) == ("playback", 1, 4800)
    assert not behind.path.exact


@pytest.mark.parametrize("level", [-40.0, -17.189, -3.01, -0.07, 0.2])
def test_judge_of_a_clean_capture_behind_a_gain_finds_nothing(level):
    behind = _judge(captured(lambda x: x * 10 ** (level / 20), frames=60000))
    assert behind.path.gain_db[0] == pytest.approx(level, abs=0.01)
    if behind.path.invertible:
        assert not behind.analysis.found


@pytest.mark.parametrize("stale", [False, True])
def test_judge_of_a_file_that_an_editor_dithered_looks_past_its_dithered_silence(stale):
    drawn = np.random.default_rng(3).random((2, 24000, 2))
    x = np.zeros((24000, 2))
    x[4800:] = sent("S16_LE", 2, frames=19200)
    if stale:
        x[15000:15032] = x[15000 - 4800 : 15032 - 4800]
    raw = packed(np.clip(np.rint(x + drawn[0] - drawn[1]), -32768, 32767), "S16_LE")
    behind = _judge(raw)
    assert not behind.path.exact and any("dither" in note for note in behind.path.notes)
    assert bool(behind.analysis.found) == stale
    assert all(15000 <= one.frame < 15032 for one in behind.analysis.findings)


def test_judge_of_a_slip_behind_a_gain_counts_its_frames():
    behind = _judge(captured(lambda x: np.delete(x, slice(12000, 12048), 0) * 0.5))
    (found,) = behind.analysis.findings
    assert (found.kind, found.frame, found.frames) == (Kind.DROP, 12000, 48)


@pytest.mark.parametrize(
    ("way", "kind", "words"),
    [
        (lambda x: x * [1, 0], Kind.ZERO, "right is zero; left stays as it was"),
        (lambda x: np.repeat(x.mean(1, keepdims=True), 2, 1), Kind.SWAP, "mean of left and right"),
        (lambda x: -x, Kind.POLARITY, "polarity inverted"),
        (lambda x: x * 0.5, Kind.GAIN, "-6.02 dB"),
        (lambda x: x[:, ::-1], Kind.SWAP, "exchanged"),
    ],
)
def test_judge_names_a_path_that_begins_later_once_and_where(way, kind, words):
    x = sent("S16_LE", 2)
    x[11000:] = way(x)[11000:]
    behind = _judge(packed(np.clip(np.floor(x), -32768, 32767), "S16_LE"))
    assert behind.path.exact
    (found,) = behind.analysis.findings
    assert (found.kind, found.frame) == (kind, 11000)
    assert words in found.text


def test_judge_names_a_rotation_of_many_channels():
    x = sent("S16_LE", 4)
    x[11000:] = np.roll(x, 1, axis=1)[11000:]
    (found,) = _judge(packed(x, "S16_LE"), channels=4).analysis.findings
    assert (found.kind, found.frame) == (Kind.ROTATE, 11000)


def test_judge_says_why_a_resampled_capture_is_not_judged():
    behind = judge_behind([np.zeros(4000, np.uint8)], Pattern("mix1", FORMATS["S16_LE"], 2), RINGS)
    assert behind.path is None
    assert behind.nothing.what == "silence"


def test_judge_of_a_long_capture_in_small_pieces_finds_a_line_far_in():
    def way(x):
        x = x * 0.7071
        x[130000:130008] = x[130000 - 4800 : 130008 - 4800]
        return x

    raw, size = captured(way, frames=150000), 4
    pieces = [raw[at : at + 7777 * size] for at in range(0, len(raw), 7777 * size)]
    behind = judge_behind(pieces, Pattern("mix1", FORMATS["S16_LE"], 2), RINGS)
    (found,) = behind.analysis.findings
    assert (found.kind, found.frame, found.frames, found.lag) == (Kind.STALE, 130000, 8, 4800)


def test_bit_held_in_one_channel_from_an_instant_on_is_one_finding():
    def held(x):
        x = x.astype(np.int64)
        x[12000:, 1] |= 4
        return x

    raw, pattern = captured(held), Pattern("mix1", FORMATS["S16_LE"], 2)
    first = int(np.flatnonzero(raw != captured(lambda x: x))[0]) // pattern.frame_bytes
    behind = judge_behind([raw], pattern, RINGS, locked=(0, 1), suspicion=Suspicion.PARTLY)
    (found,) = behind.analysis.findings
    assert (found.kind, found.frame) == (Kind.STUCK, first)
    assert "bit 2 of every sample is always 1 (right only)" in found.text
    assert behind.path.exact


def test_gain_that_changes_all_the_time_calls_for_few_looks(monkeypatch):
    looks = []

    def counted(*given, **named):
        looks.append(1)
        return estimate(*given, **named)

    monkeypatch.setattr(judge, "estimate", counted)

    def fading(x):
        gain = np.ones((len(x), 1))
        gain[10000:16000, 0] = np.linspace(1, 0.3, 6000)
        return x * gain

    _judge(captured(fading, frames=40000))
    assert len(looks) <= 4


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (
            lambda x: np.repeat(x @ [[0.5], [0.25]], 2, axis=1),
            "left is -6.02 dB of left and -12.04 dB of right",
        ),
        (
            lambda x: np.stack([x @ [0.5, 0.5], x @ [0.5, -0.5]], 1),
            "right is -6.02 dB of left and -6.02 dB inverted",
        ),
    ],
)
def test_sum_of_parts_that_are_not_alike_is_told_part_by_part_and_judged(way, said):
    behind = _judge(captured(lambda x: way(_stale(x))))
    assert said in sentence(behind.path) and "mean" not in sentence(behind.path)
    (found,) = behind.analysis.findings
    assert (found.kind, found.frame, found.frames) == (Kind.STALE, 15000, 8)


def test_one_channel_of_stereo_recorded_as_mono_is_no_exact_path_and_judged():
    stereo = captured(_stale).reshape(-1, 2, 2)
    for side, name in enumerate(("left", "right")):
        behind = _judge(np.ascontiguousarray(stereo[:, side]).reshape(-1), channels=1)
        assert not behind.path.exact and f"{name} of a pattern of 2 channels" in sentence(behind.path)
        assert advice(behind.path).startswith("record as many channels")
        assert behind.analysis.counts == {Kind.STALE: 1}


def test_path_behind_which_half_of_the_frames_are_older_data_is_named_and_judged():
    rng, rings = np.random.default_rng(1), Rings(192, 480)

    def corrupt(x, ring):
        out = x.copy()
        for first in range(ring, len(x) - 8, 8):
            if rng.random() < 0.25:
                out[first : first + 8] = x[first - ring : first - ring + 8]
        return out

    raw = captured(lambda x: corrupt(corrupt(x, 192)[:, ::-1] * 10 ** (-3.01 / 20), 480))
    raw = np.concatenate([np.zeros(192 * 4, np.uint8), raw])
    behind = judge_behind([raw], Pattern("mix1", FORMATS["S16_LE"], 2), rings, first_position=1)
    assert behind.path.channels == (1, 0) and behind.path.gain_db == pytest.approx((-3.01, -3.01), abs=0.005)
    assert behind.analysis.counts[Kind.STALE] > 700
    assert behind.analysis.wrong_frames == pytest.approx(0.4375 * 24000, rel=0.05)


def test_byte_stream_that_is_a_byte_early_is_told_so():
    raw = captured(lambda x: x, "S24_3LE")
    behind = _judge(np.concatenate([raw[1:], raw[:1]]), "S24_3LE")
    assert behind.path.encoding == "byte stream shifted by -1 byte"


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
