# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import explain as module
from stress.detect.spectral.explain import ALARM, Event, Explainer
from stress.detect.spectral.laps import HOLD, SWAP, ZERO, Guess
from stress.detect.spectral.scan import FIRST, HOP, MARGIN, SCORED, SIZE, SPILL, BlockScan
from stress.detect.spectral.weigh import LINE, WINDOW, Weights

LINES = SCORED // LINE
MIDDLE = 70000


class Played:
    """Noise, silent before frame 0 as far as `at` tells."""

    def __init__(self, seed):
        self._samples = np.random.default_rng(seed).normal(0, 30, 140000).astype(np.float32)

    def at(self, start, frames):
        """Played frames `start` on."""
        return self._samples[start + 36000 : start + 36000 + frames]


X = (Played(1), Played(2))
# A channel that changes nothing, under white noise of power 1.
R = np.zeros(WINDOW, np.float32)
R[0] = 1
WEIGHTS = Weights(None, None, None, R, np.eye(LINE, dtype=np.float32), 5.07, 1.0)


def block(left, variance=1.0):
    """One block of a channel with so much left of it: (SIZE,) from MIDDLE - MARGIN on."""
    inner = left[FIRST : FIRST + SCORED].reshape(-1, LINE)
    power = (inner.astype(np.float32) ** 2).sum(axis=1) / np.float32(variance)
    return BlockScan(left.astype(np.float32), variance, power, 0.0, 0.0, 0.0)


def noise(seed=5):
    """What is left of a channel without a fault."""
    return np.random.default_rng(seed).normal(size=SIZE)


def spoiled(start, stop, data):
    """Blocks of both channels in which played frames `start` to `stop` hold other data, (channel, frames)."""
    out = []
    for c in (0, 1):
        left = noise(5 + c)
        first = start - (MIDDLE - MARGIN)
        left[first : first + stop - start] += data(c) - X[c].at(start, stop - start)
        out.append(block(left))
    return out


def explained(blocks, sources=(4800, 9600, ZERO, SWAP), most=50, explainer=None):
    """The events of blocks."""
    one = explainer or Explainer(X[: len(blocks)], [WEIGHTS] * len(blocks), list(sources))
    return one.explain(MIDDLE, blocks, one.power(MIDDLE, blocks), most)


def placed(events):
    """Source and place of each."""
    return [(one.guess.source, one.guess.start, one.guess.stop) if one.guess else None for one in events]


START = MIDDLE + 4000


@pytest.mark.parametrize(
    ("source", "data"),
    [
        (9600, lambda c, a, n: X[c].at(a - 9600, n)),
        (ZERO, lambda c, a, n: np.zeros(n)),
        (SWAP, lambda c, a, n: X[1 - c].at(a, n)),
        (HOLD, lambda c, a, n: np.full(n, X[c].at(a - 1, 1)[0])),
        (777, lambda c, a, n: X[c].at(a - 777, n)),
    ],
)
@pytest.mark.parametrize(("start", "frames"), [(START, 8), (START + 3, 37)])
def test_wrong_run_is_explained_by_its_source_and_place(source, data, start, frames):
    stop = start + frames
    events = explained(spoiled(start, stop, lambda c: data(c, start, frames)))
    assert placed(events) == [(source, start, stop)]
    assert events[0].score > 40
    assert START - 8 < events[0].at < stop


def test_block_without_an_alarm_has_no_event():
    assert explained([block(noise(5)), block(noise(6))]) == []


@pytest.mark.parametrize(("level", "alarm"), [(ALARM * ALARM * 1.01, True), (ALARM * ALARM * 0.99, False)])
def test_line_alarms_beyond_the_limit(level, alarm):
    left = np.zeros(SIZE)
    left[FIRST + 800 * LINE] = np.sqrt(level)
    assert bool(explained([block(left)], ())) is alarm


