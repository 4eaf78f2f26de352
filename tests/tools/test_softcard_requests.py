# SPDX-License-Identifier: MIT
"""Endpoint 0: what the card answers and what it refuses."""

from __future__ import annotations

import struct

import pytest

from tools.softcardkit import descriptors
from tools.softcardkit.config import CardConfig
from tools.softcardkit.requests import ControlEndpoint


class Host:
    """A control endpoint and what it told the engine."""

    def __init__(self) -> None:
        self.interfaces: list[tuple[int, int]] = []
        self.rates: list[int] = []
        self.config = CardConfig()
        self.endpoint = ControlEndpoint(
            self.config, "serial7", lambda i, a: self.interfaces.append((i, a)), self.rates.append
        )

    def ask(self, kind: int, request: int, value: int, index: int = 0, length: int = 255) -> bytes | None:
        return self.endpoint.handle(struct.pack("<BBHHH", kind, request, value, index, length), b"")

    def send(self, kind: int, request: int, value: int, index: int, data: bytes = b"") -> bytes | None:
        return self.endpoint.handle(struct.pack("<BBHHH", kind, request, value, index, len(data)), data)


@pytest.fixture
def host() -> Host:
    return Host()


def test_descriptors_are_cut_to_the_length_asked_for(host: Host) -> None:
    assert host.ask(0x80, 6, 0x0100, length=8) == descriptors.device(host.config)[:8]
    assert host.ask(0x80, 6, 0x0200, length=9) == descriptors.configuration(host.config)[:9]
    assert host.ask(0x80, 6, 0x0200, length=4096) == descriptors.configuration(host.config)


def test_strings_are_utf16_and_name_product_and_serial(host: Host) -> None:
    assert host.ask(0x80, 6, 0x0300) == bytes((4, 3, 9, 4))
    for number, text in ((2, "softcard"), (3, "serial7")):
        answer = host.ask(0x80, 6, 0x0300 | number, 0x0409)
        assert answer is not None
        assert answer[2:].decode("utf-16-le") == text
        assert answer[0] == len(answer)


@pytest.mark.parametrize("value", [0x0304, 0x0600, 0x0F00, 0x0201])
def test_unknown_descriptor_stalls(host: Host, value: int) -> None:
    assert host.ask(0x80, 6, value) is None


def test_set_interface_is_remembered_and_passed_on(host: Host) -> None:
    assert host.send(0x01, 11, 2, 1) == b""
    assert host.ask(0x81, 10, 0, 1, 1) == b"\2"
    assert host.interfaces == [(1, 2)]
    assert host.send(0x01, 11, 0, 0) == b""
    assert host.interfaces == [(1, 2)]


@pytest.mark.parametrize(("interface", "alternate"), [(1, 3), (0, 1), (7, 1)])
def test_alternate_that_does_not_exist_stalls(host: Host, interface: int, alternate: int) -> None:
    assert host.send(0x01, 11, alternate, interface) is None
    assert host.interfaces == []


def test_sampling_frequency_is_set_and_read_back(host: Host) -> None:
    assert host.send(0x22, 1, 0x0100, 0x82, (96000).to_bytes(3, "little")) == b""
    assert host.ask(0xA2, 0x81, 0x0100, 0x82, 3) == (96000).to_bytes(3, "little")
    assert host.rates == [96000]


def test_sampling_frequency_that_is_not_offered_stalls(host: Host) -> None:
    assert host.send(0x22, 1, 0x0100, 0x82, (32000).to_bytes(3, "little")) is None
    assert host.rates == []


def test_configuration_and_status_requests_are_answered(host: Host) -> None:
    assert host.send(0x00, 9, 1, 0) == b""
    assert host.ask(0x80, 8, 0, 0, 1) == b"\1"
    assert host.ask(0x80, 0, 0, 0, 2) == b"\1\0"
    assert host.send(0x02, 1, 0, 0x82) == b""
    assert host.send(0x21, 0x55, 0, 0) is None
