# SPDX-License-Identifier: MIT
"""The detector of a run, by name: what goes with which loopback and stimulus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from stress.errors import ConfigError
from stress.model.formats import MOST_CHANNELS

if TYPE_CHECKING:
    from stress.experiment.method.detector import Detector
    from stress.patterns.recording import Recording
    from stress.plan.plan import Plan

# What `auto` stands for. Source: only the pattern tells kind, age and ring; a recording
# is no pattern; a cable keeps no bits.
_LOOPBACKS = {
    "exact": ("digital", "none", "auto"),
    "checksum": ("digital", "none", "auto"),
    "spectral": ("analog", "auto"),
}


def resolve(name: str, loopback: str, recorded: bool) -> str:
    """Return the detector that is meant.

    Parameters
    ----------
    recorded : the stimulus is a recording.

    Raises
    ------
    ConfigError : detector, loopback and stimulus do not go together.
    """
    if recorded:
        if name not in ("auto", "checksum"):
            raise ConfigError(
                f"{name} judges a stimulus of its own", where="--detector", allowed="checksum with --stimulus"
            )
        name = "checksum"
    elif name == "auto":
        name = "spectral" if loopback == "analog" else "exact"
    if loopback not in _LOOPBACKS[name]:
        raise ConfigError(
            f"{loopback} is no loopback the {name} detector can judge",
            where="--loopback",
            allowed=" or ".join(_LOOPBACKS[name]),
        )
    return name


def make(
    name: str, loopback: str, plan: Plan, line_bytes: int, recording: Recording | None = None
) -> tuple[Detector, tuple[Callable[[], Detector], ...]]:
    """Return the detector of a run, and those to be tried if it hears nothing.

    Parameters
    ----------
    line_bytes : cache line of the board [bytes].
    recording : what is played instead of a stimulus of ours.

    Raises
    ------
    ConfigError : see `resolve`.
    """
    meant = resolve(name, loopback, recording is not None)
    if meant == "spectral":
        return _spectral(plan, line_bytes), ()
    from stress.patterns.word import Pattern

    shared = plan.shared()
    pattern = Pattern(plan.pattern, shared.fmt, shared.channels)
    if meant == "checksum":
        from stress.experiment.method.checksum import BySums

        if recording is not None:
            return BySums(recording, plan.rate, line_bytes, recording.period), ()
        return BySums(pattern, plan.rate, line_bytes), ()
    from stress.experiment.method.exact import ByPattern

    few = shared.channels <= MOST_CHANNELS
    others = (lambda: _spectral(plan, line_bytes),) if few and name == loopback == "auto" else ()
    return ByPattern(pattern, line_bytes), others


def _spectral(plan: Plan, line_bytes: int) -> Detector:
    # Loaded where it is needed: a digital loopback has no use for it.
    from stress.experiment.method.spectral import BySpectrum
    from stress.patterns.noise import NoisePattern

    shared = plan.shared()
    return BySpectrum(NoisePattern(plan.rate, shared.channels, shared.fmt), line_bytes)
