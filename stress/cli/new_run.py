# SPDX-License-Identifier: MIT
"""A new run, from the options: its plan, its seed, where its pattern begins."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stress.cli import backend, detector, layout, stimulus
from stress.cli.run_config import RunConfig, StimulusFile, Target
from stress.model.stimulus import first_position
from stress.plan.plan import Plan, load_plan, read_plan
from stress.plan.reload import by_reload
from stress.settings import schema

if TYPE_CHECKING:
    import argparse

    from stress.plan.plan import Arm
    from stress.record.clock import Clock

AUTO = "auto"


def from_arguments(args: argparse.Namespace, clock: Clock, *, fit: bool = True) -> RunConfig:
    """Return the run that the options ask for.

    Parameters
    ----------
    fit : fit the plan to what the card offers; else it stays as it is written.

    Raises
    ------
    ConfigError : options or a plan that do not go together.
    CaptureFileError : a recording that cannot be played.
    ParamsRefused : the card does not have what was asked for.
    """
    # Before a plan is worked out, which takes seconds where a board is simulated for it.
    target = Target.of(args)
    detector.resolve(args.detector, args.loopback, bool(args.stimulus))
    setting = getattr(args, "setting", None)
    plan = default_plan(target) if args.plan == AUTO else load_plan(args.plan, setting)
    plan, played = _stimulus(args, plan)
    chosen = ""
    if fit:
        plan, chosen = layout.fitted(args, target, plan, played is not None)
    # Once more, as what the options change has to fit the rest.
    plan = read_plan(schema.write(_changed(args, plan)), args.plan)
    return RunConfig(
        **{field.name: getattr(target, field.name) for field in fields(target)},
        plan=plan,
        seed=random.SystemRandom().randrange(1 << 32) if args.seed is None else args.seed,
        duration_s=args.duration,
        detector=args.detector,
        loopback_why="",
        stimulus=played,
        chosen=chosen,
        first_position=first_position(clock.wall_s(), plan.rate),
    )


def _changed(args: argparse.Namespace, plan: Plan) -> Plan:
    if args.access:
        plan = replace(plan, arm=tuple(replace(arm, access=args.access) for arm in plan.arm))
    if getattr(args, "reload", False):
        plan = by_reload(plan, args.plan)
    if args.event:
        # The option is about every arm, and about nothing else: what a plan says of its own events goes.
        arms = tuple(_with_event(arm, args.event) for arm in plan.arm)
        plan = replace(plan, arm=arms, event=())
    if args.stop_early is not None:
        good, bad = args.stop_early
        plan = replace(plan, stop=replace(plan.stop, good_per_h=good, bad_per_h=bad))
    return plan


def _with_event(arm: Arm, event: str) -> Arm:
    # An event stands before each burst but the first of an arm: with one burst it would never happen.
    return replace(arm, event=event, down_s=0.0, bursts=max(2, arm.bursts))


def _stimulus(args: argparse.Namespace, plan: Plan) -> tuple[Plan, StimulusFile | None]:
    # Which file, and what is in it; a plan nobody named takes the file's format.
    if not args.stimulus:
        return plan, None
    if args.plan == AUTO:
        found = stimulus.load(args.stimulus)
        plan = replace(plan, rate=found.rate, channels=found.channels, format=found.fmt.name)
    else:
        found = stimulus.load(args.stimulus, plan)
    return plan, StimulusFile(str(Path(args.stimulus).resolve()), found.period, found.crc32)


def default_plan(target: Target) -> Plan:
    """Return the plan for a board nobody chose one for.

    Every way of touching where the cache can cause the defect, else the short plan.
    A virtual board is asked as a real one is: working out its best arms first
    (`predict`) takes as long as streaming them.
    """
    from stress.board import cpu, kernel

    if target.backend == "virtual":
        from stress.cli.probe_virtual import facts_of

        processor = facts_of(backend.virtual_board(target.board, target.set)).cpu
    else:
        processor = cpu.read(kernel.boot_log())
    return load_plan("smoke" if processor.indexing is cpu.Indexing.COHERENT else "bringup")
