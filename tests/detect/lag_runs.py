# SPDX-License-Identifier: MIT
"""Runs of frames of one lag, as the stages of the exact detector hand them on."""

from __future__ import annotations


def runs(*lengths_and_lags):
    """Return (first, behind the last, lag) of runs that follow each other, from their lengths and lags."""
    out, at = [], 0
    for frames, lag in lengths_and_lags:
        out.append((at, at + frames, lag))
        at += frames
    return out
