# SPDX-License-Identifier: MIT
"""Sample formats, by their ALSA names."""

from __future__ import annotations

from dataclasses import dataclass

from stress.errors import ConfigError, one_of

MAX_CHANNELS = 64
#: Channels of the noise and the auxiliary stimuli. Source: eight filters of 127 taps keep up on
#: the slowest board. Higher: making a burst takes longer than playing it; lower: 7.1 cards are refused.
MOST_CHANNELS = 8


@dataclass(frozen=True)
class SampleFormat:
    """One linear PCM format.

    Parameters
    ----------
    name : as in ``/proc/asound/.../hw_params``.
    bits : significant bits of a sample; a FLOAT carries 24, its sign and mantissa.
    sample_bytes : bytes a sample occupies in the ring.
    big_endian, unsigned, floating : how they are written.
    """

    name: str
    bits: int
    sample_bytes: int
    big_endian: bool = False
    unsigned: bool = False
    floating: bool = False

    def frame_bytes(self, channels: int) -> int:
        """Return the bytes of one frame of `channels` samples."""
        return self.sample_bytes * channels

    @property
    def native(self) -> bool:
        """True when the pattern is written in this format; others are converted."""
        return self.name in FORMATS


#: Formats that the pattern is defined in, by name: signed, little-endian, 16 bits and more.
FORMATS: dict[str, SampleFormat] = {
    fmt.name: fmt
    for fmt in (
        SampleFormat("S16_LE", 16, 2),
        SampleFormat("S24_3LE", 24, 3),
        SampleFormat("S24_LE", 24, 4),
        SampleFormat("S32_LE", 32, 4),
    )
}


def _both(letters: str, sizes: tuple[tuple[str, int, int], ...]) -> list[SampleFormat]:
    return [
        SampleFormat(f"{letter}{stem}{end}", bits, size, end == "BE", letter == "U")
        for letter in letters
        for stem, bits, size in sizes
        for end in ("LE", "BE")
    ]


#: Every linear format of ALSA (sound/asound.h), by name: what a card may offer. Left out
#: are A-law, mu-law, ADPCM, MPEG and IEC958 (no linear samples: no bit of the pattern has
#: a place of its own) and DSD (one bit a sample: a frame cannot hold a position).
CARD_FORMATS: dict[str, SampleFormat] = {
    fmt.name: fmt
    for fmt in (
        *FORMATS.values(),
        SampleFormat("S8", 8, 1),
        SampleFormat("U8", 8, 1, unsigned=True),
        *_both(
            "SU",
            (
                ("16_", 16, 2),
                ("18_3", 18, 3),
                ("20_3", 20, 3),
                ("24_3", 24, 3),
                ("20_", 20, 4),
                ("24_", 24, 4),
                ("32_", 32, 4),
            ),
        ),
        SampleFormat("FLOAT_LE", 24, 4, floating=True),
        SampleFormat("FLOAT_BE", 24, 4, big_endian=True, floating=True),
        SampleFormat("FLOAT64_LE", 32, 8, floating=True),
        SampleFormat("FLOAT64_BE", 32, 8, big_endian=True, floating=True),
    )
}


def check_channels(channels: int, most: int = MAX_CHANNELS) -> None:
    """Refuse numbers of channels that a pattern does not have; ConfigError."""
    if not 1 <= channels <= most:
        raise ConfigError(f"{channels} channels", key="channels", allowed=f"1 to {most}")


def sample_format(name: str, where: str = "") -> SampleFormat:
    """Return the format of the pattern's own called `name`; ConfigError when it is none of them."""
    return _named(name, FORMATS, where)


def card_format(name: str, where: str = "") -> SampleFormat:
    """Return the format of a card called `name`; ConfigError when it is none of ALSA's linear ones."""
    return _named(name, CARD_FORMATS, where)


def _named(name: str, known: dict[str, SampleFormat], where: str) -> SampleFormat:
    if name not in known:
        raise ConfigError(f"unknown format {name!r}", where=where, key="format", allowed=one_of(list(known)))
    return known[name]
