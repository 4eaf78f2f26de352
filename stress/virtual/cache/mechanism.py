# SPDX-License-Identifier: MIT
"""Name the mechanism behind a wrong word that a load delivered."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Ints
from stress.model.mechanism import Mechanism
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import PRETOUCH, ZEROS

CLASSES = tuple(item.value for item in Mechanism)
# Arrays hold indices into CLASSES.
P1, P2, P3, PZ, C1, C2, C3, CT = range(len(CLASSES))
USER = 1


def playback_classes(seen: Deliveries, which: Ints, word: Ints, truth: Ints, ring_words: int) -> Ints:
    """Return why these words, loaded by the kernel, are wrong.

    P1: a line left from an earlier lap. P2: the truth is still dirty in a user
    line. P3: the line was filled in this lap, before the word was written. PZ:
    zeros that hw_params left in the kernel's lines.

    Parameters
    ----------
    which, word : (n,) int64: delivery number and word of the line.
    truth : (n,) int64: the value that should have been delivered.
    ring_words : length of the ring [words].

    Returns
    -------
    (n,) int64 : indices into :data:`CLASSES`.
    """
    hit = seen.hit[which]
    in_memory = seen.witness.memory_word(which, word) == truth
    at_user = seen.witness.alias_word(which, word, USER) == truth
    filled_by_zeros = (seen.fill_flags[which] & ZEROS) != 0
    same_lap = _lap(seen.fill_value[which] + word, ring_words) == _lap(truth, ring_words)
    on_hit = np.where(filled_by_zeros, PZ, np.where(same_lap, np.where(in_memory, P3, P2), P1))
    return np.where(hit, on_hit, np.where(at_user, P2, PZ))


def capture_classes(seen: Deliveries, which: Ints, word: Ints, truth: Ints, ring_words: int) -> Ints:
    """Return why these words, loaded by the user, are wrong (see `playback_classes`).

    C1: a line left from an earlier lap. C2: the line was filled in this lap,
    before the word was written. C3: the truth is still dirty in a kernel line.
    CT: the user touched the line ahead of hw_ptr. Parameters and result are
    those of :func:`playback_classes`.
    """
    hit = seen.hit[which]
    in_memory = seen.witness.memory_word(which, word) == truth
    touched = (seen.fill_flags[which] & PRETOUCH) != 0
    same_lap = _lap(seen.fill_value[which] + word, ring_words) == _lap(truth, ring_words)
    on_hit = np.where(touched, CT, np.where(same_lap, np.where(in_memory, C2, C3), C1))
    return np.where(hit, on_hit, C3)


def _lap(value: Ints, ring_words: int) -> Ints:
    return (value - 1) // ring_words
