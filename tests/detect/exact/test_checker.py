# SPDX-License-Identifier: MIT
"""The exact detector: places, locks, limits, cuts; oracles are edits of known arrays."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from stress.detect.exact.checker import ExactChecker, check
from stress.detect.exact.decode import NEAR
from stress.detect.exact.expected import Expected
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.exact.edited import FIRST, RINGS, STEREO, capture, judge, places

hypothesis = pytest.importorskip("hypothesis", reason="needs hypothesis: pip install .[test]")
given, settings, st = hypothesis.given, hypothesis.settings, hypothesis.strategies


def test_after_a_drop_nothing_past_the_limit_is_judged():
    rows = capture(frames=12000, lead=0)
    lossy = np.concatenate([rows[:11000], rows[11048:], np.zeros((400, 4), np.uint8)])
    analysis = judge(lossy, first_position=FIRST, played_limit=12000)
    assert places(analysis) == [(Kind.DROP, 11000, 48)]
    assert analysis.wrong_frames == 48


@pytest.mark.parametrize("size", [6, 48])
def test_usb_packet_missing_or_twice_is_a_slip_not_stale(size):
    rows = capture()
    missing = judge(np.delete(rows, slice(5000, 5000 + size), axis=0))
    assert places(missing) == [(Kind.DROP, 5000, size)]
    twice = judge(np.concatenate([rows[:5000], rows[5000 - size :]]))
    assert places(twice) == [(Kind.REPEAT, 5000, size)]


def test_replay_of_the_whole_ring_is_a_repeat_that_names_the_ring():
    rows = capture(frames=30000)
    (finding,) = judge(np.concatenate([rows[:5000], rows[5000 - 480 :]])).findings
    assert (finding.kind, finding.frames) == (Kind.REPEAT, 480)
    assert finding.details == {"replay": "playback", "laps": 1}


def test_stream_that_goes_there_and_back_has_no_more_wrong_frames_than_were_checked():
    rows = capture(frames=12000, lead=0)
    pieces = [rows[at : at + 600] for start in range(0, 6000, 600) for at in (start, start + 5000)]
    found = judge(np.concatenate(pieces))
    assert sum(one.frames for one in found.findings) > found.checked_frames
    assert found.wrong_frames == found.checked_frames == 12000


def test_one_gap_that_is_longer_than_the_capture_keeps_its_length():
    rows = capture(frames=30000, lead=0)
    found = judge(np.concatenate([rows[:3000], rows[23000:26000]]))
    assert [one.frames for one in found.findings] == [20000] and found.wrong_frames == 20000


def test_check_goes_on_in_the_new_alignment_after_a_slip():
    rows = capture()
    rows = np.delete(rows, slice(3000, 3006), axis=0)
    rows[3010:3018] = STEREO.bytes_at(FIRST + 3010 + 6 - 100 - 480, 8).reshape(-1, 4)
    rows[7000, 2] ^= 8
    found = judge(rows)
    assert places(found) == [(Kind.DROP, 3000, 6), (Kind.STALE, 3010, 8), (Kind.BITFLIP, 7000, 1)]
    assert found.findings[2].details["bits"] == [[0, 19]]


def test_bitflip_in_the_last_and_first_frame_are_found():
    rows = capture(lead=0)
    rows[-1, 0] ^= 1
    assert places(judge(rows)) == [(Kind.BITFLIP, len(rows) - 1, 1)]
    rows = capture(lead=0)
    rows[0, 0] ^= 1
    found = judge(rows, first_position=FIRST)
    assert found.first_frame in (0, 1)


def test_leading_silence_and_garbage_are_no_findings():
    rows = capture(lead=3000)
    rows[1000:2000] = np.random.default_rng(4).integers(0, 256, (1000, 4))
    found = judge(rows)
    assert (found.found, found.first_frame, found.first_position) == (0, 3000, FIRST)


@pytest.mark.parametrize("kind", ["zeros", "noise", "short"])
def test_capture_without_the_pattern_does_not_lock(kind):
    rng = np.random.default_rng(2)
    rows = {
        "zeros": np.zeros((20000, 4), np.uint8),
        "noise": rng.integers(0, 256, (20000, 4), dtype=np.uint8),
        "short": rng.integers(0, 256, (3, 4), dtype=np.uint8),
    }[kind]
    found = judge(rows)
    assert (found.locked, found.found, found.checked_frames, found.frames) == (False, 0, 0, len(rows))


def test_frames_past_the_limit_are_neither_judged_nor_counted():
    rows = capture(frames=12000, lead=100)
    rows[100 + 8000 :] = 0
    found = judge(rows, first_position=FIRST, played_limit=8000)
    assert (found.found, found.checked_frames) == (0, 8000)
    rows[100 + 7990] = 0
    assert places(judge(rows, first_position=FIRST, played_limit=8000)) == [(Kind.ZERO, 8090, 1)]


def test_silence_to_the_end_is_mute():
    rows = capture()
    rows[9000:] = 0
    assert places(judge(rows)) == [(Kind.MUTE, 9000, 3100)]


@pytest.mark.parametrize(
    ("frames", "rings", "kind"),
    [
        (479, Rings(), Kind.ZERO),  # no ring is known: 480 frames and more
        (480, Rings(), Kind.MUTE),
        (480, Rings(96, 192), Kind.MUTE),
        (528, RINGS, Kind.ZERO),  # a whole lap of the larger ring, which it may hold
        (529, RINGS, Kind.MUTE),
        (4096, RINGS, Kind.MUTE),
    ],
)
@pytest.mark.parametrize("at", [2000, 6003])
def test_zeros_that_no_ring_can_hold_are_mute_wherever_they_are(frames, rings, kind, at):
    rows = capture(lead=0)
    rows[at : at + frames] = 0
    found = judge(rows, rings, first_position=FIRST)
    assert places(found) == [(kind, at, frames)]
    assert found.counts == {kind: 1}
    assert ("longer than a ring holds" in found.findings[0].text) is (kind is Kind.MUTE)


@pytest.mark.parametrize(("bits", "name"), [(16, "S24_3LE"), (20, "S24_3LE"), (16, "S32_LE"), (24, "S32_LE")])
def test_narrow_path_is_said_and_is_no_corruption(bits, name):
    fmt = FORMATS[name]
    pattern = Pattern("mix1", fmt, 2)
    raw = pattern.bytes_at(FIRST, 12000).reshape(-1, fmt.sample_bytes)
    keep = ((1 << bits) - 1) << (fmt.bits - bits)
    raw &= np.frombuffer(keep.to_bytes(fmt.sample_bytes, "little"), np.uint8)
    found = check(raw.reshape(-1).copy(), Expected(pattern, RINGS))
    assert (found.locked, found.found, found.valid_bits) == (True, 0, bits)
    assert f"carries {bits} of {fmt.bits} bits" in found.notes[0]
    raw[2 * 6000, fmt.sample_bytes - 1] ^= 0x40
    assert places(check(raw.reshape(-1).copy(), Expected(pattern, RINGS))) == [(Kind.BITFLIP, 6000, 1)]


def test_padding_that_is_no_sign_is_said_and_is_no_corruption():
    pattern = Pattern("mix1", FORMATS["S24_LE"], 2)
    raw = pattern.bytes_at(FIRST, 12000).reshape(-1, 4)
    raw[:, 3] = 0
    found = check(raw.reshape(-1).copy(), Expected(pattern, RINGS))
    assert (found.locked, found.found, found.valid_bits) == (True, 0, 24)
    assert "padding" in found.notes[0]


def test_cap_keeps_memory_and_goes_on_counting():
    rows = capture(frames=40000)
    rows[1000:40000:50, 0] ^= 1
    found = judge(rows, cap=10)
    assert (len(found.findings), found.counts[Kind.BITFLIP]) == (10, 780)
    assert "770 findings past the first 10" in found.notes[-1]
    assert found.wrong_frames == 780


def test_episodes_join_findings_within_a_lap():
    rows = capture(frames=40000)
    for at in (1000, 1200, 1500, 20000, 30000, 30400):
        rows[at, 0] ^= 1
    assert judge(rows).episodes == 3


def test_first_checked_is_never_changed_by_the_check():
    rows = capture()
    rows[4000:4100, 1] ^= 1
    kept = rows.copy()
    judge(rows)
    assert np.array_equal(rows, kept)


def test_feed_does_not_keep_the_callers_memory():
    rows, checker, block = capture(), ExactChecker(Expected(STEREO, RINGS)), np.empty(4 * 77, np.uint8)
    flat = np.concatenate([rows.reshape(-1), np.zeros(-rows.size % block.size, np.uint8)])
    rows_used = flat.size // block.size * 77
    for at in range(0, flat.size, block.size):
        block[:] = flat[at : at + block.size]
        checker.feed(block)
    found = checker.finish()
    assert found.frames == rows_used
    assert places(found) in ([], [(Kind.ZERO, 12100, rows_used - 12100)])


def test_feed_of_a_part_of_a_frame_is_refused():
    with pytest.raises(ValueError, match="whole frames"):
        ExactChecker(Expected(STEREO, RINGS)).feed(np.zeros(5, np.uint8))


def damaged(seed):
    rng = np.random.default_rng(seed)
    rows = capture(frames=30000, lead=int(rng.integers(0, 300)))
    for _ in range(int(rng.integers(1, 12))):
        at = int(rng.integers(2000, len(rows) - 2000))
        what, n = rng.integers(6), int(rng.integers(1, 400))
        if what == 0:
            rows[at : at + 8] = rows[at - 480 : at - 472]
        elif what == 1:
            rows = np.delete(rows, slice(at, at + n), axis=0)
        elif what == 2:
            rows = np.insert(rows, at, rng.integers(0, 256, (n, 4)), axis=0)
        elif what == 3:
            rows[at : at + n] = 0
        elif what == 4:
            rows[at, int(rng.integers(4))] ^= 1 << int(rng.integers(8))
        else:
            rows[at : at + n] = rng.integers(0, 256, (n, 4))
    return rows


@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 9000), min_size=1, max_size=9))
@settings(max_examples=40, deadline=None)
def test_capture_in_pieces_gives_the_findings_of_the_whole(seed, cuts):
    rows = damaged(seed)
    whole = judge(rows, first_position=FIRST)
    checker, at, k = ExactChecker(Expected(STEREO, RINGS, first_position=FIRST)), 0, 0
    while at < len(rows):
        size = cuts[k % len(cuts)]
        checker.feed(rows[at : at + size].reshape(-1))
        at, k = at + size, k + 1
    assert checker.finish() == whole


@functools.lru_cache
def _near():
    return np.sort(np.array(STEREO.bytes_at(FIRST - NEAR, 2 * NEAR)).view(np.uint32))


def _of_the_pattern(words):
    near = _near()
    return near[np.searchsorted(near, words).clip(max=len(near) - 1)] == words


def foreign(size, seed):
    """Noise without a frame that is by chance one of the pattern within reach: 1 in 500 is."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 1 << 32, size, dtype=np.uint32)
    while len(by_chance := np.flatnonzero(_of_the_pattern(words))):
        words[by_chance] = rng.integers(0, 1 << 32, len(by_chance), dtype=np.uint32)
    return words.view(np.uint8).reshape(-1, 4)


