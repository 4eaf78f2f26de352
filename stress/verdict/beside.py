# SPDX-License-Identifier: MIT
"""Who ran beside the bursts of a run, added up by name: suspects where a defect does not show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.model.record.beside import ProcessRecord

# Names kept, and names told.
_MOST_NAMES, MOST_TOLD = 1000, 5
# Switches a second from which on a process is worth a word. Source: 10 a second leave 14.1 of 16.7 % wrong
# frames on a ring of 4 KB, 30 a second 2.6 % (measured on the modelled ARM926). Higher: one that hides most
# of it is passed over; lower: everybody is named.
SUSPECT_PER_S = 10.0


@dataclass
class Neighbours:
    """Sums over the bursts that were looked at.

    Attributes
    ----------
    streamed_s : of these bursts [s].
    """

    streamed_s: float = 0.0
    cpu_ms: Counter[str] = field(default_factory=Counter)
    switches: Counter[str] = field(default_factory=Counter)

    def add(self, processes: Sequence[ProcessRecord], streamed_s: float) -> None:
        """Add one burst."""
        self.streamed_s += streamed_s if processes else 0.0
        for one in processes:
            if one.name in self.cpu_ms or len(self.cpu_ms) < _MOST_NAMES:
                self.cpu_ms[one.name] += one.cpu_ms
                self.switches[one.name] += one.switches

    def busiest(self) -> list[tuple[str, float, float]]:
        """Return the busiest by CPU and by switches: name, share of a CPU [%], switches [1/s]."""
        if not self.streamed_s:
            return []
        names = [name for name, _ in self.cpu_ms.most_common(MOST_TOLD)]
        names += [name for name, _ in self.switches.most_common(MOST_TOLD)]
        return [(name, self._percent(name), self._rate(name)) for name in dict.fromkeys(names)]

    def lines(self) -> list[str]:
        """Return the busiest in one line; nothing where nobody looked."""
        told = [f"{name} ({cpu:.2g} % CPU, {rate:.3g} switches/s)" for name, cpu, rate in self.busiest()]
        return [f"beside the bursts ran: {', '.join(told)}"] if told else []

    def to_json(self) -> list[dict[str, str | float]]:
        """Return the busiest for `report --json`; empty where nobody looked."""
        return [
            {"name": name, "cpu_percent": cpu, "switches_per_s": rate} for name, cpu, rate in self.busiest()
        ]

    def suspects(self) -> list[str]:
        """Return a sentence on who switches so often that an alias may hide behind it."""
        often = [
            name for name, _ in self.switches.most_common(MOST_TOLD) if self._rate(name) >= SUSPECT_PER_S
        ]
        if not often:
            return []
        told = ", ".join(f"{name} ({self._rate(name):.3g} switches/s)" for name in often)
        why = "each switch to another process cleans the cache and may hide the defect"
        return [f"beside the bursts ran {told}; {why}"]

    def _percent(self, name: str) -> float:
        return self.cpu_ms[name] / self.streamed_s / 10

    def _rate(self, name: str) -> float:
        return self.switches[name] / self.streamed_s if self.streamed_s else 0.0
