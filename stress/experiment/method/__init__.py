# SPDX-License-Identifier: MIT
"""Detectors as the judges of a run."""
