# SPDX-License-Identifier: MIT
"""What a load beside a burst costs on a virtual board."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stress.model.pcm import Handling, Load, StreamParams

if TYPE_CHECKING:
    from stress.virtual.spec import BoardSpec

# Kernels for VIVT cores run on one CPU only.
_ONE_CPU = ("armv4", "armv5")


def shares_the_cpu(spec: BoardSpec) -> bool:
    """Tell whether a load runs on the CPU of the streams, there being no other."""
    return spec.architecture in _ONE_CPU


def disturbed(spec: BoardSpec, handling: Handling, playback: StreamParams, capture: StreamParams) -> Handling:
    """Return the handling with the switches of address space that its load adds.

    On one CPU the load runs whenever a stream waits: away and back once a
    period, in either direction.
    """
    if handling.load is Load.NONE or not shares_the_cpu(spec):
        return handling
    wakes_per_s = sum(params.rate / params.period_size for params in (playback, capture))
    return replace(handling, switches_per_s=handling.switches_per_s + 2 * wakes_per_s)
