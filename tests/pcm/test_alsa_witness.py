# SPDX-License-Identifier: MIT
"""What the witness of the hot window counts, of which threads, and how it gives tracing back."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import pytest

from stress.pcm.alsa import witness as module
from stress.pcm.alsa.transfer_thread import LaneResult
from stress.pcm.alsa.witness import Witness

PLAYER, RECORDER, OTHER = 11, 12, 13


def _witness(*events, cost=0, foreign=()):
    witness = Witness()
    witness._events.extend(events)
    witness.entry_cost, witness._foreign = cost, foreign
    return witness


def test_bytecodes_inside_an_interval_are_counted_by_thread_and_its_ends_are_not():
    witness = _witness(
        (9, OTHER), (10, OTHER), (11, OTHER), (15, PLAYER), (19, OTHER), (20, OTHER), (21, OTHER)
    )
    assert witness.between(10, 20) == {OTHER: 2, PLAYER: 1}
    assert witness.between(21, 30) == {}
    assert Witness().entry_cost == 0


def _lane(thread):
    return LaneResult(1000, "RUNNING", 0, 100, 0, 0, 0, thread)


def _result(capture=True):
    return SimpleNamespace(
        both_inside_ns=(10, 20), playback=_lane(PLAYER), capture=_lane(RECORDER) if capture else None
    )


@pytest.mark.parametrize(
    ("player", "recorder", "cost", "in_lanes"),
    [
        (0, 0, 5, 0),
        (5, 5, 5, 0),
        (6, 5, 5, 1),
        (4, 7, 5, 2),
        (7, 8, 5, 5),
        (2, 1, 0, 3),
    ],
)
def test_streaming_threads_may_run_what_takes_them_in_and_out(player, recorder, cost, in_lanes):
    events = [(15, PLAYER)] * player + [(15, RECORDER)] * recorder + [(15, OTHER)] * 3
    assert _witness(*events, cost=cost).testify(_result()) == module.Testimony(in_lanes, 3, ())


def test_burst_that_only_plays_has_one_streaming_thread():
    events = [(15, PLAYER)] * 2 + [(15, RECORDER)] * 4
    assert _witness(*events, foreign=("x",)).testify(_result(capture=False)) == module.Testimony(2, 4, ("x",))


@pytest.mark.parametrize(
    ("testimony", "clean"),
    [
        (module.Testimony(0, 0, ()), True),
        (module.Testimony(1, 0, ()), False),
        (module.Testimony(0, 1, ()), False),
        (module.Testimony(0, 0, ("x",)), False),
    ],
)
def test_testimony_is_clean_where_all_were_watched_and_none_ran(testimony, clean):
    assert testimony.clean is clean


@pytest.mark.parametrize(("result", "cost"), [(None, 0), (_lane(PLAYER), 2), (_lane(OTHER), 0)])
def test_cost_of_a_way_in_and_out_is_what_an_empty_call_takes(monkeypatch, result, cost):
    class Lane:
        def __init__(self, *_):
            self.result = result

        def start(self):
            pass

        def open(self):
            pass

        def wait(self, seconds):
            pass

        def leave(self, seconds):
            pass

    monkeypatch.setattr(module, "TransferThread", Lane)
    # The empty call of `_lane` lasts from 0 to 100.
    assert _witness((0, PLAYER), (50, PLAYER), (60, PLAYER), (100, PLAYER))._measure_entry() == cost


def _plain(monkeypatch):
    # As before Python 3.12, where threads that are there already cannot be reached.
    monkeypatch.setattr(module, "threading", _Threads())


class _Threads:
    """The threading module without `settrace_all_threads`; remembers what new threads are traced by."""

    def __init__(self):
        self.traced = []

    def __getattr__(self, name):
        if name == "settrace_all_threads":
            raise AttributeError(name)
        return getattr(threading, name)

    def settrace(self, function):
        self.traced.append(function)


@pytest.fixture
def probe(monkeypatch):
    monkeypatch.setattr(Witness, "_measure_entry", lambda self: 4)


def test_every_frame_on_the_way_is_traced_by_bytecodes_and_given_back(monkeypatch, probe):
    _plain(monkeypatch)
    here, before = sys._getframe(), sys.gettrace()
    try:
        with Witness() as witness:
            inside = [(one.f_trace == witness._trace, one.f_trace_opcodes) for one in (here, here.f_back)]
            assert sys.gettrace() == witness._trace
        outside = [(one.f_trace, one.f_trace_opcodes) for one in (here, here.f_back)]
    finally:
        sys.settrace(before)
    assert inside == [(True, True)] * 2
    assert outside == [(before, False)] * 2
    assert sys.gettrace() is before and witness.entry_cost == 4
    assert module.threading.traced == [witness._trace, before]


def test_threads_that_cannot_be_reached_are_named_and_the_own_one_is_not(monkeypatch, probe):
    _plain(monkeypatch)
    done = threading.Event()
    other = threading.Thread(target=done.wait, name="made before")
    other.start()
    try:
        with Witness() as witness:
            pass
    finally:
        done.set()
        other.join()
    assert "made before" in witness._foreign
    assert threading.current_thread().name not in witness._foreign


def test_each_event_of_a_frame_asks_for_its_bytecodes_and_is_kept():
    witness, frame = Witness(), SimpleNamespace(f_trace_opcodes=False)
    assert witness._trace(frame, "call", None) == witness._trace
    assert frame.f_trace_opcodes is True
    assert [thread for _, thread in witness._events] == [threading.get_ident()]