def test_click_is_a_disturbance_at_its_line():
    left = noise()
    at = FIRST + 100 * LINE + 4
    left[at] += 300
    events = explained([block(left), block(noise(6))])
    assert placed(events) == [None]
    assert events[0].at == MIDDLE - SPILL + 100 * LINE
    assert events[0].score == pytest.approx(300, rel=0.02)


def test_events_are_the_strongest_and_no_more_than_asked_for():
    left = noise()
    for n, size in enumerate((200, 500, 300)):
        left[FIRST + 200 * (n + 1) * LINE] += size
    blocks = [block(left), block(noise(6))]
    assert [round(one.score, -2) for one in explained(blocks)] == [500, 300, 200]
    assert [round(one.score, -2) for one in explained(blocks, most=2)] == [500, 300]


def test_two_runs_are_explained_each_by_itself():
    blocks = spoiled(START, START + 8, lambda c: X[c].at(START - 4800, 8))
    for c, one in enumerate(blocks):
        first = START + 2000 - (MIDDLE - MARGIN)
        one.matched[first : first + 16] -= X[c].at(START + 2000, 16)
    events = explained([block(one.matched) for one in blocks])
    assert sorted(placed(events), key=lambda one: one[1]) == [
        (4800, START, START + 8), (ZERO, START + 2000, START + 2016),
    ]  # fmt: skip


@pytest.mark.parametrize(("frames", "named"), [(3, False), (4, True)])
def test_run_of_any_lag_needs_four_frames(frames, named):
    events = explained(spoiled(START, START + frames, lambda c: X[c].at(START - 777, frames)))
    assert (placed(events) == [(777, START, START + frames)]) is named
    assert len(events) == 1


def test_any_lag_is_no_more_looked_for_behind_many_disturbances():
    blocks = spoiled(START, START + 16, lambda c: X[c].at(START - 777, 16))
    explainer = Explainer(X, [WEIGHTS] * 2, [4800])
    explainer._unexplained = 31
    assert placed(explained(blocks, explainer=explainer)) == [(777, START, START + 16)]
    explainer._unexplained = 32
    assert placed(explained(blocks, explainer=explainer))[0] is None
    assert explainer._unexplained > 32


def test_mono_capture_is_explained_by_its_one_channel():
    start = START
    left = noise()
    first = start - (MIDDLE - MARGIN)
    left[first : first + 8] += X[0].at(start - 4800, 8) - X[0].at(start, 8)
    assert placed(explained([block(left)], (4800, ZERO))) == [(4800, start, start + 8)]


@pytest.mark.parametrize(
    ("away", "kept"), [(-8, None), (-4, 4), (0, 8), (HOP - 8, 8), (HOP - 3, 3), (HOP, None)]
)
def test_run_across_a_border_is_told_by_each_side_for_itself(away, kept):
    start = MIDDLE + away
    events = explained(spoiled(start, start + 8, lambda c: X[c].at(start - 4800, 8)))
    if kept is None:
        assert events == []
    else:
        (one,) = events
        assert one.guess.stop - one.guess.start == kept
        assert one.guess.start == max(start, MIDDLE)


@pytest.mark.parametrize(
    ("start", "stop", "owned"),
    [
        (-9, 0, None),
        (-9, 1, (0, 1)),
        (5, 9, (5, 9)),
        (HOP - 1, HOP + 7, (HOP - 1, HOP)),
        (HOP, HOP + 7, None),
    ],
)
def test_event_belongs_to_the_middle_as_far_as_it_lies_there(start, stop, owned):
    one = module._owned(Event(Guess(1, 100 + start, 100 + stop, 2.0), 100, 11.0), 100)
    assert one == (None if owned is None else Event(Guess(1, 100 + owned[0], 100 + owned[1], 2.0), 100, 11.0))


@pytest.mark.parametrize(("at", "owned"), [(-1, False), (0, True), (HOP - 1, True), (HOP, False)])
def test_disturbance_belongs_to_the_middle_that_its_line_is_in(at, owned):
    assert (module._owned(Event(None, 100 + at, 11.0), 100) is not None) is owned


