# SPDX-License-Identifier: MIT
"""Boot a board, run one command in it, bring back what it left."""

from __future__ import annotations

import dataclasses
import os
import secrets
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from tools.labkit import assemble, cache, job, payload, qemu
from tools.labkit.boards import PROJECT, Board, load

_TAIL_LINES = 20
# A kernel of a board starts the job within 7 to 90 s on a busy machine. Higher: a kernel that hangs at
# boot is given up late; lower: a very busy machine never gets a guest up.
BOOT_S = 600


@dataclasses.dataclass(frozen=True)
class Result:
    """What came back from a guest.

    `code` is the command's exit code, or 70 or 124 with `failure` saying what went
    wrong outside the command. `logs` holds console.log, dmesg.log and qemu.log.
    """

    code: int
    failure: str
    stdout: bytes
    stderr: bytes
    out: Path
    logs: Path
    elapsed_s: float

    @property
    def console_tail(self) -> str:
        """The last lines of the guest's console, of the emulator's log when there are none."""
        return tail(self.logs / "console.log") or tail(self.logs / "qemu.log")


@dataclasses.dataclass(frozen=True)
class Options:
    """How to run: all of it optional.

    `out` receives the working directory, `modprobe` are module names with options,
    `memory` keeps the working directory in the guest's memory until the end,
    `virtual_time` makes the guest's clock follow its instructions, `env` and
    `extra` go to the emulator; `tick` is called with its process again and again.
    """

    timeout_s: int = 0
    out: Path | None = None
    append: Sequence[str] = ()
    modprobe: Sequence[str] = ()
    memory: bool = False
    virtual_time: bool = False
    env: dict[str, str] = dataclasses.field(default_factory=dict)
    extra: Sequence[str] = ()
    tick: Callable[[subprocess.Popen[bytes]], None] | None = None


def run(
    board: Board | str,
    argv: Sequence[str],
    options: Options | None = None,
    *,
    live: tuple[BinaryIO, BinaryIO] | None = None,
) -> Result:
    """Run `argv` in a guest and wait for its end.

    Parameters
    ----------
    live : binary streams that get the command's stdout and stderr as they come.

    Raises MissingPrograms, LabError, ConfigError before anything is started; what
    goes wrong in the guest is in the result.
    """
    chosen = load(board) if isinstance(board, str) else board
    options = options or Options()
    script = job.command_script(argv)
    with ExitStack() as held:
        machine, out = prepared(chosen, options, script, held)
        limit_s = options.timeout_s or chosen.boot.timeout_s
        begin = time.monotonic()
        tails = [
            _Tail(machine.logs / name, live[number] if live else None)
            for number, name in enumerate(("stdout", "stderr"))
        ]
        process = held.enter_context(qemu.started(machine))
        tick = _both(_each(tails), options.tick, process)
        boot = _Boot(machine)
        ended = qemu.watch(process, limit_s, tick, boot.failed)
        if not ended:
            process.kill()
        emulator_code = process.wait()
        _each(tails)()
    elapsed_s = time.monotonic() - begin
    if chosen.boot.root == "initramfs":
        _unpack(machine.logs, out)
    code, failure = job.outcome(
        _answer(machine.logs / "exit"),
        limit_s=0 if ended else limit_s,
        stuck_s=BOOT_S if boot.stuck else 0,
        emulator_code=emulator_code,
        console=_answer(machine.logs / "console.log") or "",
    )
    return Result(code, failure, tails[0].data(), tails[1].data(), out, machine.logs, elapsed_s)


