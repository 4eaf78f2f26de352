# SPDX-License-Identifier: MIT
"""Captures of another source than the pattern: a counter, a ramp, a file that is known."""
