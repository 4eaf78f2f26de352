# SPDX-License-Identifier: MIT
"""Do cards disturb each other: what a card did alone against what it did beside the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.model.words import count, counted
from stress.settings.times import format_duration
from stress.stats.counts import compare, holm

if TYPE_CHECKING:
    from collections.abc import Sequence

# Chance to call cards disturbed that are not, over all cards and both questions. Source: the usual five in a
# hundred, as in `stress.verdict.contrast`. Higher: chance is named a cause; lower: a weak one is not seen.
LEVEL = 0.05


@dataclass(frozen=True)
class CardRun:
    """What a card did in one run.

    Parameters
    ----------
    episodes : of corruption, in `observed_s` seconds of streaming that were judged.
    xruns : in `streamed_s` seconds of streaming.
    """

    episodes: int
    observed_s: float
    xruns: int
    streamed_s: float


@dataclass(frozen=True)
class CardPair:
    """One card, alone and together with the others."""

    card: str
    alone: CardRun
    together: CardRun


def sentences(pairs: Sequence[CardPair]) -> list[str]:
    """Return one line per card: which figure the others change, or that none is shown to change."""
    asked = [(pair, what) for pair in pairs for what in ("episodes", "xruns")]
    p_values = holm([_p(pair, what) for pair, what in asked])
    changed = {(pair.card, what): p for (pair, what), p in zip(asked, p_values) if p < LEVEL}
    return [_line(pair, changed) for pair in pairs]


def _p(pair: CardPair, what: str) -> float:
    seconds = "observed_s" if what == "episodes" else "streamed_s"
    together, alone = ((getattr(one, what), getattr(one, seconds)) for one in (pair.together, pair.alone))
    if not together[1] or not alone[1]:
        return 1.0
    return compare(*together, *alone).p


def _line(pair: CardPair, changed: dict[tuple[str, str], float]) -> str:
    parts = [
        f"{_many(pair.together, what)} together, {_many(pair.alone, what)} alone (p = {p:.2g})"
        for what in ("episodes", "xruns")
        for p in [changed.get((pair.card, what))]
        if p is not None
    ]
    if parts:
        return f"{pair.card}: the other cards change it: {'; '.join(parts)}"
    if not pair.alone.streamed_s or not pair.together.streamed_s:
        return f"{pair.card}: nothing to compare: it did not stream both alone and together"
    figures = ", ".join(
        f"{count(one.episodes)} and {counted(one.xruns, 'xrun')} in {format_duration(one.streamed_s)} {how}"
        for one, how in ((pair.together, "together"), (pair.alone, "alone"))
    )
    return f"{pair.card}: no influence of the other cards shown (episodes and xruns: {figures})"


def _many(one: CardRun, what: str) -> str:
    if what == "xruns":
        return f"{counted(one.xruns, 'xrun')} in {format_duration(one.streamed_s)}"
    return f"{counted(one.episodes, 'episode')} of corruption in {format_duration(one.observed_s)}"
