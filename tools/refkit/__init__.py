# SPDX-License-Identifier: MIT
"""What the cache engine is checked against: a cache that takes one access at a time, and whole streams."""
