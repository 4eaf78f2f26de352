# SPDX-License-Identifier: MIT
"""Recognise what snd-aloop does to the last block of a player that drains: silence in its head.

Source: sound/drivers/aloop.c, `copy_play_buf`, at least from 5.x to 7.3. While playback drains, a
block of the loop's timer that reaches beyond the last frame played is shortened, and as many
bytes as are missing are to be silenced. `clear_capture_buf` begins at `buf_pos`, which
still stands at the head of the block: so that many right frames become silence there, and
behind the end the capture ring keeps what it held one lap before. The rings and the caches
are innocent of it, and a file cannot show who it was: no FAIL and no PASS.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stress.detect.exact.known_playing import FIRST_POSITION, Known
from stress.detect.exact.pass_spans import LONGEST_RING
from stress.detect.exact.ring_offset import signed
from stress.detect.exact.survey import Read
from stress.model.arrays import Bytes
from stress.model.finding import Analysis, Kind
from stress.model.words import count, counted
from stress.patterns.word import Pattern

# Longest block of the loop's timer [s]. Source: it fires once a period, and a period is at most half
# of a ring of 0.5 s, aplay's own. Higher: zeros farther from the end are no FAIL; lower: a clean
# loop is one.
LONGEST_BLOCK_S = 0.25
# Fewest frames behind the end that show a lag. Source: a jiffy at 8 kHz and 1000 Hz. Higher: such a loop
# is FAIL; lower: a frame or two of the pattern meet another place by chance.
LEAST_RESIDUE = 8


def without_drain(
    analysis: Analysis, read: Read, end: int, pattern: Pattern, known: Known
) -> tuple[Analysis, str]:
    """Return a pass without the silence that a draining snd-aloop puts in it, and what to say of it.

    Only where this silence is all that is wrong, and exactly as many frames behind the end, or those that
    the file still holds, are what the recording held one constant lag earlier.

    Parameters
    ----------
    analysis : of the pass.
    read : gives any stretch of the capture.
    end : captured frame behind the last one of the pass.

    Returns
    -------
    The analysis as it was and "" where this is not what happened.
    """
    if analysis.found != 1 or len(analysis.findings) != 1:
        return analysis, ""
    one = analysis.findings[0]
    if one.kind not in (Kind.ZERO, Kind.MUTE) or end - one.frame > LONGEST_BLOCK_S * known.rate:
        return analysis, ""
    silent = _bytes(read, one.frame, one.frame + one.frames)
    lag = 0 if silent.any() else _age_behind(read, end, one.frames, pattern.frame_bytes)
    if not lag:
        return analysis, ""
    before = signed(one.position - (FIRST_POSITION if known.position is None else known.position))
    told = f"; --frames {before} judges what was played before" if before > 0 else ""
    rest = analysis.without([one])
    rest = replace(rest, episodes=0, checked_frames=analysis.checked_frames - one.frames)
    return rest, (
        f"{counted(one.frames, 'frame')} of silence at capture frame {count(one.frame)}, and as many frames "
        f"behind the end of the pattern that are {count(lag)} frames old: snd-aloop silences the head of its "
        f"last block where it should silence what follows a player that drains; or damage (run never "
        f"drains{told})"
    )


def _age_behind(read: Read, end: int, n: int, frame_bytes: int) -> int:
    # How old the `n` frames behind the end are [frames]; 0 where they are no piece of the recording.
    behind = _bytes(read, end, end + n).tobytes()
    first = max(0, end - LONGEST_RING)
    before = _bytes(read, first, end).tobytes()
    # Fewer only where the file ends before.
    if len(behind) < LEAST_RESIDUE * frame_bytes or not any(behind):
        return 0
    at = before.rfind(behind)
    return end - first - at // frame_bytes if at >= 0 and at % frame_bytes == 0 else 0


def _bytes(read: Read, first: int, stop: int) -> Bytes:
    blocks = (np.array(block, np.uint8) for block in read(first, stop))
    return np.concatenate([np.empty(0, np.uint8), *blocks])
