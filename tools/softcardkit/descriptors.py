"""Descriptors of the card.

Source: USB Device Class Definition for Audio Devices 1.0, chapter 4 and appendix A;
Audio Data Formats 1.0, 2.2.5; USB 2.0, chapter 9.
"""

from __future__ import annotations

import struct

from stress.model.formats import SampleFormat
from tools.softcardkit.config import CardConfig, Speed, Sync

VENDOR_ID, PRODUCT_ID = 0x1D6B, 0x0101  # Linux Foundation, audio gadget
OUT_ENDPOINT, FEEDBACK_ENDPOINT, IN_ENDPOINT = 0x01, 0x81, 0x82
CONTROL_INTERFACE, OUT_INTERFACE, IN_INTERFACE = 0, 1, 2
# snd-usb-audio asks for the feedback value every 2**REFRESH milliseconds and cuts its
# playback URBs to as many packets; below 3 it would shorten them (MAX_PACKS is 6).
FEEDBACK_REFRESH = 3

_DEVICE, _CONFIGURATION, _STRING, _INTERFACE, _ENDPOINT = 1, 2, 3, 4, 5
_CS_INTERFACE, _CS_ENDPOINT = 0x24, 0x25
_AUDIO, _AUDIOCONTROL, _AUDIOSTREAMING = 1, 1, 2
_USB_STREAMING, _DIGITAL_INTERFACE = 0x0101, 0x0602
_PLAYBACK_IN, _PLAYBACK_OUT, _CAPTURE_IN, _CAPTURE_OUT = 1, 2, 3, 4
_SYNC_BITS = {Sync.ASYNCHRONOUS: 0x04, Sync.ADAPTIVE: 0x08, Sync.SYNCHRONOUS: 0x0C}
_ISOCHRONOUS = 0x01


def _descriptor(kind: int, layout: str, *fields: int | bytes) -> bytes:
    body = struct.pack("<" + layout, *fields)
    return struct.pack("<BB", 2 + len(body), kind) + body


def device(config: CardConfig) -> bytes:
    """Return the device descriptor, 18 bytes; strings 1..3 are maker, product, serial."""
    release = 0x0200 if config.speed is Speed.HIGH else 0x0110
    return _descriptor(
        _DEVICE, "HBBBBHHHBBBB", release, 0, 0, 0, 64, VENDOR_ID, PRODUCT_ID, 0x0100, 1, 2, 3, 1
    )


def string(text: str) -> bytes:
    """Return a string descriptor in UTF-16."""
    encoded = text.encode("utf-16-le")
    return struct.pack("<BB", 2 + len(encoded), _STRING) + encoded


def languages() -> bytes:
    """Return string descriptor 0: US English only."""
    return struct.pack("<BBH", 4, _STRING, 0x0409)


def configuration(config: CardConfig) -> bytes:
    """Return the configuration with everything below it."""
    body = _control_interface(config)
    body += _streaming_interface(config, OUT_INTERFACE, OUT_ENDPOINT, _PLAYBACK_IN)
    body += _streaming_interface(config, IN_INTERFACE, IN_ENDPOINT, _CAPTURE_OUT)
    # Self powered, no remote wakeup: autosuspend would stop the card between two bursts.
    return _descriptor(_CONFIGURATION, "HBBBBB", 9 + len(body), 3, 1, 0, 0xC0, 0) + body


def _control_interface(config: CardConfig) -> bytes:
    units = (
        _input_terminal(config, _PLAYBACK_IN, _USB_STREAMING)
        + _output_terminal(_PLAYBACK_OUT, _DIGITAL_INTERFACE, _PLAYBACK_IN)
        + _input_terminal(config, _CAPTURE_IN, _DIGITAL_INTERFACE)
        + _output_terminal(_CAPTURE_OUT, _USB_STREAMING, _CAPTURE_IN)
    )
    header = _descriptor(_CS_INTERFACE, "BHHBBB", 1, 0x0100, 10 + len(units), 2, OUT_INTERFACE, IN_INTERFACE)
    return _interface(CONTROL_INTERFACE, 0, 0, _AUDIOCONTROL) + header + units


