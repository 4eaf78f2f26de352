# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path import restore as module
from stress.detect.path.attribute import Term
from stress.detect.path.estimated import Estimate
from stress.detect.path.forward import Forward
from stress.detect.path.model import Arithmetic, packed
from stress.detect.path.restore import AHEAD, BACK, Restorer
from stress.detect.path.sources import numbers
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.model.ring import Rings
from stress.patterns.word import Pattern

PATTERN = Pattern("mix1", FORMATS["S16_LE"], 2)
RINGS = Rings(1200, 1320)
ALIGN, N = 1 << 20, 400


def restorer(rings=RINGS, align=ALIGN, swapped=False):
    """Takes a path of half the level off."""
    forward = tuple(Forward((Term(1 - c if swapped else c, 0, 0.5),)) for c in (0, 1))
    return Restorer(Arithmetic(Estimate(Path.bit_exact(2, 15), 0, forward), PATTERN), align, rings)


def sent(positions):
    """Frames of any positions, (n, 4) uint8."""
    return PATTERN.image((np.asarray(positions) % (1 << 32)).astype(np.uint32))


def heard(positions):
    """The same behind the path, as captured bytes."""
    samples = numbers(sent(positions).reshape(-1), PATTERN.fmt, 2)
    return packed(np.rint(samples * 0.5).astype(int), PATTERN).reshape(-1)


def positions(frame=0, n=N):
    """Positions that are due."""
    return ALIGN + frame + np.arange(n)


@pytest.mark.parametrize("frame", [0, 700])
def test_clean_block_is_what_was_sent(frame):
    out, ok = restorer().block(heard(positions(frame)), frame)
    assert out.tolist() == sent(positions(frame)).reshape(-1).tolist()
    assert ok.all() and ok.shape == (N,)


def test_empty_block_is_empty():
    out, ok = restorer().block(np.empty(0, np.uint8), 0)
    assert (out.size, ok.size) == (0, 0)


def test_positions_go_round_their_end():
    one = restorer(align=(1 << 32) + 5)
    assert one.align == 5
    here = (1 << 32) - 100 + np.arange(N)
    out, ok = restorer(align=(1 << 32) - 100).block(heard(here), 0)
    assert ok.all()
    assert out.tolist() == sent(here).reshape(-1).tolist()


@pytest.mark.parametrize("lag", [1200, 1320, 1200 * 8, 1320 * 8])
@pytest.mark.parametrize(("at", "frames"), [(100, 8), (0, 8), (N - 8, 8), (100, 1)])
def test_stale_frames_of_whole_laps_become_those_of_their_position(lag, at, frames):
    here = positions()
    here[at : at + frames] -= lag
    out, ok = restorer().block(heard(here), 0)
    assert ok.all()
    assert out.tolist() == sent(here).reshape(-1).tolist()


@pytest.mark.parametrize("rings", [Rings(None, 1320), Rings(1200, None)])
def test_laps_are_tried_of_the_rings_that_are_known(rings, monkeypatch):
    tried = []
    one = restorer(rings)
    take = one._take
    monkeypatch.setattr(one, "_take", lambda fits, lag, *rest: tried.append(lag) or take(fits, lag, *rest))
    here = positions()
    here[100:103] -= 77777
    one.block(heard(here), 0)
    size = rings.playback or rings.capture
    assert tried == [size * lap for lap in range(1, 9)]


@pytest.mark.parametrize("lag", [777, 9 * 1320, BACK - N, 1 - AHEAD + N, -300])
@pytest.mark.parametrize(("at", "frames"), [(100, 8), (30, 300), (N - 3, 3)])
def test_frames_of_any_age_become_those_of_their_position(lag, at, frames):
    here = positions()
    here[at : at + frames] -= lag
    out, ok = restorer().block(heard(here), 0)
    assert ok.all()
    assert out.tolist() == sent(here).reshape(-1).tolist()


def test_runs_of_several_ages_are_each_found():
    here = positions()
    here[50:60] -= 777
    here[60:75] -= 4000
    here[200:260] -= 777
    out, ok = restorer().block(heard(here), 0)
    assert ok.all()
    assert out.tolist() == sent(here).reshape(-1).tolist()


def test_nearest_of_places_that_fit_is_taken():
    # The pattern repeats nothing: no other place fits ten frames.
    one = restorer()
    here = positions()
    here[100:110] += 200
    out, ok = one.block(heard(here), 0)
    assert ok.all() and out.tolist() == sent(here).reshape(-1).tolist()


def test_damage_stays_damage_and_is_taken_back_through_the_path():
    raw = heard(positions()).reshape(-1, 4)
    junk = np.random.default_rng(1).integers(-16000, 16000, (5, 2))
    raw[100:105] = packed(junk, PATTERN)
    out, ok = restorer().block(raw.reshape(-1), 0)
    assert np.flatnonzero(~ok).tolist() == list(range(100, 105))
    back = numbers(out, PATTERN.fmt, 2)
    assert back[100:105].tolist() == (2 * junk).tolist()
    assert back[105:].tolist() == numbers(sent(positions()[105:]).reshape(-1), PATTERN.fmt, 2).tolist()


