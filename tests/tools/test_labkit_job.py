# SPDX-License-Identifier: MIT
"""What goes into a guest and how its answer is read."""

from __future__ import annotations

import os
import subprocess

import pytest

from tools.labkit import job
from tools.labkit.errors import LabUsage

_AWKWARD = ["a b", "", "it's", '"', "$HOME `id` \\", "*", "line\nbreak", "-n", "~", "\u00e9", "a;b", "\udcff"]


def test_command_script_keeps_every_argument() -> None:
    script = job.command_script(["printf", r"%s\0", *_AWKWARD])
    done = subprocess.run([b"sh", b"-c", os.fsencode(script)], capture_output=True, check=True)
    assert done.stdout.split(b"\0") == [*map(os.fsencode, _AWKWARD), b""]


def test_command_script_replaces_the_shell() -> None:
    done = subprocess.run(["sh", "-c", job.command_script(["sh", "-c", "kill -9 $$"])], check=False)
    assert done.returncode == -9


@pytest.mark.parametrize("argv", [[], ["a\0b"]])
def test_command_script_impossible_command_is_refused(argv: list[str]) -> None:
    with pytest.raises(LabUsage):
        job.command_script(argv)


def test_job_conf_is_read_back_by_a_shell() -> None:
    text = job.job_conf(["snd-aloop", "usbmon"], memory=True, shell=False)
    shown = subprocess.run(
        ["sh", "-c", f'{text}printf "%s|%s|%s" "$MODULES" "$MEMORY" "$SHELL_ONLY"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown == "snd-aloop usbmon|1|"


def test_module_options_of_a_board_module_keep_its_place() -> None:
    names, arguments = job.module_options(["snd_aloop index=1 pcm_substreams=2"], ["snd-aloop", "usbmon"])
    assert names == ["snd-aloop", "usbmon"]
    assert arguments == ["snd_aloop.index=1", "snd_aloop.pcm_substreams=2"]


def test_module_options_add_another_module_last() -> None:
    assert job.module_options(["snd-dummy fake_buffer=0"], ["usbmon"]) == (
        ["usbmon", "snd-dummy"],
        ["snd_dummy.fake_buffer=0"],
    )


@pytest.mark.parametrize("spec", ["", "  ", "snd-aloop 'id=a b'"])
def test_module_options_that_cannot_be_passed_are_refused(spec: str) -> None:
    with pytest.raises(LabUsage):
        job.module_options([spec], [])


@pytest.mark.parametrize(("text", "expected"), [("90s", 90), ("10m", 600), ("3h", 10800), ("45", 45)])
def test_seconds_reads_the_time_syntax(text: str, expected: int) -> None:
    assert job.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "0", "0s", "-5s", "1d", "1.5m", "m", "10 m"])
def test_seconds_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(LabUsage, match="90s, 10m or 3h"):
        job.seconds(text)


@pytest.mark.parametrize("code", [0, 1, 4, 64, 70, 137, 255])
def test_outcome_passes_the_commands_code_on(code: int) -> None:
    assert job.outcome(f"{code}\n") == (code, "")


def test_outcome_without_an_exit_code_is_broken() -> None:
    code, failure = job.outcome(None)
    assert code == 70
    assert "no exit code came back" in failure


def test_outcome_names_the_emulators_code_when_it_failed() -> None:
    assert "ended with 1" in job.outcome(None, emulator_code=1)[1]


def test_outcome_names_the_panic_of_a_guest_that_crashed() -> None:
    console = "[ 1.0] x\n[ 2.0] Kernel panic - not syncing: VFS: no root\r\n[ 2.1] CPU: 0\n"
    failure = job.outcome(None, console=console)[1]
    assert failure == "no exit code came back: Kernel panic - not syncing: VFS: no root"


@pytest.mark.parametrize("answer", ["", "\n", "-1", "256", "0 0", "zero", "1e3", "\x00", "broken"])
def test_outcome_of_an_unreadable_answer_never_passes(answer: str) -> None:
    code, failure = job.outcome(answer)
    assert code == 70
    assert failure


def test_outcome_at_the_time_limit_is_not_the_late_answer() -> None:
    assert job.outcome("0", limit_s=30) == (124, "time limit of 30 s reached")


def test_kernel_that_never_starts_the_job_is_said_with_the_limit() -> None:
    code, failure = job.outcome(None, stuck_s=600, emulator_code=-9)
    assert (code, failure) == (70, "the kernel did not start the job within 600 s")
