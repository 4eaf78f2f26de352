# SPDX-License-Identifier: MIT
"""The control socket: one datagram is one command, one datagram answers it."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from pathlib import Path

from stress.errors import ConfigError, DeviceError, StressError
from tools.softcardkit.engine import Engine
from tools.softcardkit.faultspec import parse_fault

COMMANDS = ("unplug", "freeze", "thaw", "fault", "status")
_ANSWER_S = 5.0
_DATAGRAM_BYTES = 65536


def path_of(name: str) -> Path:
    """Return where the card called `name` listens."""
    folder = Path("/run")
    if not os.access(folder, os.W_OK):
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return folder / f"softcard-{name}.ctl"


class ControlSocket:
    """Listen at `path`; the file is removed on close.

    Raises
    ------
    DeviceError : another card of that name is up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if path.exists():
            self._remove_dead()
        umask = os.umask(0o177)
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(umask)
        self._socket.setblocking(False)

    def _remove_dead(self) -> None:
        # A file that refuses a connection was left by a card that was killed.
        try:
            self._socket.connect(str(self.path))
        except ConnectionRefusedError:
            self.path.unlink()
        else:
            self._socket.close()
            message = "a softcard of this name is up already; choose another --id"
            raise DeviceError(message, device=str(self.path))

    def fileno(self) -> int:
        """Return the descriptor, for select."""
        return self._socket.fileno()

    def serve(self, engine: Engine) -> None:
        """Answer every waiting command."""
        while True:
            try:
                data, sender = self._socket.recvfrom(_DATAGRAM_BYTES)
            except BlockingIOError:
                return
            answer = execute(data.decode("utf-8", "replace"), engine)
            if sender:
                try:
                    self._socket.sendto(answer.encode("utf-8"), sender)
                except OSError:
                    continue  # the asker has gone; the command was done

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self.path.unlink(missing_ok=True)


def execute(command: str, engine: Engine) -> str:
    """Do one command and return ``ok``, ``ok JSON`` or ``error: ...``."""
    verb, _, rest = command.strip().partition(" ")
    if verb == "unplug":
        engine.unplugged = True
    elif verb == "freeze":
        engine.frozen, engine.thaw_ms = True, 0
    elif verb == "thaw":
        engine.frozen = False
    elif verb == "fault":
        try:
            engine.injector.add(parse_fault(rest, "fault"))
        except StressError as error:
            return f"error: {error}"
    elif verb == "status":
        return "ok " + json.dumps(engine.status())
    else:
        return f"error: unknown command {verb!r} (allowed: {', '.join(COMMANDS)})"
    return "ok"


def ask(name: str, command: str) -> str:
    """Send `command` to the card called `name` and return the answer.

    Raises
    ------
    ConfigError : the card refused the command.
    DeviceError : no such card is up, or it does not answer.
    """
    path = path_of(name)
    asker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory(prefix="softcard-") as folder, asker:
        asker.bind(os.path.join(folder, "answer"))
        asker.settimeout(_ANSWER_S)
        try:
            asker.sendto(command.encode("utf-8"), str(path))
            answer = asker.recv(_DATAGRAM_BYTES).decode("utf-8")
        except OSError as error:
            raise DeviceError(f"no softcard {name!r} answers ({error})", device=str(path)) from None
    if answer.startswith("error: "):
        raise ConfigError(answer[len("error: ") :])
    return answer
