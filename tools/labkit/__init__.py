# SPDX-License-Identifier: MIT
"""Virtual boards in QEMU: real kernels and drivers, software emulation only."""

from __future__ import annotations

from tools.labkit.runner import Options, Result, run

__all__ = ["Options", "Result", "run"]
