# SPDX-License-Identifier: MIT
"""The lab's pure parts: missing packages, kernel options, archives, cache, QEMU arguments."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools.labkit import (
    apt,
    boards,
    cache,
    command,
    cpio,
    initramfs,
    kernel,
    kernel_tree,
    listing,
    need,
    payload,
    qemu,
    runner,
    steps,
)
from tools.labkit.errors import LabError, MissingPrograms


def test_missing_line_names_each_package_once() -> None:
    assert need.missing_line(["qemu-system-arm", "mmdebstrap", "mmdebstrap"]) == (
        "missing qemu-system-arm, mmdebstrap: apt-get install qemu-system-arm mmdebstrap"
    )


def test_require_names_all_packages_of_absent_programs() -> None:
    with pytest.raises(MissingPrograms, match="^missing one, two: apt-get install one two$") as caught:
        need.require({"no-such-a": "one", "sh": "dash", "/no/such/file.h": "two"})
    assert caught.value.code == 4


def test_run_without_qemu_skips_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(need, "_SBIN", ())
    assert command.main(["run", "armv7", "--", "true"]) == 4
    text = capsys.readouterr().err
    assert text.startswith("tools/lab: missing qemu-system-arm, mmdebstrap, tar, kmod: apt-get install ")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fly"],
        ["run"],
        ["run", "armv7"],
        ["run", "nowhere", "--", "true"],
        ["build", "armv7", "--frce"],
        ["run", "armv7", "--timeout", "soon", "--", "true"],
        ["userland", "9/armel", "--", "true"],
        ["run", "armv7", "--emulator-env", "A", "--", "true"],
    ],
)
def test_command_line_mistake_ends_with_64(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(argv) == 64
    assert "Traceback" not in capsys.readouterr().err


def test_unwritable_cache_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path / "file"))
    assert command.main(["boards"]) == 70
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_refused_options_are_those_kconfig_dropped() -> None:
    fragment = (
        "# a comment\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_C=m\n# CONFIG_D is not set\n# CONFIG_E is not set\n"
    )
    granted = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=y\nCONFIG_D=y\n"
    assert kernel_tree.refused_options(fragment, granted) == [
        "CONFIG_B=y",
        "CONFIG_C=m",
        "# CONFIG_D is not set",
    ]


def test_apt_reason_is_the_error_lines() -> None:
    assert apt.reason("I: x\nE: Unable to locate\nE: Unable to locate\nW: y\n") == "E: Unable to locate"


def test_archive_is_unpacked_by_cpio(tmp_path: Path) -> None:
    if not need.find("cpio"):
        pytest.skip("cpio is not installed: the archive cannot be compared with an independent reader")
    source = tmp_path / "tree"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "tool").write_bytes(b"x" * 5)
    (source / "sub" / "tool").chmod(0o755)
    (source / "drop").write_text("no")
    out = io.BytesIO()
    archive = cpio.Archive(out)
    archive.file("a/b/text", b"hello")
    archive.link("a/l", "b/text")
    archive.tree(source, "t", lambda path: path != "drop")
    archive.close()
    into = tmp_path / "into"
    into.mkdir()
    subprocess.run([need.find("cpio"), "-id", "--quiet"], input=out.getvalue(), cwd=into, check=True)
    assert len(out.getvalue()) % 512 == 0
    assert (into / "a/l").read_text() == "hello"
    assert (into / "t/sub/tool").stat().st_mode & 0o777 == 0o755
    assert not (into / "t/drop").exists()


def test_payload_takes_the_project_and_leaves_the_rest() -> None:
    wanted = ["stress/cli/main.py", "tools/lab", "configs", "setup.cfg"]
    assert all(map(payload.keep, wanted))
    assert not any(map(payload.keep, [".git", ".venv/bin", "build/x", "stress/__pycache__/a.pyc", "runs/1"]))


def test_trimmed_globs_cover_whole_trees() -> None:
    assert initramfs.trimmed("usr/share/doc", ("usr/share/doc",))
    assert initramfs.trimmed("usr/lib/perl5/a", ("usr/lib/perl*",))
    assert not initramfs.trimmed("usr/share/docs", ("usr/share/doc",))


def test_artifact_of_a_failed_build_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))

    def fail(into: Path) -> None:
        (into / "half").write_text("x")
        raise LabError("no")

    with pytest.raises(LabError):
        cache.artifact("thing", fail)
    assert not list(cache.root().glob("thing*"))
    made = cache.artifact("thing", lambda into: (into / "whole").write_text("y") and None)
    assert sorted(path.name for path in made.iterdir()) == ["whole"]


def test_artifact_is_built_once_unless_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    built: list[int] = []
    for force in (False, False, True):
        cache.artifact("thing", lambda into: built.append(1), force=force)
    assert len(built) == 2
    assert [path.name for path in cache.root().glob("thing*")] == ["thing"]


def test_stale_entries_are_those_no_description_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    kept = kernel.userland_name(boards.load("armv5"))
    for name in (kept, "userland-bookworm-armel-00000000", "kernel-linux-source-6.1-00000000", "other"):
        (cache.root() / name).mkdir()
    assert listing.stale() == ["kernel-linux-source-6.1-00000000", "userland-bookworm-armel-00000000"]


def test_clean_leaves_what_a_guest_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    name = kernel.userland_name(boards.load("armv7"))
    (cache.root() / name / "usr").mkdir(parents=True)
    with cache.locked(name, shared=True):
        assert command.main(["clean", "armv7"]) == 70
    assert (cache.root() / name).is_dir()
    assert command.main(["clean", "armv7"]) == 0
    assert not (cache.root() / name).exists()


def test_lock_in_use_is_refused_without_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    with cache.locked("thing", shared=True):
        with cache.locked("thing", shared=True, wait=False):
            pass
        with pytest.raises(LabError, match="thing is in use"), cache.locked("thing", wait=False):
            pass


def _machine(name: str, logs: Path, **options: object) -> qemu.Machine:
    linux = kernel.Built(Path("/k/image"), Path("/k/lib/modules/6.1"), None)
    shares = {"root": (Path("/a,b"), True)}
    return qemu.Machine(boards.load(name), Path("/q"), linux, Path("/i"), logs, shares, **options)  # type: ignore


def test_emulator_command_escapes_commas_and_keeps_the_root_readonly(tmp_path: Path) -> None:
    words = qemu.command(_machine("armv7", tmp_path, append=["a=b"]))
    share = words[words.index("-fsdev") + 1]
    assert "path=/a,,b," in share
    assert share.endswith("readonly=on")
    assert words[words.index("-append") + 1].endswith("a=b")
    assert "virtio-9p-device,fsdev=root,mount_tag=root" in words


@pytest.mark.parametrize("name", ["armv5", "armv7", "x86_64"])
def test_virtual_time_is_described_for_one_cpu(name: str) -> None:
    args = boards.load(name).emulator
    assert "-icount" in args.virtual_time
    assert "-smp" not in args.args or args.virtual_time[:2] == ("-smp", "1")


def test_emulator_environment_run_wins_over_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_X", "host")
    assert qemu.environment(_machine("armv7", tmp_path))["LAB_X"] == "host"
    assert qemu.environment(_machine("armv7", tmp_path, env={"LAB_X": "run"}))["LAB_X"] == "run"


def test_console_tail_is_the_last_lines_of_any_bytes(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"\xff\r\n" + b"".join(b"line %d\r\n" % number for number in range(50)))
    assert runner.tail(log).splitlines() == [f"line {number}" for number in range(30, 50)]
    assert runner.tail(tmp_path / "absent") == ""


@pytest.mark.parametrize(
    ("release", "suites"),
    [("bookworm", ["bookworm"]), ("trixie-backports", ["trixie", "trixie-backports"])],
)
def test_sources_of_backports_name_the_release_they_depend_on(
    release: str, suites: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCMSTRESS_MIRROR", "http://mirror.example/debian")
    lines = apt.sources(release).splitlines()
    assert [line.split()[-2:] for line in lines] == [[suite, "main"] for suite in suites]
    assert all(line.startswith("deb ") and " http://mirror.example/debian " in line for line in lines)


def test_small_configuration_takes_nothing_from_the_board_s_own() -> None:
    own = set(kernel_tree.effective((boards.CONFIGS / "armv5.config").read_text()).splitlines())
    both = "".join((boards.CONFIGS / name).read_text() for name in ("armv5.config", "small.config"))
    assert own <= set(kernel_tree.effective(both).splitlines())


def test_watched_step_keeps_its_log_and_names_the_first_error(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    script = "echo '  CC a.o'; echo 'a.c:3:9: error: expected ;'; echo 'a.c:4:1: error: more'; exit 2"
    with pytest.raises(
        LabError, match=r"^sh ended with 2: a\.c:3:9: error: expected ; \(whole log: .*build\.log\)$"
    ):
        steps.watched(["sh", "-c", script], tmp_path, log, per="files")
    assert log.read_text().count("\n") == 3


def test_watched_step_that_is_killed_says_so_and_how_to_go_on(tmp_path: Path) -> None:
    wanted = r"^sh was ended by signal 9 \(Killed\): the same command goes on where it stopped \(whole log: "
    with pytest.raises(LabError, match=wanted):
        steps.watched(["sh", "-c", "echo '  CC a.o'; kill -9 $$"], tmp_path, tmp_path / "log", per="files")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
def test_watched_step_ends_with_the_lab_that_runs_it(tmp_path: Path, sign: signal.Signals) -> None:
    if not need.find("setpriv"):
        pytest.skip("setpriv is missing: apt-get install util-linux")
    program = (
        "import sys; from pathlib import Path; from tools.labkit import command, steps; import signal;"
        "signal.signal(signal.SIGTERM, command._terminated); here = Path(sys.argv[1]);"
        "steps.watched(['sh', '-c', 'echo $$ > pid; exec sleep 60'], here, here / 'log', per='files')"
    )
    lab = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=boards.PROJECT)
    build = int(_within_10_s(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip()))
    lab.send_signal(sign)
    assert lab.wait(10) in (128 + signal.SIGTERM, -signal.SIGKILL)
    _within_10_s(lambda: not _runs(build))


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    # One whose parent is gone stays a zombie until init takes it.
    return state != "Z"


def _within_10_s(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 10
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.02)
    assert value
    return value


@pytest.mark.parametrize(
    ("last", "gave_up"),
    [
        ("Reboot failed -- System halted\n", True),
        ("---[ end Kernel panic - not syncing: tried ]---\n", True),
        ("Kernel panic - not syncing: tried\nRebooting in 1 seconds..\n", False),
        ("random: crng init done\n", False),
    ],
)
def test_console_tells_a_kernel_that_gave_up(tmp_path: Path, last: str, gave_up: bool) -> None:
    (tmp_path / "console.log").write_text(f"Booting Linux\n{last}")
    assert runner.halted(tmp_path / "console.log") == gave_up


@pytest.mark.parametrize(
    ("root", "began", "stuck"), [("9p", False, True), ("9p", True, False), ("initramfs", False, False)]
)
def test_kernel_that_starts_no_job_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, began: bool, stuck: bool
) -> None:
    (tmp_path / "console.log").write_text("Booting Linux\n")
    if began:
        (tmp_path / "started").touch()
    machine = SimpleNamespace(logs=tmp_path, board=SimpleNamespace(boot=SimpleNamespace(root=root)))
    boot = runner._Boot(machine)  # type: ignore[arg-type]
    assert not boot.failed()
    monkeypatch.setattr(runner, "BOOT_S", -1)
    assert [boot.failed(), boot.stuck] == [stuck, stuck]


def test_emulator_of_a_halted_guest_is_ended_before_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qemu, "_HALTED_S", 0.0)
    with subprocess.Popen(["sleep", "60"]) as process:
        assert qemu.watch(process, 30, lambda: None, lambda: True)
    assert process.returncode == -9
