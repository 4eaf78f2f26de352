# SPDX-License-Identifier: MIT
from types import SimpleNamespace

import numpy as np
import pytest

from stress.detect.spectral import fit
from stress.detect.spectral.clock import Fitted, SegmentClock
from stress.detect.spectral.explain import ALARM, Event
from stress.detect.spectral.scan import HOP, SPILL
from stress.detect.spectral.track import BLOCK, Segment, Track
from stress.detect.spectral.walk import EDGE, Options, Tuned, Walk
from stress.detect.spectral.weigh import LINE, weights

FRAMES, DELAY = 60000, 700
PLAIN = (SegmentClock(DELAY),)
SENT = np.random.default_rng(1).normal(0, 0.1, FRAMES + 40000).astype(np.float32)
NOISE = np.random.default_rng(2).normal(0, 1e-3, FRAMES).astype(np.float32)


class Played:
    """What was played, from frame -10000 on."""

    def sent(self, start, frames):
        """Played frames `start` on."""
        return SENT[start + 10000 : start + 10000 + frames]


def taps(late=0):
    """A channel that is a factor."""
    out = np.zeros(fit.TAPS)
    out[fit.PRE + late] = 0.5
    return out


def tuned(clocks, y=None, late=0):
    """A captured channel with what is known of it."""
    y = np.zeros(FRAMES, np.float32) if y is None else y
    known = weights(taps(late), fit.PRE, np.full(257, 1e-6), (0.0, 0.5), 16384)
    return Tuned(y, Played(), Fitted(tuple(clocks), taps(late), None, None, None), known, None)


class Watching:
    """An explainer that remembers what it was asked, and tells one event for each block."""

    def __init__(self, power=0.0):
        self.asked, self._power = [], power

    def power(self, middle, stretches):
        """The same for each line."""
        return np.full(9, self._power, np.float32)

    def explain(self, middle, stretches, power, most):
        """One disturbance."""
        self.asked.append((middle, len(stretches), most))
        return [Event(None, middle, 11.0)]


def walk(stops=(FRAMES,), borders=(), clocks=PLAIN, explainer=None, y=None, late=0, **options):
    """A walk over segments that end there."""
    segments = tuple(Segment(0, stop, (), ()) for stop in stops)
    track = Track(segments, (), 0.0)
    return Walk([tuned(clocks, y, late)], track, explainer or Watching(), Options(**options), borders)


