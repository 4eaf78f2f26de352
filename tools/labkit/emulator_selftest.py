# SPDX-License-Identifier: MIT
"""Run the emulator's bare-metal self-test over geometries and policies."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.labkit import cache, emulator, need, steps
from tools.labkit.errors import LabError

_CROSS = "arm-linux-gnueabi-gcc"
_FLAGS = (
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-marm",
    "-march=armv5te",
    "-mfloat-abi=soft",
    "-ffreestanding",
    "-nostdlib",
    "-static",
    "-fno-pic",
    "-Wl,-Ttext=0x10000,--build-id=none",
)
# The whole program takes a tenth of a second; the limit is for a hanging emulator.
_LIMIT_S = 60
VARIANTS = (
    "mode=full",
    "mode=tags",
    "mode=alias",
    "mode=full,repl=rr",
    "mode=full,repl=rrg",
    "mode=tags,repl=rr",
    "mode=alias,repl=rrg",
    "mode=full,wa=1",
    "mode=full,wa=1,repl=rr,seed=5",
    "mode=full,line=16",
    "mode=full,size=8192,ways=2,line=16,repl=rr",
    "mode=full,size=4096",
    "mode=full,size=131072",
    "mode=full,size=16384,ways=64",
    "mode=full,size=32768,ways=32,repl=rr",
    "mode=full,ways=1",
    "mode=full,invalid=first",
    "mode=full,victim=last",
    "mode=full,type=vipt",
    "mode=full,type=vipt,size=32768",
    "mode=full,type=vipt,size=32768,ways=2,repl=rr",
    "mode=full,type=vipt,size=32768,ways=1,line=16",
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one run printed: TAP lines, the planned number of checks, QEMU's exit code."""

    code: int
    passed: int
    planned: int
    failed: tuple[str, ...]
    errors: str

    @property
    def good(self) -> bool:
        """Whether every planned check ran and passed."""
        return self.code == 0 and not self.failed and self.passed == self.planned > 0


def compile_program(into: Path) -> Path:
    """Compile the self-test; MissingPrograms without the cross compiler."""
    need.require({_CROSS: "gcc-arm-linux-gnueabi"})
    program = into / "selftest.elf"
    source = emulator.OURS / "selftest.c"
    steps.run([_CROSS, *_FLAGS, "-o", str(program), str(source), "-lgcc"], into)
    return program


def run(qemu: Path, program: Path, options: str, *, arguments: Sequence[str] = ()) -> Outcome:
    """Run the self-test under one set of QEMU_VIVT options."""
    command = [
        str(qemu),
        "-M",
        "versatilepb",
        "-cpu",
        "arm926",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "stdio",
        "-semihosting",
        "-kernel",
        str(program),
        *arguments,
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "QEMU_VIVT": options},
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"self-test {options}: no end within {_LIMIT_S} s") from error
    lines = done.stdout.splitlines()
    plan = re.search(r"^1\.\.(\d+)$", done.stdout, re.M)
    failed = tuple(line for line in lines if line.startswith(("not ok", "Bail out!")))
    passed = sum(line.startswith("ok ") for line in lines)
    return Outcome(done.returncode, passed, int(plan.group(1)) if plan else 0, failed, done.stderr.strip())


def main() -> int:
    """Build what is missing, run every variant, print a line each; 1 if one failed."""
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        program = compile_program(Path(scratch))
        qemu = emulator.build(cache.root())
        for options in VARIANTS:
            outcome = run(qemu, program, options)
            bad += not outcome.good
            print(f"{'ok' if outcome.good else 'FAILED'}  {outcome.passed}/{outcome.planned}  {options}")
            for line in (*outcome.failed, outcome.errors if not outcome.good else ""):
                print(f"    {line}" if line else "", end="\n" if line else "")
    return 1 if bad else 0
