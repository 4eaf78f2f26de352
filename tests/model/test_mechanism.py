# SPDX-License-Identifier: MIT
"""Every mechanism has its words, and the cache model counts by the same names."""

from __future__ import annotations

from stress.model.mechanism import Mechanism
from stress.virtual.cache import mechanism


def test_every_mechanism_has_words_of_its_own():
    assert len({item.words for item in Mechanism}) == len(Mechanism)


def test_indices_of_the_cache_model_are_those_of_the_names():
    for item in Mechanism:
        assert mechanism.CLASSES[getattr(mechanism, item.name)] == item.value
