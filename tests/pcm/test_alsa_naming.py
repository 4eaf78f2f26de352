# SPDX-License-Identifier: MIT
"""Names, open errors in words, and who holds a device."""

from __future__ import annotations

import errno
import os

import pytest

from stress.board.pcm_name import parse_hw
from stress.errors import ConfigError, DeviceBusy, DeviceError, DeviceGone
from stress.pcm.alsa import AlsaPcm, naming


@pytest.mark.parametrize(
    ("name", "card"),
    [("hw:0", "0"), ("hw:1,0", "1"), ("hw:Loopback,1,3", "Loopback"), ("hw:CARD=Audio_1,DEV=0", "Audio_1")],
)
def test_hardware_names_give_their_card(name, card):
    assert naming.card_of(name) == card


@pytest.mark.parametrize("name", ["default", "plughw:0,0", "hw:0,0,0,0", "hw:", "hw:a b", "dmix", ""])
def test_anything_but_hw_is_a_config_error(name):
    with pytest.raises(ConfigError, match="hw:CARD,DEVICE"):
        naming.card_of(name)


def test_both_names_are_checked_before_anything_is_opened():
    with pytest.raises(ConfigError, match="playback"):
        AlsaPcm("default", "hw:0")
    with pytest.raises(ConfigError, match="capture"):
        AlsaPcm("hw:0", "default")


@pytest.mark.parametrize(
    ("code", "card", "words"),
    [
        (errno.ENODEV, -errno.ENODEV, "no such card"),
        (errno.ENOENT, 0, "no such playback device"),
        (errno.EACCES, 0, "group audio"),
        (errno.EIO, 0, "cannot be opened"),
    ],
)
def test_open_errors_say_what_to_do(code, card, words):
    error = naming.open_error("hw:0,9", "playback", -code, card)
    assert type(error) is DeviceError
    assert words in str(error)
    assert "hw:0,9 playback" in str(error)
    assert error.errno == code


def test_open_error_of_a_listed_card_without_permission_names_the_file(monkeypatch):
    # alsa-lib finds no card of that name where it may not open the control devices.
    words = "no permission for /dev/snd/pcmC1D0p: root, or group audio"
    monkeypatch.setattr(naming.permission, "refusal", lambda name, direction: words)
    error = naming.open_error("hw:softcard,0", "playback", -errno.ENODEV, -errno.ENODEV)
    assert str(error).startswith(f"hw:softcard,0 playback: {words}")
    assert error.errno == errno.EACCES


def test_busy_device_is_its_own_error():
    error = naming.open_error("hw:9,0", "capture", -errno.EBUSY, 9)
    assert isinstance(error, DeviceBusy)
    assert "in use" in str(error)


def test_holders_are_read_from_the_status_files(tmp_path):
    own = f"state: SETUP\nowner_pid   : {os.getpid()}\n"
    other = "state: RUNNING\nowner_pid   : 1\nhw_ptr : 5\n"
    for sub, text in (("sub0", other), ("sub1", "closed\n"), ("sub2", own)):
        folder = tmp_path / "card2" / "pcm0p" / sub
        folder.mkdir(parents=True)
        (folder / "status").write_text(text)
    found = naming.holders(2, tmp_path)
    assert found.startswith("pid 1 (")
    assert found.endswith(") has pcm0p")
    assert naming.holders(3, tmp_path) == ""
    (tmp_path / "card2" / "pcm0p" / "sub0" / "status").write_text("closed\n")
    assert naming.holders(2, tmp_path).startswith(f"pid {os.getpid()} (")


@pytest.mark.parametrize("code", [errno.ENODEV, errno.ENXIO])
def test_later_calls_on_a_vanished_card_are_device_gone(code):
    assert isinstance(naming.call_error("hw:0", "snd_pcm_prepare", -code), DeviceGone)


def test_later_calls_that_fail_name_the_call():
    error = naming.call_error("hw:0 playback", "snd_pcm_prepare", -errno.EIO)
    assert not isinstance(error, DeviceGone)
    assert "snd_pcm_prepare" in str(error)


def test_named_pcm_is_taken_where_it_is_asked_for_by_pcm_only():
    naming.checked("pcm:plughw:1,0")
    naming.checked("hw:1,0")
    for name in ("plughw:1,0", "default", "pcm:"):
        with pytest.raises(ConfigError):
            naming.checked(name)


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("hw:1", "hw:3"),
        ("hw:1,2", "hw:3,2"),
        ("hw:1,2,4", "hw:3,2,4"),
        ("hw:2,1", "hw:2,1"),
        ("hw:Loopback,1", "hw:Loopback,1"),
        ("pcm:plughw:1,0", "pcm:plughw:1,0"),
    ],
)
def test_card_that_has_another_number_now_is_named_by_it(name, after):
    assert parse_hw(naming.renumbered(name, 1, 3)) == parse_hw(after)
    if parse_hw(name) is None:
        assert naming.renumbered(name, 1, 3) == name


def test_holder_whose_program_is_not_known_is_named_by_its_number(tmp_path):
    folder = tmp_path / "card2" / "pcm0p" / "sub0"
    folder.mkdir(parents=True)
    (folder / "status").write_text("owner_pid   : 4194999\n")
    assert naming.holders(2, tmp_path) == "pid 4194999 (?) has pcm0p"
    (folder / "status").write_text(f"owner_pid   : {os.getpid()}\n")
    assert naming.holders(2, tmp_path) == f"pid {os.getpid()} ({_program()}) has pcm0p"


def _program():
    with open("/proc/self/comm") as file:
        return file.read().strip()


@pytest.mark.parametrize("code", [errno.ENODEV, errno.ENXIO, errno.EIO, errno.EPIPE])
def test_error_of_a_call_has_its_number(code):
    error = naming.call_error("hw:0", "snd_pcm_prepare", -code)
    assert (error.errno, type(error)) == (
        code,
        DeviceGone if code in (errno.ENODEV, errno.ENXIO) else DeviceError,
    )
