# SPDX-License-Identifier: MIT
"""The kernel variants of the original report: what each should do, what it does.

A VIVT cache has two copies of a ring line when both mappings are cached; the
variants take the cache from one mapping, from both, or leave it. Each row says
which direction must come out wrong, for ordinary touching (stores, reads up to
hw_ptr) and for provoking touching (read-modify-write, touching ahead).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, CaptureTouch, Handling, PlaybackTouch, StreamParams
from stress.virtual.board import Board
from stress.virtual.spec import BoardSpec
from stress.virtual.truth import truth_of

ORDINARY = Handling()
PROVOKING = Handling(playback=PlaybackTouch.RMW, queue_periods=2, capture=CaptureTouch.AHEAD)
_FRAMES, _PERIOD, _RINGS = 9600, 48, (192, 240)
_SEED = 20130204


@dataclass(frozen=True)
class Variant:
    """One kernel on one core: directions that must be wrong ("P", "C", "PC" or "") however it is touched."""

    board: str
    changes: tuple[tuple[str, Any], ...]
    ordinary: str
    provoking: str
    why: str

    @property
    def name(self) -> str:
        return " ".join([self.board, *(f"{key.split('.')[1]}={value}" for key, value in self.changes)])


_USER = (("kernel.mapping", "user-noncached"),)
_KERNEL = (("kernel.mapping", "kernel-noncached"),)
_BOTH = (("kernel.mapping", "writecombine"),)
_COHERENT = (("kernel.use_vmalloc", False),)
_WRITE_ALLOCATE = (("cache.allocate", "write"),)
_ONE_COLOUR = (("cache.colour", 0),)

VARIANTS = (
    Variant("arm926", (), "PC", "PC", "two cached copies of each line"),
    Variant(
        "arm926", _USER, "P", "P", "the kernel's copies stay; its stores on capture miss and reach memory"
    ),
    Variant(
        "arm926", _KERNEL, "C", "PC", "the user's copies stay; they get dirty only when read before written"
    ),
    Variant("arm926", _BOTH, "", "", "no copies"),
    Variant("arm926", _COHERENT, "", "", "no copies"),
    Variant("arm926", _WRITE_ALLOCATE, "PC", "PC", "stores make dirty copies as well"),
    Variant("arm926", _WRITE_ALLOCATE + _USER, "PC", "PC", "capture stays dirty in the kernel's copies"),
    Variant("arm926", _WRITE_ALLOCATE + _KERNEL, "PC", "PC", "playback stays dirty in the user's copies"),
    Variant("arm925", (), "PC", "PC", "write-through: never dirty, but clean copies get as stale"),
    Variant("arm1176-32k", (), "PC", "PC", "ways of two pages: mappings of different colour are two copies"),
    Variant("arm1176-32k", _ONE_COLOUR, "", "", "mappings of one colour meet in one line"),
    Variant("arm1176-32k", _BOTH, "", "", "no copies"),
    Variant("arm1176", (), "", "", "ways of one page: both mappings meet in one line"),
    Variant("cortex-a", (), "", "", "physical tags"),
    Variant(
        "cortex-a", _USER, "PC", "PC", "the kernel's copies are not seen past the cache: mixed attributes"
    ),
    Variant(
        "cortex-a", _KERNEL, "PC", "PC", "the user's copies are not seen past the cache: mixed attributes"
    ),
    Variant("cortex-a", _BOTH, "", "", "no copies"),
    Variant("cortex-a", _COHERENT, "", "", "no copies"),
    Variant("x86_64", (), "", "", "physical tags"),
    Variant("x86_64", _USER, "", "", "uncached accesses are snooped"),
)


def found(variant: Variant, handling: Handling) -> str:
    board = Board(BoardSpec.load(variant.board, dict(variant.changes)), _SEED)
    stereo = FORMATS["S16_LE"]
    playback, capture = (StreamParams(48000, 2, stereo, Access.MMAP, _PERIOD, ring) for ring in _RINGS)
    board.configure(playback, capture)
    random = np.random.RandomState(_SEED)
    play = random.randint(1, 256, size=(_FRAMES, playback.frame_bytes)).astype(np.uint8)
    truth = truth_of(board, board.burst(play, _FRAMES, handling))
    return "".join(letter for letter in "PC" if any(cause[0] == letter for cause in truth.counts))


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant_corrupts_exactly_the_directions_predicted(variant):
    assert found(variant, ORDINARY) == variant.ordinary
    assert found(variant, PROVOKING) == variant.provoking
