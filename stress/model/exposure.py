# SPDX-License-Identifier: MIT
"""Exposure: how many ring lines were really checked, and what that bounds."""

from __future__ import annotations

from dataclasses import dataclass

# Upper 95 % Poisson bound on the mean after zero events: -ln(0.05).
# Source: the "rule of three", exact form. Higher: bounds wider than 95 %;
# lower: a claim of 95 % that is not one.
ZERO_EVENTS_95 = 2.995732273553991


@dataclass(frozen=True)
class Exposure:
    """Ring lines checked, in lines of `line_bytes`."""

    lines: int = 0
    line_bytes: int = 32

    @classmethod
    def of_frames(cls, frames: int, frame_bytes: int, line_bytes: int = 32) -> Exposure:
        """Return the exposure of `frames` checked frames."""
        return cls(frames * frame_bytes // line_bytes, line_bytes)

    def __add__(self, other: Exposure) -> Exposure:
        if self.line_bytes != other.line_bytes:
            raise ValueError(f"exposures of {self.line_bytes} and {other.line_bytes} byte lines do not add")
        return Exposure(self.lines + other.lines, self.line_bytes)

    @property
    def rate_bound_95(self) -> float | None:
        """95 % upper bound on wrong lines per line when none was seen."""
        return ZERO_EVENTS_95 / self.lines if self.lines else None

    def to_json(self) -> dict[str, int | float | None]:
        """Return the exposure as the JSON object of the record."""
        return {"lines": self.lines, "line_bytes": self.line_bytes, "rate_bound_95": self.rate_bound_95}
