# SPDX-License-Identifier: MIT
"""Views of a burst beside the loopback: the USB wire and the ring in memory."""
