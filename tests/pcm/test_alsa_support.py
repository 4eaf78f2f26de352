# SPDX-License-Identifier: MIT
"""What a driver cannot carry is refused before a burst, with the reason."""

from __future__ import annotations

import pytest

from stress.errors import StreamStateError
from stress.model.pcm import Handling
from stress.pcm.alsa import AlsaPcm, naming

CARDS = """\
 0 [Loopback       ]: Loopback - Loopback
                      Loopback 1
12 [Audio          ]: USB-Audio - USB Audio
                      QEMU QEMU USB Audio at usb-0000:00:0d.0-1, full speed
"""


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Two cards: 0 is snd-aloop, 12 is not."""
    (tmp_path / "cards").write_text(CARDS)
    monkeypatch.setattr(naming, "PROC", tmp_path)
    return tmp_path


@pytest.fixture
def reason(asound, request_of, listed):
    """Return what is said against an ordinary burst on a ring of so many frames."""

    def ask(ring, card=0, access="mmap", rate=48000):
        asound.card.index = card
        asound.info = lambda handle: (card, 0, 0)
        with AlsaPcm(f"hw:{card},0", f"hw:{card},1", lib=asound) as pcm:
            pcm.open(request_of(access, ring=ring, period=ring // 4, rate=rate))
            return pcm.supports(Handling())

    return ask


@pytest.mark.parametrize("access", ["mmap", "rw"])
def test_ring_shorter_than_a_tick_is_refused_on_aloop(reason, access):
    assert "snd-aloop moves up to 20 ms at a time" in reason(384, access=access)
    assert "384 frames (8 ms)" in reason(384, access=access)
    assert "it needs 984 frames" in reason(384, access=access)


@pytest.mark.parametrize(("ring", "rate"), [(984, 48000), (908, 44100)])
def test_ring_of_a_tick_is_allowed_on_aloop(reason, ring, rate):
    assert reason(ring, rate=rate) is None


def test_same_frames_at_twice_the_rate_are_refused(asound, reason):
    asound.card.rates = (48000, 96000)
    assert "needs 1968 frames" in reason(1024, rate=96000)


def test_other_drivers_keep_their_small_rings(reason):
    assert reason(64, card=12) is None


def test_refused_ring_is_not_streamed(asound, request_of, listed):
    asound.info = lambda handle: (0, 0, 0)
    with AlsaPcm("hw:0,0", "hw:0,1", lib=asound) as pcm:
        pcm.open(request_of(ring=64, period=16))
        with pytest.raises(StreamStateError, match="snd-aloop"):
            pcm.exchange(bytearray(), bytearray(), Handling())


def test_card_that_is_not_listed_keeps_its_small_rings(listed, reason):
    assert reason(64, card=2) is None
    (listed / "cards").unlink()
    assert reason(64) is None
