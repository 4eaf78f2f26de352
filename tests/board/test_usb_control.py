# SPDX-License-Identifier: MIT
"""Control requests to a device, against a fake of pyusb's own interface."""

from __future__ import annotations

import errno
import sys
import types

import pytest

from stress.board import usb_control
from stress.board.usb_units import UAC1, UAC2, ClockSource, FeatureUnit, Units
from stress.errors import BackendUnavailable, DeviceError, DeviceGone

UAC1_UNITS = Units(
    (FeatureUnit(5, 0, UAC1, volume=(1, 2), mute=(0,), playback=True),),
    (ClockSource(0x01, 1, UAC1, True, False),),
)
UAC2_UNITS = Units((), (ClockSource(0x29, 0, UAC2, True, True),))


class USBError(OSError):
    """As usb.core.USBError: an OSError with a USB strerror."""


class NoBackendError(ValueError):
    """As usb.core.NoBackendError."""


class Interface:
    """One interface of the active configuration, alternate setting 0."""

    bAlternateSetting = 0  # noqa: N815 - the name of the USB standard

    def __init__(self, number):
        self.bInterfaceNumber = number


class Device:
    """A device that answers from a table and knows who drives its interfaces."""

    bus, address = 1, 7

    def __init__(self, answers):
        self.answers, self.asked = answers, []
        self.driven, self.log = {0, 1, 2}, []

    def get_active_configuration(self):
        return [Interface(number) for number in (0, 1, 2)]

    def is_kernel_driver_active(self, number):
        return number in self.driven

    def detach_kernel_driver(self, number):
        self.log.append(("detach", number))
        # Taking one interface disconnects the whole card, as snd-usb-audio does.
        self.driven.clear()

    def attach_kernel_driver(self, number):
        self.log.append(("attach", number))
        self.driven |= {0, 1, 2}

    def ctrl_transfer(self, kind, request, value, index, size, timeout):
        assert not self.driven, "a class request while the kernel drives the interface is EBUSY"
        self.asked.append((kind, request, value, index, size))
        answer = self.answers.get((kind, request, value, index))
        if answer is None:
            raise USBError(errno.EPIPE, "Pipe error")
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def attach(monkeypatch):
    def make(device, found=None):
        core = types.ModuleType("usb.core")
        core.USBError, core.NoBackendError = USBError, NoBackendError
        core.find = lambda bus, address, backend: device if device and (bus, address) == (1, 7) else None
        util = types.ModuleType("usb.util")
        util.dispose_resources = lambda device: None
        package, backends, libusb1 = (
            types.ModuleType(name) for name in ("usb", "usb.backend", "usb.backend.libusb1")
        )
        libusb1.get_backend = lambda find_library=None: found(find_library) if found else "libusb"
        package.core, package.util, package.backend, backends.libusb1 = core, util, backends, libusb1
        for module in (package, core, util, backends, libusb1):
            monkeypatch.setitem(sys.modules, module.__name__, module)
        return core

    return make


def test_uac1_device_is_asked_by_its_own_requests_and_answers_in_db(attach):
    device = Device(
        {
            (0xA2, 0x81, 0x0100, 0x01): (44100).to_bytes(3, "little"),
            (0xA1, 0x81, 0x0100, 0x0500): b"\1",
            (0xA1, 0x81, 0x0201, 0x0500): (-770 & 0xFFFF).to_bytes(2, "little"),
            (0xA1, 0x81, 0x0202, 0x0500): b"\x00\x80",
        }
    )
    attach(device)
    state = usb_control.read_state(1, 7, UAC1_UNITS)
    assert state.rates == {0x01: 44100}
    told = {(level.channel, level.db, level.muted) for level in state.levels}
    assert told == {(0, None, True), (1, -3.0078125, None), (2, float("-inf"), None)}
    assert state.refused == ()
    assert device.driven == {0, 1, 2}
    assert device.log == [("detach", 0), ("attach", 0)]


def test_uac2_device_tells_rate_and_validity_of_its_clock(attach):
    device = Device(
        {
            (0xA1, 0x01, 0x0100, 0x2900): (96000).to_bytes(4, "little"),
            (0xA1, 0x01, 0x0200, 0x2900): b"\0",
        }
    )
    attach(device)
    state = usb_control.read_state(1, 7, UAC2_UNITS)
    assert (state.rates, state.valid) == ({0x29: 96000}, {0x29: False})
    assert usb_control.disagreements(state, 48000) == [
        "ALSA set 48000 Hz, the device says 96000 Hz (clock 0x29)",
        "the device says that clock 0x29 is not valid",
    ]


def test_request_the_device_stalls_is_named_and_the_others_are_asked(attach):
    device = Device({(0xA1, 0x81, 0x0100, 0x0500): b"\0", (0xA1, 0x81, 0x0201, 0x0500): b"\0"})
    attach(device)
    state = usb_control.read_state(1, 7, UAC1_UNITS)
    assert state.rates == {}
    assert len(state.refused) == 3
    assert "the rate of clock 0x01: Pipe error" in state.refused
    assert "volume of unit 5, channel 1: 1 of 2 bytes" in state.refused


def test_driver_is_put_back_when_the_device_goes_away_in_between(attach):
    device = Device({(0xA2, 0x81, 0x0100, 0x01): USBError(errno.ENODEV, "No such device")})
    attach(device)
    with pytest.raises(DeviceGone):
        usb_control.read_state(1, 7, UAC1_UNITS)
    assert ("attach", 0) in device.log


def test_device_nobody_may_open_names_the_way_out(attach):
    device = Device({})

    def refuse(number):
        raise USBError(errno.EACCES, "Access denied")

    device.detach_kernel_driver = refuse
    attach(device)
    with pytest.raises(DeviceError, match="udev rule"):
        usb_control.read_state(1, 7, UAC1_UNITS)


def test_device_that_is_not_there_is_named(attach):
    attach(None)
    with pytest.raises(DeviceGone, match=r"/dev/bus/usb/001/007"):
        usb_control.read_state(1, 7, UAC1_UNITS)


def test_missing_library_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "usb", None)
    monkeypatch.setitem(sys.modules, "usb.core", None)
    with pytest.raises(BackendUnavailable, match="pyusb"):
        usb_control.read_state(1, 7, UAC1_UNITS)


def test_levels_off_zero_and_mutes_are_disagreements_and_zero_is_none():
    def state(*levels):
        return usb_control.DeviceState({}, {}, levels, ())

    sound = usb_control.Level(5, True, 1, 0.0, False)
    assert usb_control.disagreements(state(sound), 48000) == []
    soft = usb_control.Level(5, True, 2, -3.0, None)
    mute = usb_control.Level(6, False, 0, 0.0, True)
    assert usb_control.disagreements(state(soft, mute), 0) == [
        "the device sets playback, channel 2 (unit 5) to -3.00 dB; bit-exact is 0 dB",
        "the device mutes capture, master (unit 6)",
    ]


def test_library_is_found_by_its_name_where_no_ldconfig_tells_it(attach):
    attach(None, lambda find_library: find_library("usb-1.0") if find_library else None)
    assert usb_control.lacks() == ""


def test_library_that_is_not_there_is_said_before_anything_is_tried(attach):
    attach(None, lambda find_library: None)
    assert "python3-usb" in usb_control.lacks()
