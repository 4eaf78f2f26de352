# SPDX-License-Identifier: MIT
"""The path: captures behind one path each, with and without damage, and the stages of an estimate."""

from __future__ import annotations

import numpy as np

from stress.detect.exact.checker import check
from stress.detect.exact.expected import Expected
from stress.detect.path import (
    assembled,
    attribute,
    curve,
    filters,
    forward,
    lines,
    locate,
    ordered,
    ranking,
    rate,
    readings,
    recoded,
    sources,
)
from stress.detect.path.bitmap import wiring
from stress.detect.path.change import change_finding
from stress.detect.path.estimate import LEAST, estimate
from stress.detect.path.estimated import Nothing
from stress.detect.path.fade import named_fades
from stress.detect.path.feed import IDLE, Feed, active
from stress.detect.path.judge import judge_behind
from stress.detect.path.sources import numbers
from stress.detect.path.suspect import MANY_FRAMES, suspected
from stress.detect.path.transparency import compared
from stress.detect.path.wires import named
from stress.detect.path.words import advice, lost, sentence
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import bits, captured, packed, sent
from tests.pinned.kit import word
from tests.pinned.told import told
from tools.benchkit._faults import FAULTS, Scene

RINGS = Rings(1200, 1320)
FRAMES = 18000


def stale(x):
    """Eight frames one lap of the playback ring old."""
    x = x.copy()
    x[15000:15008] = x[15000 - 1200 : 15008 - 1200]
    return x


def fir(*taps):
    """A filter of some taps."""
    return lambda x: np.stack([np.convolve(c, taps)[: len(c)] for c in x.T], axis=1)


def dithered(x):
    """Triangular dither of one step."""
    drawn = np.random.default_rng(3).random((2, *x.shape))
    return x + drawn[0] - drawn[1]


def delayed(x, frames):
    """The second channel so late."""
    out = x.copy()
    out[frames:, 1], out[:frames, 1] = x[:-frames, 1], 0
    return out


def other_rate(x, ratio):
    """Straight lines between the frames."""
    place = np.arange(int(len(x) / ratio) - 2) * ratio
    whole = place.astype(int)
    part = (place - whole)[:, None]
    return x[whole] * (1 - part) + x[whole + 1] * part


S16, S24, S32 = ("S16_LE", 2), ("S24_3LE", 2), ("S32_LE", 2)
ARITHMETIC = {
    "nothing": (lambda x: x, S16),
    "-3 dB": (lambda x: x * 10 ** (-3 / 20), S16),
    "-3 dB floor": (lambda x: np.floor(x * 10 ** (-3 / 20)), S16),
    "-3 dB truncate": (lambda x: np.trunc(x * 10 ** (-3 / 20)), S16),
    "-40 dB": (lambda x: x * 0.01, S24),
    "half": (lambda x: x * 0.5, S16),
    "each its own gain": (lambda x: x * [0.7, 0.9], S16),
    "+2 dB clipped": (lambda x: x * 10 ** (2 / 20), S16),
    "offset": (lambda x: x * 0.9 + 11, S16),
    "exchanged": (lambda x: x[:, ::-1], S16),
    "inverted": (lambda x: -x, S16),
    "right inverted": (lambda x: x * [1, -1], S16),
    "left silent": (lambda x: x * [0, 1], S16),
    "left constant": (lambda x: x * [0, 1] + [300, 0], S16),
    "mono": (lambda x: np.repeat(x.mean(1, keepdims=True), 2, 1), S16),
    "crossfeed": (lambda x: 0.8 * x + 0.2 * x[:, ::-1], S16),
    "right late": (lambda x: delayed(x, 5), S16),
    "dither": (lambda x: dithered(x * 0.8), S16),
    "16 of 24 bits": (lambda x: np.rint(x / 256) * 256, S24),
    "20 of 24 bits": (lambda x: np.floor(x / 16) * 16, S24),
    "24 of 32 bits": (lambda x: np.floor(x / 256) * 256, S32),
    "rotated": (lambda x: np.roll(x, 1, axis=1), ("S16_LE", 4)),
    "mono channel": (lambda x: x * 0.7, ("S16_LE", 1)),
    "three channels": (lambda x: x[:, [2, 0, 1]] * 0.6, ("S16_LE", 3)),
}
BENT = {
    "filter": (fir(0.2, 0.6, 0.2), S16),
    "companded": (lambda x: np.sign(x) * np.abs(x / 32768) ** 0.8 * 32768, S16),
    "gain varies": (lambda x: x * (0.6 + 0.3 * np.sin(np.arange(len(x)) / 900.0))[:, None], S16),
    "44100 to 48000": (lambda x: other_rate(x, 44100 / 48000), S16),
    "noise": (lambda x: np.random.default_rng(1).integers(-9000, 9000, x.shape), S16),
}
WIRED = {
    "bytes exchanged": (lambda w: (w >> 8) | (w << 8), S16),
    "unsigned": (lambda w: w ^ 0x8000, S16),
    "bits mirrored": (lambda w: sum(((w >> k) & 1) << (15 - k) for k in range(16)), S16),
    "bit held": (lambda w: w | 8, S16),
    "bit inverted": (lambda w: w ^ 8, S16),
    "bit of left held": (lambda w: w & np.array([~16, ~0]), S16),
    "two bits exchanged": (lambda w: (w & ~0x12) | ((w & 2) << 3) | ((w & 16) >> 3), S16),
    "one bit up": (lambda w: (w << 1) | ((w >> 15) & 1), S16),
    "24 in 32, low byte zero": (lambda w: w & ~0xFF, S32),
    "halves exchanged": (lambda w: (w >> 16) | (w << 16), S32),
}


