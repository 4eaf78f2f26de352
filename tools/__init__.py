# SPDX-License-Identifier: MIT
"""Programs around pcmstress: virtual boards, the virtual card, benchmarks."""
