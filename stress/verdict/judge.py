# SPDX-License-Identifier: MIT
"""From tallies to a verdict with its reasons."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stress.model.exposure import ZERO_EVENTS_95, Exposure
from stress.model.lifecycle import FirstLap
from stress.model.transport import ALIASING
from stress.model.verdict import Verdict
from stress.model.words import at_most, count, counted, plain, stretches
from stress.settings.times import format_duration
from stress.stats.counts import miss_bound_95
from stress.verdict import allocations, needs
from stress.verdict.lifecycle import behind_events, missed_events
from stress.verdict.tally import WHOLE, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.plan.plan import Plan
    from stress.verdict.tally import Tally


_ASK = " (is the loopback connected, the volume at 0 dB, the right capture source selected?)"
# Counts up where the same bursts may get another verdict: a record keeps that of its own rules.
RULES = 3
_BY_WIRE = "judged from the USB bus only: {} correct; nothing after the bus was checked"


@dataclass(frozen=True)
class Judgement:
    """A verdict and why, one line per reason."""

    verdict: Verdict
    reasons: tuple[str, ...]


def judge(tally: Tally, bound: float = 1.0, *, otherwise: bool = True, unproven: str = "") -> Judgement:
    """Judge one arm, or the sum of all.

    Parameters
    ----------
    bound : the 95 % upper bound on wrong lines per line a PASS needs. A single
        arm is judged without one: the run as a whole has to reach it.
    otherwise : nothing beside this tally keeps the run from PASS.
    unproven : why none of the lines that were checked counts.
    """
    if tally.found:
        events = behind_events(tally.outcomes)
        return Judgement(Verdict.FAIL, (_corruption(tally), *_lucky(tally), *events, *_kernel(tally)))
    silent = sum(number for (_, what), number in tally.outcomes.items() if what == FirstLap.MUTE.value)
    # The same stream came through in other bursts: silence is not a missing cable.
    if 0 < silent < tally.bursts:
        return Judgement(Verdict.FAIL, behind_events(tally.outcomes))
    if not tally.bursts:
        return Judgement(Verdict.SKIP, (tally.skipped or "no burst was run",))
    doubts = _doubts(tally, bound, otherwise, unproven)
    if tally.lost == "frozen":
        return Judgement(
            Verdict.ERROR,
            ("the device stopped moving; the watchdog freed the call", *doubts, *_kernel(tally)),
        )
    if doubts:
        return Judgement(Verdict.INCONCLUSIVE, (*doubts, *_kernel(tally)))
    rings = "both host rings are" if tally.wire["in_judged"] else "the host's playback ring is"
    alone = (_BY_WIRE.format(rings),) if tally.wire.get("judged") else ()
    return Judgement(
        Verdict.PASS,
        (_clean(tally), _power(tally), *allocations.words(tally), *_lucky(tally), *alone, *_kernel(tally)),
    )


def _kernel(tally: Tally) -> list[str]:
    # Told beside any verdict; an oops is a doubt as well.
    said = []
    for what, messages in (("broke", tally.oopses), ("reported trouble of USB or sound", tally.usb_errors)):
        if messages:
            times = counted(sum(messages.values()), "message")
            said.append(f"kernel {what} while bursts ran ({times}): {plain(next(iter(messages)))}")
    return said


def _lucky(tally: Tally) -> tuple[str, ...]:
    # The kernel reports an xrun by its own pointers and thresholds; the queue says more.
    if not tally.behind:
        return ()
    bursts = f"{tally.behind} of {counted(tally.bursts, 'burst')}"
    return (
        f"lucky: in {bursts} the playback queue ran empty ({tally.least_queued:.0f} frames) and no xrun was "
        "reported: the hardware may have played what was not written yet, which is no cache's doing; use "
        "larger rings",
    )


def _corruption(tally: Tally) -> str:
    kinds = ", ".join(f"{count(number)} {kind}" for kind, number in tally.counts.most_common())
    wrong, frames = count(tally.wrong_frames), count(tally.checked_frames)
    return f"{stretches(tally.found)} ({kinds}): {wrong} of {frames} frames are wrong"


def _doubts(tally: Tally, bound: float, otherwise: bool, unproven: str) -> tuple[str, ...]:
    doubts = []
    if tally.lost == "gone":
        doubts.append("the device went away; what was recorded before stays valid")
    if tally.oopses:
        doubts.append("the kernel is broken, so nothing that ran on it proves anything: reboot and repeat")
    if tally.inconsistent:
        number = counted(len(tally.inconsistent), "burst")
        doubts.append(f"the record is inconsistent in {number}: {next(iter(tally.inconsistent))}")
    doubts += _distinct(tally)
    # What ran dry could not come back; that is said as an xrun.
    unheard = tally.unlocked - tally.starved
    if unheard and tally.wire.get("judged"):
        doubts.append(f"no lock in {unheard} of {tally.bursts} bursts: the pattern was not seen on the wire")
    elif unheard:
        # Where another burst was heard the loop is closed.
        ask = _ASK if unheard == tally.bursts and not tally.doubts else ""
        doubts.append(
            f"no lock in {unheard} of {tally.bursts} bursts: what was played did not come back{ask}"
        )
    # Of all arms together `needs.missing` names those that judged nothing.
    if tally.arm != WHOLE and not unheard and tally.xrun_bursts == tally.bursts:
        doubts.append(f"an xrun in every burst, {counted(tally.xruns, 'xrun')}: none was judged undisturbed")
    if tally.transport:
        doubts.append(
            f"{stretches(tally.transport)} beside lost time (xruns, whole laps skipped, a packet "
            "read while it was copied, packets sent in another order): not judged; repeat with a larger "
            "ring, less load or real-time priority"
        )
    if tally.xruns and tally.unlocked:
        doubts.append(
            f"{counted(tally.xruns, 'xrun')}: the machine was too slow for the ring (longer periods, a "
            "larger buffer, or real-time priority)"
        )
    if tally.control_missed:
        doubts.append(_self_test(tally))
    elif not tally.planted:
        doubts.append("no self-test: no fault was injected, so the detector's sensitivity is unproven")
    elif tally.wire["in_judged"] and not tally.wire["in_planted"]:
        doubts.append(
            "no self-test of capture: no fault could be injected into what was read "
            "(a silent source, or bursts shorter than a lap)"
        )
    doubts += [f"condition not granted: {text}" for text in sorted(tally.refused)]
    seen = Exposure(tally.lines, tally.line_bytes).rate_bound_95
    if unproven:
        doubts.append(unproven)
    elif seen is None or seen > bound:
        have, needed = _told_apart(seen, bound)
        decides = _deciding(tally, bound, alone=otherwise and not doubts)
        doubts.append(f"exposure too small: {have}, a PASS needs {needed} ({decides})")
    # Of all arms together: one ring of each arm is as good as several of one.
    drawn = allocations.doubt(tally) if tally.arm == WHOLE else ""
    return (*doubts, drawn) if drawn else tuple(doubts)


def _told_apart(seen: float | None, bound: float) -> tuple[str, str]:
    # With as many digits as it takes: "0.0001, a PASS needs 0.0001" tells nobody what is missing.
    if seen is None:
        return "no line was checked", f"{bound:.2g}"
    digits = next((n for n in range(2, 7) if f"{seen:.{n}g}" != f"{bound:.{n}g}"), 7)
    return f"95 % bound {seen:.{digits}g} per line", f"{bound:.{digits}g}"


def _self_test(tally: Tally) -> str:
    # A fault in frames that are wrong for another reason does not show, however good the detector is.
    planted, covered = tally.planted, min(tally.control_covered, tally.control_missed)
    missed = tally.control_missed - covered
    words = [f"{missed} of {planted} injected faults not found"] if missed else []
    if covered:
        words.append(
            f"{covered} of {planted} injected faults lie in frames that are wrong for another reason"
        )
    return f"self-test: {', '.join(words)}"


def _deciding(tally: Tally, bound: float, *, alone: bool) -> str:
    # Streaming time that brings the bound down to what is asked, a quarter to spare. It decides
    # nothing where something else keeps the run from PASS, too.
    if not tally.lines or not tally.streamed_s:
        return "longer bursts or --duration"
    seconds = math.ceil(1.25 * tally.streamed_s * ZERO_EVENTS_95 / bound / tally.lines)
    way = "this decides it" if alone else "once the other reasons are gone"
    return f"{way}: the same run with --duration {format_duration(seconds)}"


def _distinct(tally: Tally) -> list[str]:
    # Advice of the same kind carries other numbers in every burst: one of them is shown.
    kinds: dict[str, tuple[str, int]] = {}
    for text, number in tally.doubts.items():
        key = re.sub(r"[\d.+-]+", "#", text)
        first, before = kinds.get(key, (text, 0))
        kinds[key] = first, before + number
    return [
        text if number == tally.bursts or tally.bursts == 1 else f"{text} ({number} of {tally.bursts} bursts)"
        for text, number in kinds.values()
    ]


def _clean(tally: Tally) -> str:
    bound = Exposure(tally.lines, tally.line_bytes).rate_bound_95
    lines = counted(tally.lines, "ring line")
    return f"no wrong frame in {lines}: {at_most(bound or 0.0)}"


def _power(tally: Tally) -> str:
    missed = 100 * miss_bound_95(tally.planted)
    return (
        f"self-test: found {tally.control_found} of {tally.planted} injected faults and nothing else: the "
        f"detector misses less than {missed:.2g} % (95 % confidence){_by_side(tally)}{_margin(tally)}"
    )


def _margin(tally: Tally) -> str:
    if tally.weakest is None or tally.alarm is None:
        return ""
    return f"; the weakest of them stood {tally.weakest:.0f} noise sigmas high, {tally.alarm:.0f} alarm"


def _by_side(tally: Tally) -> str:
    # By the wire each side has a comparison of its own, which only its own faults vouch for.
    if not tally.wire["in_planted"]:
        return ""
    parts = [
        f"{tally.wire[f'{side}_found']} of {tally.wire[f'{side}_planted']} {where} "
        f"(less than {100 * miss_bound_95(tally.wire[f'{side}_planted']):.2g} %)"
        for side, where in (("out", "in what was written"), ("in", "laid over what was read"))
    ]
    return f"; {' and '.join(parts)}"


def judge_run(parts: Sequence[Tally], plan: Plan, indexing: str = "") -> Judgement:
    """Judge a run: corruption in any arm, else no better than its worst arm that was asked for.

    Parameters
    ----------
    indexing : how the D-cache of the core finds a line, as `TransportRecord` has it; "" where unknown.
    """
    whole = total(parts)
    if not any(part.bursts for part in parts):
        reasons = tuple(f"{part.arm}: {part.skipped}" for part in parts if part.skipped)
        return Judgement(Verdict.SKIP, reasons or ("nothing was run",))
    skipped = tuple(f"arm {part.arm} skipped: {part.skipped}" for part in parts if part.skipped)
    mute = "" if whole.found else _mute_beside_others(parts, indexing)
    if mute:
        return Judgement(Verdict.FAIL, (mute, *skipped))
    lacking, unprovoked = needs.missing(plan, parts), needs.unprovoked(plan, parts, indexing)
    unseen = missed_events(plan, parts)
    otherwise = not (lacking or unprovoked or unseen)
    judged = judge(
        replace(whole, lines=needs.proving(plan, parts).lines),
        plan.bound,
        otherwise=otherwise,
        unproven=needs.unproven(plan, parts),
    )
    if judged.verdict is Verdict.PASS and otherwise:
        beside = _beside_a_pass(plan, parts, indexing)
        return Judgement(Verdict.PASS, (*_of_what(judged.reasons, plan, parts), *beside, *skipped))
    if judged.verdict in (Verdict.FAIL, Verdict.ERROR):
        return Judgement(judged.verdict, (*judged.reasons, *skipped))
    named = (f"{counted(len(lacking), 'arm')} not judged: {', '.join(lacking)}",) if lacking else ()
    doubts = judged.reasons if judged.verdict is Verdict.INCONCLUSIVE else ()
    return Judgement(Verdict.INCONCLUSIVE, (*named, *unseen, *([unprovoked] if unprovoked else []), *doubts))


def _of_what(reasons: tuple[str, ...], plan: Plan, parts: Sequence[Tally]) -> tuple[str, ...]:
    # A PASS is said of what was asked: by access, and by the way the rings were touched.
    ways = needs.judged_ways(plan, parts)
    if not ways:
        return reasons
    first, *rest = reasons
    alone = ("the mmapped rings were not tested: every arm used rw access",) if ways == "rw" else ()
    return (f"for {ways}: {first}", *alone, *rest)


def _beside_a_pass(plan: Plan, parts: Sequence[Tally], indexing: str) -> tuple[str, ...]:
    # What a reader of the PASS must not take it for.
    gone = {part.arm: needs.shortfall(part) for part in parts if part.bursts}
    optional = tuple(
        f"optional arm {arm.name} not judged: {gone[arm.name]}"
        for arm in plan.arm
        if arm.optional and gone.get(arm.name)
    )
    mapped = [arm for arm in plan.arm if arm.mapped and not arm.cures]
    provoked = any(arm.provoking and gone.get(arm.name) == "" for arm in mapped)
    if indexing not in ALIASING or provoked or not mapped:
        return optional
    text = f"of ordinary use only: no arm provoked the defect that a {indexing} core may have"
    return (f"{text} (--plan bringup does)", *optional)


def _mute_beside_others(parts: Sequence[Tally], indexing: str) -> str:
    """Return the words for an arm that stays silent where another hears the pattern."""
    heard = next((part.arm for part in parts if part.bursts and not part.unlocked), None)
    silent = [part.arm for part in parts if part.bursts and part.silent == part.bursts]
    if heard is None or not silent:
        return ""
    seen = (
        f"arm {', '.join(silent)}: every captured sample stayed zero, while arm {heard} got the pattern "
        "through the same card"
    )
    if indexing in ALIASING:
        return f"{seen}: the ring's first zeros never left the cache"
    # A core that keeps one copy of a line cannot do that, and of an unknown core nothing is known.
    return f"{seen}: the samples of this ring are not those that the card moves"
