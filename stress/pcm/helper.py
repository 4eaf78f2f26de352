# SPDX-License-Identifier: MIT
"""A helper process: what runs beside a burst, started before it and idle between bursts.

It reads lines from its stdin and answers each, so that a burst begins only when
the helper does what it was told. It ends with its stdin.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from stress.errors import BackendUnavailable, StreamTimeout

_SWITCHES = re.compile(r"^voluntary_ctxt_switches:\s*(\d+)", re.MULTILINE)


class Helper:
    """One process that runs `code` in this Python, without site and environment.

    Raises
    ------
    BackendUnavailable : no process can be made.

    Threads: one caller.
    """

    def __init__(self, code: str, purpose: str, *args: str) -> None:
        self._purpose = purpose
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-u", "-c", code, *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                # A Ctrl-C at the terminal is for us; the helper ends with its stdin.
                start_new_session=True,
            )
        except OSError as error:
            raise BackendUnavailable(f"no helper process for {purpose}: {error}") from None

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def say(self, line: str) -> list[str]:
        """Send one line and return the words of the answer, the first of which is "on".

        Raises
        ------
        StreamTimeout : the helper has ended.
        """
        sink, source = self._process.stdin, self._process.stdout
        if sink is None or source is None or self._process.poll() is not None:
            raise StreamTimeout(f"the helper for {self._purpose} has ended")
        sink.write(line.encode() + b"\n")
        words = source.readline().decode("ascii", "replace").split()
        if words[:1] != ["on"]:
            raise StreamTimeout(f"the helper for {self._purpose} has ended")
        return words

    def wakes(self) -> int:
        """Return how often it gave up the CPU by itself."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace")
        match = _SWITCHES.search(text)
        return int(match[1]) if match else 0

    def place(self, cpus: set[int]) -> str:
        """Keep it on `cpus` and return what came of it."""
        try:
            os.sched_setaffinity(self.pid, cpus)
        except OSError as error:
            return f"may run anywhere ({os.strerror(error.errno or 0)})"
        return f"on {words_of(cpus)}"

    def yield_to_others(self) -> None:
        """Give it the ordinary policy; a process inherits real-time priority from its parent."""
        os.sched_setscheduler(self.pid, os.SCHED_OTHER, os.sched_param(0))

    def close(self) -> None:
        """End it; idempotent."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def words_of(cpus: set[int]) -> str:
    """Return CPU numbers in words: "CPU 1", "CPUs 0,2"."""
    numbers = ",".join(str(cpu) for cpu in sorted(cpus))
    return f"CPU {numbers}" if len(cpus) == 1 else f"CPUs {numbers}"
