# SPDX-License-Identifier: MIT
"""How samples travel: the PCM contract and its implementations."""
