# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path import filters
from stress.detect.path.attribute import Term
from stress.detect.path.filters import BEFORE, BEHIND, PLACES, Response, response_of
from stress.detect.path.sources import Sources
from stress.model.formats import FORMATS

KNOWN = Sources("mix1", FORMATS["S24_3LE"])
FRAMES = 3000


def filtered(taps, delay=0, position=5000, source=0):
    """Samples at `position` behind a filter: (delay of a tap, its factor)."""
    out = np.zeros(FRAMES)
    for late, factor in taps:
        out += factor * KNOWN.block(position - delay - late, FRAMES, [source])[:, 0]
    return np.rint(out).astype(int)


def levels(taps):
    """Level of a filter at each place, straight from its definition."""
    return [
        abs(sum(factor * np.exp(-2j * np.pi * place * late) for late, factor in taps)) for place in PLACES
    ]


@pytest.mark.parametrize(("delay", "source"), [(0, 0), (7, 1), (-5, 0)])
@pytest.mark.parametrize(
    "taps", [[(0, 0.5), (1, 0.25)], [(-BEFORE, 0.2), (0, 0.7)], [(0, -0.6), (BEHIND, 0.3)]]
)
def test_response_is_that_of_the_filter(taps, delay, source):
    found = response_of(filtered(taps, delay, source=source), KNOWN, 5000, [Term(source, delay, 0.9)])
    expected = levels(taps)
    assert found.fits
    assert found.gain == pytest.approx(expected[0], rel=1e-4)
    assert found.left < 1e-6
    told = ", ".join(
        f"{20 * np.log10(level / expected[0]):+.1f} dB at {place:g} of the rate"
        for place, level in zip(PLACES[1:], expected[1:])
    )
    assert found.text == f"a filter stands in the path: {told}"


@pytest.mark.parametrize("late", [-BEFORE - 1, BEHIND + 1])
def test_echo_beyond_the_taps_is_no_filter(late):
    found = response_of(filtered([(0, 0.5), (late, 0.2)]), KNOWN, 5000, [Term(0, 0, -0.5)])
    assert not found.fits
    assert found.gain == 0.5
    assert filters.FITS < found.left < 0.04 / 0.29
    assert found.text == f"{-10 * np.log10(found.left):.0f} dB of SNR: not bits, a converter or noise"


def test_filter_that_changes_nothing_is_none():
    found = response_of(filtered([(0, 0.5), (1, 0.004)]), KNOWN, 5000, [Term(0, 0, 0.5)])
    assert not found.fits
    assert found.text.endswith(" dB of SNR: not bits, a converter or noise")
    assert response_of(filtered([(0, 0.5), (1, 0.01)]), KNOWN, 5000, [Term(0, 0, 0.5)]).fits


@pytest.mark.parametrize(("damaged", "fits"), [(150, True), (640, False)])
def test_damage_is_left_out_while_most_frames_stay(damaged, fits):
    taps = [(0, 0.5), (1, 0.25)]
    seen = filtered(taps)
    seen[:damaged] = np.random.default_rng(1).integers(-(1 << 23), 1 << 23, damaged)
    found = response_of(seen, KNOWN, 5000, [Term(0, 0, 0.7)])
    assert found.fits is fits
    assert (found.left < 1e-3) is fits
    if fits:
        assert found.gain == pytest.approx(levels(taps)[0], rel=1e-3)


def test_constant_beside_a_filter_is_no_part_of_it():
    taps = [(0, 0.5), (1, 0.25)]
    found = response_of(filtered(taps) + 1_000_000, KNOWN, 5000, [Term(0, 0, 0.7)])
    assert (found.fits, found.left < 1e-6) == (True, True)


def test_taps_are_least_squares():
    x, y = np.random.default_rng(2).normal(size=(50, 4)), np.random.default_rng(3).normal(size=50)
    assert filters._solved(x, y) == pytest.approx(np.linalg.lstsq(x, y, rcond=None)[0], rel=1e-6)
    # A column that is not there has no tap, and is no error.
    x[:, 2] = 0
    assert filters._solved(x, y)[2] == 0


def test_response_of_old_records_leaves_nothing():
    assert Response(True, 1.0, "a filter").left == 0.0
