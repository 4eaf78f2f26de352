# SPDX-License-Identifier: MIT
"""Going on with a run where it stopped: what it does comes from its record."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.cli.run_config import RunConfig, read_config
from stress.errors import ConfigError
from stress.plan.plan import load_plan
from stress.record import rundir
from stress.record.folder_lock import FolderLock
from stress.verdict import run_folder
from stress.verdict.summary import Summing

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stress.model.record.events import StartRecord

# Options that may be repeated with --resume, and what they are when nobody gives them.
_REPEATED: dict[str, Any] = {
    "backend": "alsa",
    "detector": "auto",
    "loopback": "auto",
    "seed": None,
    "duration": 0.0,
    "board": "",
    "card": "",
    "set": (),
}
# Options whose effect is inside the recorded plan: they cannot be compared, so they are left out.
_IN_THE_PLAN = ("access", "stop_early", "stimulus")


def resumed(args: argparse.Namespace) -> tuple[RunConfig, Summing]:
    """Return the config of the run in --out, and its burst events.

    Raises
    ------
    ConfigError : no --out, or something else is asked for than the run was begun with.
    CaptureFileError : no run that can be read.
    """
    if not args.out:
        raise ConfigError("needs the run directory", where="--resume", allowed="--resume --out DIR")
    folder = Path(args.out)
    config = read_config(folder)
    _same(args, config)
    if not rundir.begun(folder):
        # Killed before its first event: all of it is still to be done.
        return config, Summing()
    done = run_folder.read_to_resume(folder)
    if done.start:
        _unchanged(folder, done.start)
    said = done.loopback
    if said and said.kind == "analog":
        # The loopback was found out once, in the first part.
        config = replace(config, detector=said.detector, loopback="analog", loopback_why=said.why)
    return config, done


@contextmanager
def held(args: argparse.Namespace) -> Iterator[None]:
    """Hold the lock of the run in --out for the while.

    Raises
    ------
    ConfigError : another process goes on with it.
    """
    if not args.out or not Path(args.out).is_dir():
        # What is wrong is said by whoever reads it.
        yield
        return
    lock = FolderLock(Path(args.out))
    try:
        yield
    finally:
        lock.release()


def _unchanged(folder: Path, start: StartRecord) -> None:
    for name, begun in start.files.items():
        if rundir.digest(folder, name) != begun:
            raise ConfigError(
                "is not the one this run was begun with",
                where=str(folder / name),
                allowed="the file as it was, or a new run",
            )


def check_board(folder: Path, board: dict[str, Any]) -> None:
    """Refuse to continue a run on a virtual board that was changed since.

    Raises
    ------
    ConfigError : its description is not that of board.json.
    """
    if not board.get("virtual") or not (folder / "board.json").exists():
        return
    kept = rundir.read_json(folder, "board.json")
    # The facts of the call that began it are no part of the board.
    kept.pop("run", None)
    differs = _differs(kept, json.loads(json.dumps(board)))
    if differs:
        raise ConfigError(
            "is not the board this run was begun with",
            where=f"{folder / 'board.json'}: virtual board: {differs}",
            allowed="the description as it was, read by the version that began the run, or a new run",
        )


def _differs(kept: object, now: object, name: str = "") -> str:
    # The first key with another value, "" where there is none.
    if not isinstance(kept, dict) or not isinstance(now, dict):
        return "" if kept == now else name or "board"
    # The facts of a virtual board follow from its description.
    for key in sorted(kept.keys() | now.keys(), key=lambda one: (one == "facts", one)):
        inner = f"{name}.{key}" if name else str(key)
        found = _differs(kept.get(key), now.get(key), inner) if key in kept and key in now else inner
        if found:
            return found
    return ""


def _same(args: argparse.Namespace, config: RunConfig) -> None:
    # What is asked for besides --resume has to be what the run was begun with.
    for name, usual in _REPEATED.items():
        asked, begun = getattr(args, name), getattr(config, "duration_s" if name == "duration" else name)
        asked = tuple(asked) if isinstance(asked, list) else asked
        if asked != usual and asked != begun:
            raise _begun(name, "" if isinstance(begun, (tuple, float)) else str(begun))
    if args.plan not in ("auto", "diagnose") and load_plan(args.plan) != config.plan:
        raise _begun("plan", "")
    changed = next((name for name in _IN_THE_PLAN if getattr(args, name)), "")
    if changed:
        raise _begun(changed, "")


def _begun(name: str, value: str) -> ConfigError:
    return ConfigError(
        "is not what this run was begun with",
        where=f"--{name.replace('_', '-')}",
        allowed=f"{value}{', or ' if value else ''}leave it out with --resume",
    )
