# SPDX-License-Identifier: MIT
"""The rate of a card's playback, set through ALSA without a stream."""

from __future__ import annotations

import pytest

from stress.cli import set_rate
from stress.errors import DeviceError
from stress.model.offers import Choice, Offer
from stress.pcm.alsa import _lib, offers
from tests.pcm.conftest import Card, FakeAsound


@pytest.fixture
def card(monkeypatch):
    choice = Choice("S16_LE", 2, (44100, 48000), (16, 4096), (64, 16384))
    asound = FakeAsound(Card())
    monkeypatch.setattr(offers, "ask", lambda name, way: Offer(name, ("rw",), (choice,), ()))
    monkeypatch.setattr(_lib, "Asound", lambda: asound)
    return asound


def test_two_rates_at_most_are_set_in_turn(card):
    assert set_rate.offered(1) == [44100, 48000]


def test_card_without_playback_has_no_rate(monkeypatch):
    def refuse(name, way):
        raise DeviceError("no such device", device=name)

    monkeypatch.setattr(offers, "ask", refuse)
    assert set_rate.offered(1) == []


def test_playback_is_prepared_at_the_rate_and_closed(card):
    set_rate.through_alsa(1, 48000)
    names = [name for name, _ in card.calls]
    assert "prepare" in names
    assert names[-1] == "close"
    assert "start" not in names
