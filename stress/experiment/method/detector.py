# SPDX-License-Identifier: MIT
"""What judges a run: a stimulus, the faults injected into it, and the check of the capture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from stress.model.arrays import Bytes
from stress.model.finding import Analysis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stress.experiment.positive_control import Rules
    from stress.model.ring import Rings
    from stress.model.stimulus import Source


@dataclass(frozen=True)
class CheckResult:
    """What a detector makes of one burst.

    Parameters
    ----------
    exposed_frames : frames in which stale data would have shown, None for all
        that were checked.
    channel : the analog path as measured, None where there is none.
    advice : why a clean burst proves nothing and what to do, one line each.
    """

    analysis: Analysis
    exposed_frames: int | None = None
    channel: Mapping[str, Any] | None = None
    advice: tuple[str, ...] = ()


class Detector(Protocol):
    """One detector with the stimulus it judges.

    Attributes
    ----------
    name : "exact", "checksum" or "spectral", as verdicts name it.
    loopback : "digital" or "analog", the path it can judge.
    rules : of its positive control.

    Threads: one caller.
    """

    @property
    def name(self) -> str:
        """Name of the detector."""

    @property
    def loopback(self) -> str:
        """Path it judges."""

    @property
    def stimulus(self) -> Source:
        """What is sent."""

    @property
    def rules(self) -> Rules:
        """How faults are planted for it, and how exactly it has to find them."""

    @property
    def wire_rules(self) -> Rules:
        """The same for `check_wire`."""

    def unfit(self, rings: Rings, frames: int) -> str:
        """Return why bursts of so many frames on these rings cannot be judged, "" if they can."""

    def check(self, captured: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> CheckResult:
        """Judge what came back.

        Parameters
        ----------
        captured : (n * frame_bytes,) uint8.
        position : of the first frame sent.
        due : frames sent that left the ring.
        planted : faults of the positive control; so many findings are kept beyond the
            usual number, as each has to be looked up.
        """

    def check_wire(self, payload: Bytes, rings: Rings, position: int, due: int, planted: int = 0) -> Analysis:
        """Judge bytes that no converter has touched, as `check` does its own.

        Parameters
        ----------
        payload : (n * frame_bytes,) uint8.
        position : due in its first frame.
        due : frames that can have been played by its end.
        planted : faults injected into it.
        """

    def same_bytes(self, analysis: Analysis) -> bool:
        """Return whether what came back right is what was sent, bit for bit."""
