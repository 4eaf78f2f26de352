# SPDX-License-Identifier: MIT
"""Tables of plan `remedy`: before and after a patch, and one line per remedy."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from stress.report.table import table
from tools.labkit.remedies import CAPTURE, PLAYBACK, REMEDIES, Remedy
from tools.labkit.remedy_run import ArmResult, CardResult

#: Arm -> how it touches the ring, in the words of docs/glossary.md.
TOUCH = {
    "player": "P1 store only",
    "mixer": "P2 read, then store",
    "recorder": "C1 read",
    "ahead": "CT touch ahead, read later",
}
_RING = {"aloop": "snd-aloop", "usb": "USB"}
_BOTH_SAY = ("the emulator's log explains every wrong frame", "DISAGREES WITH THE EMULATOR'S LOG")


def direction(arm: str) -> str:
    """Return "playback" or "capture"."""
    return "playback" if arm in PLAYBACK else "capture"


def verdict(seen: ArmResult | None) -> str:
    """Return verdict and share of wrong frames, or that the arm did not run."""
    if seen is None or not seen.checked:
        return "not run"
    return f"{seen.verdict} {100 * seen.wrong / seen.checked:.2f} %" if seen.wrong else seen.verdict


def bound(seen: ArmResult) -> str:
    """Return the 95 % bound on wrong lines per line; "-" where a wrong one was seen."""
    return "-" if seen.bound is None else f"{seen.bound:.1e}"


def comparison(before: Mapping[str, CardResult], after: Mapping[str, CardResult]) -> list[str]:
    """Return the table of a patch: ring, direction, way of touching, before and after."""
    heads = ("ring", "direction", "touch", "before", "after", "wrong frames", "95 % bound", "served stale")
    rows, reasons = [], []
    for card, after_card in after.items():
        for arm in (*PLAYBACK, *CAPTURE):
            old = before[card].arms.get(arm)
            new = after_card.arms.get(arm, ArmResult(reason="this card only plays"))
            ran = bool(new.checked)
            cells = (f"{new.wrong} of {new.checked}", bound(new), new.served) if ran else ("-", "-", "-")
            rows.append((_RING[card], direction(arm), TOUCH[arm], verdict(old), verdict(new), *cells))
            if not ran:
                reasons.append(f"{_RING[card]} {arm}: not run: {new.reason}")
    text = table(heads, rows, "lllllrrr")
    for card, after_card in after.items():
        text.append(f"{_RING[card]}: before: {before[card].cause}; after: {after_card.cause}")
        if after_card.splat and not before[card].splat:
            text.append(f"{_RING[card]}: THE CHANGED KERNEL COMPLAINED: {after_card.splat}")
    return [*text, *dict.fromkeys(reasons), *agreement([*before.values(), *after.values()])]


def agreement(cards: Iterable[CardResult]) -> list[str]:
    """Return what pcmstress and the emulator's own count of stale reads say of each other."""
    arms = [arm for card in cards for arm in card.arms.values()]
    served, missed = sum(arm.served for arm in arms), sum(arm.missed for arm in arms)
    beyond = sum(arm.unexplained for arm in arms)
    return [
        f"ground truth: {served} frames served stale, {served - missed} found in place with their age, "
        f"{missed} missed, {beyond} wrong without a stale read: {_BOTH_SAY[bool(missed or beyond)]}"
    ]


@dataclasses.dataclass(frozen=True)
class Row:
    """A remedy and what its boots gave, by card."""

    remedy: Remedy
    cards: Mapping[str, CardResult]


def remedies(rows: Sequence[Row]) -> list[str]:
    """Return the tables of all remedies: which mends what, its price, and the cause named."""
    heads = ("remedy", "kernel", "user", "ring", *(*PLAYBACK, *CAPTURE), "bound", "as expected")
    cells = []
    for row in rows:
        for card, result in row.cards.items():
            arms = [result.arms.get(arm) for arm in (*PLAYBACK, *CAPTURE)]
            worst = max((seen.bound for seen in arms if seen and seen.bound), default=None)
            limit = "-" if worst is None else f"{worst:.1e}"
            said = "yes" if not surprises(row.remedy, card, result) else "NO"
            who = (row.remedy.name, row.remedy.kernel, row.remedy.user, _RING[card])
            cells.append((*who, *map(share, arms), limit, said))
    text = table(heads, cells, "llllrrrrrl")
    text += ["", *costs(rows), "", *causes(rows), ""]
    text += agreement([card for row in rows for card in row.cards.values()])
    return text


