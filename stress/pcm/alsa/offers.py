# SPDX-License-Identifier: MIT
"""Ask the driver what it offers, one axis under the choice of another.

libasound refines a space of configurations (snd_pcm_hw_params_test_*,
sound/core/pcm_native.c snd_pcm_hw_refine): a format is chosen first, then the
channels that go with it, then the rates that go with both. Nothing is
installed and nothing streams.
"""

from __future__ import annotations

from typing import Any

from stress.model.formats import CARD_FORMATS, MAX_CHANNELS
from stress.model.offers import RATES, Choice, Offer
from stress.model.pcm import Direction
from stress.pcm.alsa import _proto, naming
from stress.pcm.alsa._lib import Asound


def ask(name: str, direction: Direction, lib: Asound | None = None) -> Offer:
    """Return what direction `direction` of "hw:" device `name` offers.

    Raises
    ------
    BackendUnavailable : no libasound.
    DeviceError : no such device, it is busy, or it may not be opened.
    """
    lib = lib or Asound()
    card = lib.card_index(naming.card_of(name))
    error, handle = lib.open(name, _proto.STREAM[direction.value])
    if error < 0:
        raise naming.open_error(name, direction.value, error, card)
    try:
        return _offer(lib, handle, f"{name} {direction.value}")
    finally:
        lib.call(handle, "close")


def _offer(lib: Asound, handle: int, device: str) -> Offer:
    space = _space(lib, handle, device)
    access = tuple(
        name for name, value in _proto.ACCESS.items() if lib.hw_test(handle, space, "access", value)
    )
    known = {
        name: value
        for name, value in _proto.FORMAT.items()
        if name in CARD_FORMATS and lib.hw_test(handle, space, "format", value)
    }
    others = tuple(
        name for name, value in _proto.OTHER_FORMATS.items() if lib.hw_test(handle, space, "format", value)
    )
    choices = [one for name, value in known.items() for one in _choices(lib, handle, device, name, value)]
    return Offer(device, access, tuple(choices), others)


def _choices(lib: Asound, handle: int, device: str, name: str, value: int) -> list[Choice]:
    space = _space(lib, handle, device)
    if lib.hw_set(handle, space, "format", value) < 0:
        return []
    low, high = lib.hw_get(space, "channels_min"), lib.hw_get(space, "channels_max")
    found = []
    for channels in range(max(1, low), min(high, MAX_CHANNELS) + 1):
        if not lib.hw_test(handle, space, "channels", channels):
            continue
        inner = _space(lib, handle, device)
        lib.hw_set(handle, inner, "format", value)
        if lib.hw_set(handle, inner, "channels", channels) >= 0:
            found.append(_choice(lib, handle, inner, name, channels))
    return found


def _choice(lib: Asound, handle: int, space: Any, name: str, channels: int) -> Choice:
    rates = tuple(rate for rate in RATES if lib.hw_test(handle, space, "rate", rate))
    sizes = [
        (lib.hw_get(space, f"{what}_min"), lib.hw_get(space, f"{what}_max"))
        for what in ("period_size", "buffer_size")
    ]
    return Choice(name, channels, rates or (lib.hw_get(space, "rate_min"),), sizes[0], sizes[1])


def _space(lib: Asound, handle: int, device: str) -> Any:
    error, space = lib.hw_any(handle)
    if error < 0:
        raise naming.call_error(device, "snd_pcm_hw_params_any", error)
    return space
