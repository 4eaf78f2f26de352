# SPDX-License-Identifier: MIT
"""Findings against the log of stale reads: a burst of 64 frames, its words made here."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tools.labkit.emulator_log import StaleRead
from tools.labkit.emulator_truth import Agreement, compare

START, FRAMES, LEAD, RING = 5000, 64, 7, 16


def word(position: int) -> int:
    product = position * 0x9E3779B1 & 0xFFFFFFFF
    return product ^ product >> 15


def samples(**wrong: int) -> np.ndarray:
    """Return the captured words; f40=24 puts the frame of position 24 at 40."""
    words = [0] * LEAD + [word(START + at) for at in range(FRAMES)] + [0] * 5
    for name, at in wrong.items():
        words[LEAD + int(name[1:])] = word(START + at) if at is not None else 0
    return np.array(words, dtype=np.uint32)


def read(at: int, came: int | None, via: str = "k") -> StaleRead:
    observed = 0 if came is None else word(START + came)
    newest = word(START + at)
    return StaleRead(1, 2, via, 3, 4, 4, observed, newest, newest, "clean", "memory", 0)


def burst(*findings: tuple[str, int, int, int | None]) -> dict[str, object]:
    named = [
        [kind, LEAD + at, frames, START + at, lag, "playback", 1, False, {}]
        for kind, at, frames, lag in findings
    ]
    return {"position": START, "frames": FRAMES, "checked_frames": FRAMES, "findings": named}


STALE = {"f40": 24, "f41": 25}
READS = [read(40, 24), read(41, 25)]


def test_named_stale_frames_agree() -> None:
    seen = compare(burst(("stale", 40, 2, RING)), samples(**STALE), READS, ["playback"])
    assert seen == Agreement(served=2, found=2, checked=FRAMES, wrong=2)
    assert seen.whole


def test_planted_line_that_merged_with_a_stale_one_beside_it_is_not_the_cache_s() -> None:
    # The plant at 42 is as old as the stale lines before it: one finding of four frames.
    came = samples(**STALE, f42=26, f43=27)
    merged = burst(("stale", 40, 4, RING))
    assert compare(merged, came, READS, ["playback"]).unexplained == 2
    seen = compare({**merged, "missed": [[42, 2]]}, came, READS, ["playback"])
    assert seen == Agreement(served=2, found=2, checked=FRAMES, wrong=2)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], {"missed": 2}),
        ([("stale", 40, 1, RING)], {"found": 1, "missed": 1}),
        ([("stale", 40, 2, 2 * RING)], {"misplaced": 2}),
        ([("zero", 40, 2, None)], {"misplaced": 2}),
        ([("bitflip", 40, 2, None)], {"misplaced": 2}),
        ([("stale", 40, 3, RING)], {"found": 2, "false": 1}),
        ([("stale", 39, 2, RING)], {"found": 1, "missed": 1, "false": 1}),
    ],
)
def test_what_the_findings_get_wrong_is_counted(
    findings: list[tuple[str, int, int, int | None]], expected: dict[str, int]
) -> None:
    seen = compare(burst(*findings), samples(**STALE), READS, ["playback"])
    assert seen == Agreement(**{"served": 2, "checked": FRAMES, "wrong": 2, **expected})
    assert not seen.whole


def test_frames_lost_before_the_first_captured_one_are_not_judged() -> None:
    late = samples(**STALE)[LEAD + 16 :]
    findings = [["stale", 24, 2, START + 40, RING, "playback", 1, False, {}]]
    seen = compare({**burst(), "findings": findings}, late, READS, ["playback"])
    assert seen == Agreement(served=2, found=2, checked=FRAMES - 16, wrong=2)


@pytest.mark.parametrize("kind", ["drop", "repeat", "insert"])
def test_slip_claims_no_damage(kind: str) -> None:
    seen = compare(burst((kind, 40, 16, RING)), samples(), [], ["playback"])
    assert seen == Agreement(checked=FRAMES)


def test_finding_of_many_places_claims_the_wrong_frames_between_its_ends() -> None:
    # Three places of one frame each: 40, 44 and 47.
    many = [["unknown", LEAD + 40, 3, START + 40, None, None, None, False, {"places": 3, "span": 8}]]
    came = samples(f40=24, f44=28, f47=31)
    reads = [read(at, at - RING) for at in (40, 44, 47)]
    seen = compare({**burst(), "findings": many}, came, reads, ["playback"])
    assert seen == Agreement(served=3, misplaced=3, checked=FRAMES, wrong=3)


def test_silence_of_the_first_lap_is_found_as_zero() -> None:
    seen = compare(burst(("zero", 3, 1, None)), samples(f3=None), [read(3, None)], ["playback"])
    assert seen == Agreement(served=1, found=1, checked=FRAMES, wrong=1)


def test_wrong_frame_without_a_read_is_unexplained() -> None:
    seen = compare(burst(("stale", 40, 2, RING)), samples(**STALE), READS[:1], ["playback"])
    assert (seen.served, seen.false, seen.unexplained) == (1, 1, 1)


def test_frame_of_the_positive_control_is_set_apart_and_a_missed_one_is_unexplained() -> None:
    told = burst(("stale", 40, 2, RING), ("bitflip", 10, 1, None))
    told["findings"][1][7] = True  # type: ignore[index]
    wrong = samples(f10=3, f20=5, **STALE)
    seen = compare(told, wrong, READS, ["playback"])
    assert (seen.served, seen.found, seen.wrong, seen.unexplained, seen.false) == (2, 2, 3, 1, 0)


def test_fault_of_the_control_that_goes_stale_is_set_apart() -> None:
    planted = StaleRead(1, 2, "k", 3, 4, 4, word(START + 24), word(START + 40) ^ 64, 0, "clean", "memory", 0)
    seen = compare(burst(("stale", 40, 1, RING)), samples(f40=24), [planted], ["playback"])
    assert (seen.covered, seen.wrong, seen.served, seen.unexplained, seen.false) == (1, 0, 0, 0, 0)
    older = dataclasses.replace(planted, newest=word(START + 8))
    seen = compare(burst(("stale", 40, 1, RING)), samples(f40=24), [older], ["playback"])
    assert (seen.covered, seen.unexplained) == (1, 0)


def test_read_that_reached_no_sample_is_scratch() -> None:
    seen = compare(burst(), samples(), READS, ["playback"])
    assert seen == Agreement(scratch=2, checked=FRAMES)
    assert seen.whole


@pytest.mark.parametrize(
    ("via", "side", "served"),
    [
        ("k", "playback", 2),
        ("l", "playback", 2),
        ("u", "playback", 0),
        ("u", "capture", 2),
        ("k", "capture", 0),
    ],
)
def test_each_ring_is_read_through_its_own_alias(via: str, side: str, served: int) -> None:
    reads = [read(40, 24, via), read(41, 25, via)]
    assert compare(burst(), samples(**STALE), reads, [side]).served == served


def test_frame_stale_in_both_rings_is_followed_through_them() -> None:
    chain = [read(40, 24, "k"), read(24, 4, "u")]
    seen = compare(burst(("stale", 40, 1, 36)), samples(f40=4), chain, ["playback", "capture"])
    assert (seen.served, seen.found, seen.unexplained) == (1, 1, 0)


def test_what_came_after_an_xrun_is_left_out() -> None:
    early = {**burst(), "checked_frames": 40}
    assert compare(early, samples(**STALE), READS, ["playback"]) == Agreement(scratch=2, checked=40)


def test_planted_faults_are_no_claims() -> None:
    planted = burst(("zero", 10, 1, None))
    planted["findings"][0][7] = True
    assert compare(planted, samples(), [], ["playback"]).false == 0


def test_capture_without_the_pattern_compares_nothing() -> None:
    assert compare(burst(), np.zeros(100, dtype=np.uint32), [], ["playback"]) == Agreement()


def test_agreements_add_up() -> None:
    assert Agreement(served=1, found=2) + Agreement(found=3, wrong=4) == Agreement(served=1, found=5, wrong=4)
