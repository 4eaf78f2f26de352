# SPDX-License-Identifier: MIT
"""Score the exact detector on random faults: one, and two in a burst."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections import Counter
from dataclasses import replace

import numpy as np

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.model.finding import Analysis, Finding, Kind
from stress.model.formats import CARD_FORMATS, FORMATS
from stress.model.ring import Rings
from stress.patterns.shared import Shared, share
from stress.patterns.word import Pattern
from tools.benchkit._faults import FAULTS, LAST, Scene, Truth, fits

FRAMES = 24000
RINGS = Rings(1200, 1320)
# Frames between the two faults of a pair; 0 is touching.
DISTANCES = (0, 1, 2, 8, 40, 300, 3000)
# Pairs that are other faults to any observer when they touch: two slips add up,
# silence beside inserted silence is a longer silence, and a slip lies before or
# behind a chunk that belongs to neither alignment.
BLURRED = ("drop", "repeat", "insert")
BLURRED_WITH = (*BLURRED, "zero", "hold", "mute", "misplaced", "earlier_burst")
BLURRED_DISTANCE = 40
# Channels that are drawn: all up to 8, and those of larger interfaces.
CHANNELS = (*range(1, 9), 10, 16, 18, 32, 64)
# Layouts of playback and capture: every format that is converted, and directions with other channels.
LAYOUTS = (
    *(((name, 2), (name, 2)) for name, fmt in CARD_FORMATS.items() if not fmt.native and fmt.bits > 8),
    *(((name, 4), (name, 4)) for name, fmt in CARD_FORMATS.items() if fmt.bits == 8),
    (("S16_LE", 2), ("S16_LE", 1)),
    (("S16_LE", 1), ("S16_LE", 2)),
    (("S16_LE", 2), ("S24_3LE", 2)),
    (("S24_3LE", 2), ("S16_LE", 2)),
    (("S32_LE", 2), ("S32_LE", 10)),
    (("S32_LE", 10), ("S32_LE", 2)),
    (("S24_3LE", 6), ("S24_3LE", 2)),
    (("S32_LE", 18), ("S32_LE", 20)),
    (("S32_LE", 64), ("S32_LE", 64)),
)
# Blind spots where a format carries fewer bits than the frames that are compared: a change of the bits
# below is not seen, so these are found smaller, in pieces, or not at all.
BELOW_THE_BITS = ("bitflip", "byteshift", "dither", "gain", "stale_tail")
# The same trials, seen three ways: format and channels are drawn anew for each; and layouts by themselves.
TABLES = ("kind", "format", "channels", "layout")


def scene_of(pattern: Pattern, rng: np.random.Generator, frames: int = FRAMES) -> Scene:
    """Return a clean burst at a random position behind random silence."""
    first = int(rng.integers(1 << 25, 1 << 32))
    return Scene(pattern, RINGS, frames, int(rng.integers(0, 1200)), first, rng)


def lay(scene: Scene, names: list[str], distance: int) -> None:
    """Lay the faults called `names`, `distance` frames apart."""
    at = scene.lead + int(scene.rng.integers(11000, 14000))
    for name in names:
        FAULTS[name](scene, at)
        at = scene.floor + distance


def judge(scene: Scene, shared: Shared | None = None) -> tuple[Analysis, list[str]]:
    """Return the analysis and what it has wrong.

    Parameters
    ----------
    shared : layouts that the frames went through, None for those of the pattern.
    """
    first, raw = scene.first, scene.raw
    if shared is not None:
        captured = np.zeros(len(scene.rows) * shared.capture.frame_bytes, np.uint8)
        shared.capture.spread(raw, captured)
        raw = shared.capture.gather(captured)
    analysis = check(raw, Expected(scene.pattern, scene.rings, first_position=first))
    return analysis, compare(scene.truths, analysis)


def compare(truths: list[Truth], analysis: Analysis) -> list[str]:
    """Return what `analysis` has wrong, empty when it is right."""
    if not analysis.locked:
        return ["lock"]
    if len(analysis.findings) != len(truths):
        return [f"{len(analysis.findings)} findings for {len(truths)}"]
    pairs = zip(sorted(truths, key=lambda truth: truth.frame), analysis.findings)
    return [miss for truth, finding in pairs for miss in truth.misses(finding)]


def as_one(scene: Scene) -> list[list[Truth]]:
    """Return what else two faults are to any observer, since the bytes are the same."""
    if len(scene.truths) != 2:
        return []
    one, two = sorted(scene.truths, key=lambda truth: truth.frame)
    gap = two.frame - one.frame - one.frames
    same = one.kind is two.kind and (one.lag, one.ring) == (two.lag, two.ring)
    union = replace(one, frames=two.frame + two.frames - one.frame, details={})
    if one.kind is Kind.DROP and two.kind is Kind.REPEAT and one.frames == two.frames:
        # The stream comes back to where it was: what lies between is newer data.
        return [[Truth(Kind.MISPLACED, one.frame, two.frame - one.frame, -one.frames)]]
    extra = not scene.rows[two.frame : two.frame + two.frames].any()
    if extra and (one.kind, two.kind, gap) == (Kind.ZERO, Kind.INSERT, 0):
        # Zeros, and behind them a stream that fell back: nothing says which of them came extra.
        first, end = replace(two, frame=one.frame), two.frame + two.frames
        swapped = [first, replace(one, frame=one.frame + two.frames)]
        return [swapped, [replace(one, frames=end - one.frame), Truth(Kind.REPEAT, end, two.frames)]]
    if same and one.kind is Kind.DITHER and 0 <= gap <= max(_longest_right(scene, one), 1):
        return [[union]]  # dither leaves as many frames as they were, too
    if not same or gap:
        return []
    if one.kind is Kind.BITFLIP:
        return [[replace(union, details={"flips": one.details["flips"] + two.details["flips"]})]]
    if one.kind in (Kind.SWAP, Kind.BYTESHIFT) and one.details == two.details:
        return [[replace(union, details=one.details)]]
    if one.kind is Kind.STALE and one.ring_offset is not None and two.ring_offset is not None:
        return [[replace(union, line_bytes=line)] for line in (None, 16, 32)]
    return []


def _longest_right(scene: Scene, truth: Truth) -> int:
    """Return the longest run of right frames inside a fault [frames]."""
    due = scene.image(scene.due(truth.frame), truth.frames)
    seen = scene.rows[truth.frame : truth.frame + truth.frames]
    return int((np.diff(np.flatnonzero((seen != due).any(axis=1))) - 1).max(initial=0))


def main(argv: list[str]) -> int:
    """Run and print the table; 0 when every kind reaches its figure."""
    parser = argparse.ArgumentParser(prog="tools/bench accuracy", description=__doc__)
    parser.add_argument("--trials", type=int, default=1000, help="per kind (default 1000)")
    parser.add_argument("--pairs", type=int, default=2000, help="pairs in all (default 2000)")
    parser.add_argument("--layouts", type=int, default=100, help="per layout (default 100)")
    parser.add_argument("--kind", action="append", choices=list(FAULTS), help="only this kind")
    parser.add_argument("--seed", type=int, help="default: a fresh one, printed")
    parser.add_argument("--show", type=int, default=0, help="print as many failures")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    seed = secrets.randbits(32) if args.seed is None else args.seed
    result = _Score(seed, args.show)
    for name in args.kind or FAULTS:
        result.single(name, args.trials)
    if not args.kind:
        result.pairs(args.pairs)
        result.layouts(args.layouts)
    print(json.dumps(result.object()) if args.json else result.table())
    return 0 if result.reached else 1


def layout_name(layout: tuple[tuple[str, int], tuple[str, int]]) -> str:
    """Return a layout in words: "S20_3LE 2" or "S16_LE 2 > S16_LE 1"."""
    played, captured = (f"{name} {channels}" for name, channels in layout)
    return played if played == captured else f"{played} > {captured}"


_ORDER = (*FAULTS, "pairs", *FORMATS, *map(str, CHANNELS), *map(layout_name, LAYOUTS))


class _Score:
    def __init__(self, seed: int, show: int) -> None:
        self.seed, self.show = seed, show
        self.one = 0
        self.tables = {name: _Table() for name in TABLES}

    def single(self, name: str, trials: int) -> None:
        for trial in range(trials):
            rng = np.random.default_rng([self.seed, list(FAULTS).index(name), trial])
            self._trial(name, [name], 0, rng)

    def pairs(self, trials: int) -> None:
        for trial in range(trials):
            rng = np.random.default_rng([self.seed, 1000, trial])
            first = str(rng.choice([name for name in FAULTS if name not in LAST]))
            second = str(rng.choice(list(FAULTS)))
            distance = int(rng.choice(DISTANCES))
            still = first in ("zero", "hold") and second in ("zero", "hold", "mute")
            if still or (first in BLURRED and second in BLURRED_WITH):
                distance = max(distance, BLURRED_DISTANCE)
            self._trial("pairs", [first, second], distance, rng)

    def layouts(self, trials: int) -> None:
        for number, layout in enumerate(LAYOUTS):
            played, captured = (CARD_FORMATS[name] for name, _ in layout)
            shared = share((played, layout[0][1]), (captured, layout[1][1]))
            for trial in range(trials):
                rng = np.random.default_rng([self.seed, 2000 + number, trial])
                fitting = [name for name in FAULTS if fits(name, shared.channels, shared.fmt)]
                if 8 < min(played.bits, captured.bits) < shared.fmt.bits:
                    fitting = [name for name in fitting if name not in BELOW_THE_BITS]
                scene = scene_of(Pattern("mix1", shared.fmt, shared.channels), rng)
                lay(scene, [str(rng.choice(fitting))], 0)
                self.tables["layout"].add(layout_name(layout), not judge(scene, shared)[1])

    def _trial(self, row: str, names: list[str], distance: int, rng: np.random.Generator) -> None:
        fmt = FORMATS[str(rng.choice(list(FORMATS)))]
        channels = int(rng.choice([c for c in CHANNELS if all(fits(name, c, fmt) for name in names)]))
        pattern = Pattern(str(rng.choice(["mix1", "mix2"])), fmt, channels)
        scene = scene_of(pattern, rng)
        lay(scene, names, distance)
        analysis, wrong = judge(scene)
        if wrong and any(not compare(other, analysis) for other in as_one(scene)):
            self.one += 1
            wrong = []
        which = " pairs" if row == "pairs" else ""
        for table, key in zip(TABLES, (row, f"{fmt.name}{which}", f"{channels}{which}")):
            self.tables[table].add(key, not wrong)
        if wrong and self.show > 0:
            self.show -= 1
            print(f"{names} {distance} {fmt.name} {channels} {pattern.name}: {wrong}", file=sys.stderr)
            shown: list[Truth | Finding] = [*scene.truths, *analysis.findings[:4]]
            for what in shown:
                place = f"{what.kind.value} {what.frame} +{what.frames} lag {what.lag} {what.ring}"
                side = "due" if isinstance(what, Truth) else "got"
                print(
                    f"   {side} {place} {what.ring_offset} {what.line_bytes} {dict(what.details)}",
                    file=sys.stderr,
                )

    @property
    def reached(self) -> bool:
        rows = [
            (table, row, of)
            for name in ("kind", "layout")
            for table in [self.tables[name]]
            for row, of in table.total.items()
        ]
        return all(table.right[row] >= (0.99 if row == "pairs" else 0.999) * of for table, row, of in rows)

    def object(self) -> dict[str, object]:
        tables = {name: table.object() for name, table in self.tables.items()}
        rows = tables.pop("kind")
        return {"seed": self.seed, "rows": rows, **tables, "pairs_as_one": self.one, "reached": self.reached}

    def table(self) -> str:
        lines = [f"seed {self.seed}"]
        for name, table in self.tables.items():
            lines += table.lines(name)
        if self.tables["kind"].total["pairs"]:
            lines.append(f"{self.one} of the pairs are one fault to any observer, and were found as that")
        return "\n".join(lines)


class _Table:
    """Right answers of all, per row."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.total: Counter[str] = Counter()

    def add(self, row: str, right: bool) -> None:
        self.total[row] += 1
        self.right[row] += right

    def object(self) -> dict[str, dict[str, int]]:
        return {row: {"right": self.right[row], "of": self.total[row]} for row in self._rows()}

    def lines(self, head: str) -> list[str]:
        out = [f"{head:16}{'right':>8}{'of':>8}{'share':>10}"]
        for row in self._rows():
            right, of = self.right[row], self.total[row]
            out.append(f"{row:16}{right:8}{of:8}{right / of:10.4%}")
        return out

    def _rows(self) -> list[str]:
        return sorted(
            self.total,
            key=lambda row: (
                row.endswith(" pairs"),
                _ORDER.index(row[: -len(" pairs")] if row.endswith(" pairs") else row),
            ),
        )
