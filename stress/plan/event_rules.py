# SPDX-License-Identifier: MIT
"""`[[event]]` of a plan: which life-cycle event, when, and for how long."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stress.errors import ConfigError, near, one_of
from stress.model.lifecycle import LifecycleEvent
from stress.model.middle import Middle
from stress.settings import schema

EVENTS = tuple(event.value for event in LifecycleEvent if event is not LifecycleEvent.NONE)
# How long a stream stands still inside a burst where `down_s` says nothing [s]. Source: longer than any
# URB queue of snd-usb-audio (MAX_QUEUE, 18 to 24 ms) and than its largest period of a shipped plan.
_STILL_S = 0.1


class HasEvents(Protocol):
    """What a rule has to know of an arm of `stress.plan.plan`."""

    @property
    def name(self) -> str: ...
    @property
    def sweep(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def down_s(self) -> float: ...
    @property
    def bursts(self) -> int: ...
    @property
    def burst_s(self) -> float: ...


@dataclass(frozen=True)
class EventRule:
    """A life-cycle event of one arm or of all, and when it happens.

    Attributes
    ----------
    name : see `stress.model.lifecycle.LifecycleEvent`.
    arm : the arm, or the arm of a sweep, that it belongs to; "" for every arm.
    at_s : once, when the run has streamed this long; 0 does not ask [s].
    every_s : each time the run has streamed so much more; 0 does not ask [s].
    chance : before each burst with this probability, drawn from the seed of the run.
    into_s : in the middle of a burst, when so much of it was written; 0 is between two bursts [s].
    down_s : how long the device stays away, the machine is changed, or the stream stands still in
        the middle of a burst, at least; 0 is as short as it can be [s].
    """

    name: str = schema.text(schema.REQUIRED, choices=EVENTS)
    arm: str = schema.text("", longest=40)
    at_s: float = schema.duration(0.0, zero=True)
    every_s: float = schema.duration(0.0, zero=True)
    chance: float = schema.number(1.0, 0.0, 1.0)
    into_s: float = schema.duration(0.0, zero=True)
    down_s: float = schema.duration(0.0, zero=True)

    @property
    def event(self) -> LifecycleEvent:
        """What happens."""
        return LifecycleEvent(self.name)

    @property
    def shown(self) -> str:
        """The event as it is shown, see `stress.model.record.events.LifecycleRecord`."""
        return f"{self.name} in the middle" if self.into_s else self.name

    def covers(self, arm: HasEvents) -> bool:
        """Return whether it belongs to `arm`."""
        return self.arm in ("", arm.name) or bool(arm.sweep) and self.arm == arm.sweep

    def due(self, before_s: float, now_s: float, draw: str) -> bool:
        """Return whether it happens at a burst.

        Parameters
        ----------
        before_s, now_s : streamed time of the run when the burst before it began, and now [s].
        draw : seeds the chance; another text for each burst.
        """
        if self.at_s:
            return before_s < self.at_s <= now_s
        if self.every_s:
            return now_s // self.every_s > before_s // self.every_s
        return self.chance >= 1.0 or random.Random(f"{draw}/{self.name}/{self.arm}").random() < self.chance

    def middle(self, rate: int) -> Middle | None:
        """Return where in a burst it happens, None where it is between bursts."""
        if not self.into_s:
            return None
        return Middle(self.event, round(self.into_s * rate), self.down_s or _STILL_S)


def check(rules: Sequence[EventRule], arms: Sequence[HasEvents], where: str) -> None:
    """Raise ConfigError for a rule that no run could follow."""
    for index, rule in enumerate(rules):
        key = f"event[{index}]"
        _check_arm(rule, arms, where, key)
        _check_when(rule, where, key)
        if not rule.into_s and all(arm.bursts < 2 for arm in arms if rule.covers(arm)):
            _never(where, f"{key}.arm")
        if rule.into_s:
            _check_inside(rule, arms, where, key)
        elif rule.down_s and not rule.event.traits.holds:
            raise ConfigError(
                f"nothing is away in {rule.name}", where=where, key=f"{key}.down_s", allowed=_holding()
            )


def check_arm(arm: HasEvents, where: str, key: str) -> None:
    """Raise ConfigError where the event of an arm would never happen, or takes nothing away for `down_s`."""
    if arm.event != LifecycleEvent.NONE.value and arm.bursts < 2:
        _never(where, f"{key}.bursts")
    if arm.down_s and not LifecycleEvent(arm.event).traits.holds:
        said = f"nothing is away in {arm.event}" if arm.event != "none" else "the arm has no event"
        raise ConfigError(said, where=where, key=f"{key}.down_s", allowed=_holding())


def _never(where: str, key: str) -> None:
    told = "an event stands before each burst of its arm but the first, so this one would never happen"
    raise ConfigError(told, where=where, key=key, allowed="an arm of 2 bursts or more")


def _holding() -> str:
    return f"with {one_of([event.value for event in LifecycleEvent if event.traits.holds])}"


def _check_arm(rule: EventRule, arms: Sequence[HasEvents], where: str, key: str) -> None:
    if not any(rule.covers(arm) for arm in arms):
        names = list(dict.fromkeys(name for arm in arms for name in (arm.name, arm.sweep) if name))
        told = f"no arm {rule.arm!r}{near(rule.arm, names)}"
        raise ConfigError(told, where=where, key=f"{key}.arm", allowed=one_of(names))


def _check_when(rule: EventRule, where: str, key: str) -> None:
    asked = [name for name in ("at_s", "every_s") if getattr(rule, name)]
    asked += ["chance"] if rule.chance < 1.0 else []
    if len(asked) > 1:
        raise ConfigError(
            f"{' and '.join(asked)} exclude each other",
            where=where,
            key=key,
            allowed="one of at_s, every_s, chance",
        )


def _check_inside(rule: EventRule, arms: Sequence[HasEvents], where: str, key: str) -> None:
    if not rule.event.traits.inside:
        able = one_of([event.value for event in LifecycleEvent if event.traits.inside])
        raise ConfigError(
            f"{rule.name} cannot be in the middle of a burst", where=where, key=f"{key}.into_s", allowed=able
        )
    shortest = min(arm.burst_s for arm in arms if rule.covers(arm))
    if rule.into_s >= shortest:
        raise ConfigError(
            "the burst is over by then",
            where=where,
            key=f"{key}.into_s",
            allowed=f"less than burst_s, {shortest:g} s",
        )
