# SPDX-License-Identifier: MIT
"""Pictures: the pixels a reader of PNG gets back, axes with round numbers."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from stress.report.picture import Axis, Tick, levels_svg, lines_svg, png, steps


def chunks(data):
    at, out = 8, {}
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(name + body)
        out[name], at = body, at + 12 + size
    return out


def test_png_holds_the_levels_upside_down_from_dark_to_bright():
    levels = np.array([[-120.0, -75.0, -30.0], [-500.0, 0.0, -97.5]], dtype=np.float32)
    data = png(levels, -120.0, -30.0)
    found = chunks(data)
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and list(found) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", found[b"IHDR"]) == (3, 2, 8, 3, 0, 0, 0)
    rows = zlib.decompress(found[b"IDAT"])
    assert [list(rows[1:4]), list(rows[5:8])] == [[0, 255, 64], [0, 128, 255]]
    assert rows[0] == rows[4] == 0
    palette = np.frombuffer(found[b"PLTE"], dtype=np.uint8).reshape(256, 3).astype(int)
    light = palette @ [299, 587, 114]
    assert np.all(np.diff(light) >= 0) and light[-1] > 10 * light[0]


@pytest.mark.parametrize(
    ("low", "high", "about", "expected"),
    [
        (0, 12, 10, [0, 2, 4, 6, 8, 10, 12]),
        (880, 14000, 8, [2000, 4000, 6000, 8000, 10000, 12000, 14000]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (3, 3, 5, [3]),
    ],
)
def test_steps_are_round_numbers_inside_the_span(low, high, about, expected):
    assert steps(low, high, about) == pytest.approx(expected)


def test_marks_stand_at_their_share_and_say_their_text_escaped():
    axis = Axis([(0.0, "0")], [(0.5, "5")], "s", "kHz")
    shown = levels_svg(
        np.zeros((2, 2), dtype=np.float32), (-1, 1), axis, [Tick(0.25, "#123456", "a < b")], "levels"
    )
    assert "<title>a &lt; b</title>" in shown
    assert shown.count('d="M261.5 16') == 2


def test_many_marks_keep_their_heads_and_leave_the_picture_visible():
    axis, ticks = Axis([], [], "s", "dB"), [Tick(i / 100, "#000000", str(i)) for i in range(100)]
    assert lines_svg([], axis, ticks[:60], "few").count('class="mark"') == 60
    many = lines_svg([], axis, ticks, "many")
    assert many.count("<title>") == 100 and 'class="mark"' not in many
