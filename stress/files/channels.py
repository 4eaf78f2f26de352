# SPDX-License-Identifier: MIT
"""Which channels of a file are judged: `2`, `1-8`, `1,2,7`, `3-4/10`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stress.errors import ConfigError
from stress.files.limits import MOST_CHANNELS

_ALLOWED = f"a count from 1 to {MOST_CHANNELS}, or the channels to judge: 1-8, 1,2,7, of raw frames 3-4/10"


@dataclass(frozen=True)
class ChannelChoice:
    """What `--channels` asks for.

    Parameters
    ----------
    count : channels of the file, None where it is not said.
    chosen : those to judge from 0 on, in the order asked; empty for all.
    """

    count: int | None
    chosen: tuple[int, ...] = ()


def parse_channels(text: str) -> ChannelChoice:
    """Return the choice that `text` names.

    Raises
    ------
    ConfigError : none that is known, or a channel twice.
    """
    found = re.fullmatch(
        r"(?P<list>\d{1,3}(?:-\d{1,3})?(?:,\d{1,3}(?:-\d{1,3})?)*)(?:/(?P<count>\d{1,3}))?", text, re.A
    )
    if found is None:
        raise ConfigError(f"{text!r}", where="--channels", allowed=_ALLOWED)
    count = None if found["count"] is None else int(found["count"])
    if count is None and found["list"].isdigit():
        if not 1 <= int(text) <= MOST_CHANNELS:
            raise ConfigError(f"{text!r}", where="--channels", allowed=_ALLOWED)
        return ChannelChoice(int(text))
    chosen: list[int] = []
    for part in found["list"].split(","):
        low, _, high = part.partition("-")
        chosen += range(int(low) - 1, int(high or low))
    most = MOST_CHANNELS if count is None else count
    if (
        not chosen
        or len(set(chosen)) < len(chosen)
        or not 0 <= min(chosen) <= max(chosen) < most <= MOST_CHANNELS
    ):
        raise ConfigError(f"{text!r}", where="--channels", allowed=_ALLOWED)
    return ChannelChoice(count, tuple(chosen))


def shown(chosen: tuple[int, ...]) -> str:
    """Return channels as they are written on the command line, from 1 on."""
    if len(chosen) > 1 and list(chosen) == list(range(chosen[0], chosen[-1] + 1)):
        return f"{chosen[0] + 1}-{chosen[-1] + 1}"
    return ",".join(str(channel + 1) for channel in chosen)
