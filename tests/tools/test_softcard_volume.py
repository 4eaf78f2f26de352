# SPDX-License-Identifier: MIT
"""The softcard's own volume and mute, and a card that lies of its rate."""

from __future__ import annotations

import struct

import pytest

from stress.board.usb_units import parse_units
from stress.errors import ConfigError
from tests.tools.softcard_bench import MakeBench, frames_of
from tools.softcardkit import descriptors
from tools.softcardkit.config import CardConfig

UNIT = 5 << 8


def _set(bench, control: int, data: bytes) -> None:
    status, _ = bench.host.control((0x21, 1, control << 8, UNIT, len(data)), data)
    assert status == 0


def _get(bench, control: int, size: int, request: int = 0x81) -> bytes:
    status, answer = bench.host.control((0xA1, request, control << 8, UNIT, size))
    assert status == 0
    return answer


def test_unit_is_read_from_the_descriptors_as_a_volume_of_playback() -> None:
    config = CardConfig(volume=True)
    (unit,) = parse_units(descriptors.device(config) + descriptors.configuration(config)).features
    assert (unit.unit, unit.volume, unit.mute, unit.playback) == (5, (0,), (0,), True)


def test_card_without_a_volume_has_no_unit() -> None:
    config = CardConfig()
    assert parse_units(descriptors.device(config) + descriptors.configuration(config)).features == ()


def test_volume_is_told_as_it_was_set_within_its_range(make: MakeBench) -> None:
    bench = make(CardConfig(volume=True))
    assert struct.unpack("<h", _get(bench, 2, 2)) == (0,)
    _set(bench, 2, struct.pack("<h", -6 * 256))
    assert struct.unpack("<h", _get(bench, 2, 2)) == (-6 * 256,)
    _set(bench, 2, struct.pack("<h", 12 * 256))
    assert struct.unpack("<h", _get(bench, 2, 2)) == (0,)
    told = [struct.unpack("<h", _get(bench, 2, 2, request))[0] for request in (0x82, 0x83, 0x84)]
    assert told == [-50 * 256, 0, 256]


def test_mute_silences_and_its_end_brings_the_samples_back(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(volume=True))
    _set(bench, 1, b"\1")
    assert _get(bench, 1, 1) == b"\1"
    assert not any(bench.loop(data))
    _set(bench, 1, b"\0")
    bench.host.set_interface(1, 1)
    bench.host.received.data.clear()
    assert frames_of(data)[100] in frames_of(bench.loop(data))


def test_volume_scales_what_is_heard(make: MakeBench) -> None:
    bench = make(CardConfig(volume=True))
    _set(bench, 2, struct.pack("<h", -20 * 256))
    got = frames_of(bench.loop(struct.pack("<hh", 1000, -500) * 4800))
    assert struct.pack("<hh", 100, -50) in got


def test_volume_at_0_db_changes_no_bit(make: MakeBench, data: bytes) -> None:
    got, sent = frames_of(make(CardConfig(volume=True)).loop(data)), frames_of(data)
    first = got.index(sent[0])
    assert got[first : first + 5000] == sent[:5000]


def test_liar_tells_one_rate_and_runs_at_another(make: MakeBench) -> None:
    bench = make(CardConfig(tells_rate=44100))
    bench.host.control((0x22, 1, 0x0100, 1, 3), (48000).to_bytes(3, "little"))
    _, told = bench.host.control((0xA2, 0x81, 0x0100, 1, 3))
    assert int.from_bytes(told, "little") == 44100
    assert bench.card.engine.rate == 48000


def test_volume_of_a_card_that_cannot_have_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="volume"):
        CardConfig(volume=True, plays=False)
