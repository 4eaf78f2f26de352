# SPDX-License-Identifier: MIT
"""Exact detector: seeded captures with each fault, and faults one frame to either side of each limit."""

from __future__ import annotations

import numpy as np

from stress.detect.exact import damage_kind, findings, lock, track
from stress.detect.exact.checker import ExactChecker, check
from stress.detect.exact.expected import Expected
from stress.detect.exact.ring_offset import RingGeometry, line_of, lines_within
from stress.detect.exact.valid_bits import probe_mask
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.pinned.kit import word
from tests.pinned.recordings import recordings
from tests.pinned.told import around, short, told
from tools.benchkit._faults import FAULTS, Scene, fits
from tools.benchkit.accuracy import RINGS

FRAMES, AT, FIRST = 14000, 9000, 77_000_001
LAYOUTS = (("S16_LE", 2), ("S24_3LE", 2), ("S32_LE", 4), ("S16_LE", 1), ("S32_LE", 1), ("S24_3LE", 3))


def scene(fmt="S16_LE", channels=2, seed=0, lead=37, frames=FRAMES):
    """A clean burst behind a little silence."""
    pattern = Pattern("mix1", FORMATS[fmt], channels)
    return Scene(pattern, RINGS, frames, lead, FIRST, np.random.default_rng([20260401, seed]))


def judged(one, **more):
    """The analysis of a scene, fed in pieces that are no round number."""
    checker = ExactChecker(Expected(one.pattern, one.rings, **{"first_position": one.first, **more}))
    size = one.pattern.frame_bytes
    for at in range(0, len(one.raw), 3001 * size):
        checker.feed(one.raw[at : at + 3001 * size])
    return checker.finish()


def each_fault(fmt, channels):
    """Every fault of the bench in one layout, and pairs of them."""

    def case():
        names = [name for name in FAULTS if fits(name, channels, FORMATS[fmt])]
        for seed, name in enumerate(names):
            one = scene(fmt, channels, seed)
            FAULTS[name](one, AT + seed)
            yield f"{name}:"
            yield from told(judged(one))

    return case


def each_pair():
    """Faults that touch or nearly do."""
    names = [name for name in FAULTS if name not in ("mute", "resample")]
    for seed, (name, other) in enumerate(zip(names, names[3:] + names[:3])):
        for gap in (0, 1, 30):
            one = scene(seed=[seed, gap], frames=16000)
            FAULTS[name](one, AT)
            FAULTS[other](one, one.floor + gap)
            yield f"{name} {other} {gap}: {short(judged(one))}"


def blank(one, at, frames):
    one.rows[at : at + frames] = 0


def kept(one, at, frames):
    one.rows[at : at + frames] = one.rows[at - 1]


def lost(one, at, frames):
    one.rows = np.delete(one.rows, slice(at, at + frames), axis=0)


def again(one, at, frames):
    one.rows = np.concatenate([one.rows[:at], one.rows[at - frames : at], one.rows[at:]])


def strange(one, at, frames):
    one.rows[at : at + frames] = one.rng.integers(0, 256, (frames, one.size), dtype=np.uint8)


def extra(one, at, frames):
    noise = one.rng.integers(0, 256, (frames, one.size), dtype=np.uint8)
    one.rows = np.concatenate([one.rows[:at], noise, one.rows[at:]])


def halved(one, at, frames):
    one.put(at, one.samples(at, frames) * 0.5)


def nudged(one, at, frames):
    step = one.rng.integers(-1, 2, (frames, one.pattern.channels))
    one.put(at, one.samples(at, frames) + step)


def flipped(one, at, frames):
    one.rows[at : at + frames, 1] ^= 1 << 3


def newer(one, at, frames):
    one.rows[at : at + frames] = one.image(one.due(at) + 700, frames)


def older(one, at, frames):
    one.rows[at : at + frames] = one.image(one.due(at) - 700, frames)


def lap(one, at, frames):
    one.rows[at : at + frames] = one.image(one.due(at) - 1200, frames)


def earlier(one, at, frames):
    one.rows[at : at + frames] = one.image(one.first - 5000, frames)


def turned(one, at, frames):
    one.put(at, -one.samples(at, frames) - 1)


def crossed(one, at, frames):
    cells = one.rows[at : at + frames].reshape(frames, one.pattern.channels, -1)
    cells[:] = cells[:, ::-1].copy()


def late(one, at, frames):
    first, flat = at * one.size, one.raw
    flat[first : first + frames * one.size] = flat[first - 1 : first - 1 + frames * one.size].copy()


SPOILT = (
    blank,
    kept,
    lost,
    again,
    strange,
    extra,
    halved,
    nudged,
    flipped,
    newer,
    older,
    lap,
    earlier,
    turned,
    crossed,
    late,
)


LENGTHS = {
    "blank": around(1, damage_kind.FEWEST_ZEROS, findings.SHORTEST_MUTE),
    "lost": around(1, 6, track.LONGEST_MISPLACED),
    "newer": around(track.LASTING, track.LONGEST_MISPLACED),
    "older": around(track.LASTING, track.LONGEST_MISPLACED),
    "nudged": around(damage_kind.SHORTEST_DITHER, findings.LARGEST_GAP),
    "halved": around(damage_kind.SHORTEST_FIT, 64),
}


