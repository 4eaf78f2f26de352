# SPDX-License-Identifier: MIT
"""Profiles of real devices: their descriptors say what such devices say."""

from __future__ import annotations

import struct

import pytest

from stress.errors import ConfigError
from tests.tools.test_softcard_descriptors import walk
from tools.softcardkit import descriptors, uac2
from tools.softcardkit.config import CardConfig, Sync
from tools.softcardkit.profiles import PROFILES
from tools.softcardkit.requests import ControlEndpoint


def _walk(config):
    # The association of the audio class 2.0 stands before every interface: the walker knows none.
    data = descriptors.configuration(config)
    found, current, at = {}, None, 9
    while at < len(data):
        body = data[at : at + data[at]]
        if body[1] == 4:
            current = found.setdefault((body[2], body[3]), [body])
        elif current is not None:
            current.append(body)
        at += len(body)
    assert at == len(data) == struct.unpack("<H", data[2:4])[0]
    assert data[4] == len({number for number, _ in found})
    return found


@pytest.mark.parametrize("name", PROFILES)
def test_profile_has_its_directions_with_endpoints_as_announced(name):
    config = PROFILES[name]
    found = _walk(config)
    assert {number for number, _ in found} == {
        0,
        *([1] if config.plays else []),
        *([2] if config.captures else []),
    }
    for parts in found.values():
        assert parts[0][4] == sum(part[1] == 5 for part in parts)
        assert parts[0][7] == (0x20 if config.uac == 2 else 0)


def test_profiles_differ_in_what_matters():
    assert (PROFILES["cmedia"].channels_of(False), PROFILES["cmedia"].channels_of(True)) == (2, 1)
    assert {PROFILES[name].sync for name in ("uac2", "dac")} == {Sync.ASYNCHRONOUS}
    assert not PROFILES["microphone"].plays and not PROFILES["dac"].captures
    assert PROFILES["uac2"].channels_of(True) == 10
    assert walk(PROFILES["cmedia"])[0][4] == 3


def test_explicit_feedback_is_a_second_endpoint_and_implicit_a_bit_of_the_capture():
    explicit, implicit = _walk(PROFILES["uac2"]), _walk(PROFILES["implicit"])
    assert [part[3] & 0x3F for part in explicit[1, 1] if part[1] == 5] == [0x05, 0x11]
    assert [part[3] & 0x3F for part in implicit[1, 1] if part[1] == 5] == [0x05]
    assert [part[3] & 0x3F for part in implicit[2, 1] if part[1] == 5] == [0x25]


def test_clock_of_the_audio_class_2_gives_its_rates_and_takes_one():
    config, rates = PROFILES["uac2"], []
    endpoint = ControlEndpoint(config, "1", lambda *_: None, rates.append)

    def ask(kind, request, length, data=b""):
        setup = struct.pack("<BBHHH", kind, request, uac2.FREQUENCY, uac2.CLOCK << 8, length)
        return endpoint.handle(setup, data)

    assert ask(0xA1, 2, 200) == struct.pack("<HIIIIII", 2, 44100, 44100, 0, 48000, 48000, 0)
    assert ask(0x21, 1, 4, struct.pack("<I", 48000)) == b""
    assert (rates, ask(0xA1, 1, 4)) == ([48000], struct.pack("<I", 48000))
    assert ask(0x21, 1, 4, struct.pack("<I", 8000)) is None


@pytest.mark.parametrize("wrong", [{"sync": Sync.IMPLICIT}, {"plays": False, "captures": False}, {"uac": 3}])
def test_a_card_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigError):
        CardConfig(**wrong)
