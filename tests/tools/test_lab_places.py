# SPDX-License-Identifier: MIT
"""A guest as a place of labgrid: its console on a port, and the environment for QEMUDriver."""

from __future__ import annotations

import os
import shlex
from types import SimpleNamespace

import pytest

from tools.labkit import boards, labgrid, qemu, runner, shell
from tools.labkit.errors import LabUsage

COMMAND = [
    *("/bin/qemu-system-arm", "-M", "virt,highmem=off", "-cpu", "cortex-a15", "-m", "1024", "-smp", "2"),
    *(
        "-display",
        "none",
        "-no-reboot",
        "-kernel",
        "/k",
        "-initrd",
        "/i",
        "-dtb",
        "/d",
        "-append",
        "console=x",
    ),
    *("-monitor", "none", "-serial", "file:/log", "-fsdev", "local,id=a,path=/a b"),
]


def test_labgrid_environment_names_what_the_driver_has_a_key_for_and_hands_on_the_rest():
    found = labgrid.environment(COMMAND, "/e.sh")
    driver = found["targets"]["main"]["drivers"]["QEMUDriver"]
    assert found["tools"] == {"qemu": "/e.sh"}
    assert found["images"] == {"kernel": "/k", "dtb": "/d"}
    assert driver == {
        **{"machine": "virt,highmem=off", "cpu": "cortex-a15", "memory": "1024M", "boot_args": "console=x"},
        **{"kernel": "kernel", "dtb": "dtb", "qemu_bin": "qemu"},
        "extra_args": "-smp 2 -no-reboot -initrd /i -fsdev 'local,id=a,path=/a b'",
    }


def test_labgrid_emulator_is_started_through_what_keeps_the_monitor_clean(tmp_path):
    board = boards.load("armv5-vivt")
    script = labgrid._script(SimpleNamespace(board=board, env={"A": "b c"}, program="/q"))
    assert script.endswith('"$@"\n')
    words = shlex.split(script.splitlines()[1])
    assert words[:2] == ["exec", "env"]
    assert {"QEMU_VIVT=mode=full", "A=b c", "PCMSTRESS_QEMU=/q"} == set(words[2:-2])
    assert os.access(words[-2], os.X_OK)


def test_labgrid_environment_of_a_board_without_a_9p_root_is_refused(tmp_path):
    with pytest.raises(LabUsage, match="armv5-ram: its root is initramfs"):
        labgrid.write(boards.load("armv5-ram"), runner.Options(), tmp_path / "x.yaml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("port", "console", "append"),
    [
        (0, ("-serial", "mon:stdio"), []),
        (4001, ("-monitor", "none", "-serial", "tcp:127.0.0.1:4001,server=on,wait=off"), ["TERM=dumb"]),
    ],
)
def test_shell_console_is_the_terminal_or_a_port_of_the_loopback(port, console, append, monkeypatch):
    seen = {}

    def prepared(board, options, script, held):
        seen["append"] = list(options.append)
        return None, None

    monkeypatch.setattr(runner, "prepared", prepared)
    monkeypatch.setattr(
        qemu, "command", lambda machine, console: seen.setdefault("console", console) and ["true"]
    )
    monkeypatch.setattr(qemu, "environment", lambda machine: {"PATH": "/bin:/usr/bin"})
    assert shell.shell(boards.load("x86_64"), runner.Options(), port) == 0
    assert seen == {"append": append, "console": console}
