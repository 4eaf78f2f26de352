# SPDX-License-Identifier: MIT
"""The mixer: 0 dB, processing off, and everything as it was afterwards."""

from __future__ import annotations

import copy

import pytest

from stress.errors import ConfigError, DeviceError
from stress.pcm.alsa.mixer import Mixer
from tests.pcm.fake_mixer import FakeMixer

# Elements of a USB dongle and of a codec, as their drivers name them; gains in 0.01 dB.
CARD = {
    "Speaker": {"playback_volume": [20, 25], "playback_switch": [0, 0], "range": (-3000, 0), "top": 30},
    "Mic": {
        "playback_volume": [10],
        "playback_switch": [1],
        "capture_volume": [5],
        "capture_switch": [0],
        "range": (-1200, 2300),
        "top": 35,
    },
    "Auto Gain Control": {"playback_switch": [1]},
    "Mic Boost": {"capture_volume": [2], "range": (0, 3000), "top": 3},
    "Digital": {"playback_volume": [7], "range": None, "top": 9},
    "Input Source": {"items": ["Mic", "Line", "Mix"], "item": 2},
}


@pytest.fixture
def lib():
    return FakeMixer(copy.deepcopy(CARD))


def test_make_transparent_sets_volumes_to_0_db_and_says_what_was_there(lib):
    lines = Mixer(1, lib).make_transparent()
    assert lib.card["Speaker"]["playback_volume"] == [30, 30]
    assert lib.card["Speaker"]["playback_switch"] == [1, 1]
    assert "Speaker, playback: -10 dB -> 0 dB" in lines
    assert "Digital, playback: has no dB scale; set it to full by hand" in lines


def test_make_transparent_switches_processing_and_the_monitor_of_an_input_off(lib):
    lines = Mixer(1, lib).make_transparent()
    assert lib.card["Auto Gain Control"]["playback_switch"] == [0]
    assert (lib.card["Mic"]["playback_switch"], lib.card["Mic"]["playback_volume"]) == ([0], [10])
    assert lib.card["Mic"]["capture_switch"] == [1]
    assert "Auto Gain Control, playback: switched off" in lines
    assert lib.get("Mic", "capture_dB", 0) == pytest.approx(0, abs=60)


def test_make_transparent_takes_the_boost_to_0_db(lib):
    lines = Mixer(1, lib).make_transparent()
    assert lib.card["Mic Boost"]["capture_volume"] == [0]
    assert "Mic Boost, capture: 20 dB -> 0 dB" in lines


def test_capture_source_is_told_and_chosen_when_asked_for(lib):
    assert any(
        line.startswith("Input Source: Mix (of Mic, Line, Mix") for line in Mixer(1, lib).make_transparent()
    )
    assert "Input Source: Mix -> Line" in Mixer(1, lib).make_transparent("Line")
    assert lib.card["Input Source"]["item"] == 1


def test_capture_source_that_the_card_lacks_names_those_it_has(lib):
    with pytest.raises(ConfigError, match="Mic, Line or Mix"):
        Mixer(1, lib).make_transparent("IEC958")


def test_put_back_leaves_the_card_as_it_was_and_closes_once(lib):
    mixer = Mixer(1, lib)
    mixer.make_transparent("Line")
    assert lib.card != CARD
    assert mixer.put_back() > 5
    assert lib.card == CARD and lib.closed == 1
    assert mixer.put_back() == 0 and lib.closed == 1


def test_put_back_of_a_card_that_needed_nothing_changes_nothing(lib):
    first = Mixer(1, lib)
    first.make_transparent()
    second = Mixer(1, lib)
    second.make_transparent()
    kept = copy.deepcopy(lib.card)
    second.put_back()
    assert lib.card["Speaker"] == kept["Speaker"]


def test_mixer_that_cannot_be_opened_is_a_device_error():
    with pytest.raises(DeviceError, match="mixer"):
        Mixer(1, FakeMixer({}, error=-2))