def test_frame_behind_damage_in_the_same_run_is_found_still():
    here = positions()
    here[100:120] -= 777
    raw = heard(here).reshape(-1, 4)
    raw[100:103] = packed(np.array([[9001, -77], [5003, 801], [777, 12345]]), PATTERN)
    out, ok = restorer().block(raw.reshape(-1), 0)
    assert np.flatnonzero(~ok).tolist() == [100, 101, 102]
    assert out.reshape(-1, 4)[103:].tolist() == sent(here[103:]).tolist()


def test_damage_that_is_held_is_that_of_the_frame_before():
    raw = heard(positions()).reshape(-1, 4)
    raw[100:104] = packed(np.array([[9001, -77]]), PATTERN)[0]
    raw[104:106] = packed(np.array([[9001, 900]]), PATTERN)[0]
    out, ok = restorer().block(raw.reshape(-1), 0)
    assert np.flatnonzero(~ok).tolist() == [100, 101, 102, 103, 104, 105]
    found = numbers(out, PATTERN.fmt, 2)[100:106].tolist()
    assert found == [[18002, -154]] * 4 + [[18002, 1800]] * 2


def test_wrong_first_frame_is_nothing_that_is_held():
    raw = heard(positions()).reshape(-1, 4)
    raw[0] = packed(np.array([[9001, -77]]), PATTERN)[0]
    out, ok = restorer().block(raw.reshape(-1), 0)
    assert not ok[0] and ok[1:].all()
    assert numbers(out[:4], PATTERN.fmt, 2).tolist() == [[18002, -154]]


@pytest.mark.parametrize(("late", "moved"), [(400, True), (33, True), (32, False), (8, False)])
def test_age_of_most_of_the_last_frames_is_that_of_those_that_follow(late, moved):
    one = restorer()
    here = positions()
    here[N - late :] -= 777
    one.block(heard(here), 0)
    assert one.align == (ALIGN - 777 if moved else ALIGN)
    if moved:
        out, ok = one.block(heard(positions(N) - 777), N)
        assert ok.all()
        assert out.tolist() == sent(positions(N) - 777).reshape(-1).tolist()


@pytest.mark.parametrize(("n", "moved"), [(64, True), (63, False)])
def test_short_block_moves_nothing(n, moved):
    one = restorer()
    one.block(heard(positions(0, n) - 777), 0)
    assert one.align == (ALIGN - 777 if moved else ALIGN)


def test_damage_at_the_end_moves_nothing():
    one = restorer()
    raw = heard(positions() - 777).reshape(-1, 4)
    raw[-1] = packed(np.array([[9001, -77]]), PATTERN)[0]
    one.block(raw.reshape(-1), 0)
    assert one.align == ALIGN


@pytest.mark.parametrize(("frames", "least", "taken"), [(3, 3, True), (2, 3, False), (3, 1, True)])
def test_age_is_taken_by_runs_that_are_no_chance(frames, least, taken):
    one = restorer()
    fits, ok, lags = np.zeros(20, bool), np.zeros(20, bool), np.zeros(20, int)
    fits[5 : 5 + frames] = True
    # A frame of two channels holds 30 bits.
    one._take(fits, 777, ok, lags, 30 * least - 29)
    assert ok.tolist() == (fits & taken).tolist()
    assert lags.tolist() == (777 * (fits & taken)).tolist()


def test_runs_are_their_first_frames_and_those_behind_the_last():
    flags = np.array([1, 1, 0, 0, 1, 0, 1, 1, 1], bool)
    assert module._runs(flags) == [(0, 2), (4, 5), (6, 9)]
    assert module._runs(np.zeros(3, bool)) == []


def test_search_gives_up_behind_many_runs(monkeypatch):
    monkeypatch.setattr(module, "MOST_RUNS", 3)
    here = positions()
    for n in range(5):
        here[50 * n + 20 : 50 * n + 30] -= 777 + n
    _, ok = restorer().block(heard(here), 0)
    assert [bool(ok[50 * n + 25]) for n in range(5)] == [True, True, True, False, False]


def test_places_that_data_may_be_from_are_made_once_for_a_while():
    one = restorer()
    first, made, ordered = one._around(ALIGN)
    assert (first, len(made)) == (ALIGN - BACK, 2 * BACK + AHEAD)
    assert one._around(ALIGN + BACK - 1)[1] is made
    assert one._around(ALIGN - 1)[0] == ALIGN - 1 - BACK
    one._near = (first, made, ordered)
    assert one._around(ALIGN + BACK)[0] == ALIGN


def test_silence_is_silence_and_no_old_frame_of_position_zero():
    # Position 0 is all zeros in the first pair, and 100 frames back here.
    here = np.arange(100, 100 + N)
    raw = heard(here)
    raw[4 * 200 :] = 0
    out, ok = restorer(align=100).block(raw, 0)
    assert ok.tolist() == [True] * 200 + [False] * (N - 200)
    assert not out[4 * 200 :].any()


def test_frames_that_stand_still_use_up_no_look(monkeypatch):
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    raw = heard(positions())
    raw[4 * 20 : 4 * 200] = np.tile(heard(positions(19, 1)), 180)
    raw[4 * 200 : 4 * 300] = 0
    raw[4 * 320 : 4 * 328] = heard(positions(320 - 777, 8))
    out, ok = restorer(Rings()).block(raw, 0)
    assert ok[300:].all()
    assert out[4 * 320 : 4 * 328].tolist() == sent(positions(320 - 777, 8)).reshape(-1).tolist()
