# SPDX-License-Identifier: MIT
"""Feature units and clocks of a USB audio device, from its raw descriptors.

Source: Universal Serial Bus Device Class Definition for Audio Devices 1.0,
section 4.3.2, and 2.0, section 4.7.2; USB 2.0 section 9.6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_CONFIGURATION, _INTERFACE, _ENDPOINT, _CS_INTERFACE, _CS_ENDPOINT = 2, 4, 5, 0x24, 0x25
_AUDIO, _CONTROL, _STREAMING = 1, 1, 2
_INPUT_TERMINAL, _OUTPUT_TERMINAL, _FEATURE_UNIT, _CLOCK_SOURCE = 0x02, 0x03, 0x06, 0x0A
_USB_STREAMING = 0x0101
# Where the descriptor of a unit names its (first) source: offset in bytes by subtype. Units of several
# sources have a count before the list.
_SOURCE_AT = {_OUTPUT_TERMINAL: 7, _FEATURE_UNIT: 4, 0x04: 5, 0x05: 5, 0x07: 7, 0x08: 7, 0x09: 7}
UAC1, UAC2 = 1, 2


@dataclass(frozen=True)
class FeatureUnit:
    """One feature unit: the device's own volume and mute.

    Parameters
    ----------
    interface : of its AudioControl interface.
    version : `UAC1` or `UAC2`.
    volume, mute : channels with that control; 0 is the master.
    playback : True where its source chain begins at the host, False where at
        the device's input.
    """

    unit: int
    interface: int
    version: int
    volume: tuple[int, ...]
    mute: tuple[int, ...]
    playback: bool


@dataclass(frozen=True)
class ClockSource:
    """Where a device tells its sample rate.

    Parameters
    ----------
    number : of the clock source (UAC2), or address of the endpoint (UAC1).
    readable : the rate can be asked for.
    tells_validity : the device says whether the clock is valid (UAC2 only).
    """

    number: int
    interface: int
    version: int
    readable: bool
    tells_validity: bool


@dataclass(frozen=True)
class Units:
    """What control requests can reach on one device."""

    features: tuple[FeatureUnit, ...]
    clocks: tuple[ClockSource, ...]


def parse_units(raw: bytes) -> Units:
    """Return the feature units and clocks of the first configuration.

    Parameters
    ----------
    raw : device descriptor and configurations, as in sysfs `descriptors`; may
        be cut short or damaged: what does not parse is left out.
    """
    features: list[FeatureUnit] = []
    clocks: list[ClockSource] = []
    for interface, version, parts in _control_interfaces(raw):
        kinds = {part[3]: part for part in parts if len(part) > 3}
        for part in parts:
            if part[2] == _FEATURE_UNIT:
                features += _feature(part, interface, version, kinds)
            elif part[2] == _CLOCK_SOURCE and version == UAC2 and len(part) >= 6:
                clocks.append(ClockSource(part[3], interface, UAC2, bool(part[5] & 1), bool(part[5] & 4)))
    clocks += [] if any(clock.version == UAC2 for clock in clocks) else _endpoint_clocks(raw)
    return Units(tuple(features), tuple(clocks))


def _descriptors(raw: bytes) -> Iterator[bytes]:
    at, configurations = 0, 0
    while at + 2 <= len(raw) and raw[at] >= 2:
        part = raw[at : at + raw[at]]
        configurations += part[1] == _CONFIGURATION
        if configurations > 1:
            return
        # Readers below look at the first three bytes of each.
        if len(part) >= 3:
            yield part
        at += raw[at]


def _control_interfaces(raw: bytes) -> Iterator[tuple[int, int, list[bytes]]]:
    found: dict[int, tuple[int, list[bytes]]] = {}
    here: list[bytes] | None = None
    for part in _descriptors(raw):
        if part[1] == _INTERFACE:
            here = None
            if len(part) >= 9 and (part[5], part[6]) == (_AUDIO, _CONTROL) and part[7] in (0x00, 0x20):
                here = found.setdefault(part[2], (UAC2 if part[7] else UAC1, []))[1]
        elif part[1] == _CS_INTERFACE and here is not None:
            here.append(part)
    yield from ((interface, version, parts) for interface, (version, parts) in found.items())


def _feature(part: bytes, interface: int, version: int, kinds: dict[int, bytes]) -> list[FeatureUnit]:
    if version == UAC2:
        size, start, shifts = 4, 5, (2, 0)
    else:
        size, start, shifts = part[5] if len(part) > 5 else 0, 6, (1, 0)
    if not size or len(part) < start + size:
        return []
    width = 3 if version == UAC2 else 1
    masks = [part[at] for at in range(start, len(part) - size, size)]
    volume, mute = (
        tuple(channel for channel, mask in enumerate(masks) if mask >> shift & width) for shift in shifts
    )
    return [FeatureUnit(part[3], interface, version, volume, mute, _from_host(part[3], kinds))]


def _from_host(unit: int, kinds: dict[int, bytes]) -> bool:
    # A damaged descriptor may name its own source: every unit is visited once.
    seen: set[int] = set()
    while unit in kinds and unit not in seen:
        seen.add(unit)
        part = kinds[unit]
        if part[2] == _INPUT_TERMINAL:
            return int.from_bytes(part[4:6], "little") == _USB_STREAMING
        at = _SOURCE_AT.get(part[2], len(part))
        unit = part[at] if at < len(part) else -1
    return False


def _endpoint_clocks(raw: bytes) -> list[ClockSource]:
    # UAC1: an isochronous data endpoint carries the sampling frequency control itself.
    found: dict[int, ClockSource] = {}
    interface, address = -1, -1
    for part in _descriptors(raw):
        if part[1] == _INTERFACE:
            streams = len(part) >= 9 and (part[5], part[6], part[7]) == (_AUDIO, _STREAMING, 0)
            interface, address = part[2] if streams else -1, -1
        elif part[1] == _ENDPOINT and interface >= 0:
            address = part[2]
        elif part[1] == _CS_ENDPOINT and address >= 0 and len(part) >= 4:
            found[address] = ClockSource(address, interface, UAC1, bool(part[3] & 1), False)
    return list(found.values())
