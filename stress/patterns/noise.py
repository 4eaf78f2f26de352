# SPDX-License-Identifier: MIT
"""Band-limited noise as a function of position: the stimulus for an analog loopback.

Sample of channel c at position q: u(q) is one half of mix2 of q (keyed per
channel pair), x = sum over k of TAPS[k] * u(q - k), in integers. So any block
is computable alone, two computers agree to the bit, and no lag is a period.
"""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Bytes, Samples, Shorts, Words
from stress.model.formats import MOST_CHANNELS, SampleFormat, check_channels
from stress.model.stimulus import POSITIONS
from stress.patterns.mix import mix2, pair_key

TAP_COUNT = 127
# Band edges as a share of the rate: 800 Hz and 14 kHz at 48 kHz. Higher: cheap converters
# roll off and interpolation needs longer filters; lower: AC coupling rings past the channel fit.
BAND = (800 / 48000, 14000 / 48000)
# RMS relative to full scale: -15 dBFS. Higher: peaks (5.5 sigma) clip; lower: SNR is given away.
RMS = 0.18
# Taps are scaled by 2^14: the sum of |tap| times 2^15 still fits 31 bits.
TAP_SHIFT = 14
_FFT_FRAMES = 8192


def band_taps() -> Samples:
    """Return the integer taps of the band-pass, (127,) int32, times 2^14.

    A Hamming-windowed sinc; the RMS of a filtered uniform 16-bit sequence is
    `RMS` of full scale.
    """
    k = np.arange(TAP_COUNT, dtype=np.float64) - (TAP_COUNT - 1) / 2
    low, high = BAND
    ideal = 2 * high * np.sinc(2 * high * k) - 2 * low * np.sinc(2 * low * k)
    taps = ideal * np.hamming(TAP_COUNT)
    unit = RMS * np.sqrt(3.0) / np.sqrt(np.sum(taps * taps))
    scaled: Samples = np.round(taps * unit * (1 << TAP_SHIFT)).astype(np.int32)
    return scaled


def uniform_words(position: int, frames: int, pair: int) -> Words:
    """Return mix2 of the keyed positions, (frames,) uint32."""
    start = np.uint32(position % POSITIONS)
    words = np.arange(frames, dtype=np.uint32) + start
    words ^= np.uint32(pair_key(pair))
    mix2(words, words, np.empty_like(words))
    return words


def uniform(position: int, frames: int, channel: int) -> Shorts:
    """Return the white samples under the filter, (frames,) int16."""
    words = uniform_words(position, frames, channel // 2)
    # Even channels take the high half, odd ones the low half, as little-endian int16.
    halves: Shorts = words.astype("<u4").view("<i2")[1 - channel % 2 :: 2].astype(np.int16)
    return halves


class NoisePattern:
    """The aperiodic analog stimulus, by position.

    Parameters
    ----------
    rate : [Hz], only to name the band; the taps scale with the rate.
    channels : 1..8; every channel carries its own noise.
    fmt : sample format; 16 bits in S16, 24 in the others (low byte of S32 zero).

    Raises
    ------
    ConfigError : more channels than 8.

    Threads: immutable, any number of readers.
    """

    name = "noise"
    period: int | None = None

    def __init__(self, rate: int, channels: int, fmt: SampleFormat) -> None:
        check_channels(channels, MOST_CHANNELS)
        self.rate, self.channels, self.fmt = rate, channels, fmt
        self.frame_bytes = fmt.frame_bytes(channels)
        self._response = np.fft.rfft(band_taps(), _FFT_FRAMES)

    @property
    def band_hz(self) -> tuple[float, float]:
        """Edges of the band (-6 dB) [Hz]."""
        return BAND[0] * self.rate, BAND[1] * self.rate

    def fill(self, position: int, out: Bytes) -> None:
        """Write the frames from `position` on; `out` is whole frames, (n,) uint8."""
        frames = out.size // self.frame_bytes
        for channel in range(self.channels):
            store(self.samples(position, frames, channel), channel, self.channels, self.fmt, out)

    def samples(self, position: int, frames: int, channel: int) -> Samples:
        """Return samples of one channel as 24-bit integers, (frames,) int32."""
        out = np.empty(frames, dtype=np.int32)
        hop = _FFT_FRAMES - TAP_COUNT + 1
        for start in range(0, frames, hop):
            part = out[start : start + hop]
            before = position + start - (TAP_COUNT - 1)
            self._filter(uniform(before, part.size + TAP_COUNT - 1, channel), part)
        return out

    def _filter(self, white: Shorts, out: Samples) -> None:
        # Sums stay below 2^31, so the float64 FFT is off by about 1e-6 and rounds to the exact integer.
        whole = np.fft.irfft(np.fft.rfft(white, _FFT_FRAMES) * self._response, _FFT_FRAMES)
        total = np.rint(whole[TAP_COUNT - 1 : white.size])
        # To 24 bits: 2^14 of the taps less the 8 bits below S16. Exact in float64.
        total += 1 << (TAP_SHIFT - 9)
        total *= 1.0 / (1 << (TAP_SHIFT - 8))
        out[:] = np.clip(np.floor(total, out=total), -(1 << 23), (1 << 23) - 1, out=total)


def store(samples: Samples, channel: int, channels: int, fmt: SampleFormat, out: Bytes) -> None:
    """Write 24-bit `samples` into one channel of interleaved `out`.

    S16 keeps the upper 16 of the 24 bits, rounded down; S32 holds them on top.

    Parameters
    ----------
    samples : (n,) int32, -2^23 to 2^23 - 1.
    channel : of the frame, from 0.
    channels : samples of a frame.
    out : (n * frame_bytes,) uint8.
    """
    width = fmt.sample_bytes
    view = out.reshape(-1, channels, width)[:, channel, :]
    value = samples >> 8 if fmt.bits == 16 else samples << 8 if fmt.bits == 32 else samples
    view[:] = value.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width]
