# SPDX-License-Identifier: MIT
"""The run directory: append, read back, evidence, resume."""
