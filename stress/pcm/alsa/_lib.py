# SPDX-License-Identifier: MIT
"""The one door to ctypes: libasound and the few libc calls the streams need.

Everything above this module sees plain integers, addresses, negative errnos
and ready-bound callables, so that a stand-in without ctypes can take its place.

Threads: `Asound` keeps no state of its own between calls. `status` is the one
call that may watch a stream while another thread is inside a transfer: it is a
plain STATUS ioctl, whereas `state` and `avail_update` may rewrite the control
block that a transfer is using on machines without a mapped control page (ARM).
Source: alsa-lib src/pcm/pcm_hw.c (sync_ptr1, snd_pcm_hw_status).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from stress.errors import BackendUnavailable
from stress.pcm.alsa import _proto

_TYPES: Mapping[str, Any] = {
    "i": ctypes.c_int,
    "u": ctypes.c_uint,
    "l": ctypes.c_long,
    "L": ctypes.c_ulong,
    "z": ctypes.c_size_t,
    "p": ctypes.c_void_p,
    "s": ctypes.c_char_p,
}
_Bound = Callable[..., int]


class _Library:
    """A shared library with every prototype of `table` declared."""

    def __init__(self, name: str | None, table: Mapping[str, str]) -> None:
        cdll = ctypes.CDLL(name, use_errno=True)
        self.functions: dict[str, Any] = {}
        for symbol, signature in table.items():
            function = getattr(cdll, symbol)
            function.restype = _TYPES[signature[0]]
            function.argtypes = [_TYPES[letter] for letter in signature[2:]]
            self.functions[symbol] = function

    def __getitem__(self, symbol: str) -> Any:
        return self.functions[symbol]


class Libc:
    """The libc calls that levers, locking and C-level waits need."""

    def __init__(self) -> None:
        self._c = _Library(None, _proto.LIBC)

    def bind(self, name: str, *arguments: int) -> _Bound:
        """Return libc's `name` bound to `arguments`: calling it runs no bytecode."""
        return partial(self._c[name], *arguments)

    def lock(self, address: int, size_bytes: int) -> int:
        """Lock a range into memory; return 0 or the errno."""
        return ctypes.get_errno() if self._c["mlock"](address, size_bytes) else 0

    def unlock(self, address: int, size_bytes: int) -> None:
        """Undo `lock`."""
        self._c["munlock"](address, size_bytes)

    @staticmethod
    def address_of(buffer: Any) -> int:
        """Return the address of a writable buffer object."""
        return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


