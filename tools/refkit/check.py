# SPDX-License-Identifier: MIT
"""Count what a simulated stream delivered, word by word and line by line."""

from __future__ import annotations

import numpy as np

from stress.model.arrays import Flags, Int8s, Ints
from stress.virtual.cache.mechanism import CLASSES, capture_classes, playback_classes
from stress.virtual.cache.result import Deliveries
from stress.virtual.cache.trace import Trace
from tools.refkit.case import StreamCase

HALF_WORDS = 4
AGES = 4
_COUNTERS = ("lines", "badlines", "detectlines", "badhalves", "badwords", "zerohalves")


class StreamChecker:
    """Compare deliveries with the stream and count.

    A line or half (16 bytes) counts once its last word was delivered; it is bad
    if any of its words was wrong, and its age and class are those of its first
    wrong word. A run is a maximal sequence of wrong words. ``detectlines`` are
    the bad lines that a source of N lap images would notice.
    """

    def __init__(self, case: StreamCase) -> None:
        self._case = case
        # Words of a line whose end is still to come, with the classes of the wrong ones.
        self._first = 0
        self._values = np.zeros(0, np.int64)
        self._classes = np.zeros(0, np.int8)
        self._last_wrong = False
        self.counts: dict[str, int] = {}
        self.reset()

    def reset(self) -> None:
        """Set every counter to zero and keep what is known of open lines."""
        names = (*_COUNTERS, *(f"k{age + 1}" for age in range(AGES)), "runs", *CLASSES)
        self.counts = dict.fromkeys(names, 0)

    def add(self, trace: Trace, seen: Deliveries) -> None:
        """Count the deliveries of one trace; they continue the stream."""
        place = self._places(trace, seen)
        if not len(place):
            return
        words = self._case.geometry.line_words
        kept = len(self._values)
        values = np.concatenate([self._values, seen.values.ravel()[place]])
        truth = np.arange(self._first + 1, self._first + 1 + len(values), dtype=np.int64)
        wrong = values != truth
        self._count_words(wrong[kept:])
        cut = self._complete(truth)
        every = np.flatnonzero(wrong)
        bad = self._leading(truth, every)
        counted = every if self._case.images else bad
        self._count_lines(truth[:cut], values, counted[: np.searchsorted(counted, cut)])
        known = np.zeros(len(values), np.int8)
        known[:kept] = self._classes
        new = bad[np.searchsorted(bad, kept) :]
        which, word = np.divmod(place[new - kept], words)
        known[new] = self._classify(seen, which, word, truth[new])
        self._count_halves(truth, values, known, bad[: np.searchsorted(bad, cut)])
        self._first, self._values, self._classes = self._first + cut, values[cut:], known[cut:]

    def _places(self, trace: Trace, seen: Deliveries) -> Ints:
        # Where the delivered words are among the words of all delivered lines.
        lo, hi, words = trace.lo[seen.row], trace.hi[seen.row], self._case.geometry.line_words
        if np.all(hi - lo == words):
            return np.arange(len(lo) * words, dtype=np.int64)
        word = np.arange(words, dtype=np.int64)
        return np.flatnonzero((word >= lo[:, None]) & (word < hi[:, None]))

    def finish(self) -> None:
        """Count the complete halves of a last line that is not complete."""
        truth = np.arange(self._first + 1, self._first + 1 + len(self._values), dtype=np.int64)
        halves = self._unit(truth, HALF_WORDS)
        end = self._unit(np.array([self._first + 1 + len(truth)]), HALF_WORDS)[0]
        whole = int(np.searchsorted(halves, end))
        bad = self._leading(truth, np.flatnonzero(self._values[:whole] != truth[:whole]))
        self._count_halves(truth, self._values, self._classes, bad)

    def _unit(self, truth: Ints, words: int) -> Ints:
        # Number of the half or line a word belongs to; both begin anew at the wrap.
        ring = self._case.ring_words
        if ring % words == 0:
            return (truth - 1) // words
        return (truth - 1) // ring * -(-ring // words) + (truth - 1) % ring // words

    def _complete(self, truth: Ints) -> int:
        # How many words belong to complete lines.
        words = self._case.geometry.line_words
        last = self._unit(truth[-1:] + np.array([0, 1]), words)
        if last[0] != last[1]:
            return len(truth)
        return int(np.searchsorted(self._unit(truth[-words:], words), last[0])) + max(0, len(truth) - words)

    def _leading(self, truth: Ints, bad: Ints) -> Ints:
        # The first wrong word of every half. Where the half is still open it is classified
        # all the same: the delivery that explains it will be gone by the time it counts.
        half = self._unit(truth[bad], HALF_WORDS)
        leading = np.ones(len(bad), bool)
        np.not_equal(half[1:], half[:-1], out=leading[1:])
        return bad[leading]

    def _classify(self, seen: Deliveries, which: Ints, word: Ints, truth: Ints) -> Ints:
        classes = capture_classes if self._case.mode == "cap" else playback_classes
        return classes(seen, which, word, truth, self._case.ring_words)

    def _count_words(self, wrong: Flags) -> None:
        self.counts["badwords"] += int(np.count_nonzero(wrong))
        self.counts["runs"] += int(np.count_nonzero(wrong[1:] > wrong[:-1])) + int(
            wrong[0] > self._last_wrong
        )
        self._last_wrong = bool(wrong[-1])

    def _count_lines(self, truth: Ints, values: Ints, bad: Ints) -> None:
        if not len(truth):
            return
        words = self._case.geometry.line_words
        span = self._unit(truth[[0, -1]], words)
        lines = self._distinct(truth[bad], words)
        self.counts["lines"] += int(span[1] - span[0]) + 1
        self.counts["badlines"] += lines
        images = self._case.images
        if images:
            age = (truth[bad] - values[bad]) // self._case.ring_words
            lines = self._distinct(truth[bad[(values[bad] == 0) | (age % images != 0)]], words)
        self.counts["detectlines"] += lines

    def _distinct(self, truth: Ints, words: int) -> int:
        units = self._unit(truth, words)
        return int(np.count_nonzero(units[1:] != units[:-1])) + bool(len(units))

    def _count_halves(self, truth: Ints, values: Ints, known: Int8s, bad: Ints) -> None:
        self.counts["badhalves"] += len(bad)
        zero = values[bad] == 0
        self.counts["zerohalves"] += int(np.count_nonzero(zero))
        age = ((truth - values)[bad] // self._case.ring_words)[~zero]
        ages = np.bincount(np.minimum(age, AGES + 1).astype(np.intp, copy=False), minlength=AGES + 2)
        for number in range(1, AGES + 1):
            self.counts[f"k{number}"] += int(ages[number])
        for name, count in zip(CLASSES, np.bincount(known[bad], minlength=len(CLASSES)).tolist()):
            self.counts[name] += count
