# SPDX-License-Identifier: MIT
"""What a run does, in one frozen value: made once, from arguments or from a record.

A new option of `run` goes to four places: `run_options.py` (its name and help), a field
below (its range), `new_run.from_arguments` (its value) and, as records written before
do not hold it, `_BEFORE` (what they meant). An option that only says where the result
goes, and decides nothing of the run, goes to `Invocation` instead of the three last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import stress
from stress.cli.arguments import BACKENDS, DETECTORS, LARGEST_SEED, LOOPBACKS
from stress.cli.outputs import Outputs
from stress.errors import ConfigError
from stress.plan.plan import Plan, read_plan
from stress.record import rundir
from stress.settings import schema
from stress.settings.times import LONGEST_S

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

NAME = "config.json"
SCHEMA = "pcmstress/config/1"
# Keys that records of earlier versions lack, and what these runs did.
_BEFORE: dict[str, Any] = {"loopback": "auto", "loopback_why": "", "stimulus": None, "chosen": ""}
# Linux takes no longer path.
_LONGEST_PATH = 4096


def _path() -> Any:
    return schema.text(schema.REQUIRED, longest=_LONGEST_PATH)


@dataclass(frozen=True)
class Invocation:
    """How one call carries a run out: none of it is recorded, none decides what the run does.

    Attributes
    ----------
    out : run directory, "" for a new one.
    resume : go on with the run in `out`.
    mixer : bring the mixer of the card to bit-exact settings first, and put it back.
    source : capture source to choose.
    outputs : what is printed and written at its end.
    color : see `stress.report.console.Console`.
    """

    out: str = ""
    resume: bool = False
    mixer: bool = False
    source: str = ""
    outputs: Outputs = Outputs()
    color: str = "auto"

    @classmethod
    def of(cls, args: argparse.Namespace) -> Invocation:
        """Return what the options of `run` say of it."""
        return cls(args.out, args.resume, args.mixer, args.capture_source, Outputs.of(args), args.color)


@dataclass(frozen=True)
class Target:
    """What a run is made on.

    Attributes
    ----------
    backend : name of the PCM backend.
    board, set : virtual board and its overrides, "KEY=VALUE" each.
    card : devices as --card names them, "" for the only card.
    loopback : what comes back.
    """

    backend: str = schema.text(schema.REQUIRED, choices=BACKENDS)
    board: str = _path()
    set: tuple[str, ...] = schema.listing(
        schema.text(schema.REQUIRED, longest=_LONGEST_PATH), schema.REQUIRED
    )
    card: str = _path()
    loopback: str = schema.text(schema.REQUIRED, choices=LOOPBACKS)

    @classmethod
    def of(cls, args: argparse.Namespace) -> Target:
        """Return the target that the options name.

        Raises
        ------
        ConfigError : a card for a virtual board, or a virtual board for a card.
        """
        virtual = args.backend == "virtual"
        if not virtual and (args.board or args.set):
            raise ConfigError("describes a virtual board", where="--board", allowed="with --backend virtual")
        if virtual and args.card:
            raise ConfigError("a virtual board has no cards", where="--card", allowed="with --backend alsa")
        return cls(args.backend, args.board, tuple(args.set), args.card, args.loopback)


@dataclass(frozen=True)
class StimulusFile:
    """The recording that is played: where it is, and what has to be in it.

    Attributes
    ----------
    frames, crc32 : its length and the checksum of its audio.
    """

    file: str = _path()
    frames: int = schema.integer(schema.REQUIRED, 1, 1 << 32)
    crc32: int = schema.integer(schema.REQUIRED, 0, (1 << 32) - 1)


@dataclass(frozen=True)
class RunConfig(Target):
    """A run that can be made, and made again; config.json holds the same.

    Attributes
    ----------
    plan : resolved: sweeps made into arms, overrides of the options applied.
    seed : of the positive control and the virtual board.
    duration_s : time to stream [s], 0 for the plan once.
    detector : its name, or "auto".
    loopback_why : what decided `loopback` in an earlier part of this run, else "".
    stimulus : None for the pattern.
    first_position : position of the first frame of the pattern.
    chosen : rate, format and channels that were taken of those the card has, and why;
        "" where the plan says them.
    """

    plan: Plan = schema.parsed(read_plan)
    seed: int = schema.integer(schema.REQUIRED, 0, LARGEST_SEED)
    duration_s: float = schema.number(schema.REQUIRED, 0, LONGEST_S)
    detector: str = schema.text(schema.REQUIRED, choices=DETECTORS)
    loopback_why: str = _path()
    stimulus: StimulusFile | None = schema.optional(schema.table(StimulusFile))
    first_position: int = schema.integer(schema.REQUIRED, 0, (1 << 32) - 1)
    chosen: str = schema.text(schema.REQUIRED, longest=400)

    def to_json(self) -> dict[str, Any]:
        """Return the content of config.json."""
        return {"schema": SCHEMA, "version": stress.__version__, **schema.write(self)}


def read_config(folder: Path) -> RunConfig:
    """Return the config of the run in `folder`.

    Raises
    ------
    CaptureFileError : no config.json that can be read.
    ConfigError : a key is missing, unknown (a later version wrote it) or out of range.
    """
    values = rundir.read_json(folder, NAME)
    where = str(folder / NAME)
    if values.get("schema", SCHEMA) != SCHEMA:
        raise ConfigError("is another schema", where=where, key="schema", allowed=SCHEMA)
    known = {key: value for key, value in values.items() if key not in ("schema", "version")}
    return schema.read(RunConfig, {**_BEFORE, **known}, where)