def test_noise_that_is_drawn_anew_holds_nothing_of_the_pattern():
    drawn = foreign(20_000, 1).reshape(-1).view(np.uint32)
    plain = np.random.default_rng(1).integers(0, 1 << 32, 20_000, dtype=np.uint32)
    assert _of_the_pattern(np.array(STEREO.bytes_at(FIRST - 10, 20)).view(np.uint32)).all()
    assert not _of_the_pattern(drawn).any()
    assert 10 < _of_the_pattern(plain).sum() < 80


@pytest.mark.parametrize("seed", [2812, 863, 1491, 1638, 1724, 2338])
def test_noise_with_a_frame_that_is_by_chance_whole_laps_old_is_one_insertion(seed):
    rows = capture()
    noise = np.random.default_rng(seed).integers(0, 256, (594, 4), dtype=np.uint8)
    found = judge(np.concatenate([rows[:2812], noise, rows[2812:]]), first_position=FIRST)
    assert places(found) == [(Kind.INSERT, 2812, 594)]


@pytest.mark.parametrize("laps, kinds", [(64, {Kind.UNKNOWN, Kind.STALE}), (65, {Kind.UNKNOWN})])
def test_lone_old_frame_in_the_midst_of_noise_is_believed_up_to_some_laps(laps, kinds):
    rows = capture()
    rows[5000:5041] = foreign(41, 7)
    rows[5020] = STEREO.bytes_at(FIRST + 5020 - 100 - laps * RINGS.largest, 1)
    found = judge(rows)
    assert {one.kind for one in found.findings} == kinds
    beside = capture()
    beside[5020] = rows[5020]
    assert [one.kind for one in judge(beside).findings] == [Kind.STALE]


