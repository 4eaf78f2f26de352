# SPDX-License-Identifier: MIT
"""Rate, format and channels of a run: as the options ask, else as the plan says or the card has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stress.cli.arguments import shipped
from stress.cli.card_offers import offers_of
from stress.errors import ConfigError
from stress.model.formats import card_format
from stress.model.pcm import Direction
from stress.plan.adapt import Wanted, adapt

if TYPE_CHECKING:
    import argparse

    from stress.cli.run_config import Target
    from stress.model.offers import Offer
    from stress.plan.plan import Plan

_CHOSEN_BY_NOBODY = ("auto", "diagnose")


def fitted(args: argparse.Namespace, target: Target, plan: Plan, recorded: bool) -> tuple[Plan, str]:
    """Return the plan for this card, and one line about what was chosen.

    A plan that was named is kept as it is, unless the options ask for something
    else or it is a shipped one and the card does not have what it says.

    Parameters
    ----------
    recorded : a recording is played: it says what it is.

    Raises
    ------
    ConfigError : an option that does not go with a recording, or an unknown format.
    ParamsRefused : the card does not have what was asked for.
    """
    wanted = Wanted(args.rate, args.format, args.channels)
    if wanted.format:
        card_format(wanted.format, "--format")
    if recorded:
        if wanted.asked:
            raise ConfigError(
                "a recording has its own rate, format and channels",
                where="--stimulus",
                allowed="without --rate, --format and --channels",
            )
        return plan, ""
    found, missing = offers_of(target.card) if target.backend == "alsa" else ([], "")
    if missing or not found or not found[0].device.endswith(Direction.PLAYBACK.value):
        # The run itself says why the card cannot be used.
        return _as_asked(plan, wanted), ""
    offers = (found[0], found[1] if len(found) > 1 else None)
    if wanted.asked or args.plan in _CHOSEN_BY_NOBODY:
        return adapt(plan, _kept(plan, wanted, args.plan), *offers)
    if args.plan in shipped("plans") and not _has(plan, *offers):
        return adapt(plan, wanted, *offers)
    return plan, ""


def _kept(plan: Plan, wanted: Wanted, name: str) -> Wanted:
    # What a plan of one's own says stays, but for what the options change.
    if name in (*_CHOSEN_BY_NOBODY, *shipped("plans")):
        return wanted
    return Wanted(
        wanted.rate or plan.rate,
        wanted.format or plan.format,
        wanted.channels or (plan.layout(Direction.PLAYBACK)[1], plan.layout(Direction.CAPTURE)[1]),
    )


def _as_asked(plan: Plan, wanted: Wanted) -> Plan:
    if wanted.rate:
        plan = replace(plan, rate=wanted.rate)
    if wanted.format:
        plan = replace(plan, format=wanted.format, playback_format="", capture_format="")
    if wanted.channels:
        played, captured = wanted.channels
        plan = replace(plan, channels=played, playback_channels=0, capture_channels=captured)
    return plan


def _has(plan: Plan, playback: Offer, capture: Offer | None) -> bool:
    sides = [(Direction.PLAYBACK, playback), (Direction.CAPTURE, capture)]
    return all(
        offer is not None
        and any(
            (one.fmt, one.channels) == plan.layout(way) and plan.rate in one.rates for one in offer.choices
        )
        for way, offer in sides
    )