class Asound:
    """libasound by its own names, with out-parameters and sizes hidden.

    Raises
    ------
    BackendUnavailable : libasound.so.2 is missing or lacks a symbol.

    Attributes
    ----------
    copy : memmove(destination, source, bytes) on addresses, GIL released.
    """

    copy: Callable[[int, int, int], object] = staticmethod(ctypes.memmove)

    def __init__(self, name: str = _proto.LIBASOUND) -> None:
        try:
            self._c = _Library(name, _proto.ASOUND)
        except (OSError, AttributeError) as error:
            raise BackendUnavailable(
                f"{name} cannot be used ({error}); install libasound2 (Debian 13: libasound2t64), "
                "or the alsa-lib package of this distribution"
            ) from None
        # Its default error handler prints on stderr; a C function that ignores
        # its arguments keeps it quiet without running Python on an error path.
        quiet = ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p)
        self._c["snd_lib_error_set_handler"](quiet)

    @property
    def version(self) -> str:
        """alsa-lib's version, e.g. ``1.2.8``."""
        return str(self._c["snd_asoundlib_version"]().decode())

    def bind(self, handle: int, name: str, *arguments: int) -> _Bound:
        """Return ``snd_pcm_<name>(handle, ...)`` bound: calling it runs no bytecode."""
        return partial(self._c[f"snd_pcm_{name}"], ctypes.c_void_p(handle), *arguments)

    def call(self, handle: int, name: str, *arguments: int) -> int:
        """Call ``snd_pcm_<name>(handle, ...)``; negative errno on failure."""
        return int(self._c[f"snd_pcm_{name}"](handle, *arguments))

    def card_index(self, card: str) -> int:
        """Return the number of the card called `card`, or a negative errno."""
        return int(self._c["snd_card_get_index"](card.encode()))

    def open(self, name: str, stream: int) -> tuple[int, int]:
        """Open `name` without waiting for its holder; return (errno, handle)."""
        handle = ctypes.c_void_p()
        error = self._c["snd_pcm_open"](ctypes.byref(handle), name.encode(), stream, _proto.NONBLOCK)
        if error < 0:
            return error, 0
        error = self._c["snd_pcm_nonblock"](handle, 0)
        return error, handle.value or 0

    def info(self, handle: int) -> tuple[int, int, int]:
        """Return (card, device, subdevice) of an open PCM; -1 where unknown."""
        block = self._block("snd_pcm_info")
        if self._c["snd_pcm_info"](handle, block) < 0:
            return -1, -1, -1
        card, device, subdevice = (
            int(self._c[f"snd_pcm_info_get_{what}"](block)) for what in ("card", "device", "subdevice")
        )
        return card, device, subdevice

    def dump(self, handle: int) -> str:
        """Return what alsa-lib says of an open PCM and its plugins, "" where it says nothing."""
        output, text = ctypes.c_void_p(), ctypes.c_char_p()
        if self._c["snd_output_buffer_open"](ctypes.byref(output)) < 0:
            return ""
        try:
            self._c["snd_pcm_dump"](handle, output)
            size = self._c["snd_output_buffer_string"](output, ctypes.byref(text))
            return (text.value or b"")[: int(size)].decode(errors="replace")
        finally:
            self._c["snd_output_close"](output)

    def status(self, handle: int) -> tuple[int, int, int, int]:
        """Return (errno, state, avail, most avail since the last call); safe beside a running transfer."""
        block = self._block("snd_pcm_status")
        error = self._c["snd_pcm_status"](handle, block)
        if error < 0:
            return error, -1, 0, 0
        # avail is unsigned in C, but a stopped stream may lie outside the ring.
        avail = ctypes.c_long(self._c["snd_pcm_status_get_avail"](block)).value
        most = ctypes.c_long(self._c["snd_pcm_status_get_avail_max"](block)).value
        return 0, int(self._c["snd_pcm_status_get_state"](block)), avail, most

    def area(self, handle: int, frames: int) -> tuple[int, int, int, int]:
        """Begin mmap access; return (errno, ring address, offset, frames)."""
        ring = MmapBegin(self._c["snd_pcm_mmap_begin"], handle, frames)
        return ring.call(), ring.address(), ring.offset.value, ring.frames.value

    def _block(self, name: str) -> Any:
        """Return a zeroed structure of the size the library itself asks for."""
        return ctypes.create_string_buffer(int(self._c[f"{name}_sizeof"]()))

    def hw_any(self, handle: int) -> tuple[int, Any]:
        """Return (errno, space): everything the hardware can do, unresampled."""
        space = self._block("snd_pcm_hw_params")
        error = self._c["snd_pcm_hw_params_any"](handle, space)
        if error >= 0:
            error = self._c["snd_pcm_hw_params_set_rate_resample"](handle, space, 0)
        return min(error, 0), space

    def can_pause(self, handle: int) -> bool:
        """Tell whether the driver can pause a stream."""
        error, space = self.hw_any(handle)
        return error >= 0 and bool(self._c["snd_pcm_hw_params_can_pause"](space))

    def hw_test(self, handle: int, space: Any, what: str, value: int) -> bool:
        """Tell whether the space still holds `value` of access, format, channels or rate."""
        direction = (0,) if what == "rate" else ()
        return bool(self._c[f"snd_pcm_hw_params_test_{what}"](handle, space, value, *direction) == 0)

    def hw_set(self, handle: int, space: Any, what: str, value: int) -> int:
        """Narrow the space to exactly `value`; return 0 or a negative errno."""
        direction = (0,) if what == "rate" else ()
        return int(self._c[f"snd_pcm_hw_params_set_{what}"](handle, space, value, *direction))

    def hw_near(self, handle: int, space: Any, what: str, value: int) -> int:
        """Narrow the space to the value nearest to `value`; 0 or a negative errno."""
        number, direction = ctypes.c_ulong(value), ctypes.c_int(0)
        extra = (ctypes.byref(direction),) if what == "period_size" else ()
        return int(self._c[f"snd_pcm_hw_params_set_{what}_near"](handle, space, ctypes.byref(number), *extra))

    def hw_get(self, space: Any, what: str) -> int:
        """Return a number of the space: ``buffer_size``, ``rate_min``, ..."""
        wide = what.startswith(("buffer", "period"))
        number = ctypes.c_ulong(0) if wide else ctypes.c_uint(0)
        direction = ctypes.c_int(0)
        extra = (ctypes.byref(direction),) if what.startswith(("rate", "period")) else ()
        self._c[f"snd_pcm_hw_params_get_{what}"](space, ctypes.byref(number), *extra)
        return int(number.value)

    def hw_fifo(self, space: Any) -> int:
        """Return the FIFO that the driver states of an installed space [frames], 0 where it states none."""
        return max(0, int(self._c["snd_pcm_hw_params_get_fifo_size"](space)))

    def hw_install(self, handle: int, space: Any) -> int:
        """Hand the space to the driver; return 0 or a negative errno."""
        return int(self._c["snd_pcm_hw_params"](handle, space))

    def sw_install(self, handle: int, values: Mapping[str, int]) -> int:
        """Set software parameters; -1 for a value stands for the boundary."""
        block = self._block("snd_pcm_sw_params")
        error = int(self._c["snd_pcm_sw_params_current"](handle, block))
        boundary = ctypes.c_ulong(0)
        if error >= 0:
            error = int(self._c["snd_pcm_sw_params_get_boundary"](block, ctypes.byref(boundary)))
        for what, value in values.items():
            number = boundary.value if value < 0 else value
            if error >= 0:
                error = int(self._c[f"snd_pcm_sw_params_set_{what}"](handle, block, number))
        return error if error < 0 else int(self._c["snd_pcm_sw_params"](handle, block))

    def begin(self, handle: int) -> MmapBegin:
        """Return a preallocated ``snd_pcm_mmap_begin`` for per-period loops."""
        return MmapBegin(self._c["snd_pcm_mmap_begin"], handle, 0)


