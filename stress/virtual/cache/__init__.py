# SPDX-License-Identifier: MIT
"""The cache model: pure, no files, clock or device."""
