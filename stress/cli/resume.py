"""Going on with a run where it stopped, or once more: the arguments come from its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.errors import ConfigError
from stress.plan.plan import load_plan
from stress.record import reader, rundir
from stress.settings import schema

if TYPE_CHECKING:
    import argparse

# What config.json has to hold for a run to be repeated or resumed.
KEYS = ("plan", "seed", "backend", "board", "set", "card", "duration_s", "detector", "first_position")


def resumed(args: argparse.Namespace) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """Return the config of the run in --out and its burst events; `args` ask for the same then.

    Raises
    ------
    ConfigError : no --out, or something else is asked for than the run was begun with.
    CaptureFileError : no run that can be read.
    """
    if not args.out:
        raise ConfigError("needs the run directory", where="--resume", allowed="--resume --out DIR")
    folder = Path(args.out)
    config = rundir.read_json(folder, "config.json")
    _same(args, config)
    adopt(args, config, str(folder / "config.json"))
    log = reader.read_run(folder)
    said = log.last("loopback")
    if said and said["kind"] == "analog":
        # What came back was found out once.
        found = {"detector": said["detector"], "loopback": "analog", "loopback_why": said["why"]}
        config = {**config, **found}
    return config, tuple(event for event in log.events if event["event"] == "burst")


def _same(args: argparse.Namespace, config: dict[str, Any]) -> None:
    # What is asked for besides --resume has to be what the run was begun with.
    usual = {"backend": "alsa", "detector": "auto", "loopback": "auto", "seed": None, "duration": 0.0}
    for name in ("backend", "detector", "loopback", "seed", "duration", "board", "card", "set"):
        asked, begun = getattr(args, name), config.get("duration_s" if name == "duration" else name)
        if asked not in (usual.get(name), [], None) and asked != "" and asked != begun:
            raise _begun(name, "" if isinstance(begun, (list, float)) else str(begun))
    if args.plan not in ("auto", "diagnose") and schema.write(load_plan(args.plan)) != config.get("plan"):
        raise _begun("plan", "")
    changed = next((name for name in ("access", "stop_early", "stimulus") if getattr(args, name)), "")
    if changed:
        raise _begun(changed, "")


def _begun(name: str, value: str) -> ConfigError:
    return ConfigError(
        "is not what this run was begun with",
        where=f"--{name.replace('_', '-')}",
        allowed=f"{value}{', or ' if value else ''}leave it out with --resume",
    )


def adopt(args: argparse.Namespace, config: dict[str, Any], where: str) -> None:
    """Make `args` ask for the run that `config` describes.

    Raises
    ------
    ConfigError : a key is missing.
    """
    for name in KEYS:
        if name not in config:
            raise ConfigError("is missing", where=where, key=name)
    for name in ("backend", "board", "set", "card", "detector"):
        setattr(args, name, config[name])
    args.loopback = config.get("loopback", "auto")
