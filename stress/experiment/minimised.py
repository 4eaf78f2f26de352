# SPDX-License-Identifier: MIT
"""The smallest plan in words: the sentence for a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stress.experiment.minimise import Result, Signature
    from stress.plan.plan import Arm


def sentence(result: Result, signature: Signature, where: str) -> str:
    """Return what a ticket says, in one sentence and what is not needed for it.

    Parameters
    ----------
    where : the board or card.
    """
    plan, arm = result.plan, result.plan.arm[0]
    bursts = "one burst" if arm.bursts == 1 else f"{arm.bursts} bursts"
    burst = f"{bursts} of {arm.burst_s:g} s at {plan.rate} Hz, {plan.format}, {plan.channels} channels"
    sizes = f"rings of {arm.playback_buffer} (playback) and {arm.capture_buffer} frames"
    rings = f"period {arm.period_size}, {sizes}"
    needless = list(dict.fromkeys(name for trial in result.trials if trial.kept for name in trial.dropped))
    alone = [trial.fresh[0] for trial in result.trials if not trial.kept and len(trial.fresh) == 1]
    gone = [name for name in dict.fromkeys(alone) if name not in needless]
    return (
        f"{where}: {burst}, {_access(arm)}, {rings}, shows {signature.words} {_often(result)}"
        f"{'; not needed: ' + ', '.join(needless) if needless else ''}"
        f"{'; no longer seen without: ' + ', '.join(gone) if gone else ''}."
    )


def _often(result: Result) -> str:
    again = f"in {result.again} of {result.repetitions} runs"
    if result.proven:
        return f"with a chance of at least {100 * result.power:g} % (it did {again})"
    return f"{again}, which is less often than the {100 * result.power:g} % asked for"


def _access(arm: Arm) -> str:
    if not arm.mapped:
        return "rw access"
    ways = []
    if arm.side != "capture":
        queue = f", {arm.queue_periods} periods queued" if arm.queue_periods else ""
        ways.append(f"mmapped playback ({arm.playback}{queue})")
    if arm.side != "playback":
        ways.append(f"mmapped capture ({arm.capture})")
    extra = [
        *([f"cache lever {arm.lever}"] if arm.lever != "none" else []),
        *([f"{arm.switches_per_s:g} context switches/s"] if arm.switches_per_s else []),
        *([f"load {arm.load}"] if arm.load != "none" else []),
        *(["a start burst"] if arm.start_burst else []),
        *([f"event {arm.event}"] if arm.event != "none" else []),
    ]
    return ", ".join([" and ".join(ways), *extra])
