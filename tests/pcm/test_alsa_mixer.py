# SPDX-License-Identifier: MIT
"""Each call of the mixer and what is said of it, where channels, sides or answers differ."""

from __future__ import annotations

import copy

import pytest

from stress.errors import ConfigError
from stress.pcm.alsa.mixer import LONGEST_UNDOING, Mixer
from tests.pcm.fake_mixer import FakeMixer

SPAN = (-3000, 0)


class Card(FakeMixer):
    """A card with gains channel by channel, a range for each side, and refusals.

    Gains are `playback_dB: [..]`; a range is one for both sides, or by side. `refused` answers of `set` by
    element and what is set.
    """

    def __init__(self, card, refused=()):
        super().__init__(copy.deepcopy(card))
        self.refused, self.calls = dict(refused), []

    def get(self, element, what, channel):
        if what in self.card[element]:
            return self.card[element][what][channel]
        return super().get(element, what, channel)

    def set(self, element, what, channel, value):
        self.calls.append((element, what, channel, value))
        answer = self.refused.get((element, what), 0)
        return answer if answer < 0 else super().set(element, what, channel, value)

    def db_range(self, element, side):
        span = self.card[element].get("range")
        return span.get(side) if isinstance(span, dict) else span

    def set_db(self, element, side, value):
        self.calls.append((element, f"{side}_dB_all", value))
        after = self.card[element].get(f"{side}_after")
        if after:
            self.card[element][f"{side}_dB"] = after
        return 0


def _gains(*gains, side="playback", **more):
    return {f"{side}_volume": [7] * len(gains), f"{side}_dB": list(gains), "range": SPAN, "top": 30, **more}


def _said(element, side="playback"):
    return Mixer(2, Card({"PCM": element}))._off_zero("PCM", side)


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ([0, 0], None),
        ([-600, -600], "-6.00 dB"),
        ([-600, 0], "-6.00 dB and +0.00 dB"),
        ([0, 150], "+0.00 dB and +1.50 dB"),
        ([None, 0], None),  # a channel that cannot be read
        ([1, 1], "+0.01 dB"),
    ],
)
def test_gains_of_a_control_are_said_where_any_is_not_0_db(gains, said):
    assert _said(_gains(*gains)) == ((said, "0dB") if said else None)


@pytest.mark.parametrize(
    ("switches", "off"), [([1, 1], False), ([1, 0], True), ([0, 1], True), ([0, 0], True)]
)
@pytest.mark.parametrize(("side", "command"), [("playback", "unmute"), ("capture", "cap")])
def test_control_is_switched_off_where_any_of_its_channels_is(switches, off, side, command):
    element = _gains(0, 0, side=side, **{f"{side}_switch": switches})
    assert _said(element, side) == (("switched off", command) if off else None)


def test_switch_without_a_volume_changes_no_samples():
    assert _said({"playback_switch": [0]}) is None
    assert _said({"playback_volume": [3], "range": None}) is None


def test_volumes_are_those_of_playback_that_have_a_scale():
    card = Card(
        {
            "PCM": _gains(-600),
            "Mic": _gains(-600, side="capture"),
            "Plain": {"playback_volume": [3], "range": None},
            "Loud": {"capture_volume": [3], "range": {"playback": SPAN}},
        }
    )
    assert Mixer(2, card).volumes() == [("PCM", "PCM")]
    card.elements = lambda handle: [("PCM", "PCM", 1)]
    assert Mixer(2, card).volumes() == [("PCM", "PCM,1")]


@pytest.mark.parametrize(
    ("span", "steps", "gains"),
    [
        ((-3000, 0), 4, [-3000, -2250, -1500, -750, 0]),
        ((-1000, 500), 1, [-1000, 500]),
        (None, 2, [0, 0, 0]),
    ],
)
def test_ramp_runs_from_the_least_gain_to_the_most_in_equal_steps(span, steps, gains):
    card = Card({"PCM": {"playback_volume": [3], "range": span}})
    Mixer(2, card).ramp("PCM", steps)
    assert card.calls == [("PCM", "playback_dB_all", gain) for gain in gains]


def test_volume_of_a_channel_that_had_none_is_left_alone():
    card = Card({"PCM": _gains(0, 0)})
    mixer = Mixer(2, card)
    assert mixer.playback_volume("PCM") == {0: 7, 1: 7}
    mixer.set_playback_volume("PCM", {0: 0, 1: None})
    assert card.calls == [("PCM", "playback_volume", 0, 0)]


@pytest.mark.parametrize(("over", "kept"), [(0, 2), (1, 1)])
def test_line_that_undoes_is_as_long_as_a_note_and_leaves_out_the_first_changes(over, kept):
    mixer = Mixer(2, Card({}))
    first, last = "a" * (LONGEST_UNDOING - 12 + over), "b" * 10
    mixer._was = {first: None, last: None}
    assert mixer.undoing == "; ".join([last, first][:kept])


@pytest.mark.parametrize(
    ("common", "sides"), [({}, ["playback", "capture"]), ({"common_volume": []}, ["playback"])]
)
def test_volume_that_both_sides_share_is_set_once(common, sides):
    element = {**_gains(-600), **_gains(-600, side="capture"), **common}
    card = Card({"Digital": element})
    Mixer(2, card).make_transparent()
    assert [call[1] for call in card.calls] == [f"{side}_dB_all" for side in sides]


