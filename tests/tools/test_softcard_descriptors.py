# SPDX-License-Identifier: MIT
"""The descriptors, walked by a reader that knows only the USB documents."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import pytest

from stress.errors import ConfigError
from stress.model.formats import sample_format
from tools.softcardkit import descriptors
from tools.softcardkit.config import CardConfig, Speed, Sync


@dataclass
class Alternate:
    """What the walker found in one alternate setting."""

    interface: tuple[int, ...]
    class_specific: list[bytes] = field(default_factory=list)
    endpoints: list[bytes] = field(default_factory=list)
    endpoint_specific: list[bytes] = field(default_factory=list)


def walk(config: CardConfig) -> tuple[bytes, dict[tuple[int, int], Alternate]]:
    """Return the configuration header and the alternate settings by (number, alternate)."""
    data = descriptors.configuration(config)
    head, at, found = data[:9], 9, {}
    current: Any = None
    while at < len(data):
        length, kind = data[at], data[at + 1]
        body = data[at : at + length]
        assert length >= 2
        assert len(body) == length
        if kind == 4:
            current = Alternate(tuple(body))
            found[body[2], body[3]] = current
        else:
            lists = {0x24: current.class_specific, 5: current.endpoints, 0x25: current.endpoint_specific}
            lists[kind].append(body)
        at += length
    assert at == len(data)
    return head, found


def test_configuration_header_counts_everything_below_it() -> None:
    head, found = walk(CardConfig())
    assert head[:2] == b"\x09\x02"
    assert struct.unpack("<H", head[2:4])[0] == len(descriptors.configuration(CardConfig()))
    assert head[4] == len({number for number, _ in found}) == 3


def test_device_descriptor_is_18_bytes_and_names_its_strings() -> None:
    full, high = (descriptors.device(CardConfig(speed=speed)) for speed in Speed)
    assert (full[0], len(full), full[1]) == (18, 18, 1)
    assert (full[2:4], high[2:4]) == (b"\x10\x01", b"\x00\x02")
    assert full[7] == 64
    assert full[14:18] == bytes((1, 2, 3, 1))


def test_every_interface_has_the_endpoints_it_announces() -> None:
    for sync in (Sync.SYNCHRONOUS, Sync.ADAPTIVE, Sync.ASYNCHRONOUS):
        _, found = walk(CardConfig(sync=sync))
        for alternate in found.values():
            assert alternate.interface[4] == len(alternate.endpoints)
            assert alternate.interface[5] == 1  # audio


def test_streaming_interfaces_rest_without_bandwidth() -> None:
    _, found = walk(CardConfig())
    assert found[1, 0].endpoints == found[2, 0].endpoints == []


def test_control_header_spans_its_units_and_lists_the_streams() -> None:
    _, found = walk(CardConfig(channels=4, rates=(48000,), formats=(sample_format("S16_LE"),)))
    header, *units = found[0, 0].class_specific
    assert header[:3] == b"\x0a\x24\x01"
    assert struct.unpack("<H", header[3:5])[0] == 0x0100
    assert struct.unpack("<H", header[5:7])[0] == len(header) + sum(map(len, units))
    assert header[7:] == bytes((2, 1, 2))
    inputs = {unit[3]: unit for unit in units if unit[2] == 2}
    outputs = {unit[3]: unit for unit in units if unit[2] == 3}
    assert [unit[7] for unit in inputs.values()] == [4, 4]  # bNrChannels
    assert all(unit[7] in inputs for unit in outputs.values())  # bSourceID
    streaming = [unit for unit in (*inputs.values(), *outputs.values()) if unit[4:6] == b"\x01\x01"]
    links = {found[1, 1].class_specific[0][3], found[2, 1].class_specific[0][3]}
    assert links == {unit[3] for unit in streaming}


@pytest.mark.parametrize("name", ["S16_LE", "S24_3LE"])
def test_format_type_says_channels_width_and_rates(name: str) -> None:
    fmt = sample_format(name)
    _, found = walk(CardConfig(channels=2, formats=(fmt,), rates=(44100, 96000)))
    general, kind = found[2, 1].class_specific
    assert general[5:7] == b"\x01\x00"  # PCM
    assert kind[2:8] == bytes((2, 1, 2, fmt.sample_bytes, fmt.bits, 2))
    assert kind[8:] == (44100).to_bytes(3, "little") + (96000).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("sync", "out_bits", "in_bits"),
    [(Sync.ASYNCHRONOUS, 1, 1), (Sync.ADAPTIVE, 2, 1), (Sync.SYNCHRONOUS, 3, 3)],
)
def test_endpoints_are_isochronous_with_the_sync_type(sync: Sync, out_bits: int, in_bits: int) -> None:
    _, found = walk(CardConfig(sync=sync))
    out, capture = found[1, 1].endpoints[0], found[2, 1].endpoints[0]
    assert (len(out), out[2], out[3]) == (9, 0x01, 1 | out_bits << 2)
    assert (len(capture), capture[2], capture[3]) == (9, 0x82, 1 | in_bits << 2)


def test_asynchronous_playback_names_its_feedback_endpoint() -> None:
    for speed, size in ((Speed.FULL, 3), (Speed.HIGH, 4)):
        _, found = walk(CardConfig(sync=Sync.ASYNCHRONOUS, speed=speed))
        data, feedback = found[1, 1].endpoints
        assert data[8] == feedback[2] == 0x81
        assert struct.unpack("<H", feedback[4:6])[0] == size
        assert feedback[8] == 0
    assert len(walk(CardConfig(sync=Sync.ADAPTIVE))[1][1, 1].endpoints) == 1


def test_fill_max_is_never_set_and_the_rate_is_settable_when_there_are_several() -> None:
    for rates, attributes in (((48000,), 0), ((44100, 48000), 1)):
        _, found = walk(CardConfig(rates=rates))
        for key in ((1, 1), (2, 1), (1, 2), (2, 2)):
            assert [specific[3] for specific in found[key].endpoint_specific] == [attributes]


def test_packet_size_holds_the_dearest_rate_and_one_frame() -> None:
    _, found = walk(CardConfig(formats=(sample_format("S16_LE"),), rates=(44100, 48000)))
    assert struct.unpack("<H", found[1, 1].endpoints[0][4:6])[0] == 49 * 4
    _, found = walk(CardConfig(formats=(sample_format("S16_LE"),), rates=(44100,)))
    assert struct.unpack("<H", found[1, 1].endpoints[0][4:6])[0] == 46 * 4


def test_high_speed_packet_above_1024_bytes_takes_more_transactions() -> None:
    config = CardConfig(channels=8, formats=(sample_format("S24_3LE"),), speed=Speed.HIGH)
    _, found = walk(config)
    word = struct.unpack("<H", found[1, 1].endpoints[0][4:6])[0]
    size, transactions = word & 0x7FF, 1 + (word >> 11 & 3)
    assert (size, transactions) == (776, 3)
    assert size * transactions >= 97 * 24


def test_high_speed_interval_is_what_was_asked_for() -> None:
    for interval, slots in ((1, 8000), (2, 4000), (4, 1000)):
        config = CardConfig(speed=Speed.HIGH, interval=interval)
        assert config.packets_per_second == slots
        assert walk(config)[1][1, 1].endpoints[0][6] == interval


def test_card_that_the_bus_cannot_carry_is_refused_with_the_numbers() -> None:
    s24 = (sample_format("S24_3LE"),)
    with pytest.raises(ConfigError, match="2328 bytes; one full-speed packet carries 1023"):
        CardConfig(channels=8, formats=s24)
    with pytest.raises(ConfigError, match="1586 byte times in both directions; .* grants 1350"):
        CardConfig(channels=8, formats=(sample_format("S16_LE"),), rates=(48000,))
    CardConfig(channels=8, formats=(sample_format("S16_LE"),), rates=(48000,), speed=Speed.HIGH)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "card1"},
        {"name": "a-b"},
        {"name": "x" * 16},
        {"channels": 0},
        {"channels": 9},
        {"rates": ()},
        {"rates": (8000,)},
        {"formats": (sample_format("S32_LE"),)},
        {"interval": 5},
        {"latency": -1},
    ],
)
def test_config_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CardConfig(**wrong)
