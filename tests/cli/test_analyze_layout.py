# SPDX-License-Identifier: MIT
"""Raw frames under a wrong format or number of channels are told what they are."""

from __future__ import annotations

import pytest

from stress.cli.analyze_layout import named_wrong
from stress.files.audio import open_audio
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern


def line(tmp_path, made, named, lead=0):
    path = tmp_path / "a.raw"
    fmt, channels = FORMATS[made[0]], made[1]
    silence = b"\0" * (12 * lead * fmt.frame_bytes(channels))
    path.write_bytes(silence + Pattern("mix1", fmt, channels).bytes_at(1, 6000).tobytes())
    with open_audio(str(path), fmt=FORMATS[named[0]], channels=named[1]) as source:
        return named_wrong(source)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (("S16_LE", 2), ("S32_LE", 2)),
        (("S16_LE", 6), ("S16_LE", 2)),
        (("S24_3LE", 2), ("S24_LE", 2)),
        (("S32_LE", 1), ("S16_LE", 2)),
        (("S24_LE", 10), ("S24_LE", 8)),
    ],
)
@pytest.mark.parametrize("lead", [0, 20000])
def test_frames_named_wrong_are_told_with_the_options_that_are_right(tmp_path, made, named, lead):
    told = line(tmp_path, made, named, lead)
    assert told.endswith(f"repeat with --format {made[0]} --channels {made[1]}")


def test_frames_of_something_else_are_told_nothing(tmp_path):
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(range(256)) * 400)
    with open_audio(str(path), fmt=FORMATS["S16_LE"], channels=2) as source:
        assert named_wrong(source) == ""
