# SPDX-License-Identifier: MIT
"""The plan: which arms, for how long, and what a PASS needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from stress.board.conditions import RequestedConditions
from stress.errors import ConfigError
from stress.model.formats import CARD_FORMATS, MAX_CHANNELS, SampleFormat, card_format
from stress.model.lifecycle import LifecycleEvent
from stress.model.pcm import (
    Access,
    CaptureTouch,
    Direction,
    Handling,
    Lever,
    Load,
    PcmRequest,
    PlaybackTouch,
    StreamParams,
)
from stress.patterns.shared import Shared, share
from stress.plan import event_rules, inheritance
from stress.plan.sweep import expand, runs
from stress.settings import schema

PATTERNS = ("mix1", "mix2")


def _values(kind: Any) -> tuple[str, ...]:
    return tuple(item.value for item in kind)


@dataclass(frozen=True)
class Arm:
    """One set of conditions, as a plan writes it.

    Attributes
    ----------
    period_size, playback_buffer, capture_buffer : requested sizes [frames].
        Rings of different size let a lag name its ring.
    playback, queue_periods, capture, lever, switches_per_s, start_burst, load :
        see `stress.model.pcm.Handling`.
    event : what happens before each of its bursts but the first, see
        `stress.model.lifecycle.LifecycleEvent`.
    down_s : how long the device stays away in it, or the machine changed, at least [s].
    vmalloc : "on" or "off" has the card's driver loaded with use_vmalloc=1 or =0 before it, and as it
        was at the end of the run; "" leaves the driver alone. See `stress.plan.reload`.
    sweep : the arm it was made from by a `[[sweep]]`, "" for one that was written.
    group : arms of one group differ in one thing only and are compared; the
        first of a group is its base.
    burst_s : streamed time of one burst [s].
    bursts : bursts each time the plan is walked.
    side : what the arm is for: "playback" or "capture" stays on mmap and the
        other direction goes by rw, so that a finding has one possible ring;
        "both" uses `access` for both.
    optional : a PASS does not need this arm; without it, an arm that could not be
        run, or judged nothing, keeps the run from PASS.
    """

    name: str = schema.text(schema.REQUIRED, longest=40)
    access: str = schema.text("mmap", choices=_values(Access))
    side: str = schema.text("both", choices=("both", *_values(Direction)))
    period_size: int = schema.integer(48, 1, 1 << 16)
    playback_buffer: int = schema.integer(4800, 2, 1 << 22)
    capture_buffer: int = schema.integer(5280, 2, 1 << 22)
    playback: str = schema.text("store", choices=_values(PlaybackTouch))
    queue_periods: int = schema.integer(0, 0, 1024)
    capture: str = schema.text("exact", choices=_values(CaptureTouch))
    lever: str = schema.text("none", choices=_values(Lever))
    switches_per_s: float = schema.number(0.0, 0.0, 10000.0)
    start_burst: bool = schema.flag(False)
    load: str = schema.text("none", choices=_values(Load))
    event: str = schema.text("none", choices=_values(LifecycleEvent))
    down_s: float = schema.duration(0.0, zero=True)
    vmalloc: str = schema.text("", choices=("", "on", "off"))
    group: str = schema.text("", longest=40)
    sweep: str = schema.text("", longest=40)
    burst_s: float = schema.duration(2.0)
    bursts: int = schema.integer(1, 1, 1_000_000)
    optional: bool = schema.flag(False)

    @property
    def handling(self) -> Handling:
        """How the backend has to touch the rings."""
        return Handling(
            playback=PlaybackTouch(self.playback),
            queue_periods=self.queue_periods,
            capture=CaptureTouch(self.capture),
            lever=Lever(self.lever),
            switches_per_s=self.switches_per_s,
            start_burst=self.start_burst,
            load=Load(self.load),
        )

    @property
    def mapped(self) -> bool:
        """True when it touches an mmapped ring: read/write access goes through the kernel's own mapping."""
        return self.access == Access.MMAP.value

    @property
    def cures(self) -> bool:
        """True when something hides the defect in it: it serves a contrast, and proves no ring."""
        return self.lever != Lever.NONE.value or self.vmalloc == "off"

    @property
    def provoking(self) -> bool:
        """True when an ordinary player or recorder does not touch like this."""
        rmw = self.playback == PlaybackTouch.RMW.value
        return rmw or self.start_burst or self.capture == CaptureTouch.AHEAD.value


@dataclass(frozen=True)
class Control:
    """The positive control: faults sent on purpose, unknown to the detector.

    Attributes
    ----------
    share : share of the ring lines sent that carry a fault.
    least : faults per burst at least, where the burst has room for them.
    """

    share: float = schema.number(0.001, 0.0, 0.1)
    least: int = schema.integer(12, 0, 10000)


