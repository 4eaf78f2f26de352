# SPDX-License-Identifier: MIT
"""The names that version 0.1 gave to `stress.board.usbmon.streams`, for scripts that import them."""

from stress.board.usbmon.streams import BusStream as Lane
from stress.board.usbmon.streams import in_stream, out_stream

__all__ = ["Lane", "in_stream", "out_stream"]