def of(raw, layout, **more):
    """Lines of what is said behind a path."""
    name, channels = layout
    pattern = Pattern("mix1", FORMATS[name], channels)
    third = len(raw) // 3 // pattern.frame_bytes * pattern.frame_bytes
    behind = judge_behind([raw[:third], raw[third:]], pattern, RINGS, **more)
    yield f"path {word(behind.path)}"
    what = behind.nothing.what if behind.nothing else None
    yield f"nothing {what} blind {behind.blind} {len(behind.advice)}"
    yield f"sent {behind.sent.fmt.name if behind.sent else None} changes {word(behind.changes)}"
    if behind.path is not None:
        numbers = (word(" " + say(behind.path)) for say in (sentence, advice, lost))
        yield f"said {'; '.join(numbers)}"
    if behind.analysis is not None:
        yield from told(behind.analysis)


def clean(make, ways, damage=None):
    """Each way by itself, or with a stale line in it."""

    def case(name):
        way, layout = ways[name]
        raw = make(lambda x: way(damage(x) if damage else x), *layout, frames=FRAMES)
        return lambda: of(raw_of(raw, layout), layout)

    return case


def raw_of(raw, layout):
    """Whole frames of it."""
    size = FORMATS[layout[0]].sample_bytes * layout[1]
    return raw[: len(raw) // size * size]


def lazily(make, ways, name, damage=None):
    """A case that makes its capture when it is asked for."""
    return lambda: clean(make, ways, damage)(name)()


def silence_before():
    """Silence, nearly silence and a start that is known, before a path."""
    for quiet, level in ((IDLE - 1, 0), (IDLE, 0), (IDLE + 1, 0), (2000, 1)):
        drawn = np.random.default_rng(quiet).integers(-level, level + 1, (quiet, 2))
        x = np.concatenate([drawn, np.rint(sent("S16_LE", 2, position=5000, frames=FRAMES) * 0.7)])
        raw = packed(x, "S16_LE")
        feed = Feed([raw[:4000], raw[4000:]], 4)
        yield f"{quiet} frames of {level}: active {active(feed, Pattern('mix1', FORMATS['S16_LE'], 2))}"
        yield from of(raw, S16, first_position=5000)


def nothing():
    """Too few frames, silence and noise: why no path is named."""
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    for frames in (1, LEAST - 1):
        yield f"{frames}: {word(estimate(captured(lambda x: x * 0.5, frames=frames), pattern))}"
    yield f"silence: {word(estimate(np.zeros(8000, np.uint8), pattern))}"


def suspicion():
    """Damage that may be a path, and what is not."""
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    ways = {
        "rounded": lambda x: np.floor(x / 2) * 2,
        "held": lambda x: np.floor(x).astype(int) | 64,
        "limiter": lambda x: np.clip(x, -20000, 20000),
        "every fourth zero": lambda x: x * (np.arange(len(x)) // 8 % 4 > 0)[:, None],
        "exchanged bits": lambda x: (lambda w: (w & ~6) | ((w & 2) << 1) | ((w & 4) >> 1))(x.astype(int)),
    }
    for name, way in ways.items():
        for frames in (MANY_FRAMES - 1, MANY_FRAMES, 3000):
            x = sent("S16_LE", 2, frames=8000)
            x[3000 : 3000 + frames] = way(x[3000 : 3000 + frames])
            raw = packed(x, "S16_LE")
            analysis = check(raw, Expected(pattern, RINGS, first_position=1))
            found = suspected(analysis, pattern, lambda a, b, raw=raw: raw[4 * a : 4 * b])
            yield f"{name} {frames}: {found.name} {analysis.found}"


def fades():
    """A level that goes down and comes back."""
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    for frames in (999, 1000, 1001, 4000):
        x = sent("S16_LE", 2, frames=9000)
        x[3000 : 3000 + frames] *= np.linspace(1, 0.05, frames)[:, None]
        raw = packed(np.rint(x), "S16_LE")
        analysis = check(raw, Expected(pattern, RINGS, first_position=1))
        found = named_fades(analysis, pattern, lambda a, b, raw=raw: raw[4 * a : 4 * b])
        yield f"{frames}: before {len(analysis.findings)}"
        yield from told(found)


def transparent():
    """Which bits come through."""
    for fmt in ("S16_LE", "S24_3LE"):
        for low in (0, 1, 4, 8):
            pattern = Pattern("mix1", FORMATS[fmt], 2)
            raw = captured(lambda x, low=low: np.floor(x / (1 << low)) * (1 << low), fmt, frames=2000)
            found = compared(raw, pattern.bytes_at(1, 2000), pattern, 0, 1)
            yield f"{fmt} without {low}: {found.clean_bits} {word(found.to_json(48000))}"


def changes():
    """The finding of a change from one path to another."""
    pattern = Pattern("mix1", FORMATS["S16_LE"], 2)
    known = {}
    for name in ("nothing", "half", "exchanged"):
        known[name] = estimate(captured(ARITHMETIC[name][0], frames=4096), pattern)
    for before in ("nothing", "half"):
        for name, found in known.items():
            if name != before and not isinstance(found, Nothing):
                one = change_finding(known[before].path, found, 700, 90, 701)
                yield f"{before} to {name}: {one.kind.value} {word(one.details)} {one.text}"


def direct(name, ways):
    """The stages by themselves, told where the pattern is: lines, place, parts, arithmetic, curve, filter."""

    def case():
        way, (fmt, channels) = ways[name]
        layout = FORMATS[fmt]
        x = sent(fmt, channels, frames=6000)
        top = 1 << (layout.bits - 1)
        seen = np.clip(np.rint(way(x)), -top, top - 1).astype(np.int64)
        known = sources.Sources("mix1", layout)
        found = lines.PathLines(len(seen)).kinds(seen.astype(float))
        yield f"lines {word(found)}"
        yield f"order {word(ranking.order(found))} {word(ranking.strongest(found))}"
        mixes = attribute.Attribution(known, 1, seen.astype(float), range(channels))
        for c in range(channels):
            yield from by_channel(seen[:, c], found[c], mixes.mix(c), known, layout)

    return case


def by_channel(seen, kinds, mix, known, layout):
    """What the stages say of one channel."""
    yield f"mix {word(mix)}"
    for kind in kinds[:1]:
        place = locate.locate(seen.astype(float), kind, 1)
        # Which of the steps that fit alike comes first hangs on the last bit of a transform, and so on the
        # numpy and the processor.
        yield "no place" if place is None else f"pair {place.pair} twin {place.twin} lost {place.lost}"
    if not mix.terms:
        return
    due = forward.columns(known, 1, len(seen), mix.terms)
    one = forward.fitted(seen, due, mix, layout.bits)
    yield f"forward {word(one)} known {one.known} {word(forward.rails_of(seen, layout.bits))}"
    exact = due @ np.array([term.gain for term in mix.terms])
    low, high = forward.bounds(one, exact)
    yield f"bounds {word(low)} {word(high)} step {forward.step_of(seen, layout.bits)}"
    yield f"values {word(one.values(due))}"
    strongest = due[:, 0]
    yield f"bend {word(curve.bend_of(seen, strongest, layout.bits))} {word(curve.varying(seen, strongest))}"
    yield f"response {word(filters.response_of(seen, known, 1, mix.terms))}"
    terms = assembled.level_by_low_notes(mix.terms, seen.astype(float), known, 1)
    yield f"low notes {word(terms)}"


def damages(name):
    """Each fault behind a path that is known."""

    def case():
        way, (fmt, channels) = ARITHMETIC[name]
        pattern = Pattern("mix1", FORMATS[fmt], channels)
        known = estimate(captured(way, fmt, channels, frames=FRAMES), pattern)
        for seed, fault in enumerate(FAULTS):
            if fault in ("resample", "byteshift", "dither", "gain"):
                continue
            scene = Scene(pattern, RINGS, 9000, 0, 1, np.random.default_rng([7, seed]))
            FAULTS[fault](scene, 5000)
            x = way(numbers(scene.raw, pattern.fmt, channels).astype(float))
            top = 1 << (pattern.fmt.bits - 1)
            raw = packed(np.clip(np.rint(x), -top, top - 1), fmt)
            yield f"{fault}:"
            yield from of(raw, (fmt, channels), known=known, first_position=1)

    return case


def ratios():
    """Rates that are not the one played."""
    x = sent("S16_LE", 2, frames=12000)
    known = sources.Sources("mix1", FORMATS["S16_LE"])
    for ratio in (44100 / 48000, 48000 / 44100, 1.0001, 1.0, 0.5, 2.0):
        heard = other_rate(x, 1 / ratio)
        yield f"{ratio:.6f}: {word(rate.ratio_of(heard, known))} {word(rate.at_old_rate(heard, ratio, 500))}"


def places():
    """Frames in the order of their numbers, and steps of positions."""
    order = np.array([4, 2, 0, 1, 3])
    one = ordered.Ordered(order, np.array([1.0, 2, 2, 5, 9]), np.array([2.0, 3, 4, 6, 9]))
    yield word([one.places(seen) for seen in (0.0, 1.0, 2.0, 3.5, 5.0, 9.0, 9.5)])
    for position in (0, 1, 2, 77, (1 << 32) - 1):
        yield f"{position}: {locate.step_of(position)} {locate.position_of(locate.step_of(position))}"


def wirings():
    """Wirings as bits, their names, and samples read in each encoding."""
    for name in ("bits mirrored", "bit inverted", "bit of left held", "one bit up", "halves exchanged"):
        way, layout = WIRED[name]
        fmt, channels = FORMATS[layout[0]], layout[1]
        raw = bits(way, *layout, frames=2500)
        found = wiring(raw, 1, Pattern("mix1", fmt, channels))
        yield f"{name}: wired {found.wired:.5f} {word(found)}"
        yield f"{name}: {word(named(found, fmt, channels))}"
    raw = np.random.default_rng(2).integers(0, 256, 24 * 40, dtype=np.uint8)
    for fmt, channels in (("S16_LE", 2), ("S24_3LE", 2), ("S32_LE", 1)):
        for encoding in recoded.encodings(FORMATS[fmt]):
            yield f"{fmt} {encoding.split(' ')[0]}: {word(recoded.recoded(raw, FORMATS[fmt], encoding))}"
        yield f"{fmt} readings: {word(readings.readings(raw, FORMATS[fmt], channels))}"


# Ways that are named at once; the others take seconds and are tested in tests/detect/path.
QUICK = ("-3 dB floor", "exchanged", "mono", "right late", "mono channel", "rotated")
BY_STAGES = (
    *("-3 dB truncate", "+2 dB clipped", "offset", "mono", "crossfeed", "right late", "dither"),
    *("20 of 24 bits", "three channels"),
)

CASES = {
    **{f"behind {name}": lazily(captured, ARITHMETIC, name, stale) for name in QUICK},
    **{f"behind {name}": lazily(bits, WIRED, name) for name in ("two bits exchanged",)},
    "silence before": silence_before,
    "nothing": nothing,
    "suspicion": suspicion,
    "fades": fades,
    "transparent": transparent,
    "changes": changes,
    **{f"stages of {name}": direct(name, ARITHMETIC) for name in BY_STAGES},
    **{f"stages of {name}": direct(name, BENT) for name in ("filter", "companded", "gain varies")},
    **{f"damage behind {name}": damages(name) for name in ("-3 dB floor", "exchanged")},
    "ratios": ratios,
    "places": places,
    "wirings": wirings,
}
