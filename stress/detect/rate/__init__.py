# SPDX-License-Identifier: MIT
"""Streams that run at another sample rate."""
