# SPDX-License-Identifier: MIT
"""Endpoint 0: the standard requests of USB 2.0 chapter 9 and the audio class rate."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tools.softcardkit import descriptors, uac2
from tools.softcardkit.config import CardConfig
from tools.softcardkit.lifecycle import Lifecycle
from tools.softcardkit.volume import Volume

# bmRequestType | bRequest << 8
_GET_STATUS = {0x0080, 0x0081, 0x0082}
_GET_DESCRIPTOR = 0x0680
_GET_CONFIGURATION = 0x0880
_SET_CONFIGURATION = 0x0900
_GET_INTERFACE = 0x0A81
_SET_INTERFACE = 0x0B01
_ACCEPTED = {0x0102, 0x0300, 0x0100}  # CLEAR_FEATURE(halt), SET/CLEAR_FEATURE(device)
_SET_CUR_ENDPOINT, _GET_CUR_ENDPOINT = 0x0122, 0x81A2
_SAMPLING_FREQ_CONTROL = 0x0100


class ControlEndpoint:
    """The state a host can set, and the answers to what it asks.

    Parameters
    ----------
    serial : serial number string.
    on_interface : called with (interface, alternate) after SET_INTERFACE.
    on_rate : called with the rate [Hz] after SET_CUR of the sampling frequency.
    lifecycle : told of configurations that are set and of strings that are read.
    volume : what the feature unit holds.
    """

    def __init__(
        self,
        config: CardConfig,
        serial: str,
        on_interface: Callable[[int, int], None],
        on_rate: Callable[[int], None],
        lifecycle: Lifecycle | None = None,
        volume: Volume | None = None,
    ) -> None:
        self._config = config
        self._strings = [
            descriptors.languages(),
            *(descriptors.string(text) for text in ("pcmstress", config.name, serial)),
        ]
        self._on_interface, self._on_rate = on_interface, on_rate
        self._lifecycle = lifecycle or Lifecycle()
        self.volume = volume or Volume()
        self._alternates = dict.fromkeys(descriptors.streaming_interfaces(config), 0)
        self._configured = 0
        self.rate = config.rates[0]

    def handle(self, setup: bytes, data: bytes) -> bytes | None:
        """Return the data stage (empty for OUT), or None to stall.

        Parameters
        ----------
        setup : the 8 bytes of the setup stage.
        data : data stage of an OUT transfer.
        """
        kind, request, value, index, length = struct.unpack("<BBHHH", setup)
        code = kind | request << 8
        answer = self._read(code, value, index) if kind & 0x80 else self._write(code, value, index, data)
        return None if answer is None else answer[:length]

    def _read(self, code: int, value: int, index: int) -> bytes | None:
        if code == _GET_DESCRIPTOR:
            return self._descriptor(value >> 8, value & 0xFF)
        if code in _GET_STATUS:
            return b"\1\0" if code == 0x0080 else b"\0\0"
        if code == _GET_CONFIGURATION:
            return bytes((self._configured,))
        if code == _GET_INTERFACE:
            return bytes((self._alternates.get(index, 0),))
        told = struct.pack("<I", self._config.tells_rate or self.rate)
        if code == _GET_CUR_ENDPOINT and value == _SAMPLING_FREQ_CONTROL:
            return told[:3]
        if self._clock(index, value):
            return {uac2.GET_CUR: told, uac2.GET_RANGE: uac2.rates(self._config)}.get(code)
        return self.volume.handle(code, value, index, b"") if self._config.volume else None

    def _clock(self, index: int, value: int) -> bool:
        return self._config.uac == 2 and (index >> 8, value) == (uac2.CLOCK, uac2.FREQUENCY)

    def _descriptor(self, kind: int, number: int) -> bytes | None:
        if kind == 1:
            return descriptors.device(self._config)
        if kind == 2 and number == 0:
            return descriptors.configuration(self._config)
        if kind == 3 and number < len(self._strings):
            self._lifecycle.read_string()
            return self._strings[number]
        return None

    def _write(self, code: int, value: int, index: int, data: bytes) -> bytes | None:
        if code == _SET_INTERFACE:
            return self._set_interface(index, value)
        if code == _SET_CUR_ENDPOINT and value == _SAMPLING_FREQ_CONTROL:
            return self._set_rate(data[:3])
        if code == uac2.SET_CUR and self._clock(index, value):
            return self._set_rate(data[:4])
        if code == _SET_CONFIGURATION and value <= 1:
            self._configured = value
            self._lifecycle.configured(value)
            return b""
        if code in _ACCEPTED:
            return b""
        return self.volume.handle(code, value, index, data) if self._config.volume else None

    def _set_interface(self, interface: int, alternate: int) -> bytes | None:
        known = interface in self._alternates
        if alternate > (len(self._config.formats) if known else 0):
            return None
        if known:
            self._alternates[interface] = alternate
            self._on_interface(interface, alternate)
        return b""

    def _set_rate(self, data: bytes) -> bytes | None:
        rate = int.from_bytes(data, "little")
        if rate not in self._config.rates:
            return None
        self.rate = rate
        self._on_rate(rate)
        return b""
