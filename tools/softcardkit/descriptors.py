# SPDX-License-Identifier: MIT
"""Descriptors of the card.

Source: USB Device Class Definition for Audio Devices 1.0, chapter 4 and appendix A;
Audio Data Formats 1.0, 2.2.5; USB 2.0, chapter 9.
"""

from __future__ import annotations

import struct

from stress.model.formats import SampleFormat
from tools.softcardkit import uac2, volume
from tools.softcardkit.config import CardConfig, Speed, Sync
from tools.softcardkit.units import (
    AUDIOCONTROL,
    AUDIOSTREAMING,
    CAPTURE_IN,
    CAPTURE_OUT,
    CS_ENDPOINT,
    CS_INTERFACE,
    DIGITAL_INTERFACE,
    PLAYBACK_IN,
    PLAYBACK_OUT,
    PLAYBACK_VOLUME,
    USB_STREAMING,
    descriptor,
    interface,
    places_of,
)

VENDOR_ID, PRODUCT_ID = 0x1D6B, 0x0101  # Linux Foundation, audio gadget
OUT_ENDPOINT, FEEDBACK_ENDPOINT, IN_ENDPOINT = 0x01, 0x81, 0x82
CONTROL_INTERFACE, OUT_INTERFACE, IN_INTERFACE = 0, 1, 2
# snd-usb-audio asks for the feedback value every 2**REFRESH milliseconds and cuts its
# playback URBs to as many packets; below 3 it would shorten them (MAX_PACKS is 6).
FEEDBACK_REFRESH = 3

_DEVICE, _CONFIGURATION, _STRING, _INTERFACE, _ENDPOINT = 1, 2, 3, 4, 5
_AUDIO = 1
_SYNC_BITS = {Sync.ASYNCHRONOUS: 0x04, Sync.ADAPTIVE: 0x08, Sync.SYNCHRONOUS: 0x0C}
_ISOCHRONOUS, _IMPLICIT_FEEDBACK_DATA = 0x01, 0x20


def device(config: CardConfig) -> bytes:
    """Return the device descriptor, 18 bytes; strings 1..3 are maker, product, serial."""
    release = 0x0200 if config.speed is Speed.HIGH else 0x0110
    # The audio class 2.0 groups its interfaces: the device says so (miscellaneous, common, association).
    kind = (0xEF, 2, 1) if config.uac == 2 else (0, 0, 0)
    return descriptor(_DEVICE, "HBBBBHHHBBBB", release, *kind, 64, VENDOR_ID, PRODUCT_ID, 0x0100, 1, 2, 3, 1)


def string(text: str) -> bytes:
    """Return a string descriptor in UTF-16."""
    encoded = text.encode("utf-16-le")
    return struct.pack("<BB", 2 + len(encoded), _STRING) + encoded


def languages() -> bytes:
    """Return string descriptor 0: US English only."""
    return struct.pack("<BBH", 4, _STRING, 0x0409)


def configuration(config: CardConfig) -> bytes:
    """Return the configuration with everything below it."""
    body = uac2.control_interface(config) if config.uac == 2 else _control_interface(config)
    if config.plays:
        body += _streaming_interface(config, OUT_INTERFACE, OUT_ENDPOINT, PLAYBACK_IN)
    if config.captures:
        body += _streaming_interface(config, IN_INTERFACE, IN_ENDPOINT, CAPTURE_OUT)
    interfaces = 1 + config.plays + config.captures
    # Self powered, no remote wakeup: autosuspend would stop the card between two bursts.
    return descriptor(_CONFIGURATION, "HBBBBB", 9 + len(body), interfaces, 1, 0, 0xC0, 0) + body


def streaming_interfaces(config: CardConfig) -> list[int]:
    """Return the numbers of the streaming interfaces the card has."""
    both = ((OUT_INTERFACE, config.plays), (IN_INTERFACE, config.captures))
    return [number for number, there in both if there]


def _control_interface(config: CardConfig) -> bytes:
    units = b""
    if config.plays:
        units += _input_terminal(config.channels, PLAYBACK_IN, USB_STREAMING)
        source = PLAYBACK_IN
        if config.volume:
            units += volume.descriptor(config.channels)
            source = PLAYBACK_VOLUME
        units += _output_terminal(PLAYBACK_OUT, DIGITAL_INTERFACE, source)
    if config.captures:
        units += _input_terminal(config.channels_of(True), CAPTURE_IN, DIGITAL_INTERFACE)
        units += _output_terminal(CAPTURE_OUT, USB_STREAMING, CAPTURE_IN)
    numbers = bytes(streaming_interfaces(config))
    head = 8 + len(numbers) + len(units)
    header = descriptor(CS_INTERFACE, f"BHHB{len(numbers)}s", 1, 0x0100, head, len(numbers), numbers)
    return interface(CONTROL_INTERFACE, 0, 0, AUDIOCONTROL) + header + units


