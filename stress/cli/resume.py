"""Going on with a run where it stopped: what it does comes from its record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.cli.run_config import RunConfig, read_config
from stress.errors import ConfigError
from stress.model.record import LoopbackRecord
from stress.plan.plan import load_plan
from stress.record import reader

if TYPE_CHECKING:
    import argparse

    from stress.model.record import BurstRecord

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


def resumed(args: argparse.Namespace) -> tuple[RunConfig, tuple[BurstRecord, ...]]:
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
    log = reader.read_run(folder)
    said = log.last(LoopbackRecord)
    if said and said.kind == "analog":
        # The loopback was found out once, in the first part.
        config = replace(config, detector=said.detector, loopback="analog", loopback_why=said.why)
    return config, tuple(log.bursts)


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
