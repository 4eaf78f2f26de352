# SPDX-License-Identifier: MIT
"""The card's own volume and mute: a feature unit of the audio class 1.0 between host and output.

Source: USB Device Class Definition for Audio Devices 1.0, 4.3.2.5 and 5.2.2.4.
"""

from __future__ import annotations

import struct

from tools.softcardkit.units import CS_INTERFACE, PLAYBACK_IN, PLAYBACK_VOLUME
from tools.softcardkit.units import descriptor as _descriptor

_FEATURE_UNIT, _MUTE, _VOLUME = 0x06, 0x01, 0x02
_SET_CUR, _GET_CUR, _GET_MIN, _GET_MAX, _GET_RES = 0x0121, 0x81A1, 0x82A1, 0x83A1, 0x84A1
#: Least and most gain, and a step [1/256 dB].
_LEAST, _MOST, _STEP = -50 * 256, 0, 256


def descriptor(channels: int) -> bytes:
    """Return the descriptor of the unit: one mute and one volume for all channels."""
    controls = bytes((_MUTE | _VOLUME, *[0] * channels))
    fields = (_FEATURE_UNIT, PLAYBACK_VOLUME, PLAYBACK_IN, 1, controls, 0)
    return _descriptor(CS_INTERFACE, f"BBBB{len(controls)}sB", *fields)


class Volume:
    """What the host has set.

    Attributes
    ----------
    gain_db : of all channels [dB].
    """

    def __init__(self) -> None:
        self._volume, self.muted = _MOST, False

    @property
    def gain_db(self) -> float:
        """Gain of all channels [dB]."""
        return self._volume / 256

    @property
    def changes(self) -> bool:
        """Whether samples come out otherwise than they came in."""
        return self.muted or self._volume != 0

    def handle(self, code: int, value: int, index: int, data: bytes) -> bytes | None:
        """Return the answer to a request to the unit, None where it is none or is refused."""
        if index != PLAYBACK_VOLUME << 8 or value & 0xFF:
            return None
        if value >> 8 == _MUTE:
            return self._mute(code, data)
        return self._gain(code, data) if value >> 8 == _VOLUME else None

    def _mute(self, code: int, data: bytes) -> bytes | None:
        if code == _SET_CUR and data:
            self.muted = bool(data[0])
            return b""
        return bytes((self.muted,)) if code == _GET_CUR else None

    def _gain(self, code: int, data: bytes) -> bytes | None:
        if code == _SET_CUR and len(data) >= 2:
            (self._volume,) = struct.unpack("<h", data[:2])
            self._volume = min(max(self._volume, _LEAST), _MOST)
            return b""
        told = {_GET_CUR: self._volume, _GET_MIN: _LEAST, _GET_MAX: _MOST, _GET_RES: _STEP}
        return struct.pack("<h", told[code]) if code in told else None

    def heard(self, packet: bytes, sample_bytes: int) -> bytes:
        """Return the samples of a playback packet behind the unit."""
        if self.muted:
            return bytes(len(packet))
        factor, top = 10.0 ** (self.gain_db / 20), (1 << (8 * sample_bytes - 1)) - 1
        out = bytearray(packet)
        for at in range(0, len(out) - sample_bytes + 1, sample_bytes):
            sample = int.from_bytes(out[at : at + sample_bytes], "little", signed=True)
            scaled = min(max(round(sample * factor), -top - 1), top)
            out[at : at + sample_bytes] = scaled.to_bytes(sample_bytes, "little", signed=True)
        return bytes(out)
