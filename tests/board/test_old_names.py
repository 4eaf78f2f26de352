# SPDX-License-Identifier: MIT
"""Names of version 0.1 that scripts outside the tree import: the same objects under their old places."""

from __future__ import annotations

from stress.board import usbmon_format, usbmon_streams
from stress.board.usbmon import format as layout
from stress.board.usbmon import streams
from stress.experiment import wire_capture
from stress.experiment.wire import capture


def test_old_names_are_the_present_objects():
    assert usbmon_format.Event is layout.UsbEvent
    assert usbmon_format.Packet is layout.Packet
    assert usbmon_streams.Lane is streams.BusStream
    assert usbmon_streams.in_stream is streams.in_stream
    assert wire_capture.compare_read is capture.compare_read
