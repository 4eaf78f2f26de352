# SPDX-License-Identifier: MIT
"""What each arm should find on a board, from the cache model."""
