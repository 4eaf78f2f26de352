# SPDX-License-Identifier: MIT
"""Who does an event: what it needs, and what is called for it."""

from __future__ import annotations

import dataclasses

import pytest

from stress.cli import disturbers, volume_ramp
from stress.cli.disturbers import AlsaDisturber
from stress.errors import DeviceError
from stress.model.formats import card_format
from stress.model.lifecycle import LifecycleEvent
from stress.model.pcm import Access, PcmRequest, StreamParams

PARAMS = StreamParams(48000, 2, card_format("S16_LE"), Access.MMAP, 480, 4800)
REQUEST = PcmRequest(PARAMS, PARAMS)


class Pcm:
    """Writes down what is asked of it."""

    def __init__(self):
        self.did, self.pauses = [], True

    def __getattr__(self, name):
        return lambda *arguments: self.did.append((name, *arguments))

    def can_pause(self):
        return self.pauses

    def names(self):
        return [call[0] for call in self.did]


class Machine:
    """A life cycle that can do everything and does nothing."""

    card = 1

    def unfit(self, event):
        return ""

    def perform(self, event, down_s=0.0):
        self.down_s = down_s
        return self.card


@pytest.fixture
def pcm():
    return Pcm()


def _disturber(pcm, formats=("S16_LE", "S24_3LE")):
    return AlsaDisturber(pcm, Machine(), lambda: list(formats))


@pytest.mark.parametrize("event", [LifecycleEvent.PAUSE, LifecycleEvent.DRAIN])
def test_event_of_the_streams_leaves_the_pcm_open(pcm, event):
    _disturber(pcm).disturb(event, REQUEST)
    assert pcm.names() == [event.value]


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (LifecycleEvent.RATE, {"rate": 44100}),
        (LifecycleEvent.ALTSET, {"format": card_format("S24_3LE")}),
    ],
)
def test_other_setting_is_opened_and_closed(pcm, event, changed):
    _disturber(pcm).disturb(event, REQUEST)
    assert pcm.names() == ["close", "open", "close"]
    assert pcm.did[1][1].playback == dataclasses.replace(PARAMS, **changed)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (LifecycleEvent.PAUSE, "the driver cannot pause this card"),
        (LifecycleEvent.ALTSET, "one format only"),
        (LifecycleEvent.MIXER, "no playback volume"),
    ],
)
def test_card_that_lacks_what_an_event_needs_says_so(pcm, monkeypatch, event, told):
    pcm.pauses = False
    monkeypatch.setattr(volume_ramp, "volumes", lambda card: [])
    disturber = _disturber(pcm, ["S16_LE"])
    assert told in disturber.unfit(event)
    assert pcm.did == []


def test_card_that_has_it_is_not_refused(pcm, monkeypatch):
    monkeypatch.setattr(volume_ramp, "volumes", lambda card: ["PCM"])
    disturber = _disturber(pcm)
    assert [disturber.unfit(event) for event in LifecycleEvent] == [""] * len(LifecycleEvent)


def test_library_that_fails_is_a_reason(pcm, monkeypatch):
    def missing(card):
        raise DeviceError("no mixer", device="hw:1")

    monkeypatch.setattr(volume_ramp, "volumes", missing)
    assert "no mixer" in _disturber(pcm).unfit(LifecycleEvent.MIXER)


def test_volume_ramp_is_the_mixer_s_affair(pcm, monkeypatch):
    seen = []
    monkeypatch.setattr(disturbers.volume_ramp, "ramp", seen.append)
    _disturber(pcm).disturb(LifecycleEvent.MIXER, REQUEST)
    assert (seen, pcm.names()) == ([1], [])


@pytest.mark.parametrize("event", [LifecycleEvent.XRUN_PLAYBACK, LifecycleEvent.XRUN_CAPTURE])
def test_one_direction_is_starved_by_its_name(pcm, event):
    _disturber(pcm).disturb(event, REQUEST)
    assert [(name, way.value) for name, way in pcm.did] == [("starve_one", event.value[5:])]
