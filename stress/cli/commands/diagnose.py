# SPDX-License-Identifier: MIT
"""pcmstress diagnose: `run` with a plan of contrasts; the report then names the cause."""

from __future__ import annotations

from stress.cli.commands.run import execute

__all__ = ["execute"]