class MmapBegin:
    """``snd_pcm_mmap_begin`` with its out-parameters allocated once.

    Attributes
    ----------
    call : run it; negative errno on failure.
    offset, frames : read and written by the call, through ``.value`` [frames].
    """

    def __init__(self, function: Any, handle: int, frames: int) -> None:
        self._areas = ctypes.pointer(ctypes.c_void_p())
        self.offset = ctypes.c_ulong(0)
        self.frames = ctypes.c_ulong(frames)
        self.call: _Bound = partial(
            function, ctypes.c_void_p(handle), ctypes.byref(self._areas),
            ctypes.byref(self.offset), ctypes.byref(self.frames),
        )  # fmt: skip

    def address(self) -> int:
        """Return the address of the ring's first byte (areas[0].addr), 0 if none."""
        return int(self._areas.contents.value or 0) if self._areas else 0


class MixerLib:
    """libasound's simple mixer of one card, with out-parameters hidden.

    Raises
    ------
    BackendUnavailable : libasound.so.2 is missing or lacks a symbol.
    """

    def __init__(self, name: str = _proto.LIBASOUND) -> None:
        try:
            self._c = _Library(name, _proto.MIXER)
        except (OSError, AttributeError) as error:
            raise BackendUnavailable(f"{name} has no usable mixer ({error})") from None

    def open(self, card: int) -> tuple[int, int]:
        """Open the mixer of a card and load its elements; return (errno, handle)."""
        handle = ctypes.c_void_p()
        error = int(self._c["snd_mixer_open"](ctypes.byref(handle), 0))
        if error < 0:
            return error, 0
        for step, arguments in (
            ("attach", (f"hw:{card}".encode(),)),
            ("selem_register", (None, None)),
            ("load", ()),
        ):
            error = int(self._c[f"snd_mixer_{step}"](handle, *arguments))
            if error < 0:
                self.close(handle.value or 0)
                return error, 0
        return 0, handle.value or 0

    def close(self, handle: int) -> None:
        """Close a mixer."""
        self._c["snd_mixer_close"](handle)

    def elements(self, handle: int) -> list[tuple[int, str, int]]:
        """Return (element, name, index) of every simple element."""
        found, element = [], self._c["snd_mixer_first_elem"](handle)
        while element:
            name = self._selem("get_name", element)
            found.append((element, name.decode(errors="replace"), int(self._selem("get_index", element))))
            element = self._c["snd_mixer_elem_next"](element)
        return found

    def has(self, element: int, what: str) -> bool:
        """Tell whether it has ``playback_volume``, ``capture_switch``, ``common_volume``, ..."""
        return bool(self._selem(f"has_{what}", element))

    def channels(self, element: int, side: str) -> list[int]:
        """Return the channels of one side (snd_mixer_selem_channel_id_t)."""
        return [one for one in range(32) if self._selem(f"has_{side}_channel", element, one)]

    def get(self, element: int, what: str, channel: int) -> int | None:
        """Return ``playback_volume``, ``capture_switch``, ``playback_dB`` of a channel, None on failure."""
        kind = ctypes.c_int if what.endswith("switch") else ctypes.c_long
        value = kind(0)
        error = self._selem(f"get_{what}", element, channel, ctypes.byref(value))
        return None if error < 0 else int(value.value)

    def set(self, element: int, what: str, channel: int, value: int) -> int:
        """Set ``playback_volume``, ``capture_switch``, ... of a channel; 0 or a negative errno."""
        return int(self._selem(f"set_{what}", element, channel, value))

    def db_range(self, element: int, side: str) -> tuple[int, int] | None:
        """Return least and most gain [0.01 dB], None without a dB scale."""
        low, high = ctypes.c_long(0), ctypes.c_long(0)
        error = self._selem(f"get_{side}_dB_range", element, ctypes.byref(low), ctypes.byref(high))
        return None if error < 0 or low.value >= high.value else (low.value, high.value)

    def set_db(self, element: int, side: str, value: int) -> int:
        """Set every channel of a side to the gain nearest to `value` [0.01 dB]."""
        return int(self._selem(f"set_{side}_dB_all", element, value, 0))

    def choices(self, element: int) -> list[str]:
        """Return the items of a capture enumeration, none for another element."""
        if not self._selem("is_enumerated", element) or not self._selem("is_enum_capture", element):
            return []
        names = []
        for item in range(max(0, int(self._selem("get_enum_items", element)))):
            text = ctypes.create_string_buffer(64)
            self._selem("get_enum_item_name", element, item, 64, text)
            names.append(text.value.decode(errors="replace"))
        return names

    def chosen(self, element: int) -> int | None:
        """Return the item in force of an enumeration, None on failure."""
        item = ctypes.c_uint(0)
        error = self._selem("get_enum_item", element, 0, ctypes.byref(item))
        return None if error < 0 else int(item.value)

    def choose(self, element: int, item: int) -> int:
        """Choose an item of an enumeration; 0 or a negative errno."""
        return int(self._selem("set_enum_item", element, 0, item))

    def _selem(self, name: str, element: int, *arguments: Any) -> Any:
        return self._c[f"snd_mixer_selem_{name}"](element, *arguments)
