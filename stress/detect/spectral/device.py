# SPDX-License-Identifier: MIT
"""The on-device tier over a whole capture: recognise the stimulus, then compare periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stress.detect.spectral.findings import episodes
from stress.detect.spectral.identity import CaptureRing, covered, repeated_lines
from stress.detect.spectral.periodic import Alarm, PeriodicDifference
from stress.model.arrays import Bytes, Shorts
from stress.model.finding import Analysis
from stress.model.ring import Rings
from stress.patterns.analog_periodic import PERIOD, PeriodicNoise, commensurate
from stress.patterns.layout import Layout

_BLOCK = 1024
# Mean level below which there is no signal [sample units], -70 dBFS. Higher: soft cables are
# refused; lower: the noise of an open input passes for a signal.
_SILENT = 10
# Pieces in which the end of the sound is looked for [frames]. Higher: more of the end is not judged;
# lower: a quiet moment of the noise is taken for its end.
_PIECE = 64
# Correlation peak over its mean that is the stimulus. Source: chance reaches 4 among 1021 places,
# the stimulus 30. Higher: dull cables are refused; lower: other signals are taken for it.
_LOCKED = 10
# Mean level over mean difference of periods. Source: 27 dB of SNR; detection was measured from 30
# dB on. Higher: usable cables are refused; lower: half lines drown, or two clocks drift apart.
_CLEAN = 16
# Bits dropped before the correlation so that its sums stay within 31.
_SHIFT = 6


@dataclass(frozen=True)
class DeviceAnalysis:
    """What the on-device tier says of a capture.

    Parameters
    ----------
    analysis : its findings are bit-identical capture lines; positions are
        modulo the stimulus' period.
    alarms : places where the capture left its period; `count` of them in all.
    advice : one line each; any advice makes a clean capture INCONCLUSIVE.
    """

    analysis: Analysis
    alarms: tuple[Alarm, ...] = ()
    count: int = 0
    advice: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what the JSON of this tier has beyond the exact detector's."""
        return {
            "tier": "device",
            "alarms": [alarm.to_json() for alarm in self.alarms],
            "disturbances": self.count,
            "advice": list(self.advice),
        }


def analyze_on_device(
    captured: Bytes, pattern: PeriodicNoise, rings: Rings, laps: int = 8, line_bytes: int = 32
) -> DeviceAnalysis:
    """Find where a capture of the periodic noise leaves its period.

    Integers only. An alarm is a stale line or a click: this tier cannot tell,
    the host tier with the aperiodic noise can.

    Parameters
    ----------
    captured : (n,) uint8, interleaved frames of the pattern's format and channels.
    rings : for lines of the capture ring that repeat to the bit, and the guard.
    line_bytes : cache line of the board; no finding names a larger one [bytes].

    Raises
    ------
    ConfigError : a whole lap of a ring is a multiple of the period.

    Threads: pure.
    """
    commensurate(PERIOD, rings, laps)
    layout = Layout(pattern.fmt, pattern.channels)
    samples = layout.top(captured).view("<i2")
    begin, end = _active(samples)
    on = samples[begin:end]
    if len(on) < 2 * PERIOD:
        return _unlocked(len(samples), f"{len(on)} frames hold a signal: two periods of {PERIOD} are needed")
    phase, peak = _phase(on, pattern, layout)
    if peak < _LOCKED:
        return _unlocked(
            len(samples),
            f"the periodic noise was not recognised (correlation {peak} times its mean, {_LOCKED} needed): "
            "was generate --analog --tier device played, and this input recorded?",
        )
    tier = PeriodicDifference(pattern.channels, PERIOD)
    tier.feed(on)
    repeats = repeated_lines(
        np.ascontiguousarray(samples.T.astype(np.int32)),
        CaptureRing(rings, pattern.frame_bytes, (phase - begin) % PERIOD),
        laps,
        (begin, end),
    )
    found = [replace(one.within(line_bytes), position=one.position % PERIOD) for one in repeats]
    alarms = [replace(alarm, frame=alarm.frame + begin) for alarm in tier.finish()]
    alone = [alarm for alarm in alarms if not covered(alarm.frame, found)]
    analysis = Analysis(
        "spectral",
        True,
        len(samples),
        checked_frames=tier.checked,
        first_frame=begin,
        first_position=phase,
        episodes=episodes(found, rings.largest),
        notes=(f"positions are modulo the {PERIOD} frames of the stimulus",),
    )
    return DeviceAnalysis(
        analysis.holding(found, len(found)),
        tuple(alone),
        tier.count - (len(alarms) - len(alone)),
        (*_noisy(on), *_alarmed(alone), *_sides(on, pattern, layout)),
    )


