# SPDX-License-Identifier: MIT
"""The numbers of a burst go together, and a record in which they do not is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.verdict.invariants import broken
from stress.verdict.tally import tallies, total
from tests.record_cases import event

pytest.importorskip("hypothesis")
from hypothesis import given, strategies

KINDS = ("stale", "zero", "drop")
COUNT = strategies.integers(0, 40)
# Of each kind: findings kept, findings left out, and frames of each.
FOUND = strategies.fixed_dictionaries(
    {kind: strategies.tuples(strategies.integers(0, 4), COUNT, strategies.integers(1, 90)) for kind in KINDS}
)


def _burst(found, arm="a", number=1, planted=0, missed=0):
    kept = [{"kind": kind, "frames": size} for kind, (some, _, size) in found.items() for _ in range(some)]
    counts = {kind: some + more for kind, (some, more, _) in found.items() if some + more}
    left_out = sum(more for _, more, _ in found.values())
    analysis = {
        "findings": kept,
        "findings_left_out": left_out,
        "counts": counts,
        "sites": [[kind, None, None, number] for kind, number in counts.items()],
        "wrong_frames": sum((some + more) * size for some, more, size in found.values()),
    }
    control = {"planted": planted, "found": planted - min(planted, missed)}
    value = {"event": "burst", "arm": arm, "number": number, "analysis": analysis, "control": control}
    return event(value)


@given(FOUND, COUNT, COUNT)
def test_burst_whose_numbers_go_together_is_not_broken(found, planted, missed):
    assert broken(_burst(found, planted=planted, missed=missed)) == ""


@given(strategies.lists(strategies.tuples(strategies.sampled_from("ab"), FOUND, COUNT, COUNT), max_size=6))
def test_tallies_of_random_records_have_no_negative_count_and_parts_that_sum_to_the_total(drawn):
    bursts = [
        _burst(found, arm, number, planted, missed)
        for number, (arm, found, planted, missed) in enumerate(drawn, 1)
    ]
    parts = tallies(bursts)
    whole = total(parts)
    for name in ("bursts", "found", "wrong_frames", "checked_frames", "lines", "planted", "control_missed"):
        each = [getattr(part, name) for part in parts]
        assert min(each, default=0) >= 0
        assert sum(each) == getattr(whole, name)
    assert whole.found == sum(some + more for _, found, _, _ in drawn for some, more, _ in found.values())
    assert sum(whole.counts.values()) == whole.found
    assert not any(part.inconsistent for part in parts)


@given(
    FOUND, strategies.sampled_from(["counts", "findings_left_out", "wrong_frames", "sites", "control"]), COUNT
)
def test_burst_with_one_number_changed_is_named(found, what, more):
    sound = _burst({**found, "stale": (1, *found["stale"][1:])})
    analysis, more = sound.analysis, more + 1
    changed = {
        "counts": replace(analysis, counts={**analysis.counts, "stale": analysis.counts["stale"] + more}),
        "findings_left_out": replace(analysis, findings_left_out=analysis.findings_left_out + more),
        "wrong_frames": replace(analysis, wrong_frames=-more),
        "sites": replace(analysis, sites=analysis.sites[1:]),
        "control": analysis,
    }[what]
    control = (
        replace(sound.control, found=sound.control.planted + more) if what == "control" else sound.control
    )
    spoilt = replace(sound, analysis=changed, control=control)
    assert broken(spoilt)
    assert next(iter(tallies([spoilt]))).inconsistent


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda b: replace(b, analysis=replace(b.analysis, checked_frames=10**6)),
            "1000000 frames checked, of 2",
        ),
        (
            lambda b: replace(b, exposure=replace(b.exposure, lines=10**9)),
            "1000000000 ring lines checked, of",
        ),
        (lambda b: replace(b, episodes=1), "1 episodes of 0 findings"),
    ],
)
@pytest.mark.parametrize("found", [False, True])
def test_burst_that_checked_more_than_was_streamed_is_named(change, words, found):
    sound = _burst({"stale": (2, 0, 5)} if found else {})
    sound = replace(sound, analysis=replace(sound.analysis, frames=1000, checked_frames=1000))
    assert broken(sound) == ""
    sound = replace(sound, episodes=2 if found else 0)
    assert broken(sound) == ""
    spoilt = change(sound) if not found or "episodes" not in words else replace(sound, episodes=3)
    assert broken(spoilt).startswith(words if not found or "episodes" not in words else "3 episodes of 2")


def test_frames_of_64_channels_of_8_bytes_lie_in_64_lines_of_16_bytes():
    burst = _burst({})
    analysis = replace(burst.analysis, frames=1000, checked_frames=1000)
    side = replace(burst.exchange.playback, frames=0)
    burst = replace(burst, exchange=replace(burst.exchange, playback=side, capture=side))
    # Both rings, each frame in 32 lines of either.
    exposure = replace(burst.exposure, lines=2 * 1000 * 64 * 8 // 16)
    assert broken(replace(burst, analysis=analysis, exposure=exposure)) == ""
    assert broken(replace(burst, analysis=analysis, exposure=replace(exposure, lines=10**6)))


def test_burst_judged_from_the_bus_counts_both_directions():
    burst = _burst({})
    played = burst.exchange.playback.frames
    both = replace(burst, analysis=replace(burst.analysis, frames=played, checked_frames=2 * played - 1))
    assert played and broken(both) == ""


def _sites(*numbers):
    return [["stale", None, None, number] for number in numbers]


@pytest.mark.parametrize(
    ("analysis", "control", "words"),
    [
        ({"findings_left_out": 3}, {}, "0 findings kept and 3 left out, of 0 found"),
        ({"counts": {"stale": 3}, "sites": _sites(3)}, {}, "0 findings kept and 0 left out, of 3 found"),
        (
            {"counts": {"zero": 1}, "sites": _sites(1), "findings": [{"kind": "stale", "frames": 1}]},
            {},
            "1 stale findings kept, of 0 found",
        ),
        (
            {"counts": {"stale": 1}, "sites": _sites(2, -1), "findings": [{"kind": "stale", "frames": 1}]},
            {},
            "1 findings by place, of 1 found",
        ),
        ({}, {"planted": 3, "found": 2, "covered": 2}, "2 found and 2 covered, of 3 injected faults"),
        (
            {"counts": {"stale": 1}, "sites": _sites(1), "findings": [{"kind": "stale", "frames": 0}]},
            {"planted": 0, "found": 1},
            "1 found and 0 covered, of 0 injected faults",
        ),
    ],
)
def test_each_number_that_cannot_be_is_named_by_itself(analysis, control, words):
    assert (
        broken(
            event({"event": "burst", "analysis": analysis, "control": {"planted": 0, "found": 0, **control}})
        )
        == words
    )


def test_one_frame_checked_beyond_what_was_streamed_is_named():
    burst = _burst({})
    sides = burst.exchange.playback.frames + burst.exchange.capture.frames
    for more, words in ((0, ""), (1, f"{1001 + sides} frames checked, of {1000 + sides} streamed")):
        checked = replace(burst.analysis, frames=1000, checked_frames=1000 + sides + more)
        assert broken(replace(burst, analysis=checked)) == words


@pytest.mark.parametrize(("wrong", "words"), [(8, ""), (7, "7 wrong frames, and a finding of 8")])
def test_longest_finding_has_no_more_frames_than_are_wrong(wrong, words):
    analysis = {
        "counts": {"stale": 2},
        "sites": _sites(2),
        "findings": [{"kind": "stale", "frames": 8}, {"kind": "stale", "frames": 3}],
        "wrong_frames": wrong,
    }
    assert broken(event({"event": "burst", "analysis": analysis})) == words


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        # A place without a finding is no finding less.
        ({"counts": {"stale": 1}, "sites": _sites(1, 0), "findings": [{"frames": 1}], "wrong_frames": 1}, ""),
        # Only part of what was found is kept.
        (
            {
                "counts": {"stale": 3},
                "sites": _sites(3),
                "findings": [{"frames": 1}],
                "findings_left_out": 2,
                "wrong_frames": 3,
            },
            "",
        ),
        # An injected fault makes no frame wrong.
        ({"counts": {"stale": 1}, "sites": _sites(1), "findings": [{"frames": 9, "injected": True}]}, ""),
        # Old records do not say how much was captured.
        ({"frames": 0, "checked_frames": 10**6}, ""),
        ({"frames": 1, "checked_frames": 10**6}, "1000000 frames checked, of 19201 streamed"),
        ({"sites": _sites(1)}, "1 findings by place, of 0 found"),
    ],
)
def test_burst_is_held_to_what_its_record_says(analysis, words):
    assert broken(event({"event": "burst", "analysis": analysis})) == words


def test_lines_of_a_burst_that_does_not_say_what_was_streamed_are_not_held_to_it():
    burst = event(
        {"event": "burst", "analysis": {"frames": 0}, "exposure": {"lines": 10**9, "line_bytes": 32}}
    )
    side = replace(burst.exchange.playback, frames=0)
    silent = replace(burst, exchange=replace(burst.exchange, playback=side, capture=side))
    assert broken(silent) == ""
    one = replace(side, frames=1)
    assert "ring lines checked" in broken(replace(silent, exchange=replace(silent.exchange, playback=one)))