def prepared(
    board: Board, options: Options, script: str | None, held: ExitStack
) -> tuple[qemu.Machine, Path]:
    """Return a machine ready to start and its output directory.

    `script` is None for a shell on the console; `held` keeps the cache's locks.
    """
    modules, arguments = job.module_options(options.modprobe, board.boot.modules)
    extra = [*(board.emulator.virtual_time if options.virtual_time else ()), *options.extra]
    parts = assemble.build(board)
    for name in parts.names:
        held.enter_context(cache.locked(name, shared=True))
    out, logs = directories(options.out)
    files = {
        "command": os.fsencode(script or ""),
        "seed": secrets.token_bytes(32),
        "job.conf": job.job_conf(modules, memory=options.memory, shell=script is None).encode(),
    }
    shares, initrd = {}, parts.initrd
    if board.boot.root == "9p":
        for name, data in files.items():
            (logs / name).write_bytes(data)
        shares = assemble.shares(parts, out, logs)
    else:
        initrd = payload.joined(initrd, files, PROJECT, logs / "initrd")
    return qemu.Machine(
        board,
        parts.program,
        parts.kernel,
        initrd,
        logs,
        shares,
        append=[*options.append, *arguments],
        env=options.env,
        extra=extra,
    ), out


def directories(out: Path | None) -> tuple[Path, Path]:
    """Return the output and log directory of a run, made; logs are never reused."""
    if out is None:
        base = cache.root() / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
        out, logs = base / "out", base / "log"
    else:
        out = out.absolute()
        logs = out.with_name(f"{out.name}.lab") / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    out.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True)
    return out, logs


def tail(path: Path, lines: int = _TAIL_LINES) -> str:
    """Return the last lines of a file, readable whatever it holds."""
    try:
        data = path.read_bytes()[-16384:]
    except OSError:
        return ""
    return "\n".join(data.decode(errors="replace").replace("\r", "").splitlines()[-lines:])


def halted(console: Path) -> bool:
    """Return whether the guest's kernel gave up for good, though the emulator goes on.

    A panic before the machine's restart handler is there ends in a halt, whatever
    ``panic=`` says. Source: Linux arch/arm/kernel/reboot.c:machine_restart.
    """
    text = tail(console, 3)
    return "Reboot failed -- System halted" in text or "---[ end Kernel panic" in text


class _Boot:
    """Whether a guest's kernel gave up, or came nowhere.

    The runner of a guest with shares leaves a file when it begins; one without has no way to tell.
    """

    def __init__(self, machine: qemu.Machine) -> None:
        self._logs = machine.logs
        self._tells = machine.board.boot.root == "9p"
        self._begin = time.monotonic()
        self.stuck = False

    def failed(self) -> bool:
        if self._tells and time.monotonic() > self._begin + BOOT_S:
            self.stuck = not (self._logs / "started").exists()
            self._tells = False
        return self.stuck or halted(self._logs / "console.log")


def _answer(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None


def _unpack(logs: Path, out: Path) -> None:
    # A guest that crashed leaves nothing or a torn archive: the missing exit code tells.
    if not (logs / "result.tar").is_file() or not (logs / "result.tar").stat().st_size:
        return
    try:
        with tarfile.open(logs / "result.tar") as archive:
            for member in archive:
                base, _, name = member.name.partition("/")
                if member.isfile() or member.isdir():
                    member.name = name or "."
                    archive.extract(member, logs if base == "ctl" else out)
    except (OSError, tarfile.TarError) as error:
        print(f"lab: result archive: {error}", file=sys.stderr)


class _Tail:
    """Copies what a file gains to a stream."""

    def __init__(self, path: Path, live: BinaryIO | None) -> None:
        path.touch()
        self._path, self._live, self._file = path, live, path.open("rb")

    def copy(self) -> None:
        if self._live is not None:
            data = self._file.read()
            if data:
                self._live.write(data)
                self._live.flush()

    def data(self) -> bytes:
        self._file.close()
        return self._path.read_bytes()


def _each(tails: Sequence[_Tail]) -> Callable[[], None]:
    def copy() -> None:
        for one in tails:
            one.copy()

    return copy


def _both(
    copy: Callable[[], None],
    more: Callable[[subprocess.Popen[bytes]], None] | None,
    process: subprocess.Popen[bytes],
) -> Callable[[], None]:
    def tick() -> None:
        copy()
        if more is not None:
            more(process)

    return tick
