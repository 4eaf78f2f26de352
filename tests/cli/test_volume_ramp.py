# SPDX-License-Identifier: MIT
"""The event `mixer`: every volume goes its way and comes back."""

from __future__ import annotations

import pytest

from stress.board import undo
from stress.cli import volume_ramp
from stress.pcm.alsa import mixer


class Card:
    """A mixer with two channels of one volume, and one that has no dB scale."""

    def __init__(self):
        self.raw, self.seen = {0: 20, 1: 25}, []

    def open(self, card):
        return 0, 1

    def close(self, handle):
        pass

    def elements(self, handle):
        return [(7, "Speaker", 0), (8, "Digital", 1)]

    def has(self, element, what):
        return what == "playback_volume"

    def db_range(self, element, side):
        return (-3000, 0) if element == 7 else None

    def channels(self, element, side):
        return [0, 1]

    def get(self, element, what, channel):
        return self.raw[channel]

    def set(self, element, what, channel, value):
        self.raw[channel] = value
        return 0

    def set_db(self, element, side, value):
        self.seen.append(value)
        self.raw = {0: 30 + value // 100, 1: 30 + value // 100}
        return 0


@pytest.fixture
def card(monkeypatch, tmp_path):
    made = Card()
    monkeypatch.setattr(mixer, "MixerLib", lambda: made)
    monkeypatch.setattr(undo, "folder", lambda: tmp_path)
    return made


def test_only_a_volume_with_a_scale_counts(card):
    assert volume_ramp.volumes(1) == ["Speaker"]


def test_volume_goes_from_least_to_most_and_is_put_back(card, tmp_path):
    volume_ramp.ramp(1)
    assert (card.seen[0], card.seen[-1], len(card.seen)) == (-3000, 0, 21)
    assert card.seen == sorted(card.seen)
    assert card.raw == {0: 20, 1: 25}
    assert list(tmp_path.iterdir()) == []


def test_volume_is_put_back_when_a_step_fails_and_a_note_lies_there_meanwhile(card, tmp_path):
    def refuse(element, side, value):
        card.raw[0] = 0
        (note,) = tmp_path.iterdir()
        assert "amixer -c 1 -- sset 'Speaker' playback 20,25" in note.read_text()
        raise KeyboardInterrupt

    card.set_db = refuse
    with pytest.raises(KeyboardInterrupt):
        volume_ramp.ramp(1)
    assert card.raw == {0: 20, 1: 25}
    assert list(tmp_path.iterdir()) == []
