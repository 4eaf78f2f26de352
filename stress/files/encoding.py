# SPDX-License-Identifier: MIT
"""How a file stores its samples, and how they become a format of ours.

Detectors know signed little-endian integers. Whatever else a file may hold (big
endian, floating point, samples in the low bits of a container, more channels
than are to be judged) is turned into them block by block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stress.model.arrays import Bytes, Samples
from stress.model.formats import FORMATS, SampleFormat
from stress.patterns.samples import pack, unpack

_INTEGERS = {1: "S16_LE", 2: "S16_LE", 3: "S24_3LE", 4: "S32_LE"}
# What a sample of full scale is in 32 bits.
_FULL = float(1 << 31)


@dataclass(frozen=True)
class Encoding:
    """Samples as they are stored.

    Parameters
    ----------
    sample_bytes : container of one sample: 1 to 4, of floating point 4 or 8.
    big_endian : byte order.
    floating : IEEE 754, full scale at 1.
    low_bits : width of samples that stand in the low bits of the container
        (17 to 24), None where they fill it from the top.
    unsigned : silence is the middle of the range.
    """

    sample_bytes: int
    big_endian: bool = False
    floating: bool = False
    low_bits: int | None = None
    unsigned: bool = False

    @classmethod
    def of_format(cls, fmt: SampleFormat, big_endian: bool = False) -> Encoding:
        """Return the encoding of a linear format of ALSA, or of its big-endian twin."""
        swapped = fmt.big_endian or big_endian
        if fmt.floating:
            return cls(fmt.sample_bytes, swapped, floating=True)
        low = fmt.bits if fmt.bits < 8 * fmt.sample_bytes else None
        return cls(fmt.sample_bytes, swapped, False, low, fmt.unsigned)

    @property
    def fmt(self) -> SampleFormat:
        """The format the samples become."""
        if self.floating:
            # 32 bits hold every sample of a float and all that a double carries of one.
            return FORMATS["S32_LE"]
        if self.sample_bytes == 4 and self.low_bits is not None:
            return FORMATS["S24_LE"]
        return FORMATS[_INTEGERS[self.sample_bytes]]

    @property
    def name(self) -> str:
        """What is stored, in ALSA's words."""
        order = "BE" if self.big_endian else "LE"
        if self.floating:
            return f"FLOAT{'64' if self.sample_bytes == 8 else ''}_{order}"
        letter, packed = "U" if self.unsigned else "S", "3" if self.sample_bytes == 3 else ""
        return f"{letter}{self.bits}" if self.sample_bytes == 1 else f"{letter}{self.bits}_{packed}{order}"

    @property
    def bits(self) -> int:
        """Significant bits of a sample that is no floating point."""
        return self.low_bits or 8 * self.sample_bytes

    @property
    def plain(self) -> bool:
        """True where the stored bytes are the format's own."""
        other = self.big_endian or self.floating or self.unsigned or self.sample_bytes == 1
        return not other and self.low_bits in (None, self.fmt.bits)

    def convert(self, raw: Bytes) -> tuple[Bytes, int]:
        """Return stored samples as `fmt`, and how many no integer can hold.

        Parameters
        ----------
        raw : (n * sample_bytes,) uint8.

        Returns
        -------
        (n * fmt.sample_bytes,) uint8; samples beyond full scale are clipped, what
        is not a number becomes 0, and both are counted.
        """
        if self.plain:
            return raw, 0
        if self.floating:
            return self._integers(raw)
        stored = SampleFormat(self.name, self.bits, self.sample_bytes, self.big_endian, self.unsigned)
        return pack(unpack(raw, stored, 1), self.fmt), 0

    def _integers(self, raw: Bytes) -> tuple[Bytes, int]:
        order = ">" if self.big_endian else "<"
        stored = np.ascontiguousarray(raw).view(f"{order}f{self.sample_bytes}")
        with np.errstate(invalid="ignore", over="ignore"):
            values = stored.astype(np.float64) * _FULL
            strange = ~np.isfinite(values)
            values[strange] = 0.0
            # Full scale itself is what recorders make of a clipped sample.
            beyond = (values > _FULL) | (values < -_FULL)
        whole = np.clip(np.rint(values), -_FULL, _FULL - 1).astype("<i4")
        return whole.view(np.uint8), int(np.count_nonzero(strange | beyond))


def widened(cells: Bytes) -> Samples:
    """Return little-endian samples left-justified to 32 bits, (n,) int32.

    Parameters
    ----------
    cells : (n, size) uint8, the 2 to 4 bytes of each sample.
    """
    wide = np.zeros((len(cells), 4), np.uint8)
    wide[:, 4 - cells.shape[1] :] = cells
    samples: Samples = wide.view("<i4")[:, 0].astype(np.int32)
    return samples


@dataclass(frozen=True)
class StoredAudio:
    """Where the samples of a file are and what they are.

    Parameters
    ----------
    container : its name, for messages.
    segments : (offset, length) of the pieces of the samples, in order [bytes].
    rate : [Hz].
    notes : one line each for what the header says otherwise than the file.
    bits_said : bits per sample by the header.
    """

    container: str
    encoding: Encoding
    channels: int
    rate: int
    segments: tuple[tuple[int, int], ...]
    notes: tuple[str, ...] = ()
    bits_said: int = 0

    @property
    def frame_bytes(self) -> int:
        """Bytes of one stored frame."""
        return self.encoding.sample_bytes * self.channels

    def to_json(self) -> dict[str, Any]:
        """Return what a reader of the analysis should know of the file."""
        return {"container": self.container, "samples": self.encoding.name, "channels": self.channels}
