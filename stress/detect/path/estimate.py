# SPDX-License-Identifier: MIT
"""What the path does to a capture, or why no path can be named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from stress.detect.path import rate, wires
from stress.detect.path.attribute import Attribution, Mix, Term
from stress.detect.path.bitmap import BitMap, wiring
from stress.detect.path.filters import Response, response_of
from stress.detect.path.forward import Forward, columns, fitted, rails_of
from stress.detect.path.lines import PathLines, SeenLine
from stress.detect.path.locate import Place, locate, position_of
from stress.detect.path.sources import ALL, ODD, PAIRED, Sources, index_of, numbers
from stress.detect.path.wires import Named
from stress.model.arrays import Bytes, Floats, Ints
from stress.model.formats import SampleFormat
from stress.model.path import Channel, Path
from stress.model.stimulus import POSITIONS
from stress.patterns.word import Pattern

# Frames the lines are looked for in, the arithmetic is fitted to, and the fewest that name a path.
LINES, FITTED, LEAST = 16384, 16384, 1000

# Share of samples that the arithmetic must hit for the path to be known. Source: stale lines in
# one of ten. Higher: damage hides the path; lower: a wrong path is called known.
KNOWN = 0.7

# Share of a channel's power that may be left over where a channel is still called the pattern.
# Source: 10 dB of noise. Higher: chance; lower: noisy paths are not named.
MOST_LEFT = 0.3

# Cost of a path that needs no other explanation tried, see `_cost`.
CHEAP = 2.5

# Cost below which other readings of the bytes and other rates are not tried.
SURE = 11.0

# Largest difference of a sample behind which a capture is judged bit for bit [LSB]. Source: rectangular
# dither; noise of a converter has tails, and 0.1 % of its samples lie beyond any bound that fits the rest.
# Higher: a clean analog cable is FAIL; lower: a dithered path is INCONCLUSIVE.
MOST_DITHER = 1
# Share of samples at a rail from which on frames lose their position. Source: at 2 % one frame
# of stereo in 2500 is lost whole. Higher: clipped frames pass for each other; lower: a constant
# added to full scale ends the judgement.
MOST_CLIPPED = 0.02

# Ratios nearer to 1 are believed only where the samples fit at the other rate. Source: lines
# that a slip broadens look like a few hundred ppm. Higher: clocks are missed; lower: slips drift.
LEAST_DRIFT = 5e-3

# Share of power in the lines of a kind where the ratio of rates is known already.
LEAST_LINE = 0.01

# Frames, and steps of x on both sides, in which the last bits of a position are looked for.
# Higher: time; lower: a lone right channel of 24 bits is called filtered.
SHARP, SHARP_REACH = 256, 64

# What is left over where a path is still straight: the rest is a filter or noise.
STRAIGHT = 1e-3


@dataclass(frozen=True)
class Estimate:
    """A path and what is needed to make, from the pattern, what it gives.

    Parameters
    ----------
    path : in numbers.
    position : of the pattern at captured frame 0 (mod 2^32).
    forward : arithmetic per captured channel, none where the path is a wiring or not known.
    wires : the wiring, None where it is arithmetic.
    named : of the wiring.
    """

    path: Path
    position: int
    forward: tuple[Forward, ...] = ()
    wires: BitMap | None = None
    named: Named | None = None


@dataclass(frozen=True)
class Nothing:
    """Why no path can be named, in one sentence, and a word for it."""

    what: str
    why: str


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
    return one.near() or one.wired(position) or (one.straight() if pattern.name == "mix1" else None)


class _Estimator:
    def __init__(self, raw: Bytes, pattern: Pattern, first: int, hint: int, known: int | None) -> None:
        self._raw, self._pattern, self._first, self._hint, self._known = raw, pattern, first, hint, known
        self._fmt: SampleFormat = pattern.fmt
        self._frames = raw.size // pattern.frame_bytes
        self._seen: Ints = numbers(raw, self._fmt, pattern.channels)
        self._sources = Sources(pattern.name, self._fmt)
        self._known_lines: dict[int, PathLines] = {}

    def _lines(self, frames: int) -> PathLines:
        if frames not in self._known_lines:
            self._known_lines[frames] = PathLines(frames)
        return self._known_lines[frames]

    def result(self) -> Estimate | Nothing:
        nothing = self.nothing()
        if nothing is not None:
            return nothing
        if self._known is not None:
            found = self.near()
            if found is not None and (found.path.invertible or self._pattern.name != "mix1"):
                return found
        if self._pattern.name != "mix1":
            return Nothing(
                "unknown", "mix2 has no lines; a path is named where the position is known (--position)"
            )
        best: Estimate | None = None
        for way in (self.straight, self._in_parts, self._recoded, self._resampled):
            found = way()
            if found is not None and (best is None or _cost(found) < _cost(best)):
                best = found
            if best is not None and _cost(best) < SURE:
                break
        if best is not None:
            return best
        return Nothing("other", "what was captured is not the pattern: music, noise or another stimulus")

    def near(self) -> Estimate | None:
        """Return the path at the known position, None without one."""
        return None if self._known is None else self._at(self._known, self._among())

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
        return min((one for one in tried if one is not None), key=_cost, default=None)

    def _in_parts(self) -> Estimate | None:
        # A slip in the midst looks like noise or another rate: parts of the window may be plain.
        size, frames = self._pattern.frame_bytes, min(LINES, self._frames)
        part = frames // 4
        for at in range(0, frames - part + 1 if part >= LEAST else 0, part):
            raw = self._raw[at * size : (at + part) * size]
            one = _Estimator(raw, self._pattern, self._first + at, self._hint, None).straight()
            if one is not None and _cost(one) < SURE:
                return replace(one, path=replace(one.path, from_frame=self._first))
        return None

    def _located(self, seen: Floats) -> tuple[list[int], bool]:
        # Positions at the first frame by the best channel, and whether words take two frames.
        kinds = self._lines(len(seen)).kinds(seen)
        half = self._lines(len(seen) // 2)
        sides = [half.kinds(seen[side : side + 2 * (len(seen) // 2) : 2]) for side in (0, 1)]
        if _strongest(kinds) < 0.35 and max(map(_strongest, sides)) > 2 * _strongest(kinds):
            # Words that take two frames look like a weak sum of shifted ones.
            kinds = []
        for channel, kind, both in _order(kinds):
            place = locate(seen[:, channel], kind, self._hint, both=both)
            if place is not None and place.fit > 0.2:
                if kind.high and self._fmt.bits > 16:
                    return [self._sharpened(place, seen[:, channel])], False
                return self._likeliest([position_of(step) for step in place.steps()]), False
        if any(kinds):
            return [], False
        for channel, kind, side in _odd_order(sides):
            stream = seen[side : side + 2 * (len(seen) // 2) : 2, channel]
            place = locate(stream, kind, self._hint // 2)
            if place is not None and place.fit > 0.2:
                words = [2 * position_of(step) + kind.high for step in place.steps()]
                return self._likeliest(list(dict.fromkeys((word - side) % POSITIONS for word in words))), True
        return [], False

    def _sharpened(self, place: Place, seen: Floats) -> int:
        # The high half leaves the last bits of x open; what lies below it in wider words has them.
        seen, best = seen[:SHARP], (np.inf, position_of(place.step))
        y = seen - seen.mean()
        for away in range(-SHARP_REACH, SHARP_REACH + 1):
            position = position_of(place.step + away & 0xFFFFFFFF)
            due = self._sources.block(position, len(seen), [2 * place.pair + 1])[:, 0].astype(np.float64)
            x = due - due.mean()
            left = float(y @ y - (x @ y) ** 2 / (x @ x))
            best = min(best, (left, position))
        return best[1]

    def _likeliest(self, positions: list[int], most: int = 2) -> list[int]:
        # Of many the ones whose bits are those captured.
        if len(positions) <= most:
            return positions
        fits = [wiring(self._raw, one, self._pattern).wired for one in positions]
        return [positions[n] for n in np.argsort(-np.array(fits), kind="stable")[:most]]

    def _at(self, position: int, among: Sequence[int]) -> Estimate | None:
        # The path where the position is known: arithmetic, wiring, or a filter.
        seen = self._seen[:FITTED]
        attribution = Attribution(self._sources, position, seen.astype(np.float64), among)
        mixes = [attribution.mix(c) for c in range(self._pattern.channels)]
        if not any(mix.terms for mix in mixes):
            return None
        forwards = [self._forward(seen[:, c], mix, position) for c, mix in enumerate(mixes)]
        sure = [f.share >= KNOWN for f, mix in zip(forwards, mixes) if mix.terms]
        idle = [_idle(seen[:, c]) if not mix.terms else "" for c, mix in enumerate(mixes)]
        found = []
        if all(sure) and "other" not in idle:
            found.append(self._linear(position, mixes, forwards, idle))
            if _cost(found[0]) < CHEAP:
                return found[0]
        wired = self.wired(position)
        if wired is not None:
            found.append(wired)
        if found:
            return min(found, key=_cost)
        if all(sure):
            return self._linear(position, mixes, forwards, idle)
        if max(mix.left for mix in mixes if mix.terms) > MOST_LEFT:
            return None
        return self._bent(position, mixes, forwards, idle)

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
        channels = tuple(name.channels)
        exact = bool((found.source == np.arange(len(found.source))).all()) and not found.inverted.any()
        path = Path(
            exact=exact,
            channels=channels,
            polarity=(1,) * pattern.channels,
            gain_db=tuple(None if one is None else 0.0 for one in channels),
            offset=(0,) * pattern.channels,
            bits=name.bits,
            delay_frames=_since(name.delay, channels),
            encoding=name.encoding,
            from_frame=self._first,
            source_bits=self._fmt.bits,
            idle=tuple(
                _idle(self._seen[:FITTED, c]) if one is None else "" for c, one in enumerate(channels)
            ),
        )
        return Estimate(path, (position - self._first) % POSITIONS, wires=found, named=name)

    def _linear(
        self, position: int, mixes: Sequence[Mix], forwards: Sequence[Forward], idle: Sequence[str]
    ) -> Estimate:
        made = [f if mix.terms else Forward(offset=mix.offset) for f, mix in zip(forwards, mixes)]
        path = _path(made, [f.terms for f in made], self._fmt, self._seen[:FITTED], idle, self._first)
        return Estimate(path, (position - self._first) % POSITIONS, tuple(made))

    def _bent(
        self, position: int, mixes: Sequence[Mix], forwards: Sequence[Forward], idle: Sequence[str]
    ) -> Estimate:
        terms = [mix.terms for mix in mixes]
        if self._known is None and self._pattern.channels <= 2:
            # A filter turns the phases that the position is drawn from: sums and delays are chance.
            terms = [_own(mix, self._pattern.channels) for mix in mixes]
        path = _path(list(forwards), terms, self._fmt, self._seen[:FITTED], idle, self._first)
        heard = [
            response_of(self._seen[:FITTED, c], self._sources, position, mix.terms) if mix.terms else None
            for c, mix in enumerate(mixes)
        ]
        return Estimate(_bent_path(path, heard, mixes), (position - self._first) % POSITIONS)

    def _recoded(self) -> Estimate | None:
        # Other readings of the same bytes; the one whose lines are those of whole words is it.
        short = min(self._frames, 4096)
        raw = self._raw[: short * self._pattern.frame_bytes]
        best: Estimate | None = None
        for seen in _readings(raw, self._fmt, self._pattern.channels):
            tried = [self.wired(position) for position in self._located(seen)[0]]
            best = min((one for one in (*tried, best) if one is not None), key=_cost, default=None)
            if best is not None and _cost(best) <= SURE:
                return best
        return best

    def _resampled(self) -> Estimate | None:
        captured = self._seen.astype(np.float64)
        ratio = rate.ratio_of(captured, self._sources)
        if ratio is None or abs(ratio - 1) < 1e-7:
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
        if abs(ratio - 1) < LEAST_DRIFT and not any(mix.left < MOST_LEFT for mix in mixes):
            return None
        if position is None and self._pattern.channels <= 2:
            return self._by_lines(ratio, old)
        if position is not None:
            terms = [
                _level(mix.terms, old[:, c], self._sources, position)
                if mix.terms and mix.left < MOST_LEFT
                else ()
                for c, mix in enumerate(mixes)
            ]
        if self._pattern.channels <= 2 and any(mix.left > STRAIGHT for mix in mixes):
            return self._by_lines(ratio, old)
        idle = [_idle(self._seen[:FITTED, c]) if not one else "" for c, one in enumerate(terms)]
        made = [Forward(terms=one) for one in terms]
        path = _path(made, terms, self._fmt, self._seen[:FITTED], idle, self._first)
        return Estimate(_with_ratio(path, ratio), 0 if position is None else position)

    def _by_lines(self, ratio: float, old: Floats) -> Estimate:
        # A fraction of a frame moves every phase: no position, yet the lines tell the channels.
        n = self._pattern.channels
        kinds = self._lines(len(old)).kinds(old, LEAST_LINE) if n == 2 else []
        channels: list[Channel] = [0 if old.any() else None] if n == 1 else []
        for seen in kinds:
            halves = {int(one.high) for one in seen[:2] if one.share > 0.3 * seen[0].share}
            channels.append(None if not halves else halves.pop() if len(halves) == 1 else (0, 1))
        path = Path(
            exact=False,
            channels=tuple(channels),
            polarity=(1,) * n,
            gain_db=(None,) * n,
            offset=(0,) * n,
            bits=(self._fmt.bits,) * n,
            delay_frames=(0,) * n,
            from_frame=self._first,
            idle=tuple("" if one is not None else _idle(self._seen[:, c]) for c, one in enumerate(channels)),
            source_bits=self._fmt.bits,
        )
        return Estimate(_with_ratio(path, ratio), 0)


def _cost(one: Estimate) -> float:
    # How much a path supposes: of several that explain a capture the simplest is told.
    bent = one.path.encoding in ("noisy", "filtered") or one.path.rate_ratio != 1
    if bent:
        return 1000.0 + (500.0 if one.path.encoding == "noisy" else 0.0)
    cost = sum(5.0 for delay in one.path.delay_frames if delay)
    if one.wires is not None:
        flips = len({int(bit) for bit in np.flatnonzero(one.wires.inverted)})
        lost = float((one.wires.source < 0).sum() - (one.wires.constant >= 0).sum())
        return (
            cost
            + 4.0
            + 2.0 * flips
            + 5.0 * lost
            + (3.0 if one.path.encoding else 0.0)
            + one.path.encoding.count("; ")
        )
    for forward in one.forward:
        cost += 3.0 * max(0, len(forward.terms) - 1) + (10.5 if forward.off else 0.0)
        cost += (3.0 if forward.offset else 0.0) + (
            200.0 * (0.98 - forward.share) if forward.terms and forward.share < 0.98 else 0.0
        )
    return cost


def _order(kinds: list[list[SeenLine]], most: int = 3) -> list[tuple[int, SeenLine, bool]]:
    # Channels to try: low halves name the whole position, high halves all but its last bits.
    out = []
    for channel, seen in enumerate(kinds):
        highs = [one for one in seen if one.high]
        lows = [one for one in seen if not one.high]
        if lows and lows[0].share > 0.04:
            both = bool(highs) and highs[0].shift == lows[0].shift and highs[0].share > 0.15
            strong = lows[0].share > 0.4 * (highs[0].share if highs else 0)
            if strong:
                out.append((lows[0].shift, 0 if not both else 1, -lows[0].share, channel, lows[0], both))
        if highs and highs[0].share > 0.15:
            out.append((highs[0].shift, 2, -highs[0].share, channel, highs[0], False))
    out.sort(key=lambda one: one[:4])
    return [(channel, kind, both) for _, _, _, channel, kind, both in out[:most]]


def _strongest(kinds: list[list[SeenLine]]) -> float:
    return max((one.share for seen in kinds for one in seen), default=0.0)


def _odd_order(sides: list[list[list[SeenLine]]]) -> list[tuple[int, SeenLine, int]]:
    out = []
    for side, kinds in enumerate(sides):
        out += [(channel, kind, side) for channel, kind, _ in _order(kinds)]
    return sorted(out, key=lambda one: (one[1].high, one[1].shift, -one[1].share))[:3]


def _readings(raw: Bytes, fmt: SampleFormat, channels: int) -> list[Floats]:
    # The bytes as other words would have them, (frames, channels) float64 each.
    size, width = fmt.sample_bytes, 8 * fmt.sample_bytes
    cells = np.ascontiguousarray(raw.reshape(-1, channels, size))
    out = [_words(cells[:, :, ::-1])]
    if size == 4:
        out.append(_words(np.concatenate([cells[:, :, 2:], cells[:, :, :2]], axis=2)))
        out.append(_words(cells[:, :, [1, 0, 3, 2]]))
    top = _words(cells)
    used = _top_bit(top, width)
    out.append(_signed(top, used))
    out.append(_signed(top.astype(np.int64) ^ (1 << used), used))
    for moved in range(1, size * (channels if channels < 3 else 1)):
        stream = np.roll(raw, -moved)
        out.append(_words(np.ascontiguousarray(stream.reshape(-1, channels, size))))
    bits = np.unpackbits(raw, bitorder="little")
    for moved in range(1, 8):
        for way in (moved, -moved):
            stream = np.packbits(np.roll(bits, way), bitorder="little")
            out.append(_words(stream.reshape(-1, channels, size)))
    turned = np.packbits(np.unpackbits(raw), bitorder="little").reshape(-1, channels, size)
    out += [_words(turned), _words(turned[:, :, ::-1])]
    return out


def _words(cells: Bytes) -> Floats:
    # Little-endian words of any size as signed numbers.
    size = cells.shape[2]
    value = sum(cells[:, :, n].astype(np.int64) << (8 * n) for n in range(size))
    return np.asarray(_signed(np.asarray(value), 8 * size - 1))


def _signed(words: Ints | Floats, top: int) -> Floats:
    value = words.astype(np.int64) & ((1 << (top + 1)) - 1)
    return np.asarray(np.where(value >> top & 1, value - (1 << (top + 1)), value), np.float64)


def _top_bit(words: Floats, width: int) -> int:
    # The highest bit that changes.
    value = words.astype(np.int64) & ((1 << width) - 1)
    for bit in range(width - 1, 0, -1):
        share = float((value >> bit & 1).mean())
        if 0.02 < share < 0.98:
            return bit
    return width - 1


def _idle(seen: Ints) -> str:
    if not seen.any():
        return "silent"
    return "constant" if (seen == seen[0]).mean() > 0.99 else "other"


def _since(delays: Sequence[int], channels: Sequence[object]) -> tuple[int, ...]:
    known = [delay for delay, one in zip(delays, channels) if one is not None]
    least = min(known, default=0)
    return tuple(delay - least if one is not None else 0 for delay, one in zip(delays, channels))


def _path(
    forwards: Sequence[Forward],
    terms: Sequence[tuple[Term, ...]],
    fmt: SampleFormat,
    seen: Ints,
    idle: Sequence[str],
    first: int,
) -> Path:
    channels = tuple(_channel(one) for one in terms)
    level = [max((abs(t.gain) for t in one), default=0.0) for one in terms]
    gains = tuple(_db(one) if one else None for one in level)
    clipped = tuple(
        round(rails_of(seen[:, c], fmt.bits)[2], 4) if terms[c] else 0.0 for c in range(seen.shape[1])
    )
    bits = tuple(_bits(f, g, fmt.bits) if g else 0 for f, g in zip(forwards, level))
    delays = [min((t.delay for t in one), default=0) for one in terms]
    offset = tuple(int(round(f.offset)) if one else 0 for f, one in zip(forwards, terms))
    odd = any(t.source >= ODD for one in terms for t in one)
    notes = tuple(dict.fromkeys(note for f in forwards for note in _rule_notes(f, fmt.bits)))
    plain = (
        channels == tuple(range(len(channels)))
        and all(one and one[0].gain == 1.0 for one in terms)
        and not any(offset)
        and not any(clipped)
        and len(set(delays)) == 1
        and all(f.off == 0 and f.step == 1 and f.rule != "float32" for f in forwards)
        and (not odd or len(channels) % 2 == 1)
    )
    return Path(
        exact=plain,
        channels=channels,
        polarity=tuple(-1 if one and one[0].gain < 0 else 1 for one in terms),
        gain_db=gains,
        offset=offset,
        bits=bits,
        delay_frames=_since(delays, channels),
        encoding=_encoding(forwards),
        from_frame=first,
        clipped=clipped,
        idle=tuple(idle),
        notes=notes,
        source_bits=fmt.bits,
        invertible=max(clipped, default=0.0) < MOST_CLIPPED and max(f.off for f in forwards) <= MOST_DITHER,
    )


def _own(mix: Mix, channels: int) -> tuple[Term, ...]:
    # The strong terms of channels that were played, at no delay.
    own = [term for term in mix.terms if index_of(term.source) < channels]
    most = max((abs(term.gain) for term in own), default=0.0)
    return tuple(replace(term, delay=0) for term in own if 2 * abs(term.gain) >= most)


def _channel(terms: tuple[Term, ...]) -> int | tuple[int, ...] | None:
    found = tuple(sorted({index_of(term.source) for term in terms}))
    return None if not found else found[0] if len(found) == 1 else found


def _db(gain: float) -> float:
    level = round(20 * float(np.log10(gain)), 4)
    return 0.0 if abs(level) < 1e-4 else level


def _bits(forward: Forward, gain: float, bits: int) -> int:
    carried = (
        bits + float(np.log2(min(gain, 1.0))) - float(np.log2(forward.step)) - float(np.log2(forward.off + 1))
    )
    return max(1, min(bits, int(np.floor(carried + 1e-6))))


def _encoding(forwards: Sequence[Forward]) -> str:
    return "float32" if any(f.rule == "float32" for f in forwards) else ""


def _rule_notes(forward: Forward, bits: int) -> list[str]:
    if not forward.terms:
        return []
    if forward.rule == "float32":
        return ["every sample is rounded to the 24 bits of a float32"]
    if forward.off:
        return [f"samples are off by at most {forward.off} LSB (dither)"]
    if forward.step > 1:
        way = {"floor": "cut", "truncate": "cut"}.get(forward.rule, "rounded")
        return [f"every sample is {way} to {bits - int(np.log2(forward.step))} bits"]
    return []


def _bent_path(path: Path, heard: Sequence[Response | None], mixes: Sequence[Mix]) -> Path:
    gains = tuple(
        path.gain_db[c] if one is None or not one.fits else _db(one.gain) for c, one in enumerate(heard)
    )
    notes = tuple(dict.fromkeys(one.text for one in heard if one is not None))
    encoding = "filtered" if any(one is not None and one.fits for one in heard) else "noisy"
    return replace(path, exact=False, gain_db=gains, encoding=encoding, notes=notes, invertible=False)


def _with_ratio(path: Path, ratio: float) -> Path:
    return replace(path, exact=False, rate_ratio=round(ratio, 9), invertible=False)


def _level(terms: tuple[Term, ...], old: Floats, sources: Sources, position: int) -> tuple[Term, ...]:
    # Gains by the low notes, which every converter leaves as they are.
    due = columns(sources, position, len(old), terms)
    size = len(old)
    low = max(8, int(0.03 * size))
    window = np.hanning(size)
    seen = np.fft.rfft((old - old.mean()) * window)[2:low]
    sent = np.fft.rfft((due - due.mean(axis=0)) * window[:, None], axis=0)[2:low]
    a = np.concatenate([sent.real, sent.imag])
    b = np.concatenate([seen.real, seen.imag])
    gains = np.linalg.lstsq(a, b, rcond=None)[0]
    return tuple(replace(term, gain=float(gain)) for term, gain in zip(terms, gains))
