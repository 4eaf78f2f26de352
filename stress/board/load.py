# SPDX-License-Identifier: MIT
"""What else runs here: load, frequency, runnable processes. The one door to psutil."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MISSING = "psutil is missing (python3-psutil): no CPU frequency and no processes beside a burst in the record"


def psutil() -> Any:
    """Return the package, None where it is not installed."""
    try:
        import psutil as found
    except ImportError:
        return None
    return found


@dataclass(frozen=True)
class LoadFacts:
    """Load of the machine.

    Parameters
    ----------
    load_1m : load average over one minute.
    frequency_mhz : current, None where unknown [MHz].
    runnable : names of other user processes that are running right now.
    note : what is missing and what that costs, "" when nothing is.
    """

    cpus: int
    load_1m: float
    frequency_mhz: float | None
    runnable: tuple[str, ...]
    note: str = ""


def read(proc: Path = Path("/proc")) -> LoadFacts:
    """Return the load of this machine, with psutil where it is there."""
    found = psutil()
    note = "" if found is not None else MISSING
    frequency = None if found is None else _frequency(found)
    return LoadFacts(
        cpus=os.cpu_count() or 1,
        load_1m=os.getloadavg()[0],
        frequency_mhz=frequency,
        runnable=runnable(proc),
        note=note,
    )


def _frequency(package: Any) -> float | None:
    try:
        found = package.cpu_freq()
    except (OSError, NotImplementedError, AttributeError):
        return None
    return float(found.current) if found and found.current else None


def runnable(proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Return the names of other user processes in state R.

    On VIVT cores each of them, once scheduled, cleans and invalidates the whole
    D-cache twice. Kernel threads (without memory of their own) do not.
    """
    names = []
    for entry in sorted(proc.glob("[0-9]*")):
        if entry.name == str(os.getpid()):
            continue
        try:
            stat = (entry / "stat").read_text(errors="replace")
            has_memory = bool((entry / "cmdline").read_bytes())
        except OSError:
            continue
        name, _, rest = stat.partition(" (")[2].rpartition(") ")
        if has_memory and rest[:1] == "R":
            names.append(name)
    return tuple(names)
