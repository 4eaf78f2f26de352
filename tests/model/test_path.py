# SPDX-License-Identifier: MIT
"""The path as a value: what its channels are called."""

from __future__ import annotations

import pytest

from stress.model.path import name_of


@pytest.mark.parametrize(
    ("channel", "channels", "name"),
    [(0, 2, "left"), (1, 2, "right"), (4, 2, "channel 5"), (0, 1, "channel 1")],
)
def test_channels_of_two_have_sides_and_a_source_beyond_them_its_number(channel, channels, name):
    assert name_of(channel, channels) == name
