"""The lanes of a finding: user, memory, wire, read, each right, wrong or unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model.pcm import Direction
from stress.model.stimulus import POSITIONS
from stress.model.wire import BUS, CAPTURE_RING, LANES, PLAYBACK_RING, RIGHT, UNKNOWN, WRONG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stress.experiment.wire.memory import Held
    from stress.model.finding import Finding


def with_lanes(finding: Finding, memory: Mapping[Direction, Held], position: int, looped: bool) -> Finding:
    """Return `finding`, which names its view, with `details["lanes"]`.

    Parameters
    ----------
    position : pattern position of the first frame written.
    looped : the finding was made in what came back, not in one half of the way.
    """
    view = finding.details["view"]
    way = Direction.CAPTURE if view == CAPTURE_RING else Direction.PLAYBACK
    # A comparison of the read with IN counts both from the first frame on.
    first = finding.frame if way is Direction.CAPTURE else (finding.position - position) % POSITIONS
    held = memory[way].says(first, max(1, finding.frames)) if way in memory else UNKNOWN
    lanes = {
        PLAYBACK_RING: (RIGHT, held, WRONG, WRONG if looped else UNKNOWN),
        BUS: (RIGHT, held, WRONG, WRONG),
        CAPTURE_RING: (RIGHT if looped else UNKNOWN, held, RIGHT, WRONG),
    }[view]
    return finding.with_details(lanes=dict(zip(LANES, lanes)))
