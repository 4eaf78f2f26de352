# SPDX-License-Identifier: MIT
"""What AlsaPcm makes of its two streams: mappings, helpers beside a burst, events of the life cycle."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import numpy as np
import pytest

from stress.errors import DeviceError, StreamStateError
from stress.model.lifecycle import LifecycleEvent
from stress.model.middle import Middle
from stress.model.pcm import Access, Direction, Handling, Load
from stress.pcm.alsa import AlsaPcm
from stress.pcm.alsa import pcm as module

PLAYBACK, CAPTURE = Direction.PLAYBACK, Direction.CAPTURE
PLAY = np.zeros(4800 * 4, dtype=np.uint8)


class Ended(Exception):
    """The burst was about to run."""


@pytest.fixture
def asked(monkeypatch):
    """What a burst is made with; it does not run."""
    seen = []

    def burst(calls, sleep, still_s):
        seen.append((len(calls), still_s))
        raise Ended

    monkeypatch.setattr(module, "Burst", burst)
    return seen


def _exchange(pcm, handling=None):
    with pytest.raises(Ended):
        pcm.exchange(PLAY.copy(), PLAY.copy(), handling or Handling())


# -- mappings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "named", "mapped"),
    [(Access.MMAP, False, True), (Access.RW, False, False), (Access.MMAP, True, False)],
)
def test_ring_of_a_card_is_mapped_and_no_buffer_of_a_plugin(monkeypatch, access, named, mapped):
    monkeypatch.setattr(module.mapping, "ring_mappings", lambda *arguments: (arguments,))
    prepared = []
    stream = SimpleNamespace(
        granted=SimpleNamespace(access=access, period_size=48), named=named, handle=7, direction=PLAYBACK,
        node="/dev/x", device="d", prepare=lambda start, wake: prepared.append(wake),
    )  # fmt: skip
    areas = []
    lib = SimpleNamespace(
        area=lambda handle, frames: areas.append((handle, frames)) or (0, 0x7000, 0, frames)
    )
    found = AlsaPcm("hw:0,0", None)._mappings(lib, stream)
    assert found == (((PLAYBACK, "/dev/x", 0x7000),) if mapped else ())
    # One frame is enough to learn where the ring lies.
    assert (prepared, areas) == (([48], [(7, 1)]) if mapped else ([], []))


@pytest.mark.parametrize(("error", "raised"), [(-errno.ENXIO, True), (-1, True), (0, False), (1, False)])
def test_ring_that_cannot_be_mapped_is_an_error(monkeypatch, asound, request_of, error, raised):
    monkeypatch.setattr(module.mapping, "ring_mappings", lambda *arguments: ())
    monkeypatch.setattr(asound, "area", lambda handle, frames: (error, 0x7000, 0, frames))
    pcm = AlsaPcm("hw:0,0", "hw:0,1", lib=asound)
    if raised:
        with pytest.raises(DeviceError, match="mmap_begin"):
            pcm.open(request_of())
    else:
        pcm.open(request_of())
    pcm.close()


# -- a burst ----------------------------------------------------------------------------------


@pytest.fixture
def pcm(asound, request_of):
    with AlsaPcm("hw:0,0", "hw:0,1", lib=asound) as pcm:
        pcm.open(request_of())
        yield pcm


def test_pcm_that_is_not_open_exchanges_nothing(asound, request_of):
    pcm = AlsaPcm("hw:0,0", None, lib=asound)
    with pytest.raises(StreamStateError, match="not open"):
        pcm.exchange(PLAY, PLAY, Handling())
    pcm.open(request_of())
    pcm.close()
    with pytest.raises(StreamStateError, match="not open"):
        pcm.exchange(PLAY, PLAY, Handling())
    assert not pcm._streams()


def test_switches_come_from_one_helper_and_only_where_they_are_asked_for(pcm, asked, monkeypatch):
    made, doses = [], []

    class Dose:
        def __init__(self):
            made.append(self)

        def at(self, rate, notes):
            doses.append(rate)
            return module.ExitStack()

        def close(self):
            doses.append("closed")

    monkeypatch.setattr(module, "Dose", Dose)
    for rate in (0.0, 0.5, 100.0):
        _exchange(pcm, Handling(switches_per_s=rate))
    assert (len(made), doses) == (1, [0.5, 100.0])
    pcm.close()
    assert doses[-1] == "closed"


def test_load_comes_from_one_helper_until_another_is_asked_for(pcm, asked, asound, monkeypatch):
    made = []

    class Beside:
        def __init__(self, load, card, cpus):
            self.load, self.closed = load, False
            made.append((load, card, cpus, self))

        def running(self, notes):
            return module.ExitStack()

        def close(self):
            self.closed = True

    monkeypatch.setattr(module, "Beside", Beside)
    monkeypatch.setattr(module, "reason_against", lambda *_: None)
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda process: {process + 5})
    monkeypatch.setattr(asound, "info", lambda handle: (3 + handle, 1, 2))
    other = AlsaPcm("hw:0,0", "hw:0,1", lib=asound)
    request = SimpleNamespace(playback=pcm._playback.granted, capture=pcm._capture.granted)
    other.open(request)
    loads = [load for load in Load if load is not Load.NONE][:2]
    for load in (loads[0], loads[0], loads[1], Load.NONE):
        _exchange(other, Handling(load=load))
    # On the card of playback, with the processors that this process had at first.
    assert [one[:3] for one in made] == [(load, 4, {5}) for load in loads]
    assert [one[3].closed for one in made] == [True, False]
    other.close()
    assert made[1][3].closed


@pytest.mark.parametrize(("still_s", "total"), [(None, 0.0), (0.25, 2 * (0.25 + module.SETTLE_S))])
def test_burst_may_stand_still_for_both_directions_one_after_the_other(
    pcm, asked, monkeypatch, still_s, total
):
    middle = None if still_s is None else Middle(LifecycleEvent.PAUSE, 600, still_s)
    monkeypatch.setattr(module, "reason_against", lambda *_: None)
    way = SimpleNamespace(stream=None, call=None, frames=0, rest=0, middle=None)
    monkeypatch.setattr(AlsaPcm, "_ways", lambda self, *_: [way, way])
    _exchange(pcm, Handling(middle=middle))
    assert asked == [(2, pytest.approx(total))]


@pytest.mark.parametrize(
    ("wanted", "per_period", "watched"),
    [(True, False, 1), (True, True, 0), (False, False, 0), (False, True, 0)],
)
def test_witness_watches_a_burst_in_which_no_bytecode_runs(
    pcm, asked, monkeypatch, wanted, per_period, watched
):
    made = []
    monkeypatch.setattr(module, "Witness", lambda: made.append(1) or module.ExitStack())
    monkeypatch.setattr(module, "reason_against", lambda *_: None)
    monkeypatch.setattr(AlsaPcm, "_ways", lambda self, *_: [])
    monkeypatch.setattr(Handling, "per_period", per_period)
    pcm.witness = wanted
    _exchange(pcm)
    assert len(made) == watched


# -- events of the life cycle -----------------------------------------------------------------


class Half:
    """A stream that keeps what is asked of it."""

    def __init__(self, direction, calls):
        self.direction, self._calls, self.handle = direction, calls, direction.value

    def __getattr__(self, name):
        return lambda *arguments: self._calls.append((self.direction.value, name, *arguments))


def _halves(*directions, lib=None):
    pcm, calls = AlsaPcm("hw:0,0", "hw:0,1", lib=lib), []
    for direction in directions:
        setattr(pcm, f"_{direction.value}", Half(direction, calls))
    return pcm, calls


@pytest.mark.parametrize("event", ["starve", "pause", "drain"])
def test_event_is_done_to_each_direction_that_is_open(event):
    pcm, calls = _halves(PLAYBACK, CAPTURE)
    getattr(pcm, event)()
    assert calls == [("playback", event), ("capture", event)]
    pcm, _ = _halves()
    with pytest.raises(StreamStateError, match="not open"):
        getattr(pcm, event)()


def test_stop_frees_capture_first_and_close_both():
    pcm, calls = _halves(PLAYBACK, CAPTURE)
    pcm.stop()
    pcm.close()
    pcm.close()
    assert calls == [
        ("capture", "drop"), ("playback", "drop"), ("playback", "close"), ("capture", "close"),
    ]  # fmt: skip


@pytest.mark.parametrize(("dry", "other"), [(PLAYBACK, "capture"), (CAPTURE, "playback")])
def test_one_direction_is_starved_while_the_other_goes_on(dry, other):
    pcm, calls = _halves(PLAYBACK, CAPTURE)
    pcm.starve_one(dry)
    assert [call[:2] for call in calls] == [(other, "run_on_silence"), (dry.value, "starve"), (other, "drop")]
    calls[1][2]()
    assert calls[-1] == (other, "feed")


@pytest.mark.parametrize("directions", [(PLAYBACK,), (CAPTURE,)])
def test_pcm_of_one_direction_has_no_other_to_go_on(directions):
    pcm, calls = _halves(*directions)
    with pytest.raises(StreamStateError, match="one direction only"):
        pcm.starve_one(directions[0])
    assert calls == []


@pytest.mark.parametrize(
    ("playback", "capture", "can"), [(1, 1, True), (1, 0, False), (0, 1, False), (0, 0, False)]
)
def test_pcm_can_pause_where_both_directions_can(asound, monkeypatch, playback, capture, can):
    answers = {"playback": playback, "capture": capture, 1: playback, 2: capture}
    asound.can_pause = lambda handle: bool(answers[handle])
    assert _halves(PLAYBACK, CAPTURE, lib=asound)[0].can_pause() is can
    # A PCM that is closed is opened for it, each direction by its name, and closed again.
    assert AlsaPcm("hw:0,0", "hw:0,1", lib=asound).can_pause() is can
    assert [call for call in asound.calls if call[0] in ("open", "close")] == [
        ("open", "hw:0,0"), ("close", 1), ("open", "hw:0,1"), ("close", 2),
    ]  # fmt: skip
    assert AlsaPcm("hw:0,0", None, lib=asound).can_pause() is bool(playback)