@pytest.mark.parametrize("laps, kinds", [(64, {Kind.UNKNOWN, Kind.STALE}), (65, {Kind.UNKNOWN})])
def test_lone_old_word_of_one_channel_in_noise_is_believed_up_to_some_laps(laps, kinds):
    mono, first = Pattern("mix1", FORMATS["S16_LE"], 1), 1_000_001
    rows = capture(9000, 0, first, mono)
    rows[5000:5041] = np.random.default_rng(3).integers(0, 256, (41, 2), dtype=np.uint8)
    rows[5019:5021] = mono.bytes_at(first + 5019 - laps * 480, 2).reshape(-1, 2)
    analysis = check(rows.reshape(-1), Expected(mono, Rings(480, 480), first_position=first))
    assert {one.kind for one in analysis.findings} == kinds


@given(
    at=st.integers(700, 11000), size=st.integers(1, 600), what=st.sampled_from(["drop", "repeat", "insert"])
)
@settings(max_examples=60, deadline=None)
def test_slip_anywhere_is_reported_exactly_there(at, size, what):
    rows = capture()
    if what == "drop":
        rows = np.delete(rows, slice(at, at + size), axis=0)
    elif what == "repeat":
        rows = np.concatenate([rows[:at], rows[at - size :]])
    else:
        rows = np.concatenate([rows[:at], foreign(size, at), rows[at:]])
    assert places(judge(rows, first_position=FIRST)) == [(Kind(what), at, size)]


