# SPDX-License-Identifier: MIT
"""What memory a burst takes, and the refusal of a plan whose bursts do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.errors import ConfigError
from stress.model.pcm import Direction
from stress.settings.times import format_duration

if TYPE_CHECKING:
    from stress.plan.plan import Arm, Plan

# A burst is held whole: memory for each byte of a frame, streamed and compared. Source: peak memory
# of bursts of 20 and 60 s, S16 and S24 and S32, one to eight channels. On a card: exact 8.3, analog
# 11.5 (spectral). A virtual board keeps its own history of the rings: 32 to 39. Higher: bursts are
# refused that would fit; lower: a long burst ends in the middle with no memory, and its data is lost.
ON_A_CARD, ON_A_VIRTUAL_BOARD = 12, 40


def bytes_per_second(plan: Plan, *, virtual: bool) -> int:
    """Return the memory that a second of a burst takes [bytes]."""
    shared = plan.shared()
    sides = [plan.layout(way) for way in (Direction.PLAYBACK, Direction.CAPTURE)]
    sides.append((shared.fmt, shared.channels))
    widest = max(fmt.frame_bytes(channels) for fmt, channels in sides)
    return (ON_A_VIRTUAL_BOARD if virtual else ON_A_CARD) * widest * plan.rate


def refuse_what_does_not_fit(plan: Plan, there: int | None, *, virtual: bool) -> None:
    """Check that the longest burst of a plan can be held.

    Parameters
    ----------
    there : memory that can be had [bytes], None where it is not known.

    Raises
    ------
    ConfigError : it cannot: which arm, what it needs, what is there, and what fits.
    """
    arm = max(plan.arm, key=_seconds)
    rate = bytes_per_second(plan, virtual=virtual)
    if there is None or arm.burst_s * rate <= there:
        return
    needs, has = _size(arm.burst_s * rate), _size(there)
    raise ConfigError(
        f"a burst of {format_duration(arm.burst_s)} needs about {needs} of memory, {has} is available",
        where="plan",
        key=f"arm {arm.name}: burst_s",
        allowed=f"at most {fitting(there / rate)} here; more bursts (bursts = N) stream as long",
    )


def fitting(seconds: float) -> str:
    """Return a duration of at most `seconds`, as a plan may say it.

    `format_duration` rounds to three digits below 100 s, and to whole seconds above.
    """
    step = next(step for least, step in ((100, 1.0), (10, 0.1), (1, 0.01), (0, 0.001)) if seconds >= least)
    # From an hour on minutes are the last that is shown.
    step = 60.0 if seconds >= 3600 else step
    return format_duration(max(0.001, int(seconds / step) * step))


def _seconds(arm: Arm) -> float:
    return arm.burst_s


def _size(size: float) -> str:
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"
