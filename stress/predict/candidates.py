# SPDX-License-Identifier: MIT
"""The arms worth trying on any board, and the plan made of the best of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stress.model.formats import card_format
from stress.plan.plan import Arm, Plan
from stress.predict.predict import Prediction, ordered, predict
from stress.virtual.grant import grant

if TYPE_CHECKING:
    from stress.virtual.spec import BoardSpec

# Period asked for [1/s]: 1 ms, the shortest on full speed. Touching ahead and
# short queues are exposed for one period, so a longer one only loses yield.
_PERIODS_PER_S = 1000
# Rings of the ordinary arms [bytes]: yield falls with the ring, xruns rise.
_SMALL_RINGS = (768, 1536, 4096)
_LARGE_RING = 16384
# The ring that is not driven, in periods; no multiple of the others, so that a lag names its ring.
_OTHER_PERIODS = 101


def candidates(plan: Plan) -> tuple[Arm, ...]:
    """Return the arms worth trying at the rate and format of `plan`."""
    period = max(1, plan.rate // _PERIODS_PER_S)
    frame_bytes = card_format(plan.format).frame_bytes(plan.channels)
    other = _OTHER_PERIODS * period

    def ring(size_bytes: int) -> int:
        return max(2, round(size_bytes / frame_bytes / period)) * period

    def playing(name: str, size_bytes: int, **ways: Any) -> Arm:
        return Arm(name, side="playback", period_size=period, playback_buffer=ring(size_bytes),
                   capture_buffer=other, **ways)  # fmt: skip

    def capturing(name: str, size_bytes: int, **ways: Any) -> Arm:
        return Arm(name, side="capture", period_size=period, playback_buffer=other,
                   capture_buffer=ring(size_bytes), **ways)  # fmt: skip

    return (
        capturing("capture-ahead", _LARGE_RING, capture="ahead"),
        playing("playback-rmw-q2", _LARGE_RING, playback="rmw", queue_periods=2),
        playing("playback-rmw-full", _SMALL_RINGS[-1], playback="rmw"),
        playing("start-burst", _LARGE_RING, start_burst=True, burst_s=0.25, bursts=4),
        *(playing(f"player-{size}B", size) for size in _SMALL_RINGS),
        *(capturing(f"recorder-{size}B", size, capture="whole") for size in _SMALL_RINGS),
        capturing("recorder-exact", _LARGE_RING, capture="exact"),
        Arm(
            "rw-control",
            access="rw",
            period_size=period,
            playback_buffer=ring(_LARGE_RING),
            capture_buffer=other,
        ),  # fmt: skip
    )


def best_plan(
    spec: BoardSpec, template: Plan, provoking: int = 3, ordinary: int = 4
) -> tuple[Plan, tuple[Prediction, ...]]:
    """Return the plan with the highest predicted yield, and all predictions.

    On a board where nothing is predicted the first arms of each class are
    kept: its plan is the negative control.

    Parameters
    ----------
    template : rate, format and everything but the arms.
    provoking, ordinary : arms to keep of each class; the rw control stays.
    """
    period = max(1, template.rate // _PERIODS_PER_S)
    full = replace(template, arm=candidates(template))
    granted = grant(spec, full.request(full.arm[0]).capture, spec.name)
    if granted.period_size != period:
        full = replace(full, arm=tuple(replace(arm, period_size=granted.period_size) for arm in full.arm))
    rows = predict(spec, full)
    best = ordered(full, rows)
    kept: list[Arm] = []
    room = {True: provoking, False: ordinary}
    for arm in best.arm:
        if arm.access == "rw":
            kept.append(arm)
        elif room[arm.provoking] > 0:
            room[arm.provoking] -= 1
            kept.append(arm)
    return replace(best, arm=tuple(kept)), rows
