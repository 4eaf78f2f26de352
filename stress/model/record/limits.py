# SPDX-License-Identifier: MIT
"""Sizes that a record may hold."""

from __future__ import annotations

from stress.model import shape

# Ring and burst sizes [frames or bytes]. Source: 2^30 frames are what a plan accepts.
# Higher: sums of a damaged record overflow; lower: long bursts are refused.
LARGEST = 1 << 30
SIZE = shape.within(1, LARGEST)
# Virtual addresses are as wide as the machine's words.
ADDRESS = shape.within(0, (1 << 64) - 1)