def _unlocked(frames: int, why: str) -> DeviceAnalysis:
    return DeviceAnalysis(Analysis("spectral", False, frames), (), 0, (why,))


def _active(samples: Shorts) -> tuple[int, int]:
    # From the second block with signal, filters settled, to shortly before the sound ends.
    count = len(samples) // _BLOCK
    if not count:
        return 0, 0
    blocks = samples[: count * _BLOCK].reshape(count, _BLOCK, samples.shape[1])
    levels = np.array([_level(block) for block in blocks], dtype=np.int64)
    loud = np.flatnonzero((levels > _SILENT) & (4 * levels > levels.max()))
    if loud.size < 3:
        return 0, 0
    last = int(loud[-1]) * _BLOCK
    return (int(loud[0]) + 1) * _BLOCK, last + _sound_of(samples[last : last + 2 * _BLOCK], int(levels.max()))


def _sound_of(rest: Shorts, most: int) -> int:
    # Frames up to the last piece that sounds, which is left out: the sound may end anywhere in it.
    pieces = len(rest) // _PIECE
    heard = [
        piece for piece in range(pieces) if 4 * _level(rest[piece * _PIECE : (piece + 1) * _PIECE]) > most
    ]
    return heard[-1] * _PIECE if heard else 0


def _level(samples: Shorts) -> int:
    # Mean magnitude without the offset.
    wide = samples.ravel().astype(np.int32)
    wide -= np.int32(int(wide.sum(dtype=np.int64)) // wide.size)
    return int(np.abs(wide).sum(dtype=np.int64)) // wide.size


def _sides(on: Shorts, pattern: PeriodicNoise, layout: Layout) -> list[str]:
    # Each channel has noise of its own: a dead one or a copy shows no stale line.
    where = _phase(on, pattern, layout)[0]
    out = []
    for channel in range(1, pattern.channels):
        if _level(on[:, channel]) <= _SILENT:
            out.append(f"captured channel {channel + 1} is silent: nothing in it was judged")
            continue
        place, peak = _phase(on, pattern, layout, channel)
        if peak < _LOCKED or place != where:
            out.append(
                f"captured channel {channel + 1} does not hold the noise of its own channel: a copy, or "
                "no cable"
            )
    return out


def _phase(on: Shorts, pattern: PeriodicNoise, layout: Layout, channel: int = 0) -> tuple[int, int]:
    # Place in the period of the first frame, and the correlation peak over the mean.
    table = np.empty(PERIOD * pattern.frame_bytes, dtype=np.uint8)
    pattern.fill(0, table)
    played = layout.top(table).view("<i2")[:, channel].astype(np.int32) >> _SHIFT
    heard = on[:PERIOD, channel].astype(np.int32) >> _SHIFT
    round_it = np.concatenate((played, played[:-1]))
    size = np.abs(np.correlate(round_it, heard - np.int32(int(heard.sum()) // PERIOD), mode="valid"))
    where = int(size.argmax())
    return where, int(size[where]) // max(1, int(size.sum(dtype=np.int64)) // PERIOD)


def _alarmed(alarms: Sequence[Alarm]) -> list[str]:
    if not alarms:
        return []
    return [
        f"the capture leaves its period, first at frame {alarms[0].frame}: a stale line of the "
        "playback ring or a click; the aperiodic noise (generate --analog) and the host tier tell which"
    ]


def _noisy(on: Shorts) -> list[str]:
    some = min(16 * PERIOD, len(on) - PERIOD)
    apart, level = _level(on[PERIOD : PERIOD + some] - on[:some]), _level(on[:some])
    if level > _CLEAN * apart:
        return []
    return [
        f"periods differ by {100 * apart // max(1, level)} % of the level, {100 // _CLEAN} % can be judged: "
        "raise the level, play and capture on one clock (one card), or use the host tier"
    ]
