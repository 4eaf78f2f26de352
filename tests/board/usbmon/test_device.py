# SPDX-License-Identifier: MIT
"""Opening usbmon, and what is said when it may not be opened."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from stress.board.usbmon import device
from stress.board.usbmon.device import UsbMonitor
from stress.errors import BackendUnavailable, DeviceError


def test_missing_usbmon_names_the_module_and_what_it_costs(tmp_path):
    with pytest.raises(BackendUnavailable, match="modprobe usbmon.*cannot tell the host's rings"):
        UsbMonitor(1, 0, tmp_path)


def test_lack_of_rights_says_how_to_grant_them_and_what_it_costs(tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(device.os, "open", refuse)
    with pytest.raises(DeviceError) as refused:
        UsbMonitor(3, 0, tmp_path)
    text = str(refused.value)
    for part in ("usbmon3", 'SUBSYSTEM=="usbmon"', "GROUP=", "root", "cannot tell the host's rings"):
        assert part in text
    assert "\n" not in text


def test_file_that_is_no_usbmon_is_refused_and_closed(tmp_path):
    (tmp_path / "usbmon1").write_bytes(b"")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(DeviceError, match="usbmon fails"):
        UsbMonitor(1, 0, tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(("asked", "granted"), [(32 << 20, 1 << 20), (1 << 20, 1 << 20), (0, 8192)])
def test_ring_is_halved_until_the_kernel_gives_it(tmp_path, monkeypatch, asked, granted):
    (tmp_path / "usbmon1").write_bytes(b"")
    sizes = []

    def ioctl(file, number, size):
        sizes.append(size)
        if size > 1228800:
            raise OSError(errno.EINVAL, "too large")

    monkeypatch.setattr(device.fcntl, "ioctl", ioctl)
    monitor = UsbMonitor(1, asked, tmp_path)
    monitor.close()
    assert monitor.ring_bytes == granted
    assert sizes[-1] == granted


@pytest.fixture
def device_of_root():
    """A folder with a usbmon1 that only root may read, seen by somebody who is not root."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "usbmon1").write_bytes(b"")
        (path / "usbmon1").chmod(0)
        path.chmod(0o755)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield path
        finally:
            os.seteuid(user)


def test_user_who_is_not_root_is_told_of_the_rule(device_of_root):
    with pytest.raises(DeviceError, match='no right to watch the bus.*SUBSYSTEM=="usbmon"') as refused:
        UsbMonitor(1, 0, device_of_root)
    assert refused.value.errno == errno.EACCES