@given(at=st.integers(200, 12000), bit=st.integers(0, 31))
@settings(max_examples=60, deadline=None)
def test_flip_anywhere_is_reported_exactly_there(at, bit):
    rows = capture()
    rows[at, bit // 8] ^= 1 << (bit % 8)
    (finding,) = judge(rows, first_position=FIRST).findings
    assert (finding.kind, finding.frame, finding.details["bits"]) == (Kind.BITFLIP, at, [[0, bit]])


@pytest.mark.parametrize("cut", [1, 2, 47, 100])
def test_one_channel_without_rings_off_by_some_bytes_is_told_and_no_defect_of_ours(cut):
    # Neither another channel nor a ring names a lag to try.
    pattern = Pattern("mix1", FORMATS["S24_3LE"], 1)
    raw = capture(9000, 0, 1, pattern).reshape(-1)
    torn = np.concatenate([raw[:7000], raw[7000 + cut :]])
    analysis = check(torn[: torn.size - torn.size % 3], Expected(pattern, Rings()))
    assert analysis.locked
    assert analysis.found
    assert min(finding.frame for finding in analysis.findings) == 7000 // 3


def test_frames_that_step_with_positions_never_played_do_not_lock():
    # A bit that is always set makes some stretches look like the pattern 780 000 000 frames later.
    pattern, first, frames = Pattern("mix1", FORMATS["S16_LE"], 2), 3653403231, 20000
    stuck = np.frombuffer(pattern.bytes_at(first, frames), np.uint8) | np.tile(np.uint8([32, 0]), 2 * frames)
    far = ExactChecker(Expected(pattern, Rings(192, 480)))
    far.feed(stuck)
    assert far.finish().first_position == 140286023
    near = ExactChecker(Expected(pattern, Rings(192, 480), first_position=first, played_limit=frames))
    near.feed(stuck)
    found = near.finish()
    assert found.locked and found.first_position - first < 1000
    assert found.wrong_frames > frames // 2
