# SPDX-License-Identifier: MIT

import numpy as np
import pytest

from stress.detect.path import judge
from stress.detect.path.estimate import estimate
from stress.detect.path.judge import judge_behind
from stress.detect.path.suspect import Suspicion
from stress.detect.path.words import advice, sentence
from stress.model.finding import Kind
from stress.model.formats import FORMATS
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