def _input_terminal(channels: int, unit: int, kind: int) -> bytes:
    return descriptor(CS_INTERFACE, "BBHBBHBB", 2, unit, kind, 0, channels, places_of(channels), 0, 0)


def _output_terminal(unit: int, kind: int, source: int) -> bytes:
    return descriptor(CS_INTERFACE, "BBHBBB", 3, unit, kind, 0, source, 0)


def _streaming_interface(config: CardConfig, number: int, endpoint: int, terminal: int) -> bytes:
    protocol = uac2.PROTOCOL if config.uac == 2 else 0
    channels = config.channels_of(number == IN_INTERFACE)
    parts = [interface(number, 0, 0, AUDIOSTREAMING, protocol)]
    feedback = number == OUT_INTERFACE and config.sync is Sync.ASYNCHRONOUS
    for alternate, fmt in enumerate(config.formats, 1):
        parts.append(interface(number, alternate, 2 if feedback else 1, AUDIOSTREAMING, protocol))
        if config.uac == 2:
            parts.append(uac2.streaming(terminal, channels, fmt))
        else:
            parts.append(descriptor(CS_INTERFACE, "BBBH", 1, terminal, 1, 1))
            parts.append(_format_type(config, channels, fmt))
        parts.append(_data_endpoint(config, endpoint, channels, fmt, feedback))
        if feedback:
            parts.append(_feedback_endpoint(config))
    return b"".join(parts)


def _format_type(config: CardConfig, channels: int, fmt: SampleFormat) -> bytes:
    rates = b"".join(struct.pack("<I", rate)[:3] for rate in config.rates)
    return descriptor(
        CS_INTERFACE,
        f"BBBBBB{len(rates)}s",
        2,
        1,
        channels,
        fmt.sample_bytes,
        fmt.bits,
        len(config.rates),
        rates,
    )


def _data_endpoint(
    config: CardConfig, endpoint: int, channels: int, fmt: SampleFormat, feedback: bool
) -> bytes:
    # A capture endpoint that is "adaptive" would need a sync endpoint of its own, and no
    # common codec has one: beside an adaptive playback it is asynchronous.
    playback = endpoint == OUT_ENDPOINT
    sync = config.sync
    if sync is Sync.IMPLICIT or (not playback and sync is Sync.ADAPTIVE):
        sync = Sync.ASYNCHRONOUS
    attributes = _ISOCHRONOUS | _SYNC_BITS[sync]
    if not playback and config.sync is Sync.IMPLICIT:
        attributes |= _IMPLICIT_FEEDBACK_DATA
    interval = config.interval if config.speed is Speed.HIGH else 1
    size = _max_packet_field(config.packet_bytes(fmt, channels))
    if config.uac == 2:
        # Standard endpoints of the audio class 2.0 have 7 bytes: no refresh and no partner.
        head = descriptor(_ENDPOINT, "BBHB", endpoint, attributes, size, interval)
        return head + uac2.data_endpoint()
    partner = FEEDBACK_ENDPOINT if feedback else 0
    head = descriptor(_ENDPOINT, "BBHBBB", endpoint, attributes, size, interval, 0, partner)
    # bmAttributes: bit 0 sampling frequency control. Bit 7 (MaxPacketsOnly) must stay 0:
    # Linux 6.1.176 then returns more than its capture URB buffers hold.
    settable = 1 if len(config.rates) > 1 else 0
    return head + descriptor(CS_ENDPOINT, "BBBH", 1, settable, 0, 0)


def _max_packet_field(size: int) -> int:
    # USB 2.0, 9.6.6: bits 12..11 count the additional transactions of a microframe.
    transactions = -(-size // 1024)
    return -(-size // transactions) | (transactions - 1) << 11


def _feedback_endpoint(config: CardConfig) -> bytes:
    if config.uac == 2:
        return descriptor(_ENDPOINT, "BBHB", FEEDBACK_ENDPOINT, 0x11, 4, FEEDBACK_REFRESH + 4)
    if config.speed is Speed.HIGH:
        return descriptor(_ENDPOINT, "BBHBBB", FEEDBACK_ENDPOINT, 0x11, 4, FEEDBACK_REFRESH + 4, 0, 0)
    return descriptor(_ENDPOINT, "BBHBBB", FEEDBACK_ENDPOINT, 0x01, 3, 1, FEEDBACK_REFRESH, 0)
