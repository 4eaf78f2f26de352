# SPDX-License-Identifier: MIT
"""What must be said of a path, and what is said otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stress.model.path import Path

# Largest errors that still name a path right: gain [dB], ratio of rates.
GAIN_DB, RATIO = 0.02, 2e-6


@dataclass
class Truth:
    """What must be said; `None` is not compared.

    Parameters
    ----------
    encoding : how the words for it begin.
    clipped : whether samples are lost at the rails.
    invertible : whether the exact detector must judge behind it.
    """

    channels: list[Any] | None
    gain_db: list[float | None] | None = None
    polarity: list[int] | None = None
    offset: list[int] | None = None
    bits: int | None = None
    delay_frames: list[int] | None = None
    rate_ratio: float = 1.0
    encoding: str | None = ""
    exact: bool = False
    clipped: bool | None = None
    invertible: bool | None = None

    def misses(self, path: Path) -> list[str]:
        """Return the names of what is said wrong, with the value that was said."""
        said = path.to_json()
        wrong = [
            name
            for name in ("channels", "polarity", "offset", "delay_frames", "exact")
            if getattr(self, name) is not None and said[name] != getattr(self, name)
        ]
        wrong += [] if self._near(said["gain_db"]) else ["gain_db"]
        if abs(said["rate_ratio"] / self.rate_ratio - 1) > RATIO:
            wrong.append("rate_ratio")
        named = said["encoding"]
        if self.encoding is not None and (not named.startswith(self.encoding) or not self.encoding and named):
            wrong.append("encoding")
        known = [bits for bits, one in zip(path.bits, path.channels) if one is not None]
        if self.bits is not None and (not known or min(known) != self.bits):
            wrong.append("bits")
        if self.clipped is not None and any(path.clipped) != self.clipped:
            wrong.append("clipped")
        said["invertible"] = path.invertible
        if self.invertible is not None and path.invertible != self.invertible:
            wrong.append("invertible")
        return [f"{name}={said.get(name)!r}" for name in wrong]

    def _near(self, said: list[float | None]) -> bool:
        if self.gain_db is None:
            return True
        return len(said) == len(self.gain_db) and all(
            (a is None) == (b is None) and abs((a or 0.0) - (b or 0.0)) <= GAIN_DB
            for a, b in zip(self.gain_db, said)
        )
