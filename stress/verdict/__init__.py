# SPDX-License-Identifier: MIT
"""From recorded bursts to a verdict and a cause; needs nothing but a record."""
