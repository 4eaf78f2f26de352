# SPDX-License-Identifier: MIT
"""What a PASS needs of the arms of a plan: each one that was asked for was run, exposed, judged and clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.transport import ALIASING
from stress.model.words import counted
from stress.verdict.tally import Tally, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.plan.plan import Arm, Plan

NOT_BEGUN = "not begun"
# A full disk or a power cut: the burst ran, and what it found is lost with the line.
TORN = "its burst is not judged: the event that tells of it was cut off"


def missing(plan: Plan, parts: Sequence[Tally]) -> list[str]:
    """Return one entry per arm that keeps the run from PASS, with the reason."""
    by_name = {part.arm: part for part in parts}
    asked = [(arm.name, by_name.get(arm.name)) for arm in plan.arm if not arm.optional]
    # A record may hold arms that its plan no longer names; they were asked for as well.
    names = {arm.name for arm in plan.arm}
    asked += [(part.arm, part) for part in parts if part.arm not in names]
    # Where no arm heard anything, that is a doubt of the whole run, and not of one arm after the other.
    deaf = all(part.unlocked == part.bursts for part in parts)
    found = ((name, shortfall(part, deaf)) for name, part in asked)
    return [f"{name} ({reason})" for name, reason in found if reason]


def shortfall(part: Tally | None, deaf: bool = False) -> str:
    """Return why an arm judged nothing, "" where it did.

    Only what concerns this arm alone: the rest is a doubt of the whole run.

    Parameters
    ----------
    deaf : the stimulus was recognised in no arm at all.
    """
    if part is None:
        return NOT_BEGUN
    if not part.bursts:
        return part.skipped or "no burst was run"
    xruns = f", {counted(part.xruns, 'xrun')}" if part.xruns else ""
    if part.unlocked == part.bursts and deaf:
        return ""
    if part.starved == part.bursts:
        return f"an xrun in every burst{xruns}"
    if part.unlocked == part.bursts:
        return f"the stimulus was not recognised in any burst{xruns}"
    if not part.lines:
        return f"no ring line was checked{xruns}"
    if part.xrun_bursts == part.bursts:
        return f"an xrun in every burst{xruns}"
    if not part.planted:
        return "no fault was injected, so the detector's sensitivity is unproven"
    if part.wire["in_judged"] and not part.wire["in_planted"]:
        return "no self-test of capture: no fault could be injected into what was read"
    return part.skipped or ""


def unprovoked(plan: Plan, parts: Sequence[Tally], indexing: str) -> str:
    """Return why ordinary arms alone prove nothing of this core, "" where they do or need not.

    Ordinary players and recorders meet stale lines too rarely: on a core whose
    cache may hold two copies, a PASS of mmapped rings rests on an arm that
    provokes the defect, was judged and had room to show it.

    Parameters
    ----------
    indexing : how the D-cache of the core finds a line, as `TransportRecord` has it.
    """
    if indexing not in ALIASING or plan.ordinary or not any(arm.mapped for arm in plan.arm):
        return ""
    by_name = {part.arm: part for part in parts}
    provoking = [arm.name for arm in plan.arm if arm.provoking and arm.mapped and not arm.cures]
    if any(name in by_name and not shortfall(by_name[name]) for name in provoking):
        return ""
    lack = f"of the arms that provoke the defect ({', '.join(provoking)}) none" if provoking else "no arm"
    judged = "was judged" if provoking else "provokes the defect"
    return (
        f"{lack} {judged}: on a {indexing} core ordinary use alone does not prove the mmapped rings "
        "(--plan bringup provokes it; `ordinary = true` in the plan asks for ordinary use only)"
    )


def proving(plan: Plan, parts: Sequence[Tally]) -> Tally:
    """Return the sum of the arms whose exposure counts towards the bound.

    Where the plan asks for mmapped rings, read/write access never vouches for
    them, nor does an arm whose cache maintenance hides the defect.
    """
    arms = {arm.name: arm for arm in plan.arm}
    mapped = any(arm.mapped for arm in plan.arm)
    return total(part for part in parts if _proves(arms.get(part.arm), mapped))


def unproven(plan: Plan, parts: Sequence[Tally]) -> str:
    """Return why none of the lines that were checked counts, "" where some do or none was checked."""
    lines = sum(part.lines for part in parts)
    if not lines or proving(plan, parts).lines:
        return ""
    ran = [arm for arm in plan.arm if any(part.arm == arm.name and part.lines for part in parts)]
    ways = [f"{arm.name} ({_hiding(arm)})" for arm in ran]
    return (
        f"{counted(lines, 'ring line')} checked, but none of an mmapped ring with nothing that hides the "
        f"defect: {', '.join(ways)}"
    )


def _hiding(arm: Arm) -> str:
    return "rw access" if not arm.mapped else "use_vmalloc=0" if arm.vmalloc == "off" else arm.lever


def _proves(arm: Arm | None, mapped: bool) -> bool:
    return arm is None or (not arm.cures and (arm.mapped or not mapped))


def judged_ways(plan: Plan, parts: Sequence[Tally]) -> str:
    """Return access and way of touching of the arms that were judged, in words."""
    ran = {part.arm for part in parts if part.lines}
    # By the wire of a card that only plays nothing of capture was judged.
    deaf = {part.arm for part in parts if part.wire["judged"] == part.bursts and not part.wire["in_judged"]}
    arms = [arm for arm in plan.arm if arm.name in ran and not arm.cures]
    mapped = [arm for arm in arms if arm.mapped]
    playback = sorted({arm.playback for arm in mapped if arm.side != "capture"}, reverse=True)
    heard = [arm for arm in mapped if arm.side != "playback" and arm.name not in deaf]
    capture = sorted({arm.capture for arm in heard}, reverse=True)
    ways = [f"playback {' and '.join(playback)}" if playback else "", f"capture {' and '.join(capture)}"]
    told = ", ".join(way for way in ways if way and not way.endswith(" "))
    rw = any(not arm.mapped for arm in arms)
    return " and ".join([*([f"mmap ({told})"] if mapped else []), *(["rw"] if rw else [])])
