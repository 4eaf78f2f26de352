# SPDX-License-Identifier: MIT
"""Combinations of settings that hold every pair of values at least once.

A fault is tied to one setting or to two far more often than to three (field
data of NIST SP 800-142): all pairs find it in a fraction of all combinations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Callable

Combination = Mapping[str, str]


def crossed(axes: Mapping[str, Sequence[str]], there: Callable[[Combination], bool]) -> list[dict[str, str]]:
    """Return every combination of the values of `axes` that is `there`, in order."""
    names = list(axes)
    every = (dict(zip(names, values)) for values in product(*axes.values()))
    return [one for one in every if there(one)]


def all_pairs(
    axes: Mapping[str, Sequence[str]], there: Callable[[Combination], bool]
) -> list[dict[str, str]]:
    """Return combinations in which each pair of values that can be met is met; greedy, repeatable."""
    every = crossed(axes, there)
    left = {pair for one in every for pair in _pairs(one)}
    chosen: list[dict[str, str]] = []
    while left:
        best = max(every, key=lambda one: len(left & _pairs(one)))
        chosen.append(best)
        left -= _pairs(best)
    return chosen


def _pairs(one: Combination) -> set[tuple[tuple[str, str], ...]]:
    items = list(one.items())
    return set(combinations(items, min(2, len(items))))


def tied(results: Sequence[tuple[Combination, bool]]) -> str:
    """Return the setting that all bad combinations share and no good one has, in words.

    Parameters
    ----------
    results : combinations and whether each was bad.

    Returns
    -------
    "" where nothing was bad, or all was, or no single setting and no pair explains it.
    """
    bad = [one for one, wrong in results if wrong]
    good = [one for one, wrong in results if not wrong]
    if not bad or not good:
        return ""
    for number in (1, 2):
        for keys in combinations(bad[0], number):
            values = {key: bad[0][key] for key in keys}
            if all(_holds(one, values) for one in bad) and not any(_holds(one, values) for one in good):
                words = " and ".join(f"{key} {value}" for key, value in values.items())
                return (
                    f"only at {words}: in {len(bad)} of {len(bad)} combinations with it, "
                    f"in none of {len(good)} without"
                )
    return ""


def _holds(one: Combination, values: Combination) -> bool:
    return all(one[key] == value for key, value in values.items())
