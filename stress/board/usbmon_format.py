# SPDX-License-Identifier: MIT
"""The names that version 0.1 gave to `stress.board.usbmon.format`, for scripts that import them."""

from stress.board.usbmon.format import COMPLETE, ERROR, SUBMIT, Packet
from stress.board.usbmon.format import UsbEvent as Event

__all__ = ["COMPLETE", "ERROR", "SUBMIT", "Event", "Packet"]
