# SPDX-License-Identifier: MIT
"""Every call of the mixer into libasound, as an equality: function, numbers, and what comes of its answer."""

from __future__ import annotations

import ctypes

import pytest

from stress.pcm.alsa._lib import MixerLib
from tests.pcm.c_library import made, writes

HANDLE = 77


def test_mixer_of_a_card_is_opened_attached_and_loaded():
    library, calls = made(MixerLib, snd_mixer_open=writes(0, HANDLE))
    assert library.open(3) == (0, HANDLE)
    assert calls == [
        ("snd_mixer_open", "out", 0),
        ("snd_mixer_attach", HANDLE, b"hw:3"),
        ("snd_mixer_selem_register", HANDLE, None, None),
        ("snd_mixer_load", HANDLE),
    ]
    library, _ = made(MixerLib)
    assert library.open(3) == (0, 0)


@pytest.mark.parametrize(("symbol", "closed"), [("open", False), ("attach", True), ("load", True)])
def test_mixer_that_fails_has_no_handle_and_is_closed_where_it_was_open(symbol, closed):
    answers = {"snd_mixer_open": writes(0, HANDLE), f"snd_mixer_{symbol}": -1}
    library, calls = made(MixerLib, **answers)
    assert library.open(3) == (-1, 0)
    assert (calls[-1] == ("snd_mixer_close", HANDLE)) is closed
    # Where no handle was given there is none to be closed, and 0 says so.
    library, calls = made(MixerLib, snd_mixer_attach=-1)
    assert library.open(3) == (-1, 0)
    assert calls[-1] == ("snd_mixer_close", 0)


def test_elements_are_those_of_the_list_with_name_and_index():
    library, _ = made(
        MixerLib,
        snd_mixer_first_elem=5,
        snd_mixer_elem_next=lambda element: {5: 6, 6: None}[element],
        snd_mixer_selem_get_name=lambda element: {5: b"PCM", 6: b"Mic \xff"}[element],
        snd_mixer_selem_get_index=lambda element: element - 5,
    )
    assert library.elements(HANDLE) == [(5, "PCM", 0), (6, "Mic \ufffd", 1)]


def test_channels_of_a_side_are_looked_for_among_all_that_alsa_has():
    # snd_mixer_selem_channel_id_t ends at SND_MIXER_SCHN_LAST = 31.
    has = {"snd_mixer_selem_has_playback_channel": lambda element, channel: channel in (0, 1, 31, 32)}
    library, calls = made(MixerLib, **has)
    assert library.channels(5, "playback") == [0, 1, 31]
    assert [call[1:] for call in calls] == [(5, channel) for channel in range(32)]


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("playback_volume", ctypes.c_long),
        ("playback_dB", ctypes.c_long),
        ("capture_switch", ctypes.c_int),
    ],
)
@pytest.mark.parametrize(("error", "known"), [(0, True), (1, True), (-1, False)])
def test_value_of_a_channel_is_read_with_the_width_of_its_type(what, kind, error, known):
    seen = []

    def get(element, channel, value):
        seen.append((element, channel, type(value._obj), value._obj.value))
        value._obj.value = -600
        return error

    library, calls = made(
        MixerLib, **{f"snd_mixer_selem_get_{what}": get, f"snd_mixer_selem_set_{what}": error}
    )
    assert library.get(5, what, 1) == (-600 if known else None)
    assert seen == [(5, 1, kind, 0)]
    assert library.set(5, what, 1, -600) == error
    assert calls[-1] == (f"snd_mixer_selem_set_{what}", 5, 1, -600)


@pytest.mark.parametrize(
    ("error", "low", "high", "scale"),
    [
        (0, -6000, 0, (-6000, 0)),
        (1, -1, 0, (-1, 0)),
        (0, 0, 0, None),
        (0, 1, 0, None),
        (-1, -6000, 0, None),
    ],
)
def test_scale_in_db_is_none_where_it_is_empty_or_not_told(error, low, high, scale):
    library, calls = made(MixerLib, snd_mixer_selem_get_playback_dB_range=writes(error, low, high, at=1))
    assert library.db_range(5, "playback") == scale
    assert calls == [("snd_mixer_selem_get_playback_dB_range", 5, "out", "out")]


def test_scale_and_choice_that_libasound_leaves_alone_are_none_and_the_first():
    library, _ = made(MixerLib)
    assert (library.db_range(5, "playback"), library.chosen(5)) == (None, 0)


def test_gain_of_a_side_is_set_to_the_nearest_without_a_direction():
    library, calls = made(MixerLib, snd_mixer_selem_set_capture_dB_all=-22, snd_mixer_selem_has_x=2)
    assert library.set_db(5, "capture", -600) == -22
    assert library.has(5, "x") is True
    assert calls == [("snd_mixer_selem_set_capture_dB_all", 5, -600, 0), ("snd_mixer_selem_has_x", 5)]


def _name(element, item, size, text):
    text.value = f"item {item}".encode()
    return 0


@pytest.mark.parametrize(("items", "names"), [(2, ["item 0", "item 1"]), (1, ["item 0"]), (0, []), (-22, [])])
def test_choices_of_an_enumeration_are_read_into_64_bytes_each(items, names):
    library, calls = made(
        MixerLib,
        snd_mixer_selem_is_enumerated=1,
        snd_mixer_selem_is_enum_capture=1,
        snd_mixer_selem_get_enum_items=items,
        snd_mixer_selem_get_enum_item_name=_name,
    )
    assert library.choices(5) == names
    assert calls[3:] == [
        ("snd_mixer_selem_get_enum_item_name", 5, item, 64, "block of 64") for item in range(len(names))
    ]


@pytest.mark.parametrize(("error", "item"), [(0, 2), (1, 2), (-1, None)])
def test_item_in_force_is_that_of_the_first_channel(error, item):
    library, calls = made(
        MixerLib,
        snd_mixer_selem_get_enum_item=writes(error, 2, at=2),
        snd_mixer_selem_set_enum_item=error,
    )
    assert library.chosen(5) == item
    assert library.choose(5, 1) == error
    assert calls == [
        ("snd_mixer_selem_get_enum_item", 5, 0, "out"),
        ("snd_mixer_selem_set_enum_item", 5, 0, 1),
    ]
