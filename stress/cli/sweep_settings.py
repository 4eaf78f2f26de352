# SPDX-License-Identifier: MIT
"""The settings that --sweep walks: what both directions of the card offer, combined."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from stress.cli.card_offers import offers_of
from stress.errors import ConfigError, DeviceError
from stress.plan.pairs import all_pairs, crossed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from stress.model.offers import Offer

AXES = ("rate", "format", "channels", "access")
# Numbers of channels that are tried of a card that has very many.
MOST_COUNTS = 3


def combinations(args: argparse.Namespace) -> list[dict[str, str]]:
    """Return the settings of each run: of all axes every pair at least once, of named ones every combination.

    Raises
    ------
    ConfigError : no such setting.
    DeviceError : the card cannot be asked what it offers, or its directions share nothing to sweep over.
    """
    asked = AXES if args.sweep == "all" else tuple(args.sweep.split(","))
    if not set(asked) <= set(AXES) or len(set(asked)) != len(asked):
        raise ConfigError(
            f"{args.sweep!r}", where="--sweep", allowed=f"all, or of {', '.join(AXES)}, each once"
        )
    found, missing = offers_of(args.card)
    if missing or not found:
        raise DeviceError(missing or "the card offers nothing", errno_=errno.ENODEV, device="--sweep")
    axes = {name: values for name, values in _axes(found).items() if name in asked}
    for name, values in list(axes.items()):
        if values:
            continue
        if name == "rate" or args.sweep != "all":
            raise DeviceError(
                f"playback and capture have no {name} in common: nothing to sweep over",
                errno_=errno.EINVAL,
                device=args.card or "the card",
            )
        del axes[name]  # The run takes what each direction has.

    def there(one: Mapping[str, str]) -> bool:
        counts = one.get("channels", "").split(",")
        return all(_has(offer, one, counts[0] if way == 0 else counts[-1]) for way, offer in enumerate(found))

    return (all_pairs if args.sweep == "all" else crossed)(axes, there)


def _axes(offers: Sequence[Offer]) -> dict[str, list[str]]:
    choices = [offer.choices for offer in offers]
    rates = sorted(set.intersection(*({rate for one in side for rate in one.rates} for side in choices)))
    formats = [name for name in dict.fromkeys(one.format for one in choices[0]) if _everywhere(name, choices)]
    counts = [sorted({one.channels for one in side}) for side in choices]
    common = [number for number in counts[0] if all(number in side for side in counts)]
    pairs = [str(number) for number in _few(common)] or [f"{counts[0][-1]},{counts[-1][-1]}"]
    access = [name for name in offers[0].access if all(name in offer.access for offer in offers)]
    return {"rate": [str(rate) for rate in rates], "format": formats, "channels": pairs, "access": access}


def _everywhere(name: str, choices: Sequence[Sequence[object]]) -> bool:
    return all(any(getattr(one, "format", "") == name for one in side) for side in choices)


def _few(numbers: list[int]) -> list[int]:
    # The fewest, stereo and the most of a card that has every number.
    if len(numbers) <= MOST_COUNTS:
        return numbers
    return sorted({numbers[0], 2 if 2 in numbers else numbers[len(numbers) // 2], numbers[-1]})


def _has(offer: Offer, one: Mapping[str, str], channels: str) -> bool:
    return any(
        ("format" not in one or choice.format == one["format"])
        and (not channels or choice.channels == int(channels))
        and ("rate" not in one or int(one["rate"]) in choice.rates)
        for choice in offer.choices
    )
