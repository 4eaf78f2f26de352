# SPDX-License-Identifier: MIT
"""The exact detector: the pattern inverted frame by frame."""
