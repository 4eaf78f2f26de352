# SPDX-License-Identifier: MIT
"""The virtual board: a cache model, a kernel, a USB card and virtual time."""
