# SPDX-License-Identifier: MIT
"""What a card offers: access, and formats with the channels, rates and sizes each allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stress.model.formats import CARD_FORMATS, SampleFormat

# Rates that are asked for one by one, as a card may offer single ones [Hz].
RATES = (
    8000, 11025, 16000, 22050, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000, 352800, 384000,
    705600, 768000,
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One format with one number of channels.

    Parameters
    ----------
    format : ALSA's name, one of `CARD_FORMATS`.
    rates : of `RATES`, those it can have here; another one where it has none of them [Hz].
    period, buffer : smallest and largest size [frames].
    """

    format: str
    channels: int
    rates: tuple[int, ...]
    period: tuple[int, int]
    buffer: tuple[int, int]

    @property
    def fmt(self) -> SampleFormat:
        """The format."""
        return CARD_FORMATS[self.format]


@dataclass(frozen=True)
class Offer:
    """What one direction of a card offers.

    Parameters
    ----------
    device : as it was opened, e.g. "hw:softcard,0 playback".
    access : of "mmap" and "rw", those it has.
    others : formats of ALSA's that this tool does not use.
    """

    device: str
    access: tuple[str, ...]
    choices: tuple[Choice, ...]
    others: tuple[str, ...] = ()

    def rates(self) -> set[int]:
        """Return every rate that any choice has [Hz]."""
        return {rate for choice in self.choices for rate in choice.rates}

    def to_json(self) -> dict[str, Any]:
        """Return the offer as a JSON object."""
        return {
            "device": self.device,
            "access": list(self.access),
            "choices": [
                {
                    "format": one.format,
                    "channels": one.channels,
                    "rates": list(one.rates),
                    "period_size": list(one.period),
                    "buffer_size": list(one.buffer),
                }
                for one in self.choices
            ],
            "other_formats": list(self.others),
        }

    def table(self) -> list[tuple[str, str, str, str, str]]:
        """Return rows of formats, channels, rates, period and buffer; alike rows are joined."""
        by_format: dict[tuple[str, tuple[int, ...]], list[Choice]] = {}
        for one in self.choices:
            by_format.setdefault((one.format, one.rates), []).append(one)
        rows: dict[tuple[str, tuple[int, ...]], list[Choice]] = {}
        for (_, rates), same in by_format.items():
            rows.setdefault((spans([one.channels for one in same]), rates), []).extend(same)
        return [
            (
                " ".join(dict.fromkeys(one.format for one in same)),
                channels,
                " ".join(str(rate) for rate in rates),
                _range(one.period for one in same),
                _range(one.buffer for one in same),
            )
            for (channels, rates), same in rows.items()
        ]


def spans(numbers: list[int]) -> str:
    """Return whole numbers in words: "1-8, 10"."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def _range(sizes: Any) -> str:
    both = list(sizes)
    low, high = min(low for low, _ in both), max(high for _, high in both)
    return str(low) if low == high else f"{low}-{high}"
