# SPDX-License-Identifier: MIT
"""hw_params and sw_params: ask, compare with what the card allows, install."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stress.errors import DeviceError, ParamsRefused
from stress.model.pcm import Access, StreamParams
from stress.pcm.alsa import _proto, naming

if TYPE_CHECKING:
    from stress.pcm.alsa._lib import Asound

#: sw_params value that stands for the boundary: "never by itself".
BOUNDARY = -1


def negotiate(lib: Asound, handle: int, device: str, asked: StreamParams) -> StreamParams:
    """Install the hw_params nearest to `asked` and return what was granted.

    Access, format, channels and rate are taken exactly or refused; the sizes
    are taken as near as the driver has them. The order is the one in which
    snd-usb-audio and snd-aloop both leave the sizes free to the end.

    Raises
    ------
    ParamsRefused : with what was asked and what the card allows.
    DeviceError : no mmap access.
    """
    error, space = lib.hw_any(handle)
    if error < 0:
        raise naming.call_error(device, "snd_pcm_hw_params_any", error)
    _set_access(lib, handle, space, device, asked.access)
    if lib.hw_set(handle, space, "format", _proto.FORMAT[asked.format.name]) < 0:
        allowed = [n for n, v in _proto.FORMAT.items() if lib.hw_test(handle, space, "format", v)]
        raise _refused(device, f"format {asked.format.name}", " ".join(allowed) or "none of ours")
    for what, value in (("channels", asked.channels), ("rate", asked.rate)):
        if lib.hw_set(handle, space, what, value) < 0:
            raise _refused(device, f"{what} {value}", _range(lib, space, what))
    for what, value in (("buffer_size", asked.buffer_size), ("period_size", asked.period_size)):
        if lib.hw_near(handle, space, what, value) < 0:
            raise _refused(device, f"{what} {value}", _range(lib, space, what))
    limits = ", ".join(f"{what} {_range(lib, space, what)}" for what in ("buffer_size", "period_size"))
    error = lib.hw_install(handle, space)
    if error < 0:
        raise _refused(device, _words(asked), limits, error)
    return StreamParams(
        rate=asked.rate,
        channels=asked.channels,
        format=asked.format,
        access=asked.access,
        period_size=lib.hw_get(space, "period_size"),
        buffer_size=lib.hw_get(space, "buffer_size"),
        fifo_frames=lib.hw_fifo(space),
    )


def install_sw(lib: Asound, handle: int, device: str, ring: int, start: int, wake: int) -> None:
    """Install the software parameters of one burst.

    Parameters
    ----------
    ring : buffer_size; also the stop threshold, since a higher one would let
        the driver replay the ring, which looks like a cache alias [frames].
    start : start_threshold, `BOUNDARY` for an explicit start only [frames].
    wake : avail_min [frames].
    """
    values = {
        "start_threshold": start,
        "stop_threshold": ring,
        # Silence is written through the kernel's alias and would dirty lines.
        "silence_threshold": 0,
        "silence_size": 0,
        "avail_min": wake,
    }
    error = lib.sw_install(handle, values)
    if error < 0:
        raise naming.call_error(device, "snd_pcm_sw_params", error)


def _set_access(lib: Asound, handle: int, space: Any, device: str, access: Access) -> None:
    number = _proto.ACCESS[access.value]
    if not lib.hw_test(handle, space, "access", number):
        raise DeviceError(
            f"the driver offers no {access.value} access ({access.name}_INTERLEAVED)",
            device=device,
            call="snd_pcm_hw_params_test_access",
        )
    error = lib.hw_set(handle, space, "access", number)
    if error < 0:
        raise naming.call_error(device, "snd_pcm_hw_params_set_access", error)


def _range(lib: Asound, space: Any, what: str) -> str:
    low, high = lib.hw_get(space, f"{what}_min"), lib.hw_get(space, f"{what}_max")
    return str(low) if low == high else f"{low}..{high}"


def _words(asked: StreamParams) -> str:
    return (
        f"{asked.rate} Hz, {asked.channels} channels, {asked.format.name}, "
        f"period_size {asked.period_size}, buffer_size {asked.buffer_size}"
    )


def _refused(device: str, asked: str, allowed: str, error: int = 0) -> ParamsRefused:
    return ParamsRefused(
        f"{asked} refused; the card allows {allowed}",
        errno_=-error or None,
        device=device,
        call="snd_pcm_hw_params",
    )
