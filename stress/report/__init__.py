# SPDX-License-Identifier: MIT
"""Text, JSON and the formats of farms, derived from a record."""
