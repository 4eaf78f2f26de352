# SPDX-License-Identifier: MIT
"""Plans: arms, sweeps, and what a PASS needs."""
