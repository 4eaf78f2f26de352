# SPDX-License-Identifier: MIT
"""Facts about a board, and the conditions a run asks of it."""
