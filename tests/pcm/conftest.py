# SPDX-License-Identifier: MIT
"""A stand-in for libasound without ctypes, and buffers with addresses."""

from __future__ import annotations

import ctypes
import errno
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, PcmRequest, StreamParams

STATES = ("OPEN", "SETUP", "PREPARED", "RUNNING", "XRUN", "DRAINING", "PAUSED", "SUSPENDED", "DISCONNECTED")


class Cell:
    """A number with a value, as a C out-parameter."""

    def __init__(self, value=0):
        self.value = value


class Begin:
    """mmap_begin that always succeeds at offset 0."""

    def __init__(self, base):
        self.offset, self.frames, self.call, self.address = Cell(), Cell(), int, lambda: base


@dataclass
class Card:
    """What a fake card allows and what happens to its transfers."""

    formats: tuple = (2, 10)
    accesses: tuple = (0, 3)
    channels: tuple = (1, 2)
    rates: tuple = (44100, 48000)
    period_max: int = 4096
    buffer_max: int = 16384
    open_error: int = 0
    index: int = 0
    install_error: int = 0
    fifo: int = 0
    transfer: dict = field(default_factory=dict)
    state_after: dict = field(default_factory=dict)
    avail_after: dict = field(default_factory=dict)
    most_avail: dict = field(default_factory=dict)


class FakeAsound:
    """Speaks like stress.pcm.alsa._lib.Asound; handles are 1 playback, 2 capture.

    Not modelled: time, the ring's content, avail while a stream runs.
    """

    version = "0.0"
    copy = staticmethod(ctypes.memmove)

    def __init__(self, card=None):
        self.card = card or Card()
        self.calls = []
        self.states = {}
        self.installed = {}
        self.software = {}

    def card_index(self, card):
        return self.card.index

    def open(self, name, stream):
        self.calls.append(("open", name))
        if self.card.open_error:
            return self.card.open_error, 0
        self.states[stream + 1] = "OPEN"
        return 0, stream + 1

    def info(self, handle):
        return 0, handle - 1, 0

    def hw_any(self, handle):
        return 0, {}

    def hw_test(self, handle, space, what, value):
        return value in (self.card.accesses if what == "access" else self.card.formats)

    def hw_set(self, handle, space, what, value):
        allowed = {
            "access": self.card.accesses,
            "format": self.card.formats,
            "channels": self.card.channels,
            "rate": self.card.rates,
        }[what]
        space[what] = value
        return 0 if value in allowed else -errno.EINVAL

    def hw_near(self, handle, space, what, value):
        top = self.card.period_max if what == "period_size" else self.card.buffer_max
        space[what] = min(value, top)
        return 0

    def hw_get(self, space, what):
        name, _, end = what.rpartition("_")
        if end in ("min", "max"):
            values = {
                "rate": self.card.rates,
                "channels": self.card.channels,
                "period_size": (32, self.card.period_max),
                "buffer_size": (64, self.card.buffer_max),
            }[name]
            return min(values) if end == "min" else max(values)
        return space[what]

    def hw_fifo(self, space):
        return self.card.fifo

    def hw_install(self, handle, space):
        self.installed[handle] = dict(space)
        self.states[handle] = "SETUP"
        return self.card.install_error

    def sw_install(self, handle, values):
        self.software[handle] = dict(values)
        return 0

    def area(self, handle, frames):
        return 0, 0x1000 * handle, 0, frames

    def begin(self, handle):
        return Begin(0x1000 * handle)

    def call(self, handle, name, *arguments):
        self.calls.append((name, handle))
        if name == "prepare":
            self.states[handle] = "PREPARED"
        elif name == "drop" and self.states[handle] != "DISCONNECTED":
            # The kernel leaves a disconnected stream in that state for good.
            self.states[handle] = "SETUP"
        return 0

    def bind(self, handle, name, *arguments):
        self.calls.append((name, handle))
        return partial(self._transfer, handle, *arguments)

    def _transfer(self, handle, address, frames):
        self.states[handle] = self.card.state_after.get(handle, "RUNNING")
        outcome = self.card.transfer.get(handle, frames)
        return outcome(frames) if callable(outcome) else outcome

    def status(self, handle):
        if self.states[handle] == "DISCONNECTED":
            return -errno.ENODEV, -1, 0, 0
        state, avail = STATES.index(self.states[handle]), self.card.avail_after.get(handle, 0)
        # As the kernel does: nothing moved before the first frame was taken.
        return (
            0,
            state,
            avail,
            0 if self.states[handle] == "PREPARED" else self.card.most_avail.get(handle, 0),
        )


@pytest.fixture
def card():
    """A fake card that does what it is asked."""
    return Card()


@pytest.fixture
def asound(card):
    """libasound with that card."""
    return FakeAsound(card)


@pytest.fixture
def cell():
    """The class of out-parameters."""
    return Cell


@pytest.fixture
def request_of():
    """Return a request for an access, ring and period [frames]."""

    def make(access="mmap", ring=4096, period=1024, rate=48000, name="S16_LE", channels=2):
        params = StreamParams(rate, channels, FORMATS[name], Access(access), period, ring)
        return PcmRequest(params, params)

    return make


@pytest.fixture
def memory_of():
    """Return (array, address) of zeroed bytes."""

    def make(size):
        array = np.zeros(size, dtype=np.uint8)
        return array, int(array.ctypes.data)

    return make