def lines(frame, up=False):
    """A played frame on the next line, or the last one."""
    return -(-frame // LINE) * LINE if up else frame // LINE * LINE


def test_range_of_a_capture_is_what_was_heard_less_its_edges():
    low, high, clock = walk()._range(0)
    # The stimulus began before the capture's first frame plus the reach of the filter.
    assert (low, high) == (0, lines(FRAMES - DELAY - EDGE))
    assert clock == SegmentClock(DELAY)


@pytest.mark.parametrize(
    ("delay", "low"), [(513, 0), (512, lines(EDGE - 512, True)), (100, lines(EDGE - 100, True))]
)
def test_range_begins_with_the_stimulus_where_that_is_heard_whole(delay, low):
    assert walk(clocks=(SegmentClock(delay),))._range(0)[0] == low


@pytest.mark.parametrize(("rest", "end"), [(2 * BLOCK, FRAMES), (2 * BLOCK + 1, FRAMES - 1)])
def test_range_ends_two_blocks_behind_what_was_tracked(rest, end):
    assert walk(stops=(FRAMES - rest,))._range(0)[1] == lines(end - DELAY - EDGE)


def test_range_ends_where_the_stimulus_did():
    assert walk(played=40000)._range(0)[1] == lines(40000 - EDGE)
    assert walk(played=10**6)._range(0)[1] == lines(FRAMES - DELAY - EDGE)


def test_range_without_a_line_is_empty():
    assert walk(played=EDGE + LINE - 1)._range(0)[:2] == (0, 0)
    assert walk(played=100)._range(0)[:2] == (0, 0)


def test_ranges_of_segments_leave_out_the_jump():
    clocks = (SegmentClock(DELAY), SegmentClock(DELAY + 24))
    one = walk((20000, FRAMES), [(19000, 21001)], clocks)
    assert one._range(0)[:2] == (0, lines(19000 - DELAY - EDGE))
    assert one._range(1)[:2] == (lines(21001 - DELAY - 24 + EDGE, True), lines(FRAMES - DELAY - 24 - EDGE))
    assert one._range(1)[2] is clocks[1]


def test_walk_asks_for_every_block_of_every_segment_once():
    clocks = (SegmentClock(DELAY), SegmentClock(DELAY + 24))
    watching = Watching(power=49.0)
    one = walk((20000, FRAMES), [(19000, 21001)], clocks, watching, most=3)
    events = one.run()
    ranges = [one._range(0)[:2], one._range(1)[:2]]
    middles = [middle for low, high in ranges for middle in range(low, high, HOP)]
    assert [middle for middle, _, _ in watching.asked] == middles
    assert [event.at for event in events] == middles
    # Room for a hundred more than are kept.
    assert [most for _, _, most in watching.asked] == [103 - n for n in range(len(middles))]
    assert one.checked == sum(high - low for low, high in ranges)
    assert one.quiet_score == 7.0
    assert [frame for frame, *_ in one.powers] == [
        middle + clocks[n].offset for n, (low, high) in enumerate(ranges) for middle in range(low, high, HOP)
    ]


def test_walk_always_has_room_for_an_event():
    watching = Watching()
    walk(explainer=watching, most=-100).run()
    assert {most for _, _, most in watching.asked} == {1}


@pytest.mark.parametrize(
    ("power", "score"), [(-4.0, 0.0), (ALARM**2 - 1, np.sqrt(99)), (ALARM**2, 0.0), (400.0, 0.0)]
)
def test_quiet_score_is_the_largest_without_an_alarm(power, score):
    one = walk(explainer=Watching(power))
    one.run()
    assert one.quiet_score == pytest.approx(float(np.float32(score)), rel=1e-6)


def test_levels_are_medians_over_the_blocks():
    one = walk()
    assert one.levels() == (0.0, 1.0, 0.0)
    one.powers = [(0, 1.0, 2.0, 3.0), (1, 9.0, 4.0, 3.5), (2, 2.0, 90.0, 70.0)]
    assert one.levels() == (2.0, 4.0, 3.5)


def test_captured_frame_is_where_the_channel_peaks():
    clocks = (SegmentClock(DELAY), SegmentClock(DELAY + 24.4))
    one = walk((20000, FRAMES), [(19000, 21001)], clocks, late=3)
    one.run()
    (low, high, _), (second, end, _) = one._range(0), one._range(1)
    assert one.captured(low) == low + DELAY + 3
    assert one.captured(high - 1) == high - 1 + DELAY + 3
    assert one.captured(second) == second + DELAY + 24 + 3
    # Between segments the first clock is as good as any.
    assert one.captured(high) == high + DELAY + 3
    assert one.captured(end) == end + DELAY + 3


def test_remainders_are_what_the_stimulus_leaves_block_by_block():
    y = np.zeros(FRAMES, np.float32)
    y[:] = NOISE
    y[:] += 0.5 * SENT[10000 - DELAY : 10000 - DELAY + FRAMES]
    one = walk(y=y)
    one.run()
    runs = list(one.remainders())
    low, high, _ = one._range(0)
    assert [at for at, _ in runs] == [middle + DELAY for middle in range(low, high, HOP)]
    assert [len(left) for _, left in runs] == [min(HOP, high - middle) for middle in range(low, high, HOP)]
    for at, left in runs[1:]:
        assert left == pytest.approx(NOISE[at : at + len(left)], abs=1e-5)
    signal, residual, distortion = one.levels()
    assert signal == pytest.approx(0.25 * 0.01, rel=0.05)
    assert residual == pytest.approx(1e-6, rel=0.1)
    assert distortion == 0.0


def test_options_default_to_eight_laps_and_ten_seconds():
    one = Options()
    assert (one.laps, one.played, one.most, one.before_s, one.after_s) == (8, None, 1000, 10.0, 10.0)
    assert (one.line_bytes, one.view, one.extra_lags) == (32, None, ())
    assert SimpleNamespace(spill=SPILL).spill < EDGE
