# SPDX-License-Identifier: MIT
"""The virtual USB card and the streams of one burst."""