def test_not_transparent_names_each_control_with_its_value_and_the_command(lib):
    before = copy.deepcopy(lib.card)
    lib.card["Speaker"]["playback_switch"] = before["Speaker"]["playback_switch"] = [1, 1]
    lib.card["Mic"]["capture_switch"] = before["Mic"]["capture_switch"] = [0]
    mixer = Mixer(1, lib)
    lines = mixer.not_transparent()
    assert lines[0] == (
        "control 'Speaker' of card 1, playback: -10.00 dB and -5.00 dB; "
        "set it with: amixer -c 1 sset 'Speaker' playback 0dB"
    )
    assert (
        "control 'Mic' of card 1, capture: switched off; set it with: amixer -c 1 sset 'Mic' capture cap"
        in lines
    )
    assert not any("Digital" in line for line in lines)
    assert lib.card == before
    mixer.close()
    assert lib.closed == 1


# Inputs of which the driver switches one on at a time, as the AC97 and SB16 drivers have them.
ONE_AT_A_TIME = {
    name: {"capture_switch": [on, on], "capture_switch_exclusive": True, "playback_switch": [0]}
    for name, on in (("Mic", 0), ("Line", 1), ("CD", 0))
}


class Exclusive(FakeMixer):
    """Switching one input on switches the others off."""

    def set(self, element, what, channel, value):
        if what == "capture_switch" and value:
            for name, one in self.card.items():
                if name != element:
                    one["capture_switch"] = [0, 0]
        return super().set(element, what, channel, value)


def test_input_chosen_by_its_switch_stays_chosen_and_is_told():
    lib = Exclusive(copy.deepcopy(ONE_AT_A_TIME))
    lines = Mixer(1, lib).make_transparent()
    assert lib.card == ONE_AT_A_TIME
    assert lines == ["capture source: Line (of Mic, Line, CD; --capture-source chooses)"]


def test_input_chosen_by_its_switch_is_changed_when_asked_for_and_put_back():
    lib = Exclusive(copy.deepcopy(ONE_AT_A_TIME))
    mixer = Mixer(1, lib)
    assert mixer.make_transparent("CD") == ["capture source: Line -> CD"]
    assert [name for name, one in lib.card.items() if any(one["capture_switch"])] == ["CD"]
    assert mixer.undoing == "amixer -q -c 1 -- sset Line capture cap"
    mixer.put_back()
    assert lib.card == ONE_AT_A_TIME
    with pytest.raises(ConfigError, match="Mic, Line or CD"):
        Mixer(1, lib).make_transparent("Phone")


@pytest.mark.parametrize(
    "name",
    [
        *("Mic AGC", "Automatic Gain Control", "3D Control - Switch", "DAC1 EQ", "Tone Control", "ALC"),
        *("Noise Gate", "Headset Sidetone", "DAC De-emphasis", "Playback DRC"),
    ],
)
def test_processing_is_switched_off_whatever_the_driver_calls_it(name):
    lib = FakeMixer({name: {"playback_switch": [1]}})
    assert Mixer(1, lib).make_transparent() == [f"{name}, playback: switched off"]


@pytest.mark.parametrize("name", ["PCM", "Speaker", "Headphone", "Digital", "Master", "Sequencer", "Talc"])
def test_outputs_are_switched_on_whatever_the_driver_calls_them(name):
    lib = FakeMixer({name: {"playback_switch": [0]}})
    assert Mixer(1, lib).make_transparent() == [f"{name}, playback: switched on"]


def test_line_of_shell_that_undoes_names_every_change_the_last_first(lib):
    mixer = Mixer(2, lib)
    mixer.make_transparent("Line")
    commands = mixer.undoing.split("; ")
    assert commands[0] == "amixer -q -c 2 -- sset 'Input Source' Mix"
    assert "amixer -q -c 2 -- sset Speaker playback 20,25" in commands
    assert "amixer -q -c 2 -- sset Speaker playback off" in commands
    assert "amixer -q -c 2 -- sset Mic capture nocap" in commands
    mixer.put_back()
    assert mixer.undoing == ""


def test_line_of_shell_that_undoes_fits_a_note():
    many = {f"Line {n}": {"playback_switch": [0]} for n in range(300)}
    mixer = Mixer(1, FakeMixer(many))
    mixer.make_transparent()
    assert 0 < len(mixer.undoing) <= 3500
