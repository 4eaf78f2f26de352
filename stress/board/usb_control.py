# SPDX-License-Identifier: MIT
"""What a USB audio device itself says: sample rate, clock, volume and mute. The one door to pyusb.

Linux gives a class request to an interface only to the process that claimed the
interface, and snd-usb-audio has claimed it (drivers/usb/core/devio.c,
check_ctrlrecip). So the kernel's driver is taken off the device for the while
and put back at the end: the card disappears from ALSA and comes back. Requests
to an endpoint or to the device need no claim.

Source: USB Audio Devices 1.0, section 5.2 (GET_CUR 0x81), and 2.0, section 5.2
(CUR 0x01); volume is signed in 1/256 dB.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.board.usb_units import UAC2
from stress.errors import BackendUnavailable, DeviceError, DeviceGone

if TYPE_CHECKING:
    from stress.board.usb_units import ClockSource, FeatureUnit, Units

_TO_INTERFACE, _TO_ENDPOINT = 0xA1, 0xA2
_GET_CUR = {1: 0x81, UAC2: 0x01}
_RATE, _VALID, _MUTE, _VOLUME = 0x01, 0x02, 0x01, 0x02
_TIMEOUT_MS = 500
# A volume at this value is silence whatever the range (UAC1 5.2.2.4.3.2).
_SILENCE = -0x8000
MISSING = "asking the device itself needs pyusb and libusb (python3-usb, or pip install pcmstress[usb])"


@dataclass(frozen=True)
class Level:
    """Volume or mute of one channel as the device tells it.

    Parameters
    ----------
    channel : 0 for the master, else from 1.
    db : volume [dB], -inf for silence; None where it has no volume.
    muted : None where it has no mute.
    """

    unit: int
    playback: bool
    channel: int
    db: float | None
    muted: bool | None


@dataclass(frozen=True)
class DeviceState:
    """The answers of one device.

    Parameters
    ----------
    rates : sample rate per clock source or endpoint [Hz].
    valid : whether the clock is valid, where the device says so.
    refused : requests the device did not answer, in words.
    lies : where it told another rate than the one that had been set, a sentence each.
    """

    rates: dict[int, int]
    valid: dict[int, bool]
    levels: tuple[Level, ...]
    refused: tuple[str, ...]
    lies: tuple[str, ...] = ()


def read_state(bus: int, address: int, units: Units) -> DeviceState:
    """Ask the device at `bus` and `address` for what `units` says can be asked.

    The card is away from ALSA meanwhile.

    Raises
    ------
    BackendUnavailable : pyusb or libusb is not installed.
    DeviceError : no right to open the device, or it is busy; DeviceGone where
        it is not there.
    """
    with _detached(_device(bus, address)) as device:
        return _asked(device, units)


def reset(bus: int, address: int) -> None:
    """Reset the port of a device: it is enumerated again with the same address.

    Raises
    ------
    BackendUnavailable, DeviceError : as `read_state`.
    """
    device = _device(bus, address)
    with _errors(bus, address, "USBDEVFS_RESET"):
        device.reset()


def _usb() -> Any:
    try:
        import usb.core
    except ImportError:
        raise BackendUnavailable(MISSING) from None
    return usb.core


def _libusb() -> Any:
    # pyusb looks for the library with ldconfig or a compiler, and small systems have neither.
    from usb.backend import libusb1

    return libusb1.get_backend() or libusb1.get_backend(find_library=lambda name: "libusb-1.0.so.0")


def lacks() -> str:
    """Return what is missing for any request to a device, "" when nothing is."""
    try:
        _usb()
        return "" if _libusb() is not None else MISSING
    except (BackendUnavailable, ImportError):
        return MISSING


def _device(bus: int, address: int) -> Any:
    core = _usb()
    try:
        found = core.find(bus=bus, address=address, backend=_libusb())
    except core.NoBackendError:
        raise BackendUnavailable(MISSING) from None
    if found is None:
        raise DeviceGone("no such USB device", errno_=errno.ENODEV, device=_name(bus, address))
    return found


def _name(bus: int, address: int) -> str:
    return f"/dev/bus/usb/{bus:03}/{address:03}"


@contextmanager
def _errors(bus: int, address: int, call: str) -> Iterator[None]:
    try:
        yield
    except _usb().USBError as error:
        number = error.errno or errno.EIO
        if number == errno.ENODEV:
            raise DeviceGone("the device went away", errno_=number, device=_name(bus, address)) from None
        advice = "root, or a udev rule for the device" if number == errno.EACCES else "is it in use?"
        raise DeviceError(advice, errno_=number, device=_name(bus, address), call=call) from None


@contextmanager
def _detached(device: Any) -> Iterator[Any]:
    taken: list[int] = []
    try:
        with _errors(device.bus, device.address, "USBDEVFS_DISCONNECT"):
            for interface in device.get_active_configuration():
                number = int(interface.bInterfaceNumber)
                if interface.bAlternateSetting == 0 and device.is_kernel_driver_active(number):
                    device.detach_kernel_driver(number)
                    taken.append(number)
        yield device
    finally:
        _release(device)
        with _errors(device.bus, device.address, "USBDEVFS_CONNECT"):
            for number in taken:
                # The first of them binds the whole card again, and takes the others with it.
                if not device.is_kernel_driver_active(number):
                    device.attach_kernel_driver(number)


def _release(device: Any) -> None:
    import usb.util

    usb.util.dispose_resources(device)


def _asked(device: Any, units: Units) -> DeviceState:
    refused: list[str] = []
    rates, valid = {}, {}
    for clock in units.clocks:
        rate = _clock(device, clock, _RATE, refused) if clock.readable else None
        if rate is not None:
            rates[clock.number] = rate
        told = _clock(device, clock, _VALID, refused) if clock.tells_validity else None
        if told is not None:
            valid[clock.number] = bool(told)
    levels = [level for unit in units.features for level in _levels(device, unit, refused)]
    return DeviceState(rates, valid, tuple(levels), tuple(refused))


def _clock(device: Any, clock: ClockSource, control: int, refused: list[str]) -> int | None:
    what = f"the {'rate' if control == _RATE else 'validity'} of clock {clock.number:#04x}"
    if clock.version == UAC2:
        size = 4 if control == _RATE else 1
        request = _Request(_TO_INTERFACE, control << 8, clock.number << 8 | clock.interface, size)
    else:
        request = _Request(_TO_ENDPOINT, control << 8, clock.number, 3)
    return _get(device, clock.version, request, what, refused)


def _levels(device: Any, unit: FeatureUnit, refused: list[str]) -> Iterator[Level]:
    index = unit.unit << 8 | unit.interface
    for channel in sorted({*unit.volume, *unit.mute}):
        parts: list[int | None] = []
        for control, size, has in ((_VOLUME, 2, unit.volume), (_MUTE, 1, unit.mute)):
            what = f"{'volume' if control == _VOLUME else 'mute'} of unit {unit.unit}, channel {channel}"
            request = _Request(_TO_INTERFACE, control << 8 | channel, index, size)
            parts.append(_get(device, unit.version, request, what, refused) if channel in has else None)
        volume, muted = parts
        yield Level(unit.unit, unit.playback, channel, _db(volume), None if muted is None else bool(muted))


def _db(value: int | None) -> float | None:
    if value is None:
        return None
    signed = value - 0x10000 if value & 0x8000 else value
    return float("-inf") if signed == _SILENCE else signed / 256


@dataclass(frozen=True)
class _Request:
    # GET_CUR of one control: bmRequestType, wValue, wIndex, wLength.
    kind: int
    value: int
    index: int
    size: int


def _get(device: Any, version: int, request: _Request, what: str, refused: list[str]) -> int | None:
    kind, size = request.kind, request.size
    try:
        answer = bytes(
            device.ctrl_transfer(kind, _GET_CUR[version], request.value, request.index, size, _TIMEOUT_MS)
        )
    except _usb().USBError as error:
        if error.errno == errno.ENODEV:
            raise DeviceGone("the device went away", errno_=errno.ENODEV, device="USB device") from None
        refused.append(f"{what}: {error.strerror or 'no answer'}")
        return None
    if len(answer) != size:
        refused.append(f"{what}: {len(answer)} of {size} bytes")
        return None
    return int.from_bytes(answer, "little")


def disagreements(state: DeviceState, rate: int) -> list[str]:
    """Return where the device says other than ALSA, or than a bit-exact path needs, one sentence each.

    Parameters
    ----------
    rate : in hw_params of the open stream [Hz]; 0 where none is open.
    """
    found = [*state.lies, *other_rates(state, rate)]
    found += [
        f"the device says that clock {number:#04x} is not valid"
        for number, ok in state.valid.items()
        if not ok
    ]
    return found + _not_exact(state.levels)


def other_rates(state: DeviceState, rate: int) -> list[str]:
    """Return where a clock of playback tells another rate than ALSA set, one sentence each.

    Parameters
    ----------
    rate : that ALSA set last for playback [Hz], 0 where it set none.
    """
    # Endpoints of capture have bit 7 set and may run otherwise; of several clock sources one is in use.
    clocks = {number: told for number, told in state.rates.items() if not number & 0x80} or state.rates
    if not rate or rate in clocks.values():
        return []
    said = f"ALSA set {rate} Hz, the device says"
    return [f"{said} {told} Hz (clock {number:#04x})" for number, told in clocks.items()]


def _not_exact(levels: Sequence[Level]) -> list[str]:
    found = []
    for level in levels:
        side = "playback" if level.playback else "capture"
        where = f"{side}, {'master' if not level.channel else f'channel {level.channel}'} (unit {level.unit})"
        if level.muted:
            found.append(f"the device mutes {where}")
        elif level.db:
            found.append(f"the device sets {where} to {level.db:+.2f} dB; bit-exact is 0 dB")
    return found