def extents(spoil):
    """A fault in each extent that is near a limit, by itself, before the end and in mono."""

    def case():
        for frames in LENGTHS.get(spoil.__name__, around(2, 8, 64)):
            for fmt, channels in (("S16_LE", 2), ("S32_LE", 3), ("S16_LE", 1)):
                if channels == 1 and spoil is crossed:
                    continue
                one = scene(fmt, channels, [frames, channels], lead=0, frames=6000)
                spoil(one, 3001, frames)
                yield f"{frames} {fmt} {channels}: {short(judged(one))}"

    return case


def ends():
    """Faults so near to the end or the beginning that little or nothing right is beside them."""
    for spoil in SPOILT:
        for rest in (0, 1, 2, 4, 16):
            one = scene(seed=rest, lead=0, frames=3000)
            spoil(one, 3000 - rest - 24, 24)
            yield f"{spoil.__name__} {rest} before the end: {short(judged(one))}"
        for lead, before in ((0, 1), (0, 5), (479, 3), (480, 3), (481, 40)):
            one = scene(seed=before, lead=lead, frames=3000)
            spoil(one, lead + before, 1)
            yield f"{spoil.__name__} {before} behind {lead} silent: {short(judged(one))}"


def distances():
    """Two faults of one kind, so far apart that they are just one finding, or one episode, or two."""
    for spoil in SPOILT:
        for gap in (*around(2), 8, *around(findings.LARGEST_GAP), *around(1320)):
            one = scene(seed=gap, lead=3, frames=6000)
            for at in (2000, 2016 + gap):
                spoil(one, at, 16)
            yield f"{spoil.__name__} {gap}: {short(judged(one))}"


def dense():
    """Damage in each second line, so that findings pass the cap."""
    for number, spoil in enumerate(SPOILT):
        if spoil in (lost, again, extra, late, newer, older):
            continue
        one = scene("S16_LE", 2, number, lead=8, frames=8000)
        for at in range(1400, 7700, 12):
            spoil(one, at, 4)
        analysis = judged(one, cap=3)
        yield f"{spoil.__name__}:"
        yield from told(analysis)


def caps_and_limits():
    """The cap at, below and above what is found; the end of what was played likewise; lines of boards."""
    one = scene()
    for at in (9000, 9100, 9300):
        blank(one, at, 5)
    for cap in (1, 2, 3, 4):
        yield f"cap {cap}"
        yield from told(judged(one, cap=cap))
    for limit in around(9000 - 37, 9005 - 37, FRAMES):
        yield f"limit {limit}: {short(judged(one, played_limit=limit))}"
    for line in (16, 32, 64):
        two = scene()
        at = 9000 + -(9000 - two.lead) % 16
        two.rows[at : at + 16] = two.image(two.due(at) - 1200, 16)
        yield f"line {line}: {short(judged(two, line_bytes=line))}"


def unknown_start():
    """Nothing is known of the first position, and little of the pattern is there."""
    for fmt, channels in LAYOUTS:
        for frames in around(1, lock.ENOUGH_FRAMES, 16, 64):
            one = scene(fmt, channels, lead=0, frames=frames)
            analysis = check(one.raw, Expected(one.pattern, one.rings))
            yield f"{fmt} {channels} {frames}: {analysis.locked} {analysis.first_position} {short(analysis)}"


def bits_carried():
    """The lowest bits of a capture are missing."""
    for fmt in ("S24_3LE", "S32_LE"):
        for bits in range(0, 18):
            one = scene(fmt, 2, lead=0, frames=3000)
            scale = float(1 << bits)
            one.put(0, np.floor(one.samples(0, 3000) / scale) * scale)
            mask, valid, notes = probe_mask(one.raw, one.first, one.pattern)
            yield f"{fmt} without {bits}: {valid} {word(mask)} {len(notes)} {short(judged(one))}"


def places():
    """Offsets, laps and lines of a pair of rings."""
    for line in (16, 32, 64):
        yield f"lines within {line}: {word(lines_within(line))}"
    for start in (0, 4, 8, 16, 32, 48, 64, 96):
        yield f"line at {start}: " + word([line_of(start, n, 64) for n in (4, 15, 16, 17, 32, 48, 64, 128)])
    geometry = RingGeometry(Rings(1200, 1320), 4, 1000, 7)
    for lag in (-1200, -1, 0, 1, 1199, 1200, 1201, 1320, 13200, 1200 * 4096, 1200 * 4097):
        yield f"lag {lag}: {word(geometry.laps(lag))} {geometry.whole_laps(lag)}"
    for at in (0, 6, 7, 8, 1326, 1327, 1328, 5000):
        offsets = [geometry.offset(ring, at, 1000 + at) for ring in ("playback", "capture")]
        yield f"frame {at}: {word(offsets)}"


def sentences():
    """The sentence of each finding, once."""
    for name in FAULTS:
        one = scene(seed=5)
        FAULTS[name](one, AT)
        yield from (f"{name}: {finding.text}" for finding in judged(one).findings)


CASES = {
    **{f"faults {fmt} {channels}": each_fault(fmt, channels) for fmt, channels in LAYOUTS},
    "pairs": each_pair,
    **{f"extents of {spoil.__name__}": extents(spoil) for spoil in SPOILT},
    "ends": ends,
    "distances": distances,
    "dense": dense,
    "caps and limits": caps_and_limits,
    "unknown start": unknown_start,
    "bits carried": bits_carried,
    "places": places,
    "recordings": recordings,
    "sentences": sentences,
}
