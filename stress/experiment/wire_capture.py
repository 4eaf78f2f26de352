# SPDX-License-Identifier: MIT
"""The name that version 0.1 gave to `stress.experiment.wire.capture`, for scripts that import it."""

from stress.experiment.wire.capture import compare_read

__all__ = ["compare_read"]
