# SPDX-License-Identifier: MIT
"""Rates of episodes in words: a second, an hour, or the bound of none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stress.model.exposure import ZERO_EVENTS_95
from stress.settings.times import format_duration

if TYPE_CHECKING:
    from stress.verdict.tally import Tally

# Beyond a month nobody waits for an answer [s].
LONGEST_S = 30 * 86400.0


def episodes(part: Tally | None) -> str:
    """Return the rate of an arm: 12.3/s, 4.5/h, "< 3.1/h" (95 %) for none, "-" where nothing was judged."""
    if part is None or not part.observed_s:
        return "-"
    return of(part.episodes, part.observed_s)


def of(number: int, seconds: float) -> str:
    """Return so many episodes in `seconds` as a rate, its 95 % bound where there is none."""
    return of_rate(number / seconds) if number else f"< {of_rate(ZERO_EVENTS_95 / seconds)}"


def frames(part: Tally | None) -> str:
    """Return the share of wrong frames of an arm."""
    return f"{100 * part.wrong_frames / part.checked_frames:.3g} %" if part and part.checked_frames else "-"


def of_rate(rate: float) -> str:
    """Return a rate [1/s] as people say it: 12.3/s, 4.5/h."""
    return f"{rate:.3g}/s" if rate >= 0.1 else f"{3600 * rate:.3g}/h"


def times(value: float) -> str:
    """Return a factor with three digits: 4.12 x; "none" for 0 and "> any" for infinity."""
    return "> any" if math.isinf(value) else "none" if not value else f"{value:.3g} x"


def exposure(seconds: float) -> str:
    """Return a time of streaming in words."""
    if not seconds < LONGEST_S:
        return "more than a month of streaming"
    return f"{format_duration(math.ceil(seconds))} of streaming"


def p_value(p: float) -> str:
    """Return a p value with two digits; what is below the accuracy of its sums is not called 0."""
    return f"{p:.2g}" if p >= 1e-12 else "< 1e-12"
