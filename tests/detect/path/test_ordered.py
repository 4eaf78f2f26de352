# SPDX-License-Identifier: MIT
"""The places of a captured frame are those that a look at every frame finds."""

from __future__ import annotations

import numpy as np
import pytest

from stress.detect.path.estimate import estimate
from stress.detect.path.model import Wired, model_of
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import bits, captured

WAYS = {
    "softer": (captured, lambda x: x * 0.3),
    "louder, clipped": (captured, lambda x: x * 1.4),
    "sum": (captured, lambda x: np.stack([(x[:, 0] + x[:, 1]) / 2, x[:, 1]], axis=1)),
    "fewer bits": (captured, lambda x: np.floor(x / 256) * 256),
    "unsigned": (bits, lambda w: w ^ 0x8000),
    "bytes exchanged": (bits, lambda w: (w >> 8) | ((w & 0xFF) << 8)),
}


@pytest.mark.parametrize("way", WAYS)
def test_places_in_order_are_those_of_a_look_at_every_frame(way):
    make, of = WAYS[way]
    pattern, raw = Pattern("mix1", FORMATS["S16_LE"], 2), make(of)
    found = estimate(raw, pattern, known=1)
    model = model_of(found, pattern)
    assert isinstance(model, Wired) == (make is bits)
    seen = model.seen(raw[: (600 + model.behind + model.ahead) * pattern.frame_bytes])
    made = model.made(np.arange(-2000, 30000, dtype=np.int64))
    ordered = model.ordered(made)
    for row in (*seen[40:80], seen[0] * 0, seen[50] + 1):
        every = np.flatnonzero(model.same(row, made))
        places = ordered.places(model.key(row))
        assert (np.diff(places) > 0).all()
        assert places[model.same(row, made[places])].tolist() == every.tolist()