def share(seen: ArmResult | None) -> str:
    """Return the share of wrong frames, "clean", or "-" where the arm did not run."""
    if seen is None or not seen.checked:
        return "-"
    return f"{100 * seen.wrong / seen.checked:.2f} %" if seen.wrong else "clean"


def surprises(remedy: Remedy, card: str, result: CardResult) -> list[str]:
    """Return the arms that are clean against expectation, or wrong against it."""
    found = []
    for arm in (*PLAYBACK, *CAPTURE):
        seen = result.arms.get(arm)
        if arm in remedy.rare or not seen or not seen.checked:
            continue
        if bool(seen.wrong) == remedy.mends(card, arm):
            found.append(arm)
    return found


def costs(rows: Sequence[Row]) -> list[str]:
    """Return what the ordinary player and recorder cost per frame, by counters of the emulator."""
    heads = (
        *("remedy", "ring", "arm", "instructions", "beside stock"),
        *("ring fills", "uncached", "line ops", "other fills"),
    )
    cells = []
    stock = _stock(rows)
    for row in rows:
        for card, result in row.cards.items():
            for name in ("player", "recorder"):
                seen = result.arms.get(name)
                if seen is None or not seen.frames:
                    continue
                cells.append(
                    (
                        row.remedy.name,
                        _RING[card],
                        name,
                        f"{seen.per_frame('instructions'):.0f}",
                        _beside(seen, stock[card].arms.get(name) if card in stock else None),
                        f"{seen.per_frame('user_ring_fills', 'kernel_ring_fills'):.3f}",
                        f"{seen.per_frame('user_uncached', 'kernel_uncached'):.2f}",
                        f"{seen.per_frame('line_ops'):.2f}",
                        f"{seen.per_frame('user_fills', 'kernel_fills'):.2f}",
                    )
                )
    return ["Per frame, of the whole burst:", *table(heads, cells, "lllrrrrrr")]


def _stock(rows: Sequence[Row]) -> Mapping[str, CardResult]:
    return next((row.cards for row in rows if not row.remedy.append), {})


def _beside(seen: ArmResult, stock: ArmResult | None) -> str:
    """Return by how much the instructions per frame differ from the stock kernel's; "-" without one."""
    before = stock.per_frame("instructions") if stock else 0.0
    return f"{100 * (seen.per_frame('instructions') / before - 1):+.1f} %" if before else "-"


def causes(rows: Sequence[Row]) -> list[str]:
    """Return what each remedy mends, what it leaves wrong, and the cause that `pcmstress diagnose` named."""
    stock = _stock(rows)
    cells = [
        (
            row.remedy.name,
            _RING[card],
            _mended(stock.get(card), result),
            _wrong(result) or "nothing",
            result.verdict,
            result.cause,
        )
        for row in rows
        for card, result in row.cards.items()
    ]
    heads = ("remedy", "ring", "mends", "leaves wrong", "verdict", "cause")
    return ["Named by diagnose:", *table(heads, cells, "llllll")]


def _wrong(result: CardResult) -> str:
    arms = (*PLAYBACK, *CAPTURE)
    return ", ".join(arm for arm in arms if arm in result.arms and result.arms[arm].wrong)


def _mended(stock: CardResult | None, result: CardResult) -> str:
    """Return the arms that are wrong on the stock kernel and clean here; "-" without that kernel's run."""
    if stock is None:
        return "-"
    clean = [
        arm
        for arm in (*PLAYBACK, *CAPTURE)
        if arm in stock.arms and stock.arms[arm].wrong and arm in result.arms
        if result.arms[arm].checked and not result.arms[arm].wrong
    ]
    return ", ".join(clean) or ("-" if result is stock else "nothing")


def known(names: Sequence[str]) -> list[Remedy]:
    """Return the remedies of these names, all without one."""
    return [remedy for remedy in REMEDIES if not names or remedy.name in names]
