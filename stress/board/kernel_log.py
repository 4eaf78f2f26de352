# SPDX-License-Identifier: MIT
"""New messages of the kernel, from one moment to the next: what it said while a burst ran."""

from __future__ import annotations

import contextlib
import os

from stress.model.kernel_messages import NOT_READ

# Source: Documentation/ABI/testing/dev-kmsg.
PATH = "/dev/kmsg"
# Messages kept of one burst, and letters of each. Source: an oops has some 60 lines of 80 letters. Higher: a
# driver that complains in each packet fills the record; lower: the end of an oops is missing.
MOST, LONGEST = 80, 240
_RECORD_BYTES = 8192


class KernelLog:
    """Reads what the kernel has said since it was last asked.

    Where it may not be read, the first answer says so, and the others are empty.

    Threads: one.
    """

    def __init__(self, path: str = PATH) -> None:
        self._handle, self._refused = -1, ""
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            # What was said before is none of ours.
            os.lseek(self._handle, 0, os.SEEK_END)
        except OSError as error:
            self._refused = f"{NOT_READ}{path}: {error.strerror} (CAP_SYSLOG, or kernel.dmesg_restrict=0)"
            self.close()

    def new(self) -> tuple[str, ...]:
        """Return the messages since the last call, as dmesg prints them."""
        if self._handle < 0:
            said, self._refused = self._refused, ""
            return (said,) if said else ()
        lines: list[str] = []
        left_out = 0
        while True:
            line = self._next()
            if line is None:
                break
            if line and len(lines) < MOST:
                lines.append(line)
            else:
                left_out += bool(line)
        return (*lines, *([f"... and {left_out} more messages"] if left_out else []))

    def _next(self) -> str | None:
        # One read is one record; None at the end, "" for a record that is not the kernel's.
        try:
            record = os.read(self._handle, _RECORD_BYTES)
        except BrokenPipeError:
            return "... messages were overwritten before they could be read"
        except OSError:
            return None
        return message(record) if record else None

    def close(self) -> None:
        """Close the log; idempotent."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = -1


def message(record: bytes) -> str:
    """Return one record of /dev/kmsg as dmesg prints it, "" where a program wrote it."""
    head, _, text = record.decode("utf-8", "replace").partition(";")
    parts = head.split(",")
    if len(parts) < 3 or not parts[0].isdigit() or not parts[2].isdigit() or int(parts[0]) >> 3:
        return ""
    seconds, micro = divmod(int(parts[2]), 1_000_000)
    return f"[{seconds:5}.{micro:06}] {text.partition(chr(10))[0]}"[:LONGEST]
