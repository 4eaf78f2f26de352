# SPDX-License-Identifier: MIT
"""`softcard up`: bring the card up, keep it up, take it down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stress.errors import DeviceError, StreamTimeout
from tools.softcardkit import vhci
from tools.softcardkit.alsa import AlsaCard, find_card
from tools.softcardkit.card import SoftCard
from tools.softcardkit.config import CardConfig
from tools.softcardkit.control import ControlSocket, path_of
from tools.softcardkit.inject import Injected
from tools.softcardkit.log import EventLog
from tools.softcardkit.serve import STARVED_S, Server, lock_memory, raise_priority

# How long the kernel may take to give a port back after the connection broke [s].
_GONE_S = 5.0


@dataclass(frozen=True)
class UpOptions:
    """How a card is brought up.

    Parameters
    ----------
    timeout_s : [s] until the ALSA card must be there.
    priority : SCHED_FIFO priority, 0 for none.
    patience_s : how long the bus waits for a host that is slow before it loses packets [s].
    command : run while the card is up; its exit code becomes ours.
    """

    config: CardConfig
    injected: Injected = Injected()
    pace: float = 1.0
    timeout_s: float = 60.0
    priority: int = 50
    command: Sequence[str] = field(default_factory=tuple)
    patience_s: float = STARVED_S


class Session:
    """One card from plugging in to unplugging."""

    def __init__(self, options: UpOptions, log: EventLog) -> None:
        self._options, self._log = options, log
        self._folder = vhci.controller()
        self._control = ControlSocket(path_of(options.config.name))
        self._serial = f"{os.getpid()}-{time.monotonic_ns():x}"
        self._child: subprocess.Popen[bytes] | None = None
        self._alsa: AlsaCard | None = None
        self._deadline = time.monotonic() + options.timeout_s
        card = SoftCard(options.config, self._serial, options.injected, log)
        try:
            connection, self._port = vhci.attach(options.config.speed, self._folder)
        except DeviceError:
            self._control.close()
            raise
        self._server = Server(
            card, connection, options.pace, self._control, self._poll, starved_s=options.patience_s
        )

    def run(self) -> int:
        """Serve until told to stop or until the command ends; return the exit code.

        Raises
        ------
        StreamTimeout : no ALSA card appeared.
        """
        self._server.catch_signals()
        if self._options.priority:
            raise_priority(self._options.priority)
            lock_memory()
        try:
            self._server.run()
        finally:
            self._take_down()
        if self._alsa is None and not self._server.told_to_stop:
            raise StreamTimeout("the kernel dropped the card before it was ready; see dmesg")
        return self._exit_code()

    def _poll(self) -> bool:
        # Called from the loop: first until the card is there, then while a command runs.
        if self._alsa is None:
            self._alsa = find_card(self._serial, config=self._options.config)
            if self._alsa is None:
                if time.monotonic() > self._deadline:
                    raise StreamTimeout(
                        "no ALSA card appeared: run 'modprobe snd-usb-audio' as root, or see dmesg"
                    )
                return not self._server.connected
            self._announce(self._alsa)
            return not self._options.command
        if self._child is not None and self._child.poll() is not None:
            self._server.stop()
            return True
        return self._child is None

    def _announce(self, alsa: AlsaCard) -> None:
        config = self._options.config
        line = (
            f"ready card={alsa.number} hw=hw:{alsa.number},0 id={alsa.name} name=hw:{alsa.name},0"
            f" speed={config.speed.value} sync={config.sync.value} channels={config.channels}"
            f" port={self._port} pid={os.getpid()}"
        )
        self._log.write("card", state="ready", card=alsa.number, id=alsa.name)
        if self._options.command:
            print(line, file=sys.stderr, flush=True)
            environment = {**os.environ, "SOFTCARD_CARD": str(alsa.number), "SOFTCARD_ID": alsa.name}
            self._child = subprocess.Popen(list(self._options.command), env=environment)
        else:
            print(line, flush=True)

    def _take_down(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            self._child.wait()
        self._server.close()
        # The card is gone: a late signal must not turn a clean end into a death by signal.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        self._server.release()
        self._log.write("card", state="gone", wakes=self._server.wakes, **self._server.totals())
        self._control.close()
        deadline = time.monotonic() + _GONE_S
        while not vhci.is_free(self._folder, self._port) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _exit_code(self) -> int:
        if self._child is None:
            return 0
        code = self._child.returncode
        return code if code >= 0 else 128 - code


def up(options: UpOptions, log_path: Path | None) -> int:
    """Bring a card up as `options` say and return the exit code."""
    if log_path is None:
        return Session(options, EventLog()).run()
    with open(log_path, "w", encoding="utf-8") as file:
        return Session(options, EventLog(file)).run()