@pytest.mark.parametrize(
    ("loud", "strongest", "extent"),
    [
        ([50], 50, (50, 51)),
        ([49, 50, 51], 50, (49, 52)),
        ([48, 50, 52], 50, (48, 53)),
        ([47, 50, 53], 50, (50, 51)),
        ([0, 1, 2], 1, (0, 3)),
        ([198, 199], 199, (198, 200)),
        (list(range(200)), 100, (36, 165)),
    ],
)
def test_alarm_reaches_over_lines_that_alarm_with_it(loud, strongest, extent):
    power = np.zeros(200, np.float32)
    power[loud] = 101
    power[strongest] = 110
    assert module._extent(power, strongest) == extent


@pytest.mark.parametrize(
    ("near", "extent"), [(99.0, (50, 51)), (101.0, (49, 51)), (1999.0, (50, 51)), (2001.0, (49, 51))]
)
def test_alarm_reaches_over_a_fiftieth_of_its_strength_at_least(near, extent):
    power = np.zeros(200, np.float32)
    power[49], power[50] = near, 5000.0 if near < 1000 else 100000.0
    assert module._extent(power, 50) == extent


def test_silenced_lines_are_those_and_the_power_given_stays():
    power = np.ones(6, np.float32)
    assert module._silence(power, 2, 4).tolist() == [1, 1, 0, 0, 1, 1]
    assert power.tolist() == [1] * 6


def test_alarms_near_a_stronger_one_and_far_below_it_are_its_shadow():
    power = np.full(300, 99.0, np.float32)
    power[160] = 101
    found = module._forget(power.copy(), [Event(None, 1000 + 150 * LINE, 100.0)], 1000)
    expected = np.full(300, 99.0)
    expected[150 - 48 : 150 + 48] = 0
    expected[160] = 101
    assert found.tolist() == expected.tolist()
    first = module._forget(power.copy(), [Event(None, 1000, 100.0)], 1000)
    assert first.tolist() == [0] * 48 + power[48:].tolist()


def test_lines_near_the_start_of_the_stimulus_are_no_alarm_until_they_are_as_strong():
    # The onset is the energy of its first two lines; a thousandth of it may be left over.
    started = sum(float((X[c].at(0, 2 * LINE).astype(float) ** 2).sum()) for c in (0, 1))
    explainer = Explainer(X, [WEIGHTS] * 2, [4800])
    lines = np.full(LINES, 0.5 * 0.999e-3 * started, np.float32)
    lines[60] = 0.51 * 1e-3 * started
    blocks = [BlockScan(np.zeros(SIZE, np.float32), 1.0, lines.copy(), 0.0, 0.0, 0.0) for _ in (0, 1)]
    middle = SPILL - 50 * LINE
    found = explainer.power(middle, blocks)
    expected = 2 * lines
    expected[50 - 48 : 50 + 48] = 0
    expected[60] = 2 * lines[60]
    assert found.tolist() == expected.tolist()
    assert explainer.power(SPILL + LINE, blocks).tolist() == (2 * lines).tolist()
    at_once = explainer.power(SPILL, blocks)
    assert not at_once[:48].any() and at_once[48:].any()
    assert explainer.power(SPILL - LINES * LINE, blocks).tolist() == (2 * lines).tolist()


def test_quieter_onset_of_a_noisy_block_counts_less():
    explainer = Explainer(X[:1], [WEIGHTS], [4800])
    started = float((X[0].at(0, 2 * LINE).astype(float) ** 2).sum())
    one = BlockScan(
        np.zeros(SIZE, np.float32), 4.0, np.full(LINES, 0.9e-3 * started, np.float32), 0.0, 0.0, 0.0
    )
    assert explainer.power(SPILL, [one]).all()
    two = BlockScan(
        np.zeros(SIZE, np.float32), 0.5, np.full(LINES, 1.9e-3 * started, np.float32), 0.0, 0.0, 0.0
    )
    assert not explainer.power(SPILL, [two])[:48].any()
