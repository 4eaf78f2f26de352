"""Sample formats, by their ALSA names."""

from __future__ import annotations

from dataclasses import dataclass

from stress.errors import ConfigError, one_of

MAX_CHANNELS = 8


@dataclass(frozen=True)
class SampleFormat:
    """One signed little-endian linear PCM format.

    Parameters
    ----------
    name : as in ``/proc/asound/.../hw_params``.
    bits : significant bits of a sample.
    sample_bytes : bytes a sample occupies in the ring.
    """

    name: str
    bits: int
    sample_bytes: int

    def frame_bytes(self, channels: int) -> int:
        """Return the bytes of one frame of `channels` samples."""
        return self.sample_bytes * channels


FORMATS: dict[str, SampleFormat] = {
    fmt.name: fmt
    for fmt in (
        SampleFormat("S16_LE", 16, 2),
        SampleFormat("S24_3LE", 24, 3),
        SampleFormat("S24_LE", 24, 4),
        SampleFormat("S32_LE", 32, 4),
    )
}


def check_channels(channels: int) -> None:
    """Refuse numbers of channels that no pattern has; ConfigError."""
    if not 1 <= channels <= MAX_CHANNELS:
        raise ConfigError(f"{channels} channels", key="channels", allowed=f"1 to {MAX_CHANNELS}")


def sample_format(name: str, where: str = "") -> SampleFormat:
    """Return the format called `name`; ConfigError when it is unknown."""
    try:
        return FORMATS[name]
    except KeyError:
        raise ConfigError(
            f"unknown format {name!r}", where=where, key="format", allowed=one_of(list(FORMATS))
        ) from None