def _interface(number: int, alternate: int, endpoints: int, subclass: int) -> bytes:
    return _descriptor(_INTERFACE, "BBBBBBB", number, alternate, endpoints, _AUDIO, subclass, 0, 0)


def _input_terminal(config: CardConfig, unit: int, kind: int) -> bytes:
    # Front left and front right; other channel counts leave their places undefined.
    places = 0x0003 if config.channels == 2 else 0
    return _descriptor(_CS_INTERFACE, "BBHBBHBB", 2, unit, kind, 0, config.channels, places, 0, 0)


def _output_terminal(unit: int, kind: int, source: int) -> bytes:
    return _descriptor(_CS_INTERFACE, "BBHBBB", 3, unit, kind, 0, source, 0)


def _streaming_interface(config: CardConfig, number: int, endpoint: int, terminal: int) -> bytes:
    parts = [_interface(number, 0, 0, _AUDIOSTREAMING)]
    feedback = number == OUT_INTERFACE and config.sync is Sync.ASYNCHRONOUS
    for alternate, fmt in enumerate(config.formats, 1):
        parts.append(_interface(number, alternate, 2 if feedback else 1, _AUDIOSTREAMING))
        parts.append(_descriptor(_CS_INTERFACE, "BBBH", 1, terminal, 1, 1))
        parts.append(_format_type(config, fmt))
        parts.append(_data_endpoint(config, endpoint, fmt, feedback))
        if feedback:
            parts.append(_feedback_endpoint(config))
    return b"".join(parts)


def _format_type(config: CardConfig, fmt: SampleFormat) -> bytes:
    rates = b"".join(struct.pack("<I", rate)[:3] for rate in config.rates)
    return _descriptor(
        _CS_INTERFACE,
        f"BBBBBB{len(rates)}s",
        2,
        1,
        config.channels,
        fmt.sample_bytes,
        fmt.bits,
        len(config.rates),
        rates,
    )


def _data_endpoint(config: CardConfig, endpoint: int, fmt: SampleFormat, feedback: bool) -> bytes:
    # A capture endpoint that is "adaptive" would need a sync endpoint of its own, and no
    # common codec has one: beside an adaptive playback it is asynchronous.
    playback = endpoint == OUT_ENDPOINT
    sync = config.sync
    if not playback and sync is Sync.ADAPTIVE:
        sync = Sync.ASYNCHRONOUS
    interval = config.interval if config.speed is Speed.HIGH else 1
    partner = FEEDBACK_ENDPOINT if feedback else 0
    size = _max_packet_field(config.packet_bytes(fmt))
    head = _descriptor(
        _ENDPOINT, "BBHBBB", endpoint, _ISOCHRONOUS | _SYNC_BITS[sync], size, interval, 0, partner
    )
    # bmAttributes: bit 0 sampling frequency control. Bit 7 (MaxPacketsOnly) must stay 0:
    # Linux 6.1.176 then returns more than its capture URB buffers hold.
    settable = 1 if len(config.rates) > 1 else 0
    return head + _descriptor(_CS_ENDPOINT, "BBBH", 1, settable, 0, 0)


def _max_packet_field(size: int) -> int:
    # USB 2.0, 9.6.6: bits 12..11 count the additional transactions of a microframe.
    transactions = -(-size // 1024)
    return -(-size // transactions) | (transactions - 1) << 11


def _feedback_endpoint(config: CardConfig) -> bytes:
    if config.speed is Speed.HIGH:
        return _descriptor(_ENDPOINT, "BBHBBB", FEEDBACK_ENDPOINT, 0x11, 4, FEEDBACK_REFRESH + 4, 0, 0)
    return _descriptor(_ENDPOINT, "BBHBBB", FEEDBACK_ENDPOINT, 0x01, 3, 1, FEEDBACK_REFRESH, 0)
