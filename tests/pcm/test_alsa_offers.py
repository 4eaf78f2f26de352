# SPDX-License-Identifier: MIT
"""What a card offers, of a library that refines as the kernel does: format, then channels, then rates."""

from __future__ import annotations

import errno

import pytest

from stress.errors import DeviceError, DeviceGone
from stress.model.formats import MAX_CHANNELS
from stress.model.offers import Choice
from stress.model.pcm import Direction
from stress.pcm.alsa import _proto, offers

S16, S32 = _proto.FORMAT["S16_LE"], _proto.FORMAT["S32_LE"]


class Library:
    """Speaks like stress.pcm.alsa._lib.Asound of one card; knows (format, channels) and their rates."""

    def __init__(self, known, channels=None, access=(0, 3), others=()):
        self.known, self.access, self.others = known, access, others
        self.channels = channels
        self.opened, self.closed = [], []
        self.open_error = self.any_error = 0
        self.refused = {}

    def card_index(self, card):
        return 0

    def open(self, name, stream):
        self.opened.append((name, stream))
        return self.open_error, 7

    def call(self, handle, name):
        self.closed.append((handle, name))
        return 0

    def hw_any(self, handle):
        return self.any_error, {}

    def _left(self, space):
        return [
            one
            for one in self.known
            if space.get("format", one[0]) == one[0] and space.get("channels", one[1]) == one[1]
        ]

    def hw_test(self, handle, space, what, value):
        if what == "access":
            return value in self.access
        if what == "format":
            return value in {one[0] for one in self.known} | set(self.others)
        if what == "channels":
            return value in {one[1] for one in self._left(space)}
        return any(value in self.known[one] for one in self._left(space))

    def hw_set(self, handle, space, what, value):
        code = self.refused.get((what, value), 0)
        space.update({} if code < 0 else {what: value})
        return code

    def hw_get(self, space, what):
        name, _, end = what.rpartition("_")
        if name == "channels":
            values = self.channels or [one[1] for one in self._left(space)]
        elif name == "rate":
            values = [rate for one in self._left(space) for rate in self.known[one]]
        else:
            values = {"period_size": (32, 1024), "buffer_size": (64, 4096)}[name]
        return min(values) if end == "min" else max(values)


def _ask(library, direction=Direction.PLAYBACK):
    return offers.ask("hw:0,1", direction, library)


def _choice(name, channels, *rates):
    return Choice(name, channels, rates, (32, 1024), (64, 4096))


def test_offer_holds_each_format_with_its_channels_and_their_rates():
    library = Library({(S16, 1): (8000, 48000), (S16, 2): (48000,), (S32, 2): (44100, 96000)})
    offer = _ask(library)
    assert offer.choices == (
        _choice("S16_LE", 1, 8000, 48000),
        _choice("S16_LE", 2, 48000),
        _choice("S32_LE", 2, 44100, 96000),
    )
    assert (offer.device, offer.access) == ("hw:0,1 playback", ("mmap", "rw"))
    assert library.opened == [("hw:0,1", 0)] and library.closed == [(7, "close")]
    assert _ask(library, Direction.CAPTURE).device == "hw:0,1 capture"
    assert library.opened[1] == ("hw:0,1", 1)


def test_channels_between_that_the_card_does_not_have_are_left_out():
    assert [one.channels for one in _ask(Library({(S16, 2): (48000,), (S16, 6): (48000,)})).choices] == [2, 6]


@pytest.mark.parametrize(
    ("known", "span", "channels"),
    [
        ([1, 2], None, [1, 2]),
        # A driver that states no least number is asked from one on.
        ([1, 2], (0, 2), [1, 2]),
        ([MAX_CHANNELS - 1, MAX_CHANNELS, MAX_CHANNELS + 1], None, [MAX_CHANNELS - 1, MAX_CHANNELS]),
        ([2], (2, 10_000), [2]),
    ],
)
def test_numbers_of_channels_are_asked_for_up_to_what_a_frame_may_have(known, span, channels):
    library = Library({(S16, one): (48000,) for one in known}, channels=span)
    assert [one.channels for one in _ask(library).choices] == channels


def test_format_or_channels_that_are_refused_after_all_are_left_out():
    library = Library({(S16, 1): (48000,), (S16, 2): (48000,), (S32, 2): (48000,)})
    library.refused = {("format", S32): -errno.EINVAL, ("channels", 1): -errno.EINVAL}
    assert [(one.format, one.channels) for one in _ask(library).choices] == [("S16_LE", 2)]
    # A positive number is no error.
    library.refused = {("format", S32): 1, ("channels", 1): 1}
    assert len(_ask(library).choices) == 3


def test_rate_that_is_no_usual_one_is_the_least_of_the_card():
    assert _ask(Library({(S16, 2): (12345, 13000)})).choices == (_choice("S16_LE", 2, 12345),)


def test_formats_that_carry_no_samples_are_told_apart():
    name, value = next(iter(_proto.OTHER_FORMATS.items()))
    offer = _ask(Library({}, access=(3,), others=(value,)))
    assert (offer.access, offer.choices, offer.others) == (("rw",), (), (name,))


def test_device_that_cannot_be_opened_or_asked_is_an_error_and_is_closed():
    library = Library({})
    library.open_error = -errno.EIO
    with pytest.raises(DeviceError, match="cannot be opened"):
        _ask(library)
    assert library.closed == []
    library.open_error, library.any_error = 0, -errno.ENODEV
    with pytest.raises(DeviceGone):
        _ask(library)
    assert library.closed == [(7, "close")]
