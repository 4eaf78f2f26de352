# SPDX-License-Identifier: MIT
"""The survey: alignments of a capture, whatever the blocks it arrives in."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.survey import LEAST_RUN, MOST_ENDS, MOST_SPANS, Span, survey
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern

S16 = Pattern("mix1", FORMATS["S16_LE"], 2)


def blocks(raw, frames, size=4):
    return [raw[at : at + frames * size] for at in range(0, len(raw), frames * size)]


@pytest.mark.parametrize("step", [37, 64, 1000, 16384])
def test_survey_is_the_same_for_all_block_sizes(step):
    raw = np.concatenate(
        [np.zeros(4000, np.uint8), S16.bytes_at(7, 5000), np.zeros(400, np.uint8), S16.bytes_at(1, 900)]
    )
    spans = [(one.start, one.end, one.position) for one in survey(blocks(raw, step), S16).spans]
    assert spans == [(1000, 6000, 7), (6100, 7000, 1)]


def test_damage_between_frames_in_step_is_one_span():
    raw = S16.bytes_at(1, 5000).copy()
    raw[8000:8400] = 0x55
    (span,) = survey(blocks(raw, 1000), S16).spans
    assert (span.start, span.end, span.position, span.after) == (0, 5000, 1, 5001)


def test_bits_that_are_not_carried_do_not_matter():
    wide = Pattern("mix1", FORMATS["S32_LE"], 2)
    raw = wide.bytes_at(1, 5000).copy().reshape(-1, 4)
    raw[:, :2] = 0
    (span,) = survey(blocks(raw.reshape(-1), 700, 8), wide).spans
    assert (span.start, span.end) == (0, 5000)


def test_more_slips_than_are_kept_are_no_spans():
    raw = np.concatenate([S16.bytes_at(100 * k, 64) for k in range(MOST_SPANS + 10)])
    assert survey(blocks(raw, 16384), S16).spans == ()


# Runs and spans at their limits.


def surveyed(*parts, step=1 << 14):
    found = survey(blocks(np.concatenate(parts), step), S16)
    return [(one.start, one.end, one.position) for one in found.spans], found


def strange(frames, seed=1):
    return np.random.default_rng([frames, seed]).integers(1, 256, 4 * frames, dtype=np.uint8)


def test_a_span_knows_its_alignment_and_what_is_due_behind_it():
    span = Span(10, 30, 2**32 - 5)
    assert (span.align, span.after) == (2**32 - 15, 15)
    assert Span(10, 30, 4).align == 2**32 - 6


@pytest.mark.parametrize("frames", [LEAST_RUN, LEAST_RUN - 1])
def test_a_run_shows_an_alignment_from_the_least_on(frames):
    some, found = surveyed(strange(500), S16.bytes_at(7000, frames), strange(500))
    assert some == ([(500, 500 + frames, 7000)] if frames == LEAST_RUN else [])
    assert found.frames == 1000 + frames


@pytest.mark.parametrize("before", [1, 2, 30, LEAST_RUN - 2, LEAST_RUN - 1])
def test_a_run_across_the_edge_of_a_block_is_whole(before):
    # At an edge two frames are enough to begin with.
    some, _ = surveyed(strange(1000 - before), S16.bytes_at(7000, LEAST_RUN + 1), strange(500), step=1000)
    start = 1000 if before == 1 else 1000 - before
    assert some == [(start, 1001 - before + LEAST_RUN, 7000 + (before if before == 1 else 0))]


def test_the_head_of_a_run_at_an_edge_that_was_none_is_forgotten():
    some, _ = surveyed(strange(970), S16.bytes_at(7000, 30), S16.bytes_at(90000, 900), step=1000)
    assert some == [(1000, 1900, 90000)]
    # What was longer is kept.
    some, _ = surveyed(strange(900), S16.bytes_at(7000, 100), S16.bytes_at(90000, 900), step=1000)
    assert some == [(900, 1000, 7000), (1000, 1900, 90000)]


def test_ends_of_runs_are_kept_where_they_are_not_that_of_a_block():
    _, found = surveyed(S16.bytes_at(1, 3000), strange(100), S16.bytes_at(9000, 1000), strange(50), step=1000)
    assert found.ends == [4100] or found.ends == [3000, 4100]
    _, found = surveyed(S16.bytes_at(1, 2500), strange(100), S16.bytes_at(9000, 400), step=1000)
    assert found.ends == [2500]


def test_the_first_ends_of_runs_are_kept():
    parts = [part for k in range(MOST_ENDS + 5) for part in (S16.bytes_at(1000 * k, 100), strange(20, k))]
    _, found = surveyed(*parts)
    assert found.ends == [100 + 120 * k for k in range(MOST_ENDS)]


def test_as_many_slips_as_are_kept_are_spans():
    for many in (MOST_SPANS, MOST_SPANS + 1):
        raw = np.concatenate([S16.bytes_at(1000 * k, LEAST_RUN) for k in range(many)])
        assert len(survey(blocks(raw, 16384), S16).spans) == (many if many == MOST_SPANS else 0)


def test_frames_in_step_across_many_blocks_are_one_span():
    some, found = surveyed(S16.bytes_at(2**32 - 500, 5000), step=1000)
    assert some == [(0, 5000, 2**32 - 500)]
    assert found.ends == []
