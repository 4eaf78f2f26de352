# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import track as module
from stress.detect.spectral.lock import Lock
from stress.detect.spectral.track import BLOCK, DelayTracker, Segment

NOISE = np.random.default_rng(1).normal(0, 0.1, 60 * BLOCK).astype(np.float32)
BEFORE = 8 * BLOCK


class Played:
    """What was played: noise from frame 0 on, and some before."""

    def at(self, start, frames):
        """Played frames `start` on."""
        return NOISE[BEFORE + start : BEFORE + start + frames]


def late(delay, start, stop):
    """Captured frames of a whole delay."""
    return NOISE[BEFORE + start - delay : BEFORE + stop - delay]


def tracked(y, first=0, delay=700):
    """What is followed of a capture, from a delay that is known."""
    return DelayTracker(y.astype(np.float32), Played(), delay).run(first, None, 0, 0)


def centres(first, last):
    """Centres of some blocks."""
    return tuple((BLOCK * (np.arange(first, last) + 0.5)).tolist())


def test_peaks_are_signed_shifts_with_a_fraction():
    rows = np.zeros((4, 64))
    rows[0, 5] = 9
    rows[1, [62, 63, 0]] = 4, 10, 6
    rows[2, [63, 0, 1]] = -4, -10, -6
    rows[3, [31, 32, 33]] = 6, 10, 6
    shifts, seen = module._peaks(rows)
    assert shifts == pytest.approx([5, -1 + 0.5 * 2 / 10, 0.5 * 2 / 10, 32])
    assert seen.tolist() == [True, False, False, False]


@pytest.mark.parametrize(("level", "seen"), [(7.3, True), (6.9, False)])
def test_peak_is_seen_where_it_stands_out_of_the_rest(level, seen):
    row = np.where(np.arange(4096) % 2, 1.0, -1.0)
    row[100] = level
    assert module._peaks(row[None, :])[1].tolist() == [seen]
    assert module._peaks(np.zeros((1, 64)))[1].tolist() == [False]


def test_capture_of_one_delay_is_one_segment():
    found = tracked(late(700, 0, 20 * BLOCK + 100))
    assert found.lost == ()
    assert found.slope == pytest.approx(0, abs=1e-7)
    (one,) = found.segments
    assert (one.start, one.stop, one.frames) == (0, 20 * BLOCK, centres(0, 20))
    assert one.delays == pytest.approx((700.0,) * 20, abs=0.05)


