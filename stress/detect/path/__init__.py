# SPDX-License-Identifier: MIT
"""The path detector: what stands between the two ends of a loopback."""
