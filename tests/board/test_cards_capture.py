"""Whether a card captures at all."""

from __future__ import annotations

import pytest

from stress.board.cards import Card, captures

KNOWN = [Card(1, "Audio", "USB-Audio", "")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("hw:Audio,0", False), ("hw:1", False), ("hw:Audio,1", True), ("hw:Audio,1,0", True), ("hw:9,0", True)],
)
def test_card_captures_where_the_kernel_lists_the_device(tmp_path, name, expected):
    for device in ("pcm0p", "pcm1p", "pcm1c"):
        (tmp_path / "card1" / device).mkdir(parents=True)
    assert captures(name, KNOWN, tmp_path) is expected
