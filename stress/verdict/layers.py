# SPDX-License-Identifier: MIT
"""What the wire says of a cause: it names the layer, and confirms or vetoes a cache alias.

OUT is copied when the driver submits it, after it was read from the ring and
before any DMA; IN is copied before the driver stores it. So what differs between
the user and OUT, or between IN and the user, happened in the host's rings, and what
OUT has right and IN has wrong did not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.model.finding import SLIPS, Kind
from stress.model.pcm import Access, Direction
from stress.model.wire import BUS, CAPTURE_RING, PLAYBACK_RING, RIGHT, WRONG
from stress.verdict.cause import Cause
from stress.verdict.suspects import NOTHING_KNOWN, Context, cause_of
from stress.verdict.tally import Seen, total

if TYPE_CHECKING:
    from stress.verdict.contrast import Measured

RING_OF = {Direction.PLAYBACK.value: PLAYBACK_RING, Direction.CAPTURE.value: CAPTURE_RING}
# What a copy of a ring that missed a store shows.
OLD = (Kind.STALE.value, Kind.ZERO.value, Kind.MISPLACED.value)
# Of the other kinds in a ring of the host, what made them.
IN_A_RING = {
    **{kind.value: Cause.XRUN for kind in SLIPS},
    Kind.HOLD.value: Cause.XRUN,
    Kind.BITFLIP.value: Cause.MEMORY,
}
# Old runs in a ring of the host that name a cache alias without a significant
# contrast. Source: custom; each by itself is certain, as the pattern names the
# lap. Higher: short runs name nothing; lower: one event nobody thought of does.
LEAST_SEEN = 3
# Share of a side's stale runs that have to show in its ring first. Source: a
# planted stale line that goes stale itself names the other ring, about 1 in 1000.
# Higher: a device that is at fault as well hides the alias; lower: strays keep one.
STRAY = 0.05


@dataclass(frozen=True)
class Layers:
    """The runs kept by the view they first appear in, of mapped arms and of rw arms.

    Parameters
    ----------
    memory : per side frames of the last laps looked at and those that are old,
        of the arms that show runs in that ring.
    failed : OUT packets that failed on the bus.
    rw_bursts : bursts of the rw arms.
    context : what carries the sound; it decides what a kind speaks for.
    """

    mapped: Counter[Seen]
    rw: Counter[Seen]
    memory: Counter[tuple[str, str]]
    failed: int
    rw_bursts: int = 0
    context: Context = NOTHING_KNOWN

    @classmethod
    def of(cls, measured: Sequence[Measured], context: Context = NOTHING_KNOWN) -> Layers:
        """Return the sums of all arms."""
        rw = [entry.tally for entry in measured if entry.arm.access == Access.RW.value]
        mapped = [entry.tally for entry in measured if entry.arm.access != Access.RW.value]
        memory: Counter[tuple[str, str]] = Counter()
        for tally in mapped:
            for side, ring in RING_OF.items():
                if tally.views[ring]:
                    counted = ("frames", "differ")
                    memory.update({(side, name): tally.wire[f"memory_{side}_{name}"] for name in counted})
        both = total(mapped), total(rw)
        failed = both[0].wire["out_failed"] + both[1].wire["out_failed"]
        return cls(both[0].seen, both[1].seen, memory, failed, both[1].bursts, context)

    def in_ring(self, side: str) -> int:
        """Return how many old runs of mapped arms first show in the ring of `side`."""
        return _number(self.mapped, RING_OF[side], OLD)

    def proves(self, side: str) -> bool:
        """Tell whether the wire alone proves a cache alias: rw goes through the kernel's own mapping."""
        return self.in_ring(side) >= LEAST_SEEN and not _number(self.rw, RING_OF[side], OLD)

    def vetoes(self, side: str) -> bool:
        """Tell whether the side's old data was right in its ring: no cache alias can do that."""
        old = sum(
            number
            for seen, number in self.mapped.items()
            if seen.kind == Kind.STALE.value and seen.ring == side
        )
        return self.in_ring(side) < STRAY * old

    def votes(self) -> Counter[Cause]:
        """Return the causes that runs speak for by layer and kind, empty where none was seen.

        "Cannot tell" is among them where nothing else is.
        """
        votes: Counter[Cause] = Counter()
        for seen, number in (self.mapped + self.rw).items():
            votes[self._speaks_for(seen)] += number
        if len(votes) > 1:
            del votes[Cause.CANNOT_TELL]
        return votes

    def beyond(self) -> set[str]:
        """Return the causes that enough runs past the host's rings speak for, in words."""
        kinds: Counter[str] = Counter()
        for seen, number in self.mapped.items():
            kinds[seen.kind] += number if seen.view == BUS else 0
        causes = {cause_of(kind, self.context) for kind, number in kinds.items() if number >= LEAST_SEEN}
        return {cause.value for cause in causes if cause is not Cause.CANNOT_TELL}

    def _speaks_for(self, seen: Seen) -> Cause:
        if seen.view == BUS:
            return cause_of(seen.kind, self.context)
        if seen.kind in OLD and _number(self.rw, seen.view, OLD):
            # The kernel's own mapping shows it too: the ring was passed on before it was filled.
            ahead = seen.view == CAPTURE_RING and self.context.carries.cpus > 1
            return Cause.READ_AHEAD if ahead else Cause.XRUN
        return IN_A_RING.get(seen.kind, Cause.CANNOT_TELL)

    def named(self, cause: Cause) -> str:
        """Return the layer that most runs for `cause` first show in, "" where none was seen.

        A cause that takes more than kinds to name has the layer of all runs, where they share one.
        """
        views: Counter[str] = Counter()
        for seen, number in (self.mapped + self.rw).items():
            views[seen.view] += number if self._speaks_for(seen) is cause else 0
        return (+views).most_common(1)[0][0] if +views else next(iter(views)) if len(views) == 1 else ""

    def lines(self) -> tuple[str, ...]:
        """Return what the views say, one line each, nothing where no tap looked."""
        views: Counter[str] = Counter()
        for seen, number in (self.mapped + self.rw).items():
            views[seen.view] += number
        if not views:
            return ()
        parts = ", ".join(f"{number} in the {view}" for view, number in views.most_common())
        failed = f"; {self.failed} OUT packets failed on the bus" if self.failed else ""
        text = [f"by the wire, the corruption first appears: {parts}{failed}"]
        text += [line for side in RING_OF if views[RING_OF[side]] for line in self._ring(side)]
        if views[BUS]:
            text.append(
                "wire or device: OUT is what was written, IN is wrong: bus, device, loopback or their DMA, "
                "never a cache alias of a ring"
            )
        return tuple(text)

    def _ring(self, side: str) -> list[str]:
        playback = side == Direction.PLAYBACK.value
        what = (
            "what the driver submitted is not what was written"
            if playback
            else "what came over the wire is right, what was read is not"
        )
        text = [f"{RING_OF[side]}: {what}: neither device nor bus nor DMA had touched it"]
        frames, old = self.memory[side, "frames"], self.memory[side, "differ"]
        if old:
            whose = "the user's" if playback else "the kernel's"
            text.append(f"{RING_OF[side]}: memory is older in {old} of {frames} frames of the last laps: "
                        f"{whose} lines were dirty")  # fmt: skip
        elif frames:
            who = "the kernel" if playback else "the user"
            held = "was written" if playback else "arrived"
            text.append(f"{RING_OF[side]}: memory holds what {held} in all {frames} frames of the last laps: "
                        f"{who} read stale lines, or dirty ones were evicted since")  # fmt: skip
        return text + self._lanes(side)

    def _lanes(self, side: str) -> list[str]:
        # Runs inside the last lap, for which memory speaks one by one.
        found = {
            word: sum(
                number
                for seen, number in self.mapped.items()
                if seen.view == RING_OF[side] and seen.memory == word
            )
            for word in (RIGHT, WRONG)
        }
        if not any(found.values()):
            return []
        return [
            f"{RING_OF[side]}: of the runs of the last lap memory had {found[RIGHT]} right "
            f"and {found[WRONG]} wrong"
        ]


def _number(seen: Counter[Seen], view: str, kinds: Collection[str]) -> int:
    return sum(number for one, number in seen.items() if one.view == view and one.kind in kinds)
