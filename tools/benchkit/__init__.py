# SPDX-License-Identifier: MIT
"""Benchmarks: each module is one subcommand of tools/bench."""
