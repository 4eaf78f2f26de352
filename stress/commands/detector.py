"""The detector a run uses, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.detect.exact import check as exact_check
from stress.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stress.experiment.burst import Detector
    from stress.model.finding import Analysis
    from stress.model.ring import Rings
    from stress.patterns.word import Pattern


def make(name: str, pattern: Pattern, line_bytes: int) -> Detector:
    """Return the detector called `name` for bursts of `pattern`."""
    if name not in ("auto", "exact"):
        raise ConfigError(f"{name} does not judge a run yet", where="--detector", allowed="exact or auto")

    def check(captured: NDArray[np.uint8], rings: Rings, position: int, due: int) -> Analysis:
        return exact_check(
            captured, pattern, rings, first_position=position, played_limit=due, line_bytes=line_bytes
        )

    return check
