# SPDX-License-Identifier: MIT
"""The USB bus of a card, read through usbmon."""