def test_capture_is_followed_from_its_first_frame():
    (one,) = tracked(late(700, 0, 12 * BLOCK), first=BLOCK // 2).segments
    assert (one.start, one.stop, len(one.frames)) == (BLOCK // 2, BLOCK // 2 + 11 * BLOCK, 11)


def drifting(slope, blocks=40):
    """A capture whose delay grows by `slope` a frame: noise between its frames by straight lines."""
    smooth = np.convolve(NOISE, np.hanning(12) / 6, "same")
    n = np.arange(blocks * BLOCK)
    y = np.interp(BEFORE + n - slope * (n - BLOCK / 2) - 700, np.arange(len(smooth)), smooth)

    class Smooth:
        """What was played."""

        def at(self, start, frames):
            """Played frames `start` on."""
            return smooth[BEFORE + start : BEFORE + start + frames].astype(np.float32)

    return DelayTracker(y.astype(np.float32), Smooth(), 700).run(0, None, 0, 0)


@pytest.mark.parametrize("slope", [5e-5, -3e-4, 9e-4])
def test_drift_is_followed_and_told_as_a_slope(slope):
    found = drifting(slope)
    assert (len(found.segments), found.lost) == (1, ())
    assert found.slope == pytest.approx(slope, rel=5e-3)
    one = found.segments[0]
    assert len(one.frames) == 40
    assert one.delays == pytest.approx([700 + slope * (frame - BLOCK / 2) for frame in one.frames], abs=0.2)


@pytest.mark.parametrize("jump", [1, -1, 24, -300])
@pytest.mark.parametrize("blocks", [3, 11])
def test_jump_of_the_delay_parts_two_segments(jump, blocks):
    at = blocks * BLOCK
    y = np.concatenate([late(700, 0, at), late(700 + jump, at, 24 * BLOCK)])
    found = tracked(y)
    first, second = found.segments
    assert (first.start, first.stop, second.start, second.stop) == (0, at, at, 24 * BLOCK)
    assert np.median(first.delays) == pytest.approx(700, abs=0.05)
    assert second.delays == pytest.approx((700.0 + jump,) * (24 - blocks), abs=0.05)
    assert found.lost == ()


def test_block_in_which_the_delay_jumps_belongs_to_no_segment():
    at = 10 * BLOCK + BLOCK // 2
    found = tracked(np.concatenate([late(700, 0, at), late(724, at, 24 * BLOCK)]))
    # Half of the block is at each delay: the first half is as good as the second.
    assert [one.stop for one in found.segments][-1] == 24 * BLOCK
    assert sum(len(one.frames) for one in found.segments) + len(found.lost) in (23, 24)
    assert found.segments[0].delays[0] == pytest.approx(700, abs=0.05)
    assert found.segments[-1].delays[-1] == pytest.approx(724, abs=0.05)


def test_blocks_that_nothing_is_seen_in_are_lost_and_passed_over():
    y = late(700, 0, 20 * BLOCK).copy()
    y[9 * BLOCK : 10 * BLOCK] = 0
    found = tracked(y)
    assert found.lost == (9 * BLOCK,)
    (one,) = found.segments
    assert one.frames == (*centres(0, 9), *centres(10, 20))


def test_capture_of_less_than_a_block_has_no_segment():
    found = tracked(late(700, 0, BLOCK - 1))
    assert (found.segments, found.lost, found.slope) == ((), (), 0.0)


def test_block_that_is_off_alone_is_no_jump():
    y = late(700, 0, 20 * BLOCK).copy()
    y[12 * BLOCK : 13 * BLOCK] = late(730, 12 * BLOCK, 13 * BLOCK)
    found = tracked(y)
    assert len(found.segments) == 1
    assert found.lost == (12 * BLOCK,)


def test_last_block_that_is_off_is_no_jump():
    y = late(700, 0, 20 * BLOCK).copy()
    y[19 * BLOCK :] = late(730, 19 * BLOCK, 20 * BLOCK)
    found = tracked(y)
    assert [one.stop for one in found.segments] == [19 * BLOCK]
    assert found.lost == (19 * BLOCK,)


def test_delay_that_is_expected_goes_on_from_the_last_block():
    follower = DelayTracker(NOISE, Played(), 700)
    assert follower.predict(99999.0) == 700.0
    follower._slope = 1e-4
    assert follower.predict(99999.0) == 700.0
    follower._open = Segment(0, BLOCK, (1000.0, 2000.0), (700.0, 700.1))
    assert follower.predict(12000.0) == pytest.approx(701.0)


@pytest.mark.parametrize("number", [1, 7, 8])
def test_slope_is_told_by_eight_blocks_at_least(number):
    follower = DelayTracker(NOISE, Played(), 700)
    follower._open = Segment(0, 0, (), ())
    delays = 700 + 0.2 * np.arange(number)
    follower._accept(BLOCK, delays)
    assert follower._open.frames == centres(1, 1 + number)
    assert follower._open.stop == (1 + number) * BLOCK
    assert follower._slope == pytest.approx(0.2 / BLOCK if number == 8 else 0.0)
    assert follower._delay == pytest.approx(delays[-1])
    before = follower._open
    follower._accept(9 * BLOCK, np.zeros(0))
    assert follower._open is before


def test_slope_is_that_of_the_last_blocks_and_no_more_than_two_clocks_differ():
    follower = DelayTracker(NOISE, Played(), 700)
    follower._accept(0, np.concatenate([700 - np.arange(100.0), 600 + 0.2 * np.arange(256)]))
    assert follower._slope == pytest.approx(0.2 / BLOCK)
    follower._accept(356 * BLOCK, 651.2 + 5.0 * np.arange(256))
    assert follower._slope == 1e-3


def test_common_slope_is_that_of_all_long_segments():
    follower = DelayTracker(NOISE, Played(), 700)
    frames = np.arange(10) * 1000.0

    def part(slope, number, delay):
        return Segment(0, 0, tuple(frames[:number]), tuple(delay + slope * frames[:number]))

    follower._slope = 7e-5
    follower._done = [part(2e-4, 7, 700)]
    assert follower._common_slope() == 7e-5
    follower._done = [part(2e-4, 7, 700), part(2e-4, 7, 710)]
    assert follower._common_slope() == 0.0
    follower._done = [part(2e-4, 8, 700), part(9e-4, 7, 700), part(2e-4, 10, 750)]
    assert follower._common_slope() == pytest.approx(2e-4)
    # Each is weighed by its length.
    follower._done = [part(1e-4, 8, 700), part(2e-4, 10, 750)]
    eight, ten = float(np.var(frames[:8]) * 8), float(np.var(frames) * 10)
    assert follower._common_slope() == pytest.approx((1e-4 * eight + 2e-4 * ten) / (eight + ten))


@pytest.mark.parametrize(("slope", "guessed"), [(9e-4, 9e-4), (1.2e-3, 0.0)])
def test_slope_is_guessed_from_the_steps_between_blocks(slope, guessed):
    smooth = np.convolve(NOISE, np.hanning(12) / 6, "same")

    class Smooth:
        """What was played."""

        def at(self, start, frames):
            """Played frames `start` on."""
            return smooth[BEFORE + start : BEFORE + start + frames].astype(np.float32)

    y = np.interp(BEFORE + np.arange(9 * BLOCK) * (1 - slope) - 700, np.arange(len(smooth)), smooth)
    follower = DelayTracker(y.astype(np.float32), Smooth(), 700)
    follower._guess_slope(0)
    assert follower._slope == pytest.approx(guessed, rel=0.02)
    short = DelayTracker(y[: 3 * BLOCK].astype(np.float32), Smooth(), 700)
    short._guess_slope(0)
    assert short._slope == 0.0
    enough = DelayTracker(y[: 4 * BLOCK].astype(np.float32), Smooth(), 700)
    enough._guess_slope(0)
    assert enough._slope == pytest.approx(guessed, rel=0.05)


def _searching(monkeypatch, delay=None, peak=20.0):
    """Remember what is searched, and find a delay."""
    asked = []

    def search(y, at, played, low, high):
        asked.append((at, low, high, played.channel, played.first))
        return Lock(at, 0 if delay is None else delay, 0.0 if delay is None else peak)

    monkeypatch.setattr(module, "search", search)
    return asked


def _strange(blocks, total=20, delay=700):
    y = late(delay, 0, total * BLOCK).copy()
    for block in blocks:
        y[block * BLOCK : (block + 1) * BLOCK] = np.random.default_rng(block).normal(0, 0.1, BLOCK)
    return y


def test_lost_delay_is_searched_for_at_the_second_block_of_four(monkeypatch):
    asked = _searching(monkeypatch)
    y = _strange(range(4, 15))
    found = DelayTracker(y, Played(), 700).run(0, None, 1, 55)
    assert found.lost == tuple(block * BLOCK for block in range(4, 15))
    # As far before and behind as 98304 frames.
    expected = [at * BLOCK - 700 for at in (5, 9, 13)]
    assert [(low, high) for _, low, high, _, _ in asked] == [(m - 98304, m + 98304) for m in expected]
    assert [(at, channel, first) for at, _, _, channel, first in asked] == [
        (n * BLOCK, 1, 55) for n in (5, 9, 13)
    ]


def test_delay_that_is_found_far_away_begins_a_segment(monkeypatch):
    y = np.concatenate([late(700, 0, 6 * BLOCK), late(5000, 6 * BLOCK, 20 * BLOCK)])
    _searching(monkeypatch, 5000)
    found = DelayTracker(y, Played(), 700).run(0, None, 0, 0)
    assert found.lost == (6 * BLOCK, 7 * BLOCK)
    first, second = found.segments
    assert (first.stop, second.start, second.stop) == (6 * BLOCK, 7 * BLOCK, 20 * BLOCK)
    assert second.delays[0] == pytest.approx(5000, abs=0.05)


@pytest.mark.parametrize(("away", "split"), [(1023, False), (1026, True), (-1026, True)])
def test_delay_that_is_found_near_is_no_other(away, split, monkeypatch):
    asked = _searching(monkeypatch, 700 + away)
    found = DelayTracker(_strange(range(6, 8)), Played(), 700).run(0, None, 0, 0)
    # A segment of another delay begins at the second strange block, and nothing follows it there.
    assert len(asked) == 1
    assert (len(found.segments[0].frames) == 18) is not split


@pytest.mark.parametrize(("peak", "split"), [(12.0, False), (12.1, True)])
def test_chance_is_no_other_delay(peak, split, monkeypatch):
    _searching(monkeypatch, 5000, peak)
    found = DelayTracker(_strange(range(6, 8)), Played(), 700).run(0, None, 0, 0)
    assert (len(found.segments[0].frames) == 18) is not split


def test_silence_and_the_last_blocks_are_not_searched(monkeypatch):
    asked = _searching(monkeypatch)
    y = late(700, 0, 20 * BLOCK).copy()
    y[10 * BLOCK :] = 0
    DelayTracker(y, Played(), 700).run(0, None, 0, 0)
    assert asked == []
    DelayTracker(_strange(range(18, 20)), Played(), 700).run(0, None, 0, 0)
    assert asked == []
    DelayTracker(_strange(range(17, 19)), Played(), 700).run(0, None, 0, 0)
    assert [at for at, *_ in asked] == [18 * BLOCK]
