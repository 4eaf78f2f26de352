# SPDX-License-Identifier: MIT
"""What a digital path does to samples, as the table `[path]` of a board says it."""

from __future__ import annotations

from dataclasses import dataclass

from stress.model.formats import MAX_CHANNELS
from stress.settings.schema import flag, integer, listing, number, text

ORDERS = ("straight", "exchanged", "first", "second", "mono", "sum", "mono-first", "rotated")
ROUNDINGS = ("nearest", "floor", "truncate", "half-up")
DITHERS = ("", "rectangular", "triangular", "shaped")
SHAPES = ("", "hard-clip", "soft-clip", "limiter", "mu-law", "a-law", "codec")
#: What may be done to each word; `words_by` is the bit, or by how many bits.
WORDS = (
    *("", "bytes-exchanged", "halves-exchanged", "bits-mirrored", "unsigned", "ones-complement"),
    *("shift-left", "shift-right", "arithmetic-shift"),
    *("bit-always-1", "bit-always-0", "bit-inverted", "bits-exchanged"),
)


@dataclass(frozen=True)
class PathSpec:
    """What the digital loopback does to samples, in this order; nothing by default.

    Parameters
    ----------
    order : "straight", "exchanged" (neighbouring channels), "first" or "second" (that channel
        everywhere), "mono" (the mean of channels 1 and 2 everywhere, rounded down), "sum" (their
        sum everywhere), "mono-first" (their mean in channel 1 alone) or "rotated" (each channel
        arrives in the next one).
    delay_channel, delay_frames : a channel, from 0, that arrives so much later [frames].
    rate_ratio : captured rate over played rate, by windowed sines.
    filter_pole : of a low-pass of one pole, as a de-emphasis; 0 is none.
    shape : what loses samples: clipping, hard at -3 dBFS or soft from -6 dBFS on, a limiter to -6 dBFS,
        the companding of ITU-T G.711, or a lossy codec that keeps two thirds of the band.
    gain_db : of all channels [dB].
    gains_db : of each channel besides [dB]; those that are not named keep 0 dB.
    inverted, inverted_channels : polarity of all, or of some channels from 0.
    rounding : of samples that a gain makes.
    dither : noise of one carried bit, added before rounding; "shaped" is an error feedback.
    bits : carried, those below are lost; 0 for all.
    bits_rounding : how bits are lost.
    offset : constant added [LSB].
    words, words_by : what is done to the bits of each sample.
    silent_channel : a channel, from 0, that is always zero; -1 for none.
    bytes_late : bytes that the stream of captured bytes is moved by.
    bits_late : bits that it is moved by as a serial interface sends them, the highest first.
    """

    order: str = text("straight", ORDERS)
    delay_channel: int = integer(1, 0, MAX_CHANNELS - 1)
    delay_frames: int = integer(0, 0, 1 << 16)
    rate_ratio: float = number(1.0, 0.25, 4.0)
    filter_pole: float = number(0.0, 0.0, 0.9)
    shape: str = text("", SHAPES)
    gain_db: float = number(0.0, -90.0, 20.0)
    gains_db: tuple[float, ...] = listing(number(0.0, -90.0, 20.0), (), MAX_CHANNELS)
    inverted: bool = flag(False)
    inverted_channels: tuple[int, ...] = listing(integer(0, 0, MAX_CHANNELS - 1), (), MAX_CHANNELS)
    rounding: str = text("nearest", ROUNDINGS)
    dither: str = text("", DITHERS)
    bits: int = integer(0, 0, 32)
    bits_rounding: str = text("floor", ROUNDINGS)
    offset: int = integer(0, -(1 << 15), 1 << 15)
    words: str = text("", WORDS)
    words_by: int = integer(1, 0, 31)
    silent_channel: int = integer(-1, -1, MAX_CHANNELS - 1)
    bytes_late: int = integer(0, 0, 255)
    bits_late: int = integer(0, 0, 255)
