# SPDX-License-Identifier: MIT
"""Spectral detector: short captures of a simulated cable, one fault each, and its stages."""

from __future__ import annotations

import numpy as np

from stress.detect.spectral import (
    PeriodicDifference,
    analyze_on_device,
    findings,
    fit,
    identity,
    inputs,
    measure,
    weigh,
)
from stress.detect.spectral.periodic import BLOCK
from stress.detect.spectral.resample import PAD, Resampler, split
from stress.detect.spectral.signal import padded
from stress.detect.spectral.view import spectrogram
from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise
from tests.detect.spectral.conftest import Loop
from tests.pinned.kit import word
from tests.pinned.told import told

RATE, RINGS = 48000, Rings(4800, 5280)
SECONDS, AT = 0.6, 16000


def loop(**more):
    """A short simulated loopback."""
    return Loop(SECONDS, **more)


def judged(one, heard, **options):
    """Lines of one analysis: the channel, what is advised, and the findings."""
    result = one.judge(heard, **options)
    channel = result.channel
    if channel is not None:
        yield f"latency and gain {word([channel.latency_frames, channel.gain_db, channel.hum_db])}"
        drift = 0.0 if abs(channel.drift_ppm) < 0.05 else channel.drift_ppm
        noise = word([channel.snr_db, channel.thd_n_db, channel.clipped_share])
        yield f"noise {noise} drift {drift:.1f}"
        yield f"response {word([(round(f), round(level, 1)) for f, level in channel.response[::12]])}"
    yield f"disturbed {result.disturbances} advice {word([' ' + line for line in result.advice])}"
    yield f"seconds {word([(one.frame, round(one.snr_db, 1)) for one in result.seconds])}"
    yield from told(result.analysis)


def spoilt(name):
    """A capture with one fault on its way out."""
    ways = {
        "stale": lambda x: put(x, x[AT - 4800 : AT - 4784], 16),
        "swap": lambda x: put(x, x[AT : AT + 16, ::-1], 16),
        "drop": lambda x: np.concatenate([x[:AT], x[AT + 7 :], np.zeros((7, 2))]),
    }

    def case():
        one = loop()
        return judged(one, one.hear(ways[name](one.clean)))

    return case


def put(x, what, frames):
    """The samples with others in one place."""
    out = x.copy()
    out[AT : AT + frames] = what
    return out


def drifting():
    """A clock apart, noise, hum and a third harmonic, in 24 bits and one channel."""
    one = loop(channels=1, fmt="S24_3LE")
    played = put(one.clean, one.clean[AT - 4800 : AT - 4784], 16)
    return judged(one, one.hear(played, drift_ppm=80.0, snr=40.0, hum_dbfs=-50.0, third=0.02), line_bytes=16)


def not_heard():
    """Captures that prove nothing."""
    one = loop()
    for name, raw in (
        ("silence", np.zeros(4 * 20000, np.uint8)),
        ("one channel", one.hear(one.clean * [1, 0])),
        ("noise", np.random.default_rng(1).integers(0, 255, 4 * 20000, dtype=np.uint8)),
    ):
        yield f"{name}:"
        yield from judged(one, raw)


def filters():
    """Taps, weights and statistics of a known channel."""
    rng = np.random.default_rng(11)
    x = rng.standard_normal((2, 3000 + fit.TAPS - 1)).astype(np.float32)
    taps = np.zeros(fit.TAPS)
    taps[46:51] = [0.1, 0.5, 0.9, -0.3, 0.05]
    made = fit.Fit(x)
    y = made.predict(taps)
    y[:, 1000:1016] = 3.0
    found, left, kept = made.robust(y)
    yield f"robust {word(found)} {word(kept)}"
    noisy = weigh.spectrum_of(rng.standard_normal((3, 20000)).astype(np.float32) * 1e-3)
    yield f"spectrum {word(noisy)}"
    one = weigh.weights(taps, fit.PRE, np.full(257, 1e-6), (0.02, 0.29), 8192)
    yield f"weights {word(one)}"
    yield f"toeplitz {word(weigh.toeplitz(np.arange(5, dtype=np.float32), 4))}"
    yield f"peak {measure.peak_offset(taps)} {word(measure.response(taps, RATE, (0.02, 0.29)))}"


