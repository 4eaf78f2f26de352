# SPDX-License-Identifier: MIT
"""One contract, every backend: virtual always, ALSA when a card is named.

python3 -m pytest tests/contract --card hw:Loopback,0,0,hw:Loopback,1,0
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, Exchange, Granted, Handling, PcmRequest, StreamParams
from stress.pcm.contract import Pcm

RATE = 48000
NO_CARD = "no card: give --card PLAY,CAPTURE, for example in a guest with snd-aloop"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--card", default=None, metavar="PLAY,CAPTURE", help="hw: devices that are looped back")


@dataclass(frozen=True)
class Backend:
    """How to make one backend and what to ask of it."""

    make: Callable[..., Pcm]
    access: Access

    def request(self, ring: int = 16384, periods: int = 4, rate: int = RATE) -> PcmRequest:
        """Return a request with a ring of `ring` frames for both directions."""
        params = StreamParams(rate, 2, FORMATS["S16_LE"], self.access, ring // periods, ring)
        return PcmRequest(params, params)

    def opened(self, pcm: Pcm, ring: int = 16384) -> Opened:
        """Open `pcm` with a ring of `ring` frames."""
        return Opened(pcm, pcm.open(self.request(ring)))


@dataclass
class Opened:
    """An open PCM and what it granted."""

    pcm: Pcm
    granted: Granted

    def buffers(self, frames: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a ramp 1, 2, 3, ... followed by silence, and an untouched capture buffer."""
        tail = self.granted.playback.buffer_size + RATE // 4
        words = np.zeros(frames + tail, dtype="<u4")
        words[:frames] = np.arange(1, frames + 1, dtype="<u4")
        captured = np.full((frames + self.granted.capture.buffer_size) * 4, 0xA5, dtype=np.uint8)
        return words.view(np.uint8), captured

    def burst(self, frames: int = RATE // 2, handling: Handling | None = None) -> Burst:
        """Run one burst and keep everything about it."""
        play, captured = self.buffers(frames)
        exchange = self.pcm.exchange(play, captured, handling or Handling())
        return Burst(play, captured, exchange)


@dataclass(frozen=True)
class Burst:
    """Buffers and outcome of one burst."""

    play: np.ndarray
    captured: np.ndarray
    exchange: Exchange

    def compared(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what may be judged: expected and observed words of equal length."""
        observed = self.captured.view("<u4")[: self.exchange.capture.frames]
        nonzero = np.flatnonzero(observed)
        assert len(nonzero), f"nothing came back: {self.exchange}"
        observed = observed[nonzero[0] :]
        # A card may swallow what was played before its input delivered anything.
        first = int(observed[0]) - 1
        assert first < RATE // 4, f"the first frame that came back is number {first}"
        due = min(len(observed), self.exchange.played_limit - first)
        return self.play.view("<u4")[first : first + due], observed[:due]


def _alsa(card: str, access: Access) -> Backend:
    from stress.pcm.alsa import AlsaPcm

    return Backend(partial(AlsaPcm, *_names(card)), access)


def _pyalsaaudio(card: str) -> Backend:
    from stress.errors import BackendUnavailable
    from stress.pcm.pyalsa import PyAlsa
    from stress.pcm.pyalsa_pcm import PyAlsaPcm

    try:
        door = PyAlsa()
    except BackendUnavailable as error:
        # An extra: a board runs the contract without it, for ALSA itself.
        pytest.skip(str(error))
    refusal = door.verdict_refusal()
    if refusal is not None:
        # Versions whose pointers cannot be trusted are refused by the program, too.
        pytest.skip(refusal)
    return Backend(partial(PyAlsaPcm, *_names(card)), Access.RW)


def _names(card: str) -> list[str]:
    names = re.split(r",(?=hw:)", card)
    if len(names) != 2:
        raise pytest.UsageError(f"--card {card}: two hw: devices, PLAY,CAPTURE")
    return names


def _virtual() -> Backend:
    from stress.pcm.virtual import VirtualPcm
    from stress.virtual.spec import BoardSpec

    return Backend(lambda: VirtualPcm(BoardSpec.load("x86_64")), Access.MMAP)


@pytest.fixture(params=["virtual", "alsa-mmap", "alsa-rw", "pyalsaaudio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Every backend in turn; ALSA needs --card."""
    if request.param == "virtual":
        return _virtual()
    card = request.config.getoption("--card", default=None)
    if card is None:
        # The lab runs them in guests with a card, and fails where all were skipped.
        pytest.skip(NO_CARD)
    if request.param == "pyalsaaudio":
        return _pyalsaaudio(card)
    return _alsa(card, Access(request.param.partition("-")[2]))


@pytest.fixture(params=["mmap", "rw"])
def alsa(request: pytest.FixtureRequest) -> Backend:
    """Both ALSA accesses; needs --card."""
    card = request.config.getoption("--card", default=None)
    if card is None:
        pytest.skip(NO_CARD)
    return _alsa(card, Access(request.param))


@pytest.fixture
def opening(backend: Backend) -> Iterator[Callable[[int], Opened]]:
    """Opens the backend with a ring of so many frames, and closes it."""
    with backend.make() as pcm:
        yield partial(backend.opened, pcm)


@pytest.fixture
def opened(opening: Callable[[int], Opened]) -> Opened:
    """The backend, open with a ring of 16384 frames."""
    return opening(16384)
