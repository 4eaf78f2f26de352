# SPDX-License-Identifier: MIT
"""Verdicts, contrasts and causes of planted tallies, with counts at, below and above what decides."""

from __future__ import annotations

import dataclasses

import numpy as np

from stress.detect.exact.ring_offset import lines_within
from stress.model.finding import Kind
from stress.model.record.findings import FindingRecord
from stress.model.transport import COHERENT, KINDS, VIPT_ALIASING, VIVT, TransportRecord
from stress.plan.plan import Arm, read_plan
from stress.verdict import (
    allocations,
    cause,
    mechanism,
    needs,
    suspects,
    tally,
)
from stress.verdict.contrast import Measured, contrasts, decidable, dispersions, dose_response, lever_of
from stress.verdict.diagnosis import diagnose
from stress.verdict.judge import judge, judge_run
from stress.verdict.longer import clean_but_short
from stress.verdict.rates import RateUnit, RateUnits, difference, spread
from stress.verdict.suspects import Context
from stress.verdict.symptoms import Symptoms
from stress.verdict.tally import Tally
from stress.verdict.two_clocks import EVEN, LARGEST_SLIP, LEAST_GAPS, Slip, two_clocks
from tests.pinned.kit import word

BOUND = 1e-4
BASE = Arm(name="player", group="player", side="playback")
ARMS = {
    "player": BASE,
    "clean": dataclasses.replace(BASE, name="clean", lever="clean+invalidate"),
    "flush": dataclasses.replace(BASE, name="flush", lever="cacheflush"),
    "rw": dataclasses.replace(BASE, name="rw", access="rw"),
    "switched": dataclasses.replace(BASE, name="switched", switches_per_s=200.0),
    "loaded": dataclasses.replace(BASE, name="loaded", load="memory"),
    "uncached": dataclasses.replace(BASE, name="uncached", vmalloc="off"),
}


def said(judged):
    """Verdict and the numbers of each reason."""
    return f"{judged.verdict.name} {len(judged.reasons)} {word([' ' + reason for reason in judged.reasons])}"


def clean(**changes):
    """A tally that passes, with some of it changed."""
    values = {"arm": "a", "bursts": 2, "checked_frames": 800_000, "lines": 100_000, "streamed_s": 20.0}
    values.update({"observed_s": 20.0, "planted": 20, "control_found": 20, "least_queued": 96.0, **changes})
    made = Tally(values.pop("arm"))
    for name, value in values.items():
        if isinstance(value, dict):
            getattr(made, name).update(value)
        else:
            setattr(made, name, value)
    return made


CHANGES = {
    **{f"lines {n}": {"lines": n} for n in (0, 1, 1000, 29956, 29957, 29958, 30000)},
    **{f"found {n}": {"control_found": n} for n in (0, 19, 20)},
    **{f"planted {n}": {"planted": n, "control_found": n} for n in (0, 1, 59, 60)},
    **{f"covered {n}": {"control_found": 18, "control_covered": n} for n in (0, 1, 2, 3)},
    **{f"unlocked {n}": {"unlocked": n} for n in (1, 2)},
    **{f"silent {n}": {"silent": n} for n in (1, 2)},
    **{f"xruns {n}": {"xruns": 3, "xrun_bursts": n} for n in (1, 2)},
    **{f"lost {how}": {"lost": how} for how in ("gone", "frozen")},
    **{f"wrong {kind.value}": {"wrong_frames": 8, "episodes": 1, "counts": {kind.value: 1}} for kind in Kind},
    "transport": {"wrong_frames": 8, "episodes": 1, "counts": {"drop": 1}, "transport": 1},
    "behind": {"behind": 1},
    "skipped": {"skipped": "busy", "bursts": 0, "lines": 0},
    "no burst": {"bursts": 0, "lines": 0, "checked_frames": 0},
    "refused": {"refused": {"priority": 2}},
    "doubts": {"doubts": {"the level is low": 1}},
    "blind": {"blind": {"the wire was not seen": 2}},
    "inconsistent": {"inconsistent": {"sums differ": 1}},
    "oops": {"oopses": {"BUG: scheduling while atomic": 1}},
    "usb errors": {"usb_errors": {"-71": 3}},
    "spectral": {"detectors": {"spectral": 2}, "alarm": 9.0, "weakest": 8.0, "least_queued": 2.0},
    "views": {"views": {"PLAYBACK": 3}, "wire": {"out": 3}},
}


