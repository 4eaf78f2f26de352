# SPDX-License-Identifier: MIT
"""Set aside what a bad path makes look like data of any age."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from stress.detect.spectral.explain import ALARM
from stress.detect.spectral.inputs import CLIPPED
from stress.detect.spectral.result import SpectralAnalysis
from stress.model.finding import SLIPS, Finding, Kind

# Statistic below which one of 32768 lags may fit by chance [sigmas]. Source: in captures that
# were clipped or had 14 dB SNR such fits scored 11.7 to 13.2; one 32-byte line at 40 dB scores
# 99 at worst. Higher: misplaced lines of noisy paths are doubted; lower: a clipped capture of a
# clean board is called corrupted.
_CHANCE = 3 * ALARM
# Kinds found among any lag or any start; whole laps of a ring are few.
_FREE = (Kind.MISPLACED, Kind.HOLD)
# Frames below which whole laps are few, but not few enough [frames]. Source: of 67 captures of a clean
# board with 29 % of the samples clipped two held such a run, of 2 and 3 frames at 11.6 and 12.3 sigmas;
# a 32-byte line of S16 stereo has 8, placed within one. Higher: a weak line of a bad path is doubted;
# lower: a clipped capture of a clean board is called corrupted.
_SHORT = 4
# The same where samples are clipped: below `_SHORT` at any score, else at a weak one [frames]. Source: 15
# captures of a clean board overdriven by 5 to 9 dB, 1100 disturbances each, held runs of one frame at 30 to
# 55 sigmas and one of four at 13; a stale line has eight. Higher: lines of a clipped path are doubted; lower:
# an overdriven capture of a clean board is called corrupted.
_SHORT_CLIPPED = 8


def set_aside(result: SpectralAnalysis) -> SpectralAnalysis:
    """Return the result with weak findings of no ring, or of no line, counted as disturbances.

    Only where something else already keeps the capture from a verdict.
    """
    clipped = result.channel is not None and result.channel.clipped_share > CLIPPED
    weak = [one for one in result.analysis.findings if result.advice and _by_chance(one, clipped)]
    if not weak:
        return result
    analysis, gone = result.analysis, Counter(one.kind for one in weak)
    sites = Counter((one.kind, one.ring, one.laps) for one in weak)
    text = (
        f"{len(weak)} runs resemble older data of no whole lap or line, which is chance on a path like this"
    )
    kept = replace(
        analysis,
        findings=tuple(one for one in analysis.findings if one not in weak),
        counts=dict(+(Counter(dict(analysis.counts)) - gone)),
        sites=dict(+(Counter(dict(analysis.sites)) - sites)),
        wrong_frames=analysis.wrong_frames - sum(one.frames for one in weak),
        notes=(*analysis.notes, text),
    )
    return replace(result, analysis=kept, disturbances=result.disturbances + len(weak))


def _by_chance(finding: Finding, clipped: bool) -> bool:
    score = finding.details.get("score")
    if score is None:
        return False
    content = finding.kind not in SLIPS
    if clipped and content and finding.frames < _SHORT:
        return True
    short = content and finding.frames < (_SHORT_CLIPPED if clipped else _SHORT)
    return score < _CHANCE and (finding.kind in _FREE or short)
