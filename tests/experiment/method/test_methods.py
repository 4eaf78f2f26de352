# SPDX-License-Identifier: MIT
"""What each detector of a run promises: rules, limits, and the bytes on the bus."""

from __future__ import annotations

import numpy as np
import pytest

from stress.experiment.method.checksum import BySums
from stress.experiment.method.exact import ByPattern
from stress.experiment.method.spectral import RULES, SHORTEST_S, BySpectrum
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.noise import NoisePattern
from stress.patterns.recording import Recording
from stress.patterns.word import Pattern

RINGS, FRAMES = Rings(960, 1056), 9600
S16, S24 = FORMATS["S16_LE"], FORMATS["S24_3LE"]
# Not near the end of the positions: a run never crosses it, and a recording jumps there.
POSITION = (1 << 31) - 5000
MUSIC = np.random.default_rng(2).integers(0, 256, 7001 * 4, dtype=np.uint8)


def _methods():
    pattern = Pattern("mix1", S16, 2)
    return [
        ByPattern(pattern, 32),
        BySums(pattern, 48000, 32),
        BySums(Recording(MUSIC, S16, 2, 48000, "a.wav"), 48000, 32, 7001),
        BySpectrum(NoisePattern(48000, 2, S16), 32),
    ]


def _sent(method, lead=300):
    played = np.empty(FRAMES * 4, np.uint8)
    method.stimulus.fill(POSITION, played)
    return np.concatenate([np.zeros(lead * 4, np.uint8), played])


@pytest.mark.parametrize("method", _methods(), ids=lambda one: f"{one.name}-{type(one.stimulus).__name__}")
def test_check_of_the_wire_finds_one_old_line_at_its_position(method):
    payload = _sent(method)
    right = method.check_wire(payload, RINGS, POSITION, FRAMES)
    assert (right.locked, right.found, right.checked_frames) == (True, 0, FRAMES)
    at = 4 * (300 + 6000)
    payload[at : at + 32] = payload[at - 4 * 960 : at - 4 * 960 + 32]
    (finding,) = method.check_wire(payload, RINGS, POSITION, FRAMES).findings
    assert (finding.frame, finding.frames) == (6300, 8)
    assert finding.position == (POSITION + 6000) % (1 << 32)
    assert (finding.kind is Kind.STALE) == method.wire_rules.names_kind


@pytest.mark.parametrize("method", _methods()[1:3], ids=["pattern", "recording"])
def test_checksum_judges_no_frame_that_was_not_due(method):
    payload = _sent(method)
    payload[4 * (300 + 9000) :] = 0
    analysis = method.check_wire(payload, RINGS, POSITION, 9000)
    assert (analysis.found, analysis.checked_frames) == (0, 9000)


def test_exact_says_that_the_bytes_of_a_narrow_path_are_not_the_same():
    pattern = Pattern("mix1", S24, 2)
    method = ByPattern(pattern, 32)
    played = np.empty(FRAMES * 6, np.uint8)
    pattern.fill(1000, played)
    assert method.same_bytes(method.check(played, RINGS, 1000, FRAMES).analysis)
    played.reshape(-1, 3)[:, 0] = 0
    analysis = method.check(played, RINGS, 1000, FRAMES).analysis
    assert analysis.locked and not method.same_bytes(analysis)


def test_recording_counts_only_lines_that_tell_as_exposure():
    loud = np.tile(MUSIC[: 960 * 4], 8)[: 7001 * 4]
    method = BySums(Recording(loud, S16, 2, 48000, "loop.wav"), 48000, 32, 7001)
    played = np.empty(FRAMES * 4, np.uint8)
    method.stimulus.fill(0, played)
    # Repeats each lap of the playback ring, but for the seam where it starts anew.
    heard = method.check(played, RINGS, 0, FRAMES)
    assert heard.analysis.found == 0
    assert 0 < heard.exposed_frames < FRAMES // 2
    assert method.check(played, Rings(1000, 1100), 0, FRAMES).exposed_frames == FRAMES


def test_spectral_asks_for_bursts_long_enough_and_plants_no_bits():
    method = BySpectrum(NoisePattern(48000, 2, S16), 32)
    assert method.unfit(RINGS, round(SHORTEST_S * 48000)) == ""
    assert "too short" in method.unfit(RINGS, round(SHORTEST_S * 48000) - 1)
    assert Kind.BITFLIP not in RULES.kinds


def test_spectral_gives_the_levels_of_each_second_in_tenths():
    method = BySpectrum(NoisePattern(48000, 2, S16), 32)
    frames = 2 * 48000
    played = np.empty(frames * 4, np.uint8)
    method.stimulus.fill(POSITION, played)
    heard = (played.view("<i2").reshape(-1, 2) * 0.7).astype("<i2")
    heard += np.random.default_rng(1).integers(-20, 21, heard.shape).astype("<i2")
    checked = method.check(heard.view(np.uint8).reshape(-1), RINGS, POSITION, frames)
    assert checked.analysis.locked and checked.channel is not None
    seconds = checked.channel["seconds"]
    assert [frame // 48000 for frame, _, _ in seconds] == [0, 1]
    for _, snr, thd_n in seconds:
        assert 40 < snr < 70 and -70 < thd_n < -40
        assert (snr, thd_n) == (round(snr, 1), round(thd_n, 1))
