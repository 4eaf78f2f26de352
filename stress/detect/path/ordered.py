# SPDX-License-Identifier: MIT
"""Where among many frames that a path makes one that was captured may stand, without a look at each."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Floats, Ints


class Ordered:
    """Frames in the order of one number of each.

    Parameters
    ----------
    order : (n,) int64, which frame comes first, second, ... by its number.
    least, most : (n,) float64 in that order, what may be captured of each; neither ever falls.
    """

    def __init__(self, order: Ints, least: Floats, most: Floats) -> None:
        self._order, self._least, self._most = order, least, most

    def places(self, seen: float) -> Ints:
        """Return the frames of which `seen` may be captured, (k,) int64, rising."""
        first = int(np.searchsorted(self._most, seen, side="left"))
        last = int(np.searchsorted(self._least, seen, side="right"))
        places: Ints = np.sort(self._order[first:last])
        return places
