# SPDX-License-Identifier: MIT
"""What else ran beside a burst."""

from __future__ import annotations

from dataclasses import dataclass

from stress.model import shape


@dataclass(frozen=True)
class ProcessRecord:
    """One process beside a burst, the tester left out.

    Attributes
    ----------
    name, pid : as the kernel has them; threads of the kernel are processes too.
    cpu_ms : it took between the look before the burst and the one behind it [ms].
    switches : voluntary and involuntary ones of its first thread meanwhile.
    """

    name: str = shape.text()
    pid: int = shape.count()
    cpu_ms: int = shape.count()
    switches: int = shape.count()
