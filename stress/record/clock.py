# SPDX-License-Identifier: MIT
"""The one place that reads clocks for the record."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Clock:
    """Monotonic and wall time, handed to whoever needs the time.

    Attributes
    ----------
    monotonic_ns : () -> [ns], never jumps.
    wall_s : () -> seconds since 1970 [s].
    """

    monotonic_ns: Callable[[], int] = time.monotonic_ns
    wall_s: Callable[[], float] = time.time

    def wall_text(self) -> str:
        """Return the wall time as ISO 8601 in UTC, to the millisecond."""
        now = self.wall_s()
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
