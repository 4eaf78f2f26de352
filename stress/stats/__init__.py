# SPDX-License-Identifier: MIT
"""Exact tests and bounds in closed form, from `math` alone: they run on the board."""
