# SPDX-License-Identifier: MIT
"""What stands between the two ends of a loopback, for a whole capture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Union

#: Two clocks are less apart than this. Source: crystals are within 1000 ppm. Higher: a rate plugin is taken
#: for a cable, and a cable's filter or a fold-down to mono for another rate; lower: a cable is never tried.
TWO_CLOCKS = 5e-3

#: Source channel of a captured channel: an index, two for a sum, None for no pattern.
Channel = Union[int, tuple[int, ...], None]


def name_of(channel: int, channels: int) -> str:
    """Return "left" and "right" of two channels, else "channel 3"."""
    return ("left", "right")[channel] if channels == 2 and channel < 2 else f"channel {channel + 1}"


@dataclass(frozen=True)
class Path:
    """What the path does to the samples; one entry per captured channel.

    Parameters
    ----------
    exact : every bit arrives as it was sent.
    channels : source channel of each captured channel, a tuple for a sum, None where the
        pattern was not found.
    polarity : 1 or -1.
    gain_db : level against the source [dB]; None where there is no pattern.
    offset : constant added [LSB of the format].
    bits : bits of the source sample that arrive.
    delay_frames : behind the earliest channel [frames].
    rate_ratio : captured rate over played rate.
    encoding : "" or what was done to the words, e.g. "bytes exchanged".
    from_frame : first captured frame that it holds from.
    clipped : share of samples at a rail, where the path saturates.
    idle : what a channel without pattern carries: "silent", "constant", "other" or "".
    notes : what else there is to say, a sentence each.
    invertible : the exact detector can judge behind it.
    source_bits : bits of a sample as it was sent.
    """

    exact: bool = True
    channels: tuple[Channel, ...] = ()
    polarity: tuple[int, ...] = ()
    gain_db: tuple[float | None, ...] = ()
    offset: tuple[int, ...] = ()
    bits: tuple[int, ...] = ()
    delay_frames: tuple[int, ...] = ()
    rate_ratio: float = 1.0
    encoding: str = ""
    from_frame: int = 0
    clipped: tuple[float, ...] = ()
    idle: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
    invertible: bool = True
    source_bits: int = 16

    @staticmethod
    def bit_exact(channels: int, bits: int, from_frame: int = 0, carried: int | None = None) -> Path:
        """Return the path that changes nothing, but for bits below `carried`."""
        return Path(
            exact=carried in (None, bits),
            channels=tuple(range(channels)),
            polarity=(1,) * channels,
            gain_db=(0.0,) * channels,
            offset=(0,) * channels,
            bits=(bits if carried is None else carried,) * channels,
            delay_frames=(0,) * channels,
            from_frame=from_frame,
            source_bits=bits,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the path as the JSON object of the analysis and of the record."""
        out: dict[str, Any] = {
            "exact": self.exact,
            "channels": [list(one) if isinstance(one, tuple) else one for one in self.channels],
            "polarity": list(self.polarity),
            "gain_db": list(self.gain_db),
            "offset": list(self.offset),
            "bits": list(self.bits),
            "delay_frames": list(self.delay_frames),
            "rate_ratio": self.rate_ratio,
            "encoding": self.encoding,
            "from_frame": self.from_frame,
        }
        if any(self.clipped):
            out["clipped"] = list(self.clipped)
        return out