def clocks():
    """Two clocks, windows and samples between samples."""
    resampler = Resampler(4096)
    tone = np.sin(2 * np.pi * 1000 / RATE * np.arange(4096) + 0.3).astype(np.float32)
    for step in (1.0, 1 + 300e-6, 1 - 1e-3):
        instants = PAD + 100.37 + np.arange(1000) * step
        yield f"{step}: {word(split(instants))} {word(resampler(tone, split(instants)))}"
    signal = np.arange(100, dtype=np.float32)
    for start, frames in ((-5, 10), (0, 10), (95, 10), (200, 5), (-20, 5)):
        yield f"padded {start} {frames}: {word(padded(signal, start, frames))}"


def lines():
    """Ages of rings, episodes, repeated lines, chance."""
    yield f"laps {word(findings.whole_laps(RINGS, 3))}"
    for lag in (0, 1, 4800, 4801, 5280, 9600, 10560, 14400, 52800):
        yield f"{lag}: {word(findings.ring_of(lag, RINGS, 8))}"
    for span in (99, 100, 101):
        every = [Finding(Kind.STALE, at, 8, at) for at in (0, 108, 300, 408)]
        yield f"episodes within {span}: {findings.episodes(every, span)}"
    rng = np.random.default_rng(2)
    samples = rng.integers(-9000, 9000, (2, 24000)).astype(np.int32)
    for frames in (3, 4, 8, 16):
        seen = samples.copy()
        seen[:, 16000 : 16000 + frames] = seen[:, 16000 - 5280 : 16000 + frames - 5280]
        found = identity.repeated_lines(seen, identity.CaptureRing(RINGS, 4, 777), 8, (100, 23900))
        yield f"repeated {frames}: {word(found)}"
        yield f"covered {word([identity.covered(at, found) for at in (15999, 16000, 16000 + frames)])}"


def levels():
    """Levels, clipping, hum and what is advised of them."""
    rng = np.random.default_rng(3)
    y = (0.1 * rng.standard_normal((2, 24000))).astype(np.float32)
    hum = (0.05 * np.sin(2 * np.pi * 50 / RATE * np.arange(RATE))).astype(np.float32)
    yield f"level {word([inputs.level_db(one) for one in (y, y * 0, y * 1e-3)])}"
    for power in (1e-4, 1e-2, 1.0):
        yield f"hum {power}: {word(measure.hum_db(y[0][:1] if power < 0 else hum, RATE, power))}"
    for share in (0.0, 1e-4, 1e-3, 0.02, 0.5):
        said = [" " + one for one in inputs.clipping([share, 0.0], y, known=share < 0.1)]
        yield f"clipped {share}: {word(said)}"
    for snr in (-3.0, 19.9, 20.0, 20.1, 60.0):
        yield f"snr {snr}: {word([' ' + one for one in inputs.weak(snr)])}"
    full = np.zeros((1, 1000), np.int32)
    for clipped in (0, 1, 2, 3, 9):
        full[0, :clipped] = 32767
        yield f"at full scale {clipped}: {measure.clipped_share(full[0]):.5f}"
    for frames in ([], [1], [1, 2, 3], list(range(0, 90000, 1000))):
        yield f"disturbed {len(frames)}: {word([' ' + one for one in inputs.disturbed(frames)])}"
    yield f"steady {word([' ' + one for one in inputs.unsteady(y[0])])}"
    yield f"unsteady {word([' ' + one for one in inputs.unsteady(y[0] * np.linspace(1, 0.1, 24000))])}"
    yield f"spectrogram {word(spectrogram(y[0], RATE, 7))}"


def on_device():
    """The tier in integers: a periodic stimulus against its own period."""
    pattern = PeriodicNoise(RATE, 2, FORMATS["S16_LE"])
    out = np.empty(30000 * 4, np.uint8)
    pattern.fill(12345, out)
    clean = out.view("<i2").reshape(-1, 2) // 2
    for name, frames in (("clean", 0), ("a line", 8), ("a frame", 1), ("long", 3000)):
        seen = clean.copy()
        seen[20008 : 20008 + frames] = 0
        for piece in (1024, BLOCK, 777):
            checker = PeriodicDifference(2, PERIOD)
            for start in range(0, len(seen), piece):
                checker.feed(seen[start : start + piece])
            yield f"{name} in pieces of {piece}: {word(checker.finish())}"
        whole = np.ascontiguousarray(seen.astype("<i2")).view(np.uint8).reshape(-1)
        yield f"{name}: {word(analyze_on_device(whole, pattern, RINGS).to_json())}"


CASES = {
    **{f"heard {name}": spoilt(name) for name in ("stale", "swap", "drop")},
    "drifting": drifting,
    "not heard": not_heard,
    "filters": filters,
    "clocks": clocks,
    "lines": lines,
    "levels": levels,
    "on device": on_device,
}
