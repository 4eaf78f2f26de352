# SPDX-License-Identifier: MIT
"""The survey: alignments of a capture, whatever the blocks it arrives in."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.exact.survey import MOST_SPANS, survey
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