def judged():
    """One arm, each change of it, by itself and as the only or the second arm of a plan."""
    plan = read_plan({"bound": BOUND, "arm": [{"name": "a"}]}, "plan")
    pair = read_plan({"bound": BOUND, "arm": [{"name": "a"}, {"name": "rw", "access": "rw"}]}, "plan")
    for name, change in CHANGES.items():
        one = clean(**change)
        yield f"{name}: {said(judge(one, BOUND))}"
        yield f"{name}, nothing else: {said(judge(one, BOUND, otherwise=False))}"
        yield f"{name} as a run: {said(judge_run([one], plan))} short {clean_but_short([one], plan)}"
        for arm in ("a", "rw"):
            both = [
                clean(arm="a", **(change if arm == "a" else {})),
                clean(arm="rw", **(change if arm == "rw" else {})),
            ]
            lacks = word([" " + one for one in needs.missing(pair, both)])
            yield f"{name} in {arm} of two: {said(judge_run(both, pair))} {lacks}"
        yield f"{name}: shape {word(' ' + needs.shortfall(one))} {word(' ' + allocations.doubt(one))}"


def indexing():
    """Plans that provoke and others, on each kind of cache."""
    for arms in ([{"name": "a"}], [{"name": "a", "playback": "rmw"}], [{"name": "a", "capture": "ahead"}]):
        plan = read_plan({"bound": BOUND, "arm": arms}, "plan")
        for kind in ("", VIVT, VIPT_ALIASING, COHERENT):
            for name in ("lines 29957", "lines 30000", "no burst"):
                parts = [clean(**CHANGES[name])]
                run = judge_run(parts, plan, kind)
                lacks = word(" " + needs.unprovoked(plan, parts, kind))
                yield f"{arms[0]} {kind} {name}: {said(run)} {lacks}"
        ways = word(" " + needs.judged_ways(plan, [clean()]))
        yield f"{arms[0]}: {ways} {needs.proving(plan, [clean()]).arm}"


def arm(name, episodes):
    """A measured arm with so many episodes of old data."""
    sites = {("stale", "playback", 1): 2 * episodes} if episodes else {}
    counts = {"stale": 2 * episodes} if episodes else {}
    one = clean(arm=name, episodes=episodes, wrong_frames=1000 * episodes, sites=sites, counts=counts)
    if episodes:
        one.shapes.update({"lines": 2 * episodes})
        one.tiles, one.tile_runs, one.tile_squares = 40, 2 * episodes, 5 * episodes
    return Measured(ARMS[name], one)


SCENES = {
    "all clean": {"player": 0, "clean": 0, "rw": 0},
    "cured by all": {"player": 40, "clean": 0, "flush": 0, "rw": 0},
    "flush does not": {"player": 40, "clean": 0, "flush": 40, "rw": 0},
    "nothing cures": {"player": 40, "clean": 40, "rw": 40},
    "rw alone": {"player": 40, "clean": 38, "rw": 0},
    "half": {"player": 40, "clean": 20, "rw": 19},
    "few": {"player": 3, "clean": 0, "rw": 0},
    **{f"{n} against none": {"player": n, "rw": 0} for n in (4, 5, 6, 7)},
    "switched": {"player": 40, "switched": 10, "rw": 0},
    "loaded": {"player": 10, "loaded": 60, "rw": 0},
    "uncached": {"player": 40, "uncached": 0},
}


