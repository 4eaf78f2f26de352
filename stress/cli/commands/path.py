# SPDX-License-Identifier: MIT
"""pcmstress path: which bits get through a loopback, in under a second of sound."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stress.cli import backend, layout
from stress.cli.run_config import Target
from stress.detect.path import words
from stress.detect.path.estimate import estimate
from stress.detect.path.estimated import Nothing
from stress.detect.path.transparency import Transparency, compared
from stress.errors import ConfigError
from stress.model.arrays import Bytes
from stress.model.path import name_of
from stress.model.pcm import Direction
from stress.model.stimulus import first_position
from stress.model.words import count
from stress.patterns.word import Pattern
from stress.plan.plan import load_plan
from stress.record.clock import Clock
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse

    from stress.model.pcm import Granted

# Played, and captured beyond it for the latency of the path [s]. Source: 16384 frames are what
# the arithmetic is fitted to. Higher: more sound in the room; lower: poorer figures.
PLAYED_S, BEYOND_S = 0.6, 0.3
EXACT, CHANGED, NOTHING = 0, 1, 5


def execute(args: argparse.Namespace) -> int:
    """Play, capture, and print what the path does; return the exit status.

    Raises
    ------
    ConfigError : options that do not go together, or directions of different layout.
    """
    target = Target(args.backend, args.board, tuple(args.set), args.card, "digital")
    if target.backend != "virtual" and (target.board or target.set):
        raise ConfigError("describes a virtual board", where="--board", allowed="with --backend virtual")
    plan, _ = layout.fitted(args, target, load_plan("smoke"), False)
    fmt, channels = plan.layout(Direction.PLAYBACK)
    if not fmt.native or plan.layout(Direction.CAPTURE) != (fmt, channels):
        raise ConfigError(
            "the path is named where both directions have one layout of signed samples",
            where="--format",
            allowed="--format S16_LE, S24_3LE, S24_LE or S32_LE and --channels N, where the card has it",
        )
    made = backend.make(target, 1)
    arm = next(one for one in plan.arm if one.name == "ordinary-ring")
    try:
        with made.pcm as pcm:
            granted = pcm.open(plan.request(arm))
            position = first_position(Clock().wall_s(), plan.rate)
            sent = _sound(Pattern("mix1", fmt, channels), position, plan.rate, args.level)
            captured = _streamed(pcm, granted, sent, arm)
    finally:
        made.put_back()
    status = _told(args, made.name, sent, captured)
    if status != EXACT and not args.json:
        lines = [f"  here: {line}" for line in backend.suspects(target)]
        Console(sys.stdout, sys.stderr).prose(lines)
    return status


@dataclass(frozen=True)
class _Sent:
    """What is played: (n * frame_bytes,) uint8 of a pattern from a position on, at a level."""

    pattern: Pattern
    position: int
    rate: int
    data: Bytes


def _sound(pattern: Pattern, position: int, rate: int, level: float) -> _Sent:
    from stress.detect.path.model import packed
    from stress.detect.path.sources import numbers

    data = pattern.bytes_at(position, round(PLAYED_S * rate))
    if level:
        softer = np.rint(numbers(data, pattern.fmt, pattern.channels) * 10 ** (level / 20))
        data = packed(softer.astype(np.int64), pattern).reshape(-1)
    return _Sent(pattern, position, rate, data)


def _streamed(pcm: Any, granted: Granted, sent: _Sent, arm: Any) -> Bytes:
    # Returns what was captured meanwhile, and for a while behind it.
    size = sent.pattern.frame_bytes
    frames = sent.data.size // size
    more = round(BEYOND_S * granted.playback.rate) + granted.playback.buffer_size
    play = np.zeros((frames + 2 * more) * size, np.uint8)
    play[: sent.data.size] = sent.data
    captured = np.zeros((frames + more) * size, np.uint8)
    exchange = pcm.exchange(play, captured, arm.handling)
    return captured[: exchange.capture.frames * size]


def _told(args: argparse.Namespace, name: str, sent: _Sent, captured: Bytes) -> int:
    pattern = sent.pattern
    console = Console(sys.stdout, sys.stderr)
    loud = np.flatnonzero(captured.reshape(-1, pattern.frame_bytes).any(axis=1))
    first = int(loud[0]) if len(loud) else 0
    last = int(loud[-1]) + 1 if len(loud) else 0
    raw = captured[first * pattern.frame_bytes : last * pattern.frame_bytes]
    found = estimate(raw if raw.size else captured, pattern, first_frame=first, hint=sent.position)
    if isinstance(found, Nothing):
        if args.json:
            console.line(json.dumps({"schema": "pcmstress/path/1", "heard": False, "why": found.why}))
        else:
            console.prose([f"nothing heard  [{name}]  {found.why}"])
        return NOTHING
    path = replace(
        found.path,
        gain_db=tuple(None if one is None else round(one - args.level, 4) for one in found.path.gain_db),
    )
    seen = compared(captured, sent.data, pattern, found.position, sent.position)
    exact = seen.frames > 0 and not seen.differing
    if exact:
        path = replace(path, exact=True)
    if args.json:
        told = {"schema": "pcmstress/path/1", "heard": True, "level_db": args.level}
        console.line(json.dumps({**told, **path.to_json(), "transparency": seen.to_json(sent.rate)}))
    else:
        console.prose([f"{words.sentence(path)}  [{name}]"])
        todo = words.advice(path)
        if todo:
            console.prose([f"  {todo}"])
        _print(console, seen, sent)
    return EXACT if exact else CHANGED


def _wrong_bits(rates: tuple[float, ...]) -> str:
    # Each wrong bit with its rate, the highest first; of many the number is enough.
    wrong = [(bit, rate) for bit, rate in enumerate(rates) if rate][::-1]
    if len(wrong) > len(rates) // 2:
        return f"{len(wrong)} of {len(rates)} bits differ, up to {100 * max(rate for _, rate in wrong):.3g} %"
    return ", ".join(f"bit {bit} {100 * rate:.3g} %" for bit, rate in wrong) or "every bit right"


def _print(console: Console, seen: Transparency, sent: _Sent) -> None:
    bits, channels, rate = sent.pattern.fmt.bits, sent.pattern.channels, sent.rate
    if not seen.frames:
        console.prose(["  the frames sent could not be set beside those captured"])
        return
    console.prose([f"  {seen.clean_bits} of {bits} bits transparent in {channels} channels"])
    if not seen.differing:
        console.prose([f"  {count(seen.frames)} frames compared, every bit right"])
        return
    share = 100 * seen.differing / seen.frames
    console.prose([f"  {count(seen.differing)} of {count(seen.frames)} frames differ ({share:.3g} %)"])
    for c, rates in enumerate(seen.rates):
        console.prose([f"  {name_of(c, channels)}: {_wrong_bits(rates)}"])
    console.prose(
        [f"  first difference {seen.first / rate:.4f} s, last {seen.last / rate:.4f} s behind the start"]
    )
