# SPDX-License-Identifier: MIT
"""Durations: the accepted forms, the refused ones, and the way back."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from stress.settings.times import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("3h", 10800),
        ("250ms", 0.25),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("1d", 86400),
    ],
)
def test_parse_duration_accepts_number_and_unit(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "s", "10 s", "-1s", "0s", "1e9h", "10x", "1s2", "nan"])
def test_parse_duration_refuses_with_an_example(text):
    with pytest.raises(ConfigError, match="allowed"):
        parse_duration(text, "plan.toml", "duration")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "250ms"), (2.5, "2.5s"), (90, "90s"), (600, "10m"), (5460, "1h31m")]
)
def test_format_duration_is_short(seconds, text):
    assert format_duration(seconds) == text