def causes():
    """Contrasts of arms, and what is concluded on each transport."""
    for name, scene in SCENES.items():
        measured = [arm(one, episodes) for one, episodes in scene.items()]
        compared = contrasts(measured)
        yield f"{name}: decidable {decidable(measured)} {word(dispersions(measured))}"
        for one in compared:
            yield f"  {word(one)}"
        yield f"  dose {word(dose_response(measured, 'player'))}"
        for side in mechanism.mechanisms(measured, compared):
            yield f"  side {word(side)}"
        for kind in ("", *KINDS):
            found = diagnose(
                measured, BOUND, Context(TransportRecord(kind)) if kind else suspects.NOTHING_KNOWN
            )
            yield f"  {kind or 'unknown'}: {found.cause.value} {len(found.evidence)}"
        yield f"  evidence {word([' ' + line for line in found.evidence])}"
    yield "levers " + word([lever_of(one) for one in ARMS.values()])


def kinds():
    """What each kind of finding, alone in an arm, is taken for on each transport."""
    symptoms = {
        "none": Symptoms(),
        "packets": Symptoms(bursts=2, rate=48000, frame_bytes=4, at_packets=6, beside_packets=4),
        "beside": Symptoms(bursts=2, rate=48000, frame_bytes=4, at_packets=5, beside_packets=5),
        "gaps": dataclasses.replace(Symptoms(bursts=2, rate=48000, frame_bytes=4)),
        "silent": Symptoms(bursts=2, silent=2, rate=48000),
    }
    symptoms["gaps"].gaps.update({48: 6, 96: 4})
    for transport in KINDS:
        carries = TransportRecord(transport, packet_us=1000)
        for name, shown in symptoms.items():
            context = Context(carries, shown)
            found = [suspects.cause_of(kind.value, context).value for kind in Kind]
            yield f"{transport} {name}: {', '.join(found)}"
        for one in cause.Cause:
            advice = word(" " + cause.advice(one, carries))
            yield f"{transport} {one.value}: {cause.possible(one, transport)} {advice}"


def units_of(events, bursts):
    """Bursts that have nearly so many episodes each."""
    every = (RateUnit(events + n % 2, 10.0, 8 * events, 480_000) for n in range(bursts))
    return RateUnits(kept=list(every))


def rates():
    """Differences of two rates."""
    for first in (0, 1, 5, 20, 200):
        for second in (0, 1, 5, 20, 200):
            for bursts in (1, 5):
                units = [units_of(events, bursts) for events in (first, second)]
                for saturated in (False, True):
                    found = difference(*units, saturated)
                    words = [found.word(p).value for p in (0.0, 0.049, 0.05, 1.0)]
                    yield f"{first} {second} in {bursts}: {word(found)} {found.factor:.6g} {', '.join(words)}"
    for freedom in (0, 1, 4, 9):
        yield f"spread {freedom}: {spread([[(3, 10.0), (5, 10.0)], [(9, 10.0), (1, 20.0)]], freedom):.6g}"


def clocks():
    """Slips of two clocks, just regular and just not."""
    for number in (LEAST_GAPS - 1, LEAST_GAPS, LEAST_GAPS + 1, LEAST_GAPS + 2):
        for frames in (1, LARGEST_SLIP, LARGEST_SLIP + 1):
            for away in (0.0, 0.2, EVEN, 0.3):
                steps = 48000 * (1 + away * (np.arange(number) % 2 * 2 - 1))
                slips = [Slip(frames, 0), *(Slip(frames, int(gap)) for gap in steps)]
                yield f"{number} of {frames} off by {away}: {word(' ' + two_clocks(slips))}"


def shapes():
    """The shape of findings against lines."""
    for frames in (1, 4, 7, 8, 9, 16):
        for offset in (0, 4, 16, 32, 36):
            for line in lines_within(64):
                one = FindingRecord(
                    "stale",
                    960,
                    frames,
                    "playback",
                    1,
                    line if frames % 8 == 0 else None,
                    False,
                    {},
                    ring_offset=offset,
                )
                yield f"{frames} at {offset} of {line}: {tally.shape(one, line)}"


CASES = {
    "judged": judged,
    "indexing": indexing,
    "causes": causes,
    "kinds": kinds,
    "rates": rates,
    "clocks": clocks,
    "shapes": shapes,
}
