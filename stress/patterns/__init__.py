# SPDX-License-Identifier: MIT
"""What we send: the bit-exact word pattern, the analog noise, auxiliary stimuli."""
