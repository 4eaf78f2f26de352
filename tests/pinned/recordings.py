# SPDX-License-Identifier: MIT
"""Recordings made of passes of the pattern, silence and noise, and what the exact detector makes of them."""

from __future__ import annotations

import numpy as np

from stress.detect.exact import idle
from stress.detect.exact.expected import Expected
from stress.detect.exact.known_playing import Known
from stress.detect.exact.pass_spans import LEAST_PASS
from stress.detect.exact.recording_check import check_recording
from stress.detect.exact.survey import LEAST_RUN, KnownRecording, survey
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.pinned.kit import word
from tests.pinned.told import around, told


def recording(parts, known=None, rings=None, channels=2):
    """The check of a recording made of parts, (frames, channels) of 16 bits."""
    raw = np.concatenate([np.asarray(part) for part in parts]).astype("<i2").view(np.uint8).reshape(-1)
    size = 2 * channels

    def read(first, stop):
        for at in range(first, stop, 5000):
            yield raw[at * size : min(at + 5000, stop) * size]

    sent = Pattern("mix1", FORMATS["S16_LE"], channels)
    capture = KnownRecording(read, len(raw) // size)
    found = check_recording(capture, Expected(sent, rings or Rings()), known or Known())
    spans = survey(read(0, capture.frames), sent).spans
    yield f"spans {word(spans)} advice {word([' ' + line for line in found.advice])} foreign {found.foreign}"
    yield from told(found.analysis)


def played(first, frames, channels=2):
    """Frames of the pattern as 16-bit samples."""
    return (
        Pattern("mix1", FORMATS["S16_LE"], channels).bytes_at(first, frames).view("<i2").reshape(-1, channels)
    )


def noise(frames, size, seed=1):
    """White noise of a peak."""
    return np.random.default_rng([9, seed]).integers(-size, size + 1, (frames, 2))


def silent(frames):
    """Zeros."""
    return np.zeros((frames, 2), int)


def spoilt(samples, at, frames):
    """The samples with zeros in them."""
    out = samples.copy()
    out[at : at + frames] = 0
    return out


IDLE = idle.LEAST_IDLE
RECORDINGS = {
    "once": [silent(100), played(1, 6000), silent(600)],
    "cut off": [played(1, 6000)[50:]],
    "twice": [silent(700), played(1, 6000), silent(900), played(1, 6000), silent(700)],
    "twice without silence": [played(1, 6000), played(1, 6000)],
    "two positions": [silent(10), played(1, 6000), silent(2000), played(900000, 6000), silent(10)],
    "short pass": [played(1, 6000), silent(1000), played(1, LEAST_PASS - 1), silent(600)],
    "least pass": [played(1, 6000), silent(1000), played(1, LEAST_PASS), silent(600)],
    "noise behind": [played(1, 6000), noise(700, 3000)],
    "quiet noise behind": [played(1, 6000), noise(700, 12)],
    "noise before": [noise(700, 3000), played(1, 6000), silent(500)],
    "damage in the middle": [silent(100), spoilt(played(1, 9000), 4000, 20), silent(600)],
    "damage at the end": [silent(100), spoilt(played(1, 6000), 5990, 10), noise(5, 3000), silent(600)],
    "damage at the start": [silent(100), spoilt(played(1, 6000), 0, 3), silent(600)],
    "end of a lap": [played(1, 6000), played(1 + 6000 - 1200, 1200), silent(600)],
    **{f"{n} silent behind": [played(1, 6000), silent(n)] for n in around(IDLE)},
    **{
        f"{n} silent between": [played(1, 6000), silent(n), played(6001, 5000), silent(900)]
        for n in around(IDLE)
    },
    **{
        f"{n} right behind noise": [played(1, 6000), noise(900, 3000), played(6901, n)]
        for n in around(LEAST_RUN)
    },
}


def recordings():
    """What a recorder left on makes of passes of the pattern."""
    for name, parts in RECORDINGS.items():
        yield f"{name}:"
        yield from recording(parts)
    middle = RECORDINGS["damage in the middle"]
    for name, known in (
        ("position", Known(position=1)),
        ("frames", Known(position=1, frames=9000)),
        ("fewer frames", Known(position=1, frames=8000)),
        ("more frames", Known(position=1, frames=9100)),
    ):
        yield f"known {name}:"
        yield from recording(middle, known, Rings(1200, 1320))
