# SPDX-License-Identifier: MIT
"""--channels: a count, or the channels to judge."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.files.channels import ChannelChoice, parse_channels, shown


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("2", ChannelChoice(2)),
        ("64", ChannelChoice(64)),
        ("1-8", ChannelChoice(None, tuple(range(8)))),
        ("3-3", ChannelChoice(None, (2,))),
        ("2,1", ChannelChoice(None, (1, 0))),
        ("1-2,7", ChannelChoice(None, (0, 1, 6))),
        ("3-4/10", ChannelChoice(10, (2, 3))),
    ],
)
def test_channels_are_read(text, choice):
    assert parse_channels(text) == choice


@pytest.mark.parametrize(
    "text", ["", "0", "65", "0-1", "2-1", "1,1", "1-65", "5/4", "1-2/65", "-1", "1-", "a", "²", "1 2"]
)
def test_channels_that_are_none_are_refused_with_what_is_allowed(text):
    with pytest.raises(ConfigError, match="--channels.*allowed: a count"):
        parse_channels(text)


def test_channels_are_shown_as_they_are_written():
    assert [shown(one) for one in ((0, 1, 2), (4,), (0, 2))] == ["1-3", "5", "1,3"]
