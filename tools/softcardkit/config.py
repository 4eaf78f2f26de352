# SPDX-License-Identifier: MIT
"""What a card offers, and what its bus can carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from stress.errors import ConfigError, one_of
from stress.model.formats import MAX_CHANNELS, SampleFormat, sample_format

RATES = (44100, 48000, 96000)
FORMATS = ("S16_LE", "S24_3LE")
# Formats a card may have; the first two are those of a plain softcard.
OFFERED = (*FORMATS, "S32_LE")

# USB 2.0, 5.6.3: the largest isochronous payload of one full-speed frame, and of
# one high-speed microframe (three transactions of 1024 bytes).
MAX_PACKET_BYTES = {"full": 1023, "high": 3 * 1024}
# USB 2.0, 5.6.4: a full-speed frame is 1500 byte times, of which periodic traffic
# may take 90 %; each isochronous transaction spends 9 of them on overhead.
FULL_SPEED_BUDGET_BYTES = 1350
FULL_SPEED_OVERHEAD_BYTES = 9

# ALSA cuts a card id to 15 characters and drops what is not alphanumeric; ids that
# begin with "card" collide with /proc/asound (sound/core/init.c, snd_card_set_id).
_ID = re.compile(r"(?!card)[A-Za-z][A-Za-z0-9]{0,14}\Z")


class Sync(str, Enum):
    """Synchronisation type of the playback endpoint."""

    SYNCHRONOUS = "synchronous"  #: locked to the bus clock
    ADAPTIVE = "adaptive"  #: follows what the host sends
    ASYNCHRONOUS = "asynchronous"  #: own clock, explicit feedback endpoint
    IMPLICIT = "implicit"  #: own clock, the capture packets are the feedback (audio class 2.0)


class Speed(str, Enum):
    """Speed of the device on its bus."""

    FULL = "full"
    HIGH = "high"


@dataclass(frozen=True)
class CardConfig:
    """A card as it is asked for.

    Parameters
    ----------
    name : product string; the kernel makes the ALSA card id from it.
    formats : one alternate setting each, in this order.
    rates : [Hz], settable by the host.
    interval : bInterval at high speed, 1..4; a packet every 2**(interval - 1)
        microframes of 125 us. Full speed has one packet a millisecond.
    latency : [frames] between playback and capture, constant.
    channels, capture_channels : of playback, and of capture where it has others (0: the same).
    plays, captures : the directions it has.
    uac : version of the audio class, 1 or 2.
    volume : playback has a volume of -50 to 0 dB and a mute, which begin at 0 dB (audio class 1.0).
    tells_rate : the rate that it tells whatever was set, as devices that lie do; 0 tells the truth [Hz].
    """

    name: str = "softcard"
    channels: int = 2
    formats: tuple[SampleFormat, ...] = tuple(sample_format(name) for name in FORMATS)
    rates: tuple[int, ...] = RATES
    sync: Sync = Sync.ADAPTIVE
    speed: Speed = Speed.FULL
    interval: int = 4
    latency: int = 96
    capture_channels: int = 0
    plays: bool = True
    captures: bool = True
    uac: int = 1
    volume: bool = False
    tells_rate: int = 0

    def __post_init__(self) -> None:
        if not _ID.match(self.name):
            raise ConfigError(
                f"{self.name!r} cannot become an ALSA card id",
                key="id",
                allowed="1 to 15 letters and digits, a letter first, not beginning with 'card'",
            )
        if not 1 <= self.channels <= MAX_CHANNELS or not 0 <= self.capture_channels <= MAX_CHANNELS:
            raise ConfigError(f"{self.channels} channels", key="channels", allowed=f"1..{MAX_CHANNELS}")
        if not (self.plays or self.captures):
            raise ConfigError("a card without a direction", key="plays", allowed="playback, capture or both")
        implicit = self.sync is Sync.IMPLICIT
        if self.uac not in (1, 2) or (implicit and not (self.uac == 2 and self.plays and self.captures)):
            raise ConfigError(
                "implicit feedback", key="sync", allowed="audio class 2.0 with playback and capture"
            )
        if not 1 <= self.interval <= 4:
            raise ConfigError(f"bInterval {self.interval}", key="interval", allowed="1..4")
        if not 0 <= self.latency <= 96000:
            raise ConfigError(f"{self.latency} frames", key="latency", allowed="0..96000")
        if self.volume and (self.uac != 1 or not self.plays):
            raise ConfigError("a volume", key="volume", allowed="playback of the audio class 1.0")
        self._check_rates_and_formats()
        for fmt in self.formats:
            self._check_carried(fmt, max(self.rates))

    def _check_rates_and_formats(self) -> None:
        if not self.rates or not set(self.rates) <= set(RATES):
            raise ConfigError(f"rates {list(self.rates)}", key="rate", allowed=one_of(RATES))
        names = [fmt.name for fmt in self.formats]
        if not names or not set(names) <= set(OFFERED) or len(set(names)) != len(names):
            raise ConfigError(f"formats {names}", key="format", allowed=f"{one_of(OFFERED)}, each once")

    def _check_carried(self, fmt: SampleFormat, rate: int) -> None:
        channels = max(self.channels_of(capture) for capture in (False, True))
        need = self.packet_bytes(fmt, channels)
        limit = MAX_PACKET_BYTES[self.speed.value]
        what = f"{channels} channels of {fmt.name} at {rate} Hz need packets of {need} bytes"
        if need > limit:
            raise ConfigError(
                f"{what}; one {self.speed.value}-speed packet carries {limit}",
                key="channels",
                allowed="fewer channels, a lower rate, S16_LE, high speed or a smaller interval",
            )
        both = 2 * (need + FULL_SPEED_OVERHEAD_BYTES)
        if self.speed is Speed.FULL and both > FULL_SPEED_BUDGET_BYTES:
            raise ConfigError(
                f"{what}, {both} byte times in both directions; a full-speed frame grants"
                f" {FULL_SPEED_BUDGET_BYTES}",
                key="channels",
                allowed="fewer channels, a lower rate, S16_LE or high speed",
            )

    @property
    def packets_per_second(self) -> int:
        """Packet slots of one endpoint in a second [1/s]."""
        return 1000 if self.speed is Speed.FULL else 8000 >> (self.interval - 1)

    def channels_of(self, capture: bool) -> int:
        """Return the channels of a direction."""
        return (self.capture_channels or self.channels) if capture else self.channels

    def packet_bytes(self, fmt: SampleFormat, channels: int = 0) -> int:
        """Return the largest packet of `fmt` [bytes]: the dearest rate plus one frame."""
        frames = -(-max(self.rates) // self.packets_per_second) + 1
        return frames * fmt.frame_bytes(channels or self.channels)

    def format_of(self, alternate: int) -> SampleFormat:
        """Return the format of a streaming alternate setting (1 is the first)."""
        return self.formats[alternate - 1]