@dataclass(frozen=True)
class Conditions:
    """What a burst on a real card asks of the machine.

    Attributes
    ----------
    fifo : SCHED_FIFO priority, 0 leaves the policy alone. Source: above
        ordinary threads, below the kernel's IRQ threads (50). Higher: the
        threads that feed the card may starve; lower: others of priority 1 get in.
    cpu : CPU to stay on, -1 leaves the affinity alone.
    irq_cpu : CPU for the interrupts of the USB hosts, -1 leaves them alone.
    lock_memory, awake : mlockall; /dev/cpu_dma_latency held at 0.
    """

    fifo: int = schema.integer(40, 0, 99)
    cpu: int = schema.integer(-1, -1, 4095)
    irq_cpu: int = schema.integer(-1, -1, 4095)
    lock_memory: bool = schema.flag(True)
    awake: bool = schema.flag(True)

    @property
    def asked(self) -> RequestedConditions:
        """The same for the board."""
        return RequestedConditions(self.fifo, self.cpu, self.lock_memory, self.awake, self.irq_cpu)


@dataclass(frozen=True)
class Stopping:
    """When a run may end before its plan: Wald's sequential test on all arms together.

    Attributes
    ----------
    good_per_h, bad_per_h : rates of episodes to tell apart; 0 and 0 never
        stop early [1/h of streaming].
    alpha : chance to stop a board of the good rate as bad.
    beta : chance to stop a board of the bad rate as good.
    """

    good_per_h: float = schema.number(0.0, 0.0, 1e6)
    bad_per_h: float = schema.number(0.0, 0.0, 1e6)
    alpha: float = schema.number(0.05, 1e-6, 0.5)
    beta: float = schema.number(0.05, 1e-6, 0.5)

    @property
    def asked(self) -> bool:
        """True when the run may stop early."""
        return self.bad_per_h > 0


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Attributes
    ----------
    bound : a PASS needs the 95 % upper bound on wrong lines per line below
        this. Source: 1e-4 is one line in 1.7 s of 48 kHz S16 stereo. Higher:
        PASS after seconds, worth little; lower: short runs end INCONCLUSIVE.
    fit : bursts are made longer, where the cache lines of the board ask for it, so that a
        clean board reaches the bound with a quarter to spare.
    ordinary : a PASS may rest on ordinary ways of touching alone, on a core with cache aliases as well.
    repeats : how often the list of arms is walked.
    order : "abba" walks every second time backwards, so that a drift of the
        machine does not favour an arm.
    line_bytes : ring line of exposure and control, 0 takes the board's [bytes].
    channels, format : of both directions.
    playback_channels, capture_channels, playback_format, capture_format : of one
        direction, 0 or "" takes those of both.
    channel_map : which captured channel carries which played one, "PLAYED=CAPTURED"
        each, counted from 1; empty is 1=1, 2=2, ... as far as both directions go.
    stop : when it may end before that.
    event : life-cycle events with a time of their own, see `stress.plan.event_rules`.
    """

    title: str = schema.text("")
    rate: int = schema.integer(48000, 4000, 768000)
    channels: int = schema.integer(2, 1, MAX_CHANNELS)
    format: str = schema.text("S16_LE", choices=tuple(CARD_FORMATS))
    playback_channels: int = schema.integer(0, 0, MAX_CHANNELS)
    capture_channels: int = schema.integer(0, 0, MAX_CHANNELS)
    playback_format: str = schema.text("", choices=("", *CARD_FORMATS))
    capture_format: str = schema.text("", choices=("", *CARD_FORMATS))
    channel_map: tuple[str, ...] = schema.listing(schema.text(schema.REQUIRED, longest=8))
    pattern: str = schema.text("mix1", choices=PATTERNS)
    bound: float = schema.number(1e-4, 1e-12, 1.0)
    fit: bool = schema.flag(False)
    ordinary: bool = schema.flag(False)
    repeats: int = schema.integer(1, 1, 1_000_000)
    order: str = schema.text("abab", choices=("abab", "abba"))
    line_bytes: int = schema.integer(0, 0, 64)
    stop: Stopping = schema.table(Stopping, Stopping())
    control: Control = schema.table(Control, Control())
    conditions: Conditions = schema.table(Conditions, Conditions())
    arm: tuple[Arm, ...] = schema.listing(schema.table(Arm))
    event: tuple[event_rules.EventRule, ...] = schema.listing(schema.table(event_rules.EventRule))

    @property
    def walks_per_block(self) -> int:
        """Walks after which every arm had its equal share, drift cancelled."""
        return 2 if self.order == "abba" else 1

    def layout(self, direction: Direction) -> tuple[SampleFormat, int]:
        """Return format and channels of one direction."""
        name = direction.value
        fmt = getattr(self, f"{name}_format") or self.format
        return card_format(fmt), getattr(self, f"{name}_channels") or self.channels

    def shared(self, where: str = "") -> Shared:
        """Return what both directions have in common, which is what is sent and judged.

        Raises
        ------
        ConfigError : they have nothing in common, or the channel map is no map.
        """
        pairs = [_pair(text, where) for text in self.channel_map]
        return share(self.layout(Direction.PLAYBACK), self.layout(Direction.CAPTURE), pairs, where)

    def rules(self, arm: Arm) -> tuple[event_rules.EventRule, ...]:
        """Return the life-cycle events of `arm`: its own, and those of `[[event]]`."""
        own = arm.event != LifecycleEvent.NONE.value
        mine = (event_rules.EventRule(arm.event, arm.name, down_s=arm.down_s),) if own else ()
        return mine + tuple(rule for rule in self.event if rule.covers(arm))

    def request(self, arm: Arm) -> PcmRequest:
        """Return the hw_params asked for `arm`."""

        def stream(direction: Direction, buffer_size: int) -> StreamParams:
            driven = arm.side in ("both", direction.value)
            fmt, channels = self.layout(direction)
            return StreamParams(
                rate=self.rate,
                channels=channels,
                format=fmt,
                access=Access(arm.access) if driven else Access.RW,
                period_size=arm.period_size,
                buffer_size=buffer_size,
            )

        return PcmRequest(
            playback=stream(Direction.PLAYBACK, arm.playback_buffer),
            capture=stream(Direction.CAPTURE, arm.capture_buffer),
        )


# What int() reads; whether a card has so many is asked elsewhere.
_CHANNEL = re.compile(r"[0-9]{1,9}")


def _pair(text: str, where: str) -> tuple[int, int]:
    played, equals, captured = text.partition("=")
    if not equals or not all(_CHANNEL.fullmatch(one.strip()) for one in (played, captured)):
        raise ConfigError(
            f"{text!r} is no pair of channels",
            where=where,
            key="channel_map",
            allowed='"PLAYED=CAPTURED", counted from 1',
        )
    return int(played) - 1, int(captured) - 1


def read_plan(values: dict[str, Any], where: str, setting: Mapping[str, Any] | None = None) -> Plan:
    """Return the plan in `values`, sweeps made into arms.

    Parameters
    ----------
    setting : see `stress.plan.sweep.expand`.

    Raises
    ------
    ConfigError : a key or value is wrong, there is no arm, two arms share a
        name, a ring holds fewer than two periods, or a sweep names no arm.
    """
    if not isinstance(values, dict):
        raise ConfigError("is not a table", where=where, key="plan", allowed="a table with [[arm]] tables")
    plan = schema.read(Plan, expand(values, where, setting), where)
    if not plan.arm:
        raise ConfigError("has no arm", where=where, key="arm", allowed="one [[arm]] table or more")
    plan.shared(where)
    if plan.line_bytes not in (0, 16, 32, 64):
        raise ConfigError("is no cache line", where=where, key="line_bytes", allowed="0, 16, 32 or 64")
    if plan.stop.asked and not 0 < plan.stop.good_per_h < plan.stop.bad_per_h:
        allowed = "more than 0 and less than bad_per_h"
        raise ConfigError("is no lower rate", where=where, key="stop.good_per_h", allowed=allowed)
    names = [arm.name for arm in plan.arm]
    for index, arm in enumerate(plan.arm):
        key = f"arm[{index}]"
        if arm.name in names[:index]:
            raise ConfigError(f"{arm.name!r} is there twice", where=where, key=f"{key}.name")
        for ring in ("playback_buffer", "capture_buffer"):
            if getattr(arm, ring) < 2 * arm.period_size:
                allowed = f"at least 2 periods, {2 * arm.period_size} frames"
                raise ConfigError("ring too small", where=where, key=f"{key}.{ring}", allowed=allowed)
        event_rules.check_arm(arm, where, key)
        if arm.burst_s * plan.rate > 1 << 30:
            allowed = "2^30 frames at most"
            raise ConfigError("burst too long", where=where, key=f"{key}.burst_s", allowed=allowed)
    event_rules.check(plan.event, plan.arm, where)
    return plan


def load_plan(name: str, setting: Mapping[str, Any] | None = None) -> Plan:
    """Return the plan called `name`, a shipped one or a file, with what it inherits.

    Parameters
    ----------
    setting : of this run, where the plan sweeps whole runs: one of `settings_of`.

    Raises
    ------
    ConfigError : no such plan, see `stress.plan.inheritance` and `read_plan`.
    """
    return read_plan(*_loaded(name), setting)


def settings_of(name: str) -> list[dict[str, Any]]:
    """Return the setting of each run that the plan called `name` asks for, none for a plan of one run.

    Raises
    ------
    ConfigError : as `load_plan`.
    """
    return runs(*_loaded(name))


def _loaded(name: str) -> tuple[dict[str, Any], str]:
    return inheritance.load(name, partial(schema.read, Arm), partial(read_plan, setting={}))
