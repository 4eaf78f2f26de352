# SPDX-License-Identifier: MIT
"""Frozen values that every room speaks; nothing here computes or touches devices."""