def test_boost_with_a_scale_on_one_side_is_a_volume_and_without_one_is_switched_off():
    switch = {"playback_switch": [1], "playback_volume": [7], "playback_dB": [-600], "top": 30}
    sides = {"capture_volume": [7], "capture_dB": [0]}
    card = Card({"Headphone Boost": {**switch, **sides, "range": {"playback": SPAN}}})
    Mixer(2, card).make_transparent()
    assert ("Headphone Boost", "playback_dB_all", 0) in card.calls
    assert card.card["Headphone Boost"]["playback_switch"] == [1]
    card = Card({"Headphone Boost": {**switch, **sides, "range": None}})
    assert Mixer(2, card).make_transparent() == ["Headphone Boost, playback: switched off"]
    # A scale of a side that has no volume is none.
    card = Card({"Headphone Boost": {**switch, "range": {"capture": SPAN}}})
    assert Mixer(2, card).make_transparent() == ["Headphone Boost, playback: switched off"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [(-22, "cannot be switched off; it may change samples"), (0, "switched off"), (1, "switched off")],
)
def test_switch_that_the_driver_refuses_is_said_and_not_put_back(answer, words):
    card = Card(
        {"Auto Gain Control": {"playback_switch": [1]}}, {("Auto Gain Control", "playback_switch"): answer}
    )
    mixer = Mixer(2, card)
    assert mixer.make_transparent() == [f"Auto Gain Control, playback: {words}"]
    assert mixer.put_back() == (answer >= 0)
    assert card.card["Auto Gain Control"]["playback_switch"] == [1]


@pytest.mark.parametrize(
    ("gains", "touched"), [([0, 0], False), ([0, 1], True), ([None, 0], True), ([], True)]
)
def test_volume_is_set_where_any_channel_is_not_at_0_db(gains, touched):
    card = Card({"PCM": _gains(*gains)})
    Mixer(2, card).make_transparent()
    assert bool(card.calls) is touched


@pytest.mark.parametrize(
    ("span", "gain"), [((-3000, 0), 0), ((-3000, 600), 0), ((100, 3000), 100), ((-3000, -600), -600)]
)
def test_volume_is_set_to_the_gain_nearest_to_0_db(span, gain):
    card = Card({"PCM": {**_gains(-50), "range": span}})
    Mixer(2, card).make_transparent()
    assert card.calls == [("PCM", "playback_dB_all", gain)]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([-600, 150], [0, 0], "-6 dB -> 0 dB"),
        ([150, -100], [-100, 50], "1.5 dB -> -1 dB, the nearest to 0 dB in -30..0 dB"),
        ([-600, None], [None, 30], "-6 dB -> 0.3 dB, the nearest to 0 dB in -30..0 dB"),
        ([-600], [1], "-6 dB -> 0.01 dB, the nearest to 0 dB in -30..0 dB"),
        ([None], [None], "0 dB -> 0 dB"),
    ],
)
def test_volume_says_the_gains_furthest_from_0_db_before_and_after(before, after, words):
    card = Card({"PCM": _gains(*before, playback_after=after)})
    assert Mixer(2, card).make_transparent() == [f"PCM, playback: {words}"]


def test_volume_of_no_channel_is_at_0_db():
    card = Card({"PCM": _gains()})
    assert Mixer(2, card).make_transparent() == ["PCM, playback: 0 dB -> 0 dB"]


def _sources(mic, line):
    one = {"capture_switch_exclusive": []}
    return Card({"Mic": {"capture_switch": mic, **one}, "Line": {"capture_switch": line, **one}})


@pytest.mark.parametrize(
    ("mic", "shown"), [([1, 1], "Mic"), ([0, 1], "Mic"), ([1, 0], "Mic"), ([0, 0], "none")]
)
def test_input_is_chosen_where_any_of_its_channels_is_on(mic, shown):
    lines = Mixer(2, _sources(mic, [0, 0])).make_transparent()
    assert lines == [f"capture source: {shown} (of Mic, Line; --capture-source chooses)"]


def test_choosing_an_input_switches_its_channels_on_and_putting_back_those_of_the_other():
    card = _sources([1, 1], [0, 0])
    mixer = Mixer(2, card)
    assert mixer.make_transparent("Line") == ["capture source: Mic -> Line"]
    assert card.calls == [("Line", "capture_switch", 0, 1), ("Line", "capture_switch", 1, 1)]
    card.calls.clear()
    assert mixer.put_back() == 2
    assert card.calls == [("Mic", "capture_switch", 1, 1), ("Mic", "capture_switch", 0, 1)]


@pytest.mark.parametrize(("item", "chosen"), [(-1, None), (0, "Mic"), (1, "Line"), (2, None), (None, None)])
def test_choice_that_is_none_of_the_items_is_not_told(item, chosen):
    card = Card({"Input Source": {"items": ["Mic", "Line"], "item": item}})
    lines = Mixer(2, card).make_transparent()
    assert lines == ([f"Input Source: {chosen} (of Mic, Line; --capture-source chooses)"] if chosen else [])
    if chosen is None:
        with pytest.raises(ConfigError):
            Mixer(2, card).make_transparent("Line")
