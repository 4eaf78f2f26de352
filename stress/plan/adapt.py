# SPDX-License-Identifier: MIT
"""Fit a plan to a card: rate, format, channels and ring sizes that the card has.

A plan that nobody chose for a card is written for 16-bit stereo at 48 kHz. Its
sizes mean time (periods) and bytes (rings: a ring of so many cache lines), so
they are kept in these terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import TYPE_CHECKING

from stress.errors import ParamsRefused
from stress.model.offers import Choice, Offer, spans
from stress.model.pcm import Direction
from stress.model.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stress.plan.plan import Arm, Plan

# The rate that is taken where the card leaves a choice [Hz]. Source: USB audio is tested at it most.
USUAL_RATE = 48000
# Channels that are taken where the card leaves a choice. Source: an ordinary player plays stereo.
USUAL_CHANNELS = 2
# What the sizes of shipped plans are written for [bytes of a frame, Hz].
WRITTEN_FRAME_BYTES, WRITTEN_RATE = 4, 48000
# A ring shrinks to no fewer periods than this, and a ring of more than `ROOMY` frames to no fewer
# than `ROOMY`. Source: rings of 20 ms at 48 kHz stream without an xrun on emulated machines.
# Higher: rings are larger than the plan means; lower: xruns instead of a verdict.
FEWEST_PERIODS, ROOMY = 4, 1024
LINE_BYTES = 64


@dataclass(frozen=True)
class Wanted:
    """What the user asked for; 0, "" and None leave it to the card.

    Parameters
    ----------
    channels : of playback and of capture.
    """

    rate: int = 0
    format: str = ""
    channels: tuple[int, int] | None = None

    @property
    def asked(self) -> bool:
        """True when anything was asked for."""
        return bool(self.rate or self.format or self.channels)


def adapt(plan: Plan, wanted: Wanted, playback: Offer, capture: Offer | None) -> tuple[Plan, str]:
    """Return the plan for this card, and one line that says what was chosen and why.

    Parameters
    ----------
    capture : None for a card that only plays.

    Raises
    ------
    ParamsRefused : the card does not have what was asked for, or its directions have no
        rate in common.
    """
    offers = [playback] if capture is None else [playback, capture]
    for offer in offers:
        if not offer.choices:
            raise _refused(offer, "a format of linear samples", " ".join(offer.others) or "none at all")
    rate, why = _rate(offers, wanted.rate)
    sides = _choices(offers, rate, wanted)
    played, captured = sides[0], sides[-1]
    if min(side.fmt.bits for side in sides) == 8 and min(side.channels for side in sides) == 1:
        raise ParamsRefused(
            "samples of 8 bits with one channel in common: one byte cannot name a position of the pattern "
            "(8 bits are judged with two channels, or 16 bits and more)",
            device=offers[0].device,
        )
    adapted = replace(
        plan,
        rate=rate,
        channels=played.channels,
        format=played.format,
        playback_channels=0,
        playback_format="",
        capture_channels=0 if captured.channels == played.channels else captured.channels,
        capture_format="" if captured.format == played.format else captured.format,
    )
    arms = [arm for arm in plan.arm if capture is not None or arm.side != Direction.CAPTURE.value]
    adapted = replace(adapted, arm=tuple(_sized(arm, rate, played, captured) for arm in arms or plan.arm))
    return adapted, _line(rate, why, played, captured, wanted, capture is None, len(plan.arm) - len(arms))


def _rate(offers: Sequence[Offer], wanted: int) -> tuple[int, str]:
    common = set.intersection(*(offer.rates() for offer in offers))
    if wanted:
        if wanted not in common:
            raise _refused(offers[0], f"{wanted} Hz", _each(offers, lambda one: sorted(one.rates())))
        return wanted, "asked for"
    if not common:
        raise _refused(
            offers[0], "one rate for both directions", _each(offers, lambda one: sorted(one.rates()))
        )
    rate = min(common, key=lambda one: (abs(one - USUAL_RATE), one))
    return rate, "" if rate == USUAL_RATE else f"nearest to {USUAL_RATE} that the card has"


def _choices(offers: Sequence[Offer], rate: int, wanted: Wanted) -> list[Choice]:
    fits = [[one for one in offer.choices if rate in one.rates] for offer in offers]
    for way, (offer, have) in enumerate(zip(offers, fits)):
        if wanted.format and not any(one.format == wanted.format for one in have):
            names = sorted({one.format for one in have})
            raise _refused(offer, f"{wanted.format} at {rate} Hz", " ".join(names))
        if wanted.channels and not any(one.channels == wanted.channels[way] for one in have):
            counts = spans(sorted({one.channels for one in have}))
            asked = counted(wanted.channels[way], "channel")
            raise _refused(
                offer, f"{asked} at {rate} Hz", f"{counts} {'channel' if counts == '1' else 'channels'}"
            )
    left = [
        [
            one
            for one in have
            if (not wanted.format or one.format == wanted.format)
            and (not wanted.channels or one.channels == wanted.channels[way])
        ]
        for way, have in enumerate(fits)
    ]
    for offer, have in zip(offers, left):
        if not have:
            raise _refused(offer, "this rate, format and number of channels together", "others")
    return _best(left)


def _best(left: Sequence[Sequence[Choice]]) -> list[Choice]:
    # The widest format that both directions have, else the widest of each; then the channels.
    names = set.intersection(*({one.format for one in have} for have in left))
    sides = []
    for have in left:
        pool = [one for one in have if one.format in names] or list(have)
        widest = max(pool, key=lambda one: (one.fmt.bits, one.fmt.native, -one.fmt.sample_bytes)).format
        sides.append([one for one in pool if one.format == widest])
    common = set.intersection(*({one.channels for one in side} for side in sides))
    return [_channels(side, common) for side in sides]


def _channels(side: Sequence[Choice], common: set[int]) -> Choice:
    pool = [one for one in side if one.channels in common] or list(side)
    return min(pool, key=lambda one: (one.channels != USUAL_CHANNELS, -one.channels))


def _sized(arm: Arm, rate: int, played: Choice, captured: Choice) -> Arm:
    period = max(1, round(arm.period_size * rate / WRITTEN_RATE))
    period = max(period, played.period[0], captured.period[0])
    # A card may have one size only, and its two directions others.
    period = min(period, *(min(one.period[1], max(1, one.buffer[1] // 2)) for one in (played, captured)))
    sizes = [
        _ring(size, period, choice)
        for size, choice in ((arm.playback_buffer, played), (arm.capture_buffer, captured))
    ]
    if sizes[0] == sizes[1] and arm.playback_buffer != arm.capture_buffer:
        sizes[1] += _step(captured)
    return replace(arm, period_size=period, playback_buffer=sizes[0], capture_buffer=sizes[1])


def _ring(frames: int, period: int, choice: Choice) -> int:
    # As many bytes as the plan means, whole lines, within what the card grants.
    step, width = _step(choice), choice.fmt.frame_bytes(choice.channels)
    least = max(min(FEWEST_PERIODS * period, frames), 2 * period, min(frames, ROOMY), choice.buffer[0])
    meant = max(frames * WRITTEN_FRAME_BYTES // width, least)
    return min(-(-meant // step) * step, max(choice.buffer[1] // step * step, 2 * period))


def _step(choice: Choice) -> int:
    width = choice.fmt.frame_bytes(choice.channels)
    return LINE_BYTES // gcd(LINE_BYTES, width)


def _line(
    rate: int, why: str, played: Choice, captured: Choice, wanted: Wanted, plays_only: bool, left_out: int
) -> str:
    def side(one: Choice) -> str:
        return f"{one.format} {one.channels} {'channel' if one.channels == 1 else 'channels'}"

    both = side(played) if side(played) == side(captured) else f"{side(played)} out, {side(captured)} in"
    text = f"{rate} Hz{f' ({why})' if why else ''}, {side(played) + ' out' if plays_only else both}"
    text += f": {_why(played, captured, wanted, plays_only)}"
    if plays_only:
        text += f"; it does not capture, so {left_out} arms for capture are left out"
    return text


def _why(played: Choice, captured: Choice, wanted: Wanted, plays_only: bool) -> str:
    if wanted.format:
        return "asked for" if wanted.channels else "the format was asked for"
    if plays_only:
        widest = "the widest format the card has"
    elif played.format == captured.format:
        widest = "the widest format that both directions have"
    else:
        widest = "the widest format of each direction, as they have none in common"
    return f"the channels were asked for; {widest}" if wanted.channels else widest


def _each(offers: Iterable[Offer], what: object) -> str:
    return "; ".join(f"{one.device.rsplit(' ', 1)[-1]} {_words(what, one)}" for one in offers)


def _words(what: object, offer: Offer) -> str:
    numbers = what(offer) if callable(what) else ()
    return " ".join(str(one) for one in numbers) + " Hz"


def _refused(offer: Offer, asked: str, allowed: str) -> ParamsRefused:
    return ParamsRefused(f"{asked}: the card does not have it; it offers {allowed}", device=offer.device)
