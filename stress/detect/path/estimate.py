# SPDX-License-Identifier: MIT
"""What the path does to a capture, or why no path can be named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stress.detect.path import rate, wires
from stress.detect.path.assembled import (
    arithmetic_path,
    bent_path,
    idle_of,
    level_by_low_notes,
    own,
    path_by_lines,
    shares,
    since,
    strong,
    with_ratio,
)
from stress.detect.path.attribute import Attribution, Mix, Term
from stress.detect.path.bitmap import wiring
from stress.detect.path.curve import bend_of, joint
from stress.detect.path.estimated import Estimate, Nothing
from stress.detect.path.filters import response_of
from stress.detect.path.forward import Forward, columns, fitted
from stress.detect.path.ranking import cost
from stress.detect.path.readings import readings
from stress.detect.path.recoded import encodings, recoded
from stress.detect.path.sources import ALL, PAIRED
from stress.detect.path.window import PathWindow
from stress.model.arrays import Bytes, Floats, Ints
from stress.model.path import TWO_CLOCKS, Channel, Path
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Frames the lines are looked for in, the arithmetic is fitted to, and the fewest that name a path.
LINES, FITTED, LEAST = 16384, 16384, 1000

# Share of samples that the arithmetic hits where no bend is looked for. Source: a bend moves a sample of
# 20. Higher: time on damage; lower: soft clipping of the loudest samples alone is damage.
EXPLAINED = 0.95

# Share of a channel's power that may be left over where a channel is still called the pattern.
# Source: 10 dB of noise. Higher: chance; lower: noisy paths are not named.
MOST_LEFT = 0.3

# Cost of a path that needs no other explanation tried, see `_cost`.
CHEAP = 2.5

# Cost below which other readings of the bytes and other rates are not tried.
SURE = 11.0

# Ratios nearer to 1 are that. Source: 65536 frames drift by 0.07 of a frame, which the noise of a codec
# does as well. Higher: clocks that hardly drift are noise; lower: a lossy codec is another clock.
NO_DRIFT = 1e-6

# Share of power in the lines of a kind where the ratio of rates is known already.
LEAST_LINE = 0.01

# Factor of the softest path. Source: -60 dB is asked for. Higher: soft paths are not named; lower: a capture
# that holds nothing of the pattern is a path whose samples cannot be taken back.
FAINTEST = 2.5e-4

# Bits of files that are played in wider streams. Source: S16, 20 of 24, and S24 in float32 or S32.
NARROWER = (16, 20, 24)

# What is left over where a path is still straight: the rest is a filter or noise.
STRAIGHT = 1e-3


def estimate(
    raw: Bytes,
    pattern: Pattern,
    *,
    first_frame: int = 0,
    hint: int = 1,
    known: int | None = None,
) -> Estimate | Nothing:
    """Return the path of some captured frames.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8, whole frames without a silent beginning.
    pattern : what was played, in the format and with the channels of the capture.
    first_frame : captured frame of the first of `raw`.
    hint : position near which the pattern is believed to begin.
    known : position due at the first of `raw`, None where it is not known.
    """
    return _Estimator(raw, pattern, first_frame, hint, known).result()


def named_at(raw: Bytes, pattern: Pattern, position: int) -> Estimate | None:
    """Return the path of some frames, near a known position or plain to see elsewhere, None without one.

    Parameters
    ----------
    raw : (n * frame_bytes,) uint8, whole frames.
    position : due at the first of `raw`; a delay may add to it.
    """
    one = _Estimator(raw, pattern, 0, position, position)
    if one.nothing() is not None:
        return None
    found = one.near()
    narrow = one.narrow(found)
    return narrow or found or one.wired(position) or (one.straight() if pattern.name == "mix1" else None)


class _Estimator(PathWindow):
    def result(self) -> Estimate | Nothing:
        nothing = self.nothing()
        if nothing is not None:
            return nothing
        # What cannot be taken off where the position is known competes with what is found elsewhere.
        best = self.near()
        if best is not None and (best.path.invertible or self._pattern.name != "mix1"):
            return best
        if self._pattern.name != "mix1":
            return Nothing(
                "unknown", "mix2 has no lines; a path is named where the position is known (--position)"
            )
        narrow = self.narrow(best)
        for way in (self.straight, self._in_parts, self._recoded, self._resampled):
            if narrow is not None:
                return narrow
            found = way()
            narrow = self.narrow(found)
            if found is not None and (best is None or cost(found) < cost(best)):
                best = found
            if best is not None and cost(best) < SURE:
                break
        if narrow is not None:
            return narrow
        if best is not None:
            return best
        return Nothing("other", "what was captured is not the pattern: music, noise or another stimulus")

    def near(self) -> Estimate | None:
        """Return the path at the known position, None without one."""
        return None if self._known is None else self._at(self._known, self._among())

    def narrow(self, found: Estimate | None) -> Estimate | None:
        """Return the path of a narrower file: behind a volume the bits it left empty look like noise."""
        if found is None or found.path.invertible or found.path.rate_ratio != 1:
            return None
        position = (found.position + self._first) % POSITIONS
        for kept in (one for one in NARROWER if one < self._fmt.bits):
            one = _Estimator(self._raw, self._pattern, self._first, self._hint, position, kept).near()
            if one is not None and one.path.invertible and one.forward:
                path = replace(one.path, exact=False, bits=tuple(min(kept, bits) for bits in one.path.bits))
                return replace(one, path=path, kept=kept)
        return None

    def _among(self) -> Sequence[int]:
        return ALL if self._pattern.odd else range(max(PAIRED, self._pattern.channels))

    def nothing(self) -> Nothing | None:
        if not self._seen.any():
            return Nothing("silence", "every captured sample is zero: nothing arrived")
        if (self._seen == self._seen[0]).all():
            word = " ".join(
                f"0x{int(v) & ((1 << self._fmt.bits) - 1):0{self._fmt.bits // 4}X}" for v in self._seen[0]
            )
            return Nothing("constant", f"every frame is the same word {word}: the capture does not move")
        if self._frames < LEAST:
            return Nothing("short", f"{self._frames} frames are too few to name a path; {LEAST} are needed")
        return None

    def straight(self) -> Estimate | None:
        found, odd = self._located(self._seen[:LINES].astype(np.float64))
        among = ALL if odd else range(PAIRED)
        tried = (self._at(position, among) for position in found)
        return min((one for one in tried if one is not None), key=cost, default=None)

    def _in_parts(self) -> Estimate | None:
        # A slip in the midst looks like noise or another rate: parts of the window may be plain.
        size, frames = self._pattern.frame_bytes, min(LINES, self._frames)
        part = frames // 4
        for at in range(0, frames - part + 1 if part >= LEAST else 0, part):
            raw = self._raw[at * size : (at + part) * size]
            there = _Estimator(raw, self._pattern, self._first + at, self._hint, None)
            one = there.straight()
            one = there.narrow(one) or one
            if one is not None and cost(one) < SURE:
                return replace(one, path=replace(one.path, from_frame=self._first))
        return None

    def _at(self, position: int, among: Sequence[int]) -> Estimate | None:
        # The path where the position is known: arithmetic, wiring, or a filter.
        seen = self._seen[:FITTED]
        attribution = Attribution(self._sources, position, seen.astype(np.float64), among)
        mixes = [attribution.mix(c) for c in range(self._pattern.channels)]
        if not any(abs(term.gain) > FAINTEST for mix in mixes for term in mix.terms):
            # Bits in another order are no factor of anything; where they can be, the position is known.
            return self.wired(position) if position == self._known else None
        forwards = [self._forward(seen[:, c], mix, position) for c, mix in enumerate(mixes)]
        sure = [f.known for f, mix in zip(forwards, mixes) if mix.terms]
        idle = [idle_of(seen[:, c]) if not mix.terms else "" for c, mix in enumerate(mixes)]
        found = []
        if all(sure) and "other" not in idle:
            found.append(self._linear(position, mixes, forwards, idle))
            if cost(found[0]) < CHEAP:
                return found[0]
        wired = self.wired(position)
        if wired is not None:
            found.append(wired)
        curved = self._curved(position, mixes, forwards, idle) if wired is None else None
        if curved is not None and max(mix.left for mix in mixes if mix.terms) <= MOST_LEFT:
            return curved
        if found:
            return min(found, key=cost)
        if all(sure):
            return self._linear(position, mixes, forwards, idle)
        if max(mix.left for mix in mixes if mix.terms) > MOST_LEFT:
            return None
        return self._bent(position, mixes, forwards, idle)

    def _curved(
        self, position: int, mixes: Sequence[Mix], forwards: Sequence[Forward], idle: Sequence[str]
    ) -> Estimate | None:
        # A sample that depends on one sample sent, yet not by a factor; other channels may be straight.
        seen = self._seen[:FITTED]
        terms = [strong(mix.terms) for mix in mixes]
        bends = [
            bend_of(seen[:, c], self._due(position, one), self._fmt.bits)
            for c, one in enumerate(terms)
            if one and forwards[c].share < EXPLAINED
        ]
        encoding, notes = joint(bends)
        if not encoding:
            return None
        path = arithmetic_path(list(forwards), terms, self._fmt, seen, idle, self._first)
        path = replace(path, exact=False, encoding=encoding, notes=notes, invertible=False)
        path = replace(path, offset=(0,) * self._pattern.channels)
        return Estimate(path, (position - self._first) % POSITIONS)

    def _due(self, position: int, terms: Sequence[Term]) -> Floats:
        # The mix that is due, as loud as its strongest term.
        made: Floats = columns(self._sources, position, min(self._frames, FITTED), terms) @ shares(terms)
        return made

    def _forward(self, seen: Ints, mix: Mix, position: int) -> Forward:
        if not mix.terms:
            return Forward(offset=mix.offset)
        due = columns(self._sources, position, len(seen), mix.terms)
        return fitted(seen, due, mix, self._fmt.bits)

    def wired(self, position: int) -> Estimate | None:
        """Return the wiring where the first frame is due at `position`, None where bits are not moved."""
        pattern = self._pattern
        found = wiring(self._raw, position, pattern)
        if found.wired < 0.99 or not (found.source >= 0).any():
            return None
        name = wires.named(found, self._fmt, pattern.channels)
        if name.kind == "byteshift" and 2 * abs(name.shift) > 8 * pattern.frame_bytes:
            # Late by most of a frame is early by the rest of it.
            beside = (position + (-1 if name.shift > 0 else 1)) % POSITIONS
            nearer = wiring(self._raw, beside, pattern)
            other = wires.named(nearer, self._fmt, pattern.channels)
            if nearer.wired >= found.wired and abs(other.shift) < abs(name.shift) and other.kind == name.kind:
                position, found, name = beside, nearer, other
        channels = tuple(name.channels)
        exact = bool((found.source == np.arange(len(found.source))).all()) and not found.inverted.any()
        path = Path(
            exact=exact,
            channels=channels,
            polarity=(1,) * pattern.channels,
            gain_db=tuple(None if one is None else 0.0 for one in channels),
            offset=(0,) * pattern.channels,
            bits=name.bits,
            delay_frames=since(name.delay, channels),
            encoding=name.encoding,
            from_frame=self._first,
            source_bits=self._fmt.bits,
            idle=tuple(
                idle_of(self._seen[:FITTED, c]) if one is None else "" for c, one in enumerate(channels)
            ),
        )
        return Estimate(path, (position - self._first) % POSITIONS, wires=found, named=name)

    def _linear(
        self, position: int, mixes: Sequence[Mix], forwards: Sequence[Forward], idle: Sequence[str]
    ) -> Estimate:
        made = [f if mix.terms else Forward(offset=mix.offset) for f, mix in zip(forwards, mixes)]
        path = arithmetic_path(
            made, [f.terms for f in made], self._fmt, self._seen[:FITTED], idle, self._first
        )
        return Estimate(path, (position - self._first) % POSITIONS, tuple(made))

    def _bent(
        self, position: int, mixes: Sequence[Mix], forwards: Sequence[Forward], idle: Sequence[str]
    ) -> Estimate:
        terms = [mix.terms for mix in mixes]
        if self._pattern.channels <= 2:
            # A filter turns the phases that the position is drawn from: sums and delays are chance. What it
            # leaves over is alike to channels that were not played.
            known = self._known is not None
            terms = [own(mix, self._pattern.channels, delayed=known) or mix.terms[:1] for mix in mixes]
        path = arithmetic_path(list(forwards), terms, self._fmt, self._seen[:FITTED], idle, self._first)
        heard = [
            response_of(self._seen[:FITTED, c], self._sources, position, mix.terms) if mix.terms else None
            for c, mix in enumerate(mixes)
        ]
        return Estimate(bent_path(path, heard, mixes), (position - self._first) % POSITIONS)

    def _recoded(self) -> Estimate | None:
        # Other readings of the same bytes; the one whose lines are those of whole words is it.
        short = min(self._frames, 4096)
        raw = self._raw[: short * self._pattern.frame_bytes]
        best: Estimate | None = None
        for seen in readings(raw, self._fmt, self._pattern.channels):
            tried = [self.wired(position) for position in self._located(seen)[0]]
            best = min((one for one in (*tried, best) if one is not None), key=cost, default=None)
            if best is not None and cost(best) <= SURE:
                return best
        return best or self._beneath_gain()

    def _beneath_gain(self) -> Estimate | None:
        # A volume in front of exchanged bytes moves no bits: the samples are put in order first.
        for encoding in encodings(self._fmt):
            raw = recoded(self._raw, self._fmt, encoding)
            one = _Estimator(raw, self._pattern, self._first, self._hint, None).straight()
            if one is not None and one.forward and cost(one) < SURE:
                return replace(one, path=replace(one.path, encoding=encoding), encoding=encoding)
        return None

    def _resampled(self) -> Estimate | None:
        captured = self._seen.astype(np.float64)
        # Of a run it is known what was played: a card of one channel may hear both sides of a cable.
        mono = self._pattern.channels == 1 and self._known is None
        ratio = rate.ratio_of(captured, self._sources, mono=mono)
        if ratio is None or abs(ratio - 1) < NO_DRIFT:
            return None
        old = rate.at_old_rate(captured, ratio, min(LINES, int((self._frames - 2 * rate.TAPS) / ratio)))
        positions, odd = self._located(old)
        terms: list[tuple[Term, ...]] = [()] * self._pattern.channels
        position = None
        mixes: list[Mix] = []
        for one in positions:
            found = Attribution(self._sources, one, old, ALL if odd else range(PAIRED))
            tried = [found.mix(c) for c in range(self._pattern.channels)]
            if position is None or sum(mix.left for mix in tried) < sum(mix.left for mix in mixes):
                position, mixes = one, tried
        # Lines that a slip broadens look like a few hundred ppm.
        if abs(ratio - 1) < TWO_CLOCKS and not any(mix.left < MOST_LEFT for mix in mixes):
            return None
        if position is None and self._pattern.channels <= 2:
            return self._by_lines(ratio, old)
        if position is not None:
            terms = [
                level_by_low_notes(mix.terms, old[:, c], self._sources, position)
                if mix.terms and mix.left < MOST_LEFT
                else ()
                for c, mix in enumerate(mixes)
            ]
        if self._pattern.channels <= 2 and any(mix.left > STRAIGHT for mix in mixes):
            return self._by_lines(ratio, old)
        idle = [idle_of(self._seen[:FITTED, c]) if not one else "" for c, one in enumerate(terms)]
        made = [Forward(terms=one) for one in terms]
        path = arithmetic_path(made, terms, self._fmt, self._seen[:FITTED], idle, self._first)
        return Estimate(with_ratio(path, ratio), 0 if position is None else position)

    def _by_lines(self, ratio: float, old: Floats) -> Estimate:
        # A fraction of a frame moves every phase: no position, yet the lines tell the channels.
        n = self._pattern.channels
        kinds = self._lines(len(old)).kinds(old, LEAST_LINE) if n == 2 else []
        channels: list[Channel] = [0 if old.any() else None] if n == 1 else []
        for seen in kinds:
            halves = {int(one.high) for one in seen[:2] if one.share > 0.3 * seen[0].share}
            channels.append(None if not halves else halves.pop() if len(halves) == 1 else (0, 1))
        idle = ["" if one is not None else idle_of(self._seen[:, c]) for c, one in enumerate(channels)]
        path = path_by_lines(channels, idle, self._fmt, self._first)
        return Estimate(with_ratio(path, ratio), 0)
