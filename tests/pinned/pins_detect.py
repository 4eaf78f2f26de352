# SPDX-License-Identifier: MIT
"""Checksums, recordings and sources that are not the pattern: seeded captures with each fault."""

from __future__ import annotations

import numpy as np

from stress.detect.checksum import Periods, check_played
from stress.detect.checksum_lock import LOCK_FRAMES, Played, find
from stress.detect.foreign.counter import counter_in
from stress.detect.foreign.judge import judge_by
from stress.detect.foreign.recording import FileSource
from stress.detect.recorded import LEAST_RIGHT, LEAST_SILENT, RecordedCheck
from stress.detect.sums import Checksums, sums_of
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.layout import Layout
from tests.detect.foreign.test_judge import counting, damaged, packed, song
from tests.pinned.kit import word
from tests.pinned.told import around, told

RINGS, FRAMES = Rings(4096, 4800), 8000
LAYOUT = Layout(FORMATS["S16_LE"], 2)
WALK = np.random.default_rng(3).standard_normal((FRAMES, 2)).cumsum(axis=0)
SONG = (WALK / np.abs(WALK).max() * 30000).astype("<i2")


def raw_of(*parts):
    """The bytes of 16-bit samples."""
    return np.ascontiguousarray(np.concatenate(parts).astype("<i2")).view(np.uint8).reshape(-1)


def zeros(frames):
    """Silence."""
    return np.zeros((frames, 2), "<i2")


def noise(frames, seed=1):
    """Noise that is no recording."""
    return np.random.default_rng([5, seed]).integers(-20000, 20000, (frames, 2)).astype("<i2")


def with_zeros(samples, at, frames):
    """Samples with a hole."""
    out = samples.copy()
    out[at : at + frames] = 0
    return out


def source(samples):
    """A recording as it was played."""
    audio = raw_of(samples)
    return Played(lambda start, frames: audio[4 * start : 4 * (start + frames)], len(samples), LAYOUT)


CAPTURES = {
    "whole": [SONG],
    "behind silence": [zeros(500), SONG, zeros(900)],
    "begins inside": [SONG[3000:], zeros(700)],
    "ends early": [zeros(30), SONG[:6000]],
    "twice": [zeros(500), SONG, SONG, zeros(900)],
    "twice with a pause": [zeros(500), SONG, zeros(2500), SONG, zeros(100)],
    "round": [SONG[5000:], SONG, SONG[:7000]],
    "one frame wrong": [with_zeros(SONG, 3000, 1)],
    "two places": [with_zeros(with_zeros(SONG, 3000, 20), 3100, 4)],
    "first and last frame": [with_zeros(with_zeros(SONG, 0, 1), FRAMES - 1, 1)],
    "lost frames": [SONG[:3000], SONG[3040:], SONG],
    "frames again": [SONG[:3000], SONG[2960:], SONG],
    "noise beside": [noise(800), SONG, noise(700)],
    "noise alone": [noise(9000)],
    "silence alone": [zeros(9000)],
    "another level": [SONG // 2],
    **{f"{n} frames": [SONG[:n]] for n in around(LOCK_FRAMES)},
    **{f"{n} silent at the end": [SONG[: 6000 - n], zeros(n)] for n in around(LEAST_SILENT)},
    **{f"{n} right alone": [noise(900), SONG[:n], noise(900)] for n in around(LEAST_RIGHT)},
}


def checksums():
    """A burst against what was played, in periods and with gaps."""
    for name, parts in CAPTURES.items():
        raw = raw_of(*parts)
        yield f"{name}: begins at {find(raw, source(SONG))} {find(raw, source(SONG), 500)}"
        for period, gap in ((480, 1), (1000, 200)):
            yield from told(check_played(raw, source(SONG), Periods(period, gap), cap=2))


def recorded():
    """Recordings played once and round, with what was played known or not."""
    for name, parts in CAPTURES.items():
        raw = raw_of(*parts)

        def read(first, stop, raw=raw):
            for at in range(first, stop, 3000):
                yield raw[4 * at : 4 * min(at + 3000, stop)]

        for played in (None, FRAMES, 2 * FRAMES):
            analysis, advice = RecordedCheck(read, len(raw) // 4, source(SONG), Periods(1024, 8)).check(
                played
            )
            yield f"{name} of {played}: {word([' ' + line for line in advice])}"
            yield from told(analysis)


def sums():
    """Checksums of periods as text."""
    data = np.random.default_rng(1).integers(0, 256, 4 * 100, dtype=np.uint8)
    for period in (1, 33, 99, 100, 101):
        made = sums_of(data, 4, period, 7)
        yield f"{period}: {word(made)} {made.text() == Checksums.of_text(made.text(), 7, period, 100).text()}"


def foreign(fmt, channels, make):
    """A source that is not the pattern, clean and with every fault."""

    def case():
        layout = FORMATS[fmt]
        rows = make(layout, channels)
        for name, seen in (("clean", rows), ("damaged", damaged(rows.copy())[0])):
            one = judged_source(make, seen, layout, channels)
            if one is None:
                yield f"{name}: no source"
                continue
            for due in (None, 39000):
                found = judge_by(one, seen, RINGS, due=due)
                advice = word([" " + line for line in found.advice])
                yield f"{name} of {due}: {word(' ' + one.blind)} {advice}"
                yield from told(found.analysis)

    return case


def judged_source(make, rows, layout, channels):
    """The source of rows: the file where one was played, else the counter that is in them."""
    if make is file:
        return FileSource("song", layout, channels, song(layout, channels))
    return counter_in(rows, layout, channels, ramp=make is ramp)


def counter(layout, channels):
    """One counter over all samples."""
    return counting(layout, channels)[:40000]


def frame_counter(layout, channels):
    """One counter over all frames."""
    return counting(layout, channels, each_sample=False, first=65000)[:40000]


def ramp(layout, channels):
    """A step of its own in each channel."""
    steps = np.array([7, -5, 3, 11][:channels])
    return packed(np.arange(40000)[:, None] * steps & ((1 << layout.bits) - 1), layout)


def file(layout, channels):
    """A file, round and round."""
    return np.concatenate([song(layout, channels)] * 2)


CASES = {
    "checksums": checksums,
    "recorded": recorded,
    "sums": sums,
    **{
        f"{make.__name__} {fmt} {channels}": foreign(fmt, channels, make)
        for make, fmt, channels in (
            *((counter, "S16_LE", 2), (counter, "S24_3LE", 1), (frame_counter, "S16_LE", 2)),
            *((frame_counter, "S32_LE", 3), (ramp, "S16_LE", 2), (ramp, "S24_3LE", 2)),
            *((file, "S16_LE", 2),),
        )
    },
}
