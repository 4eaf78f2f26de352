# SPDX-License-Identifier: MIT
"""Captures that prove nothing say why, with the number; and what the channel is."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from stress.detect.spectral import inputs, lock
from stress.detect.spectral.measure import hum_db
from stress.virtual.card.analog import Wiring


def advice(loop, **channel):
    result = loop.judge(loop.hear(**channel))
    return result, " | ".join(result.advice)


def test_silence_is_not_locked_and_says_its_level(loop):
    result, text = advice(loop, wiring=Wiring.OPEN, noise_dbfs=-88.0)
    assert not result.analysis.locked and result.channel is None
    assert "silent (-8" in text and "plug the cable" in text


def test_noise_without_stimulus_is_not_locked_and_says_the_correlation(loop):
    result, text = advice(loop, wiring=Wiring.OPEN, noise_dbfs=-30.0)
    assert not result.analysis.locked
    assert "not the stimulus" in text and "12 needed" in text


def test_one_sided_cable_names_the_silent_side(loop):
    result, text = advice(loop, wiring=Wiring.ONE_SIDED, noise_dbfs=-85.0)
    assert result.analysis.locked
    assert "captured right is silent" in text and "captured left" not in text


def test_exchanged_plugs_are_named(loop):
    result, text = advice(loop, wiring=Wiring.SWAPPED)
    assert not result.analysis.locked
    assert "captured left carries played right" in text and "captured right carries played left" in text


def test_mono_fold_down_says_how_strong(loop):
    _, text = advice(loop, wiring=Wiring.MONO)
    assert "mono fold-down" in text
    assert "dB of its own" in text


def test_clipped_level_says_the_share(loop):
    heard = loop.hear(gain_db=6.0)
    samples = np.abs(heard.view("<i2").astype(np.int32).reshape(-1, 2))
    share = 100 * (samples >= 32766).mean(axis=0).max()
    text = " | ".join(loop.judge(heard).advice)
    assert f"lower the capture level: {share:.2g} % of samples at full scale" in text


def test_noise_suppressor_says_how_far_the_level_moves(loop):
    _, text = advice(loop, suppressor=True)
    assert "the level moves by 3" in text and "noise suppression" in text


def test_weak_signal_says_snr_and_need(loop):
    result, text = advice(loop, snr=8.0)
    assert f"SNR is {result.channel.snr_db:.1f} dB" in text and "needs 20 dB" in text


def test_capture_shorter_than_a_lock_is_not_locked(loop):
    result = loop.judge(loop.hear()[: 4 * 9000])
    assert not result.analysis.locked


def test_empty_capture_is_not_locked(loop):
    result = loop.judge(np.zeros(0, dtype=np.uint8))
    assert not result.analysis.locked and result.analysis.frames == 0


@pytest.mark.parametrize("ppm", [0.0, -77.5])
def test_channel_drift_latency_gain_and_snr_are_measured(loop, ppm):
    channel = loop.judge(loop.hear(snr=50.0, drift_ppm=ppm, lowpass_hz=None)).channel
    assert channel.drift_ppm == pytest.approx(ppm, abs=0.05)
    assert channel.latency_frames == pytest.approx(701.3, abs=0.6)
    assert channel.gain_db == pytest.approx(-3.0, abs=0.05)
    # White noise over the whole band is 2.4 dB less inside the judged one.
    assert channel.snr_db == pytest.approx(52.6, abs=0.7)
    assert channel.thd_n_db == pytest.approx(-channel.snr_db, abs=0.2)


def test_channel_response_follows_the_low_pass(loop):
    channel = loop.judge(loop.hear(lowpass_hz=8000.0)).channel
    level = dict(channel.response)
    at = min(level, key=lambda hz: abs(hz - 8000))
    low = np.mean([v for hz, v in level.items() if 1500 < hz < 4000])
    expected = -10 * np.log10(1 + (at / 8000) ** 12)
    assert level[at] - low == pytest.approx(expected, abs=0.5)


def test_channel_distortion_is_in_thd_n_but_not_in_snr(loop):
    channel = loop.judge(loop.hear(snr=60.0, third=0.2)).channel
    # Third order noise of sqrt(6) * 0.2 * 0.18^2 spreads over three times the band.
    assert -20 * np.log10(np.sqrt(6) * 0.2 * 0.18**2) < -channel.thd_n_db < 46
    assert channel.snr_db > -channel.thd_n_db + 5


def test_channel_hum_is_measured_where_there_is_hum(loop):
    assert loop.judge(loop.hear()).channel.hum_db is None
    hum = loop.judge(loop.hear(hum_dbfs=-40.0)).channel.hum_db
    # A 0.01 peak with harmonics of a half and a quarter against -17.9 dBFS.
    assert hum == pytest.approx(10 * np.log10(0.5e-4 * (1 + 0.25 + 1 / 16)) + 17.9, abs=0.5)


def test_seconds_show_when_the_noise_rose(loop):
    def rise(y):
        # 13.2 units of noise already there; 19.4 more make it 5 dB louder.
        rng = np.random.default_rng(9)
        y[96000:] += np.rint(rng.standard_normal((48000, 2)) * 19.4).astype(y.dtype)
        return y

    seconds = loop.judge(loop.hear(snr=50.0, after=rise)).seconds
    assert [s.frame for s in seconds] == [0, 48000, 96000]
    assert seconds[0].snr_db - seconds[1].snr_db == pytest.approx(0, abs=0.5)
    assert 3 < seconds[0].snr_db - seconds[2].snr_db < 6


def test_json_of_the_channel_is_plain(loop):
    result = loop.judge(loop.hear())
    out = json.loads(json.dumps(result.to_json()))
    assert set(out["channel"]) >= {"latency_frames", "gain_db", "snr_db", "drift_ppm", "thd_n_db"}
    assert out["advice"] == [] and out["disturbances"] == 0


def test_recording_that_starts_late_locks(loop):
    heard = loop.hear()
    late = loop.judge(heard[4 * 30000 :])
    assert late.analysis.locked and late.analysis.found == 0
    assert late.analysis.first_frame == 0
    assert abs(((late.analysis.first_position - loop.first) & 0xFFFFFFFF) - (30000 - 703)) <= 1


def test_recording_with_silence_ahead_locks_and_the_silence_is_no_stale_data(loop):
    early = loop.judge(np.concatenate((np.zeros(4 * 60000, dtype=np.uint8), loop.hear())))
    assert early.analysis.locked and early.analysis.found == 0
    assert early.analysis.first_frame == pytest.approx(60703, abs=1)
    assert early.analysis.first_position == loop.first


def test_view_shows_the_stimulus_before_and_noise_after(loop):
    result = loop.judge(loop.hear(snr=50.0, lowpass_hz=None), view=(48000, 24000))
    before, after = result.view.before, result.view.after
    assert before.levels_db.shape == after.levels_db.shape == (len(before.edges_hz) - 1, 45)
    assert before.start_frame == 48000 and before.hop_frames == 512
    band = [i for i, hz in enumerate(before.edges_hz[:-1]) if 2000 < hz < 12000]
    drop = before.levels_db[band].mean() - after.levels_db[band].mean()
    assert drop == pytest.approx(52.6, abs=2)
    assert loop.judge(loop.hear()).view is None


@pytest.mark.parametrize("drift", [0.0, 120.0])
def test_view_of_a_whole_capture_is_bright_where_the_stale_line_is(loop, drift):
    played = loop.clean.copy()
    played[96000:96008] = loop.clean[96000 - 4800 : 96008 - 4800]
    result = loop.judge(loop.hear(played, drift_ppm=drift), view=(0, loop.frames))
    (finding,) = result.analysis.findings
    after = result.view.after
    band = [i for i, hz in enumerate(after.edges_hz[:-1]) if 2000 < hz < 12000]
    inner = after.levels_db[band].mean(axis=0)[5:-5]
    where = (int(inner.argmax()) + 5) * after.hop_frames
    assert where - 512 <= finding.frame < where + 1024 + 512
    assert inner.max() - np.median(inner) > 15
    assert np.percentile(inner, 95) - np.median(inner) < 3


def test_hum_is_looked_for_at_no_harmonic_that_the_rate_cannot_hold():
    # A file may say any rate; beyond half of it there is no line, and nothing around it.
    noise = np.random.default_rng(1).standard_normal(1 << 14)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hum_db(noise, 384, 1.0) is None


@pytest.mark.parametrize(("peak", "known", "lines"), [(0.25, False, 0), (0.25, True, 1), (1.0, False, 1)])
def test_a_tone_of_any_level_is_not_called_clipped(peak, known, lines):
    tone = (peak * np.sin(np.arange(48000) / 20)).astype(np.float32)[None]
    assert len(inputs.clipping([0.014], tone, known)) == lines


SQUARE = np.where(np.arange(1 << 16) % 2, 1.0, -1.0).astype(np.float32)


class _Noise:
    """Two channels of noise at any position; a captured channel may hold any mix of them."""

    rate, channels = 48000, 2
    sound = np.random.default_rng(1).integers(-1000, 1000, (2, 300000)).astype(np.int32)

    def samples(self, position, frames, channel):
        return self.sound[channel, position : position + frames]

    def captured(self, left, right, frames=40000):
        """Frames from position 100000 on, 700 frames late."""
        part = self.sound[:, 100000 - 700 : 100000 - 700 + frames] / 8192
        return (np.array([left, right]) @ part).astype(np.float32)


NOISE = _Noise()


def _locks(y):
    return lock.lock_all(y, NOISE, 100000, 50000, 50000)


def test_channel_is_called_what_people_call_it():
    assert [inputs.name(c, 2) for c in (0, 1)] == ["left", "right"]
    assert [inputs.name(c, 3) for c in (0, 1, 2)] == ["channel 1", "channel 2", "channel 3"]


@pytest.mark.parametrize(("level", "found"), [(1.0, 0.0), (0.1, -20.0), (0.0, -140.0), (1e-9, -140.0)])
def test_level_is_the_root_mean_square_without_the_mean(level, found):
    assert inputs.level_db(SQUARE * level + 0.5) == pytest.approx(found, abs=1e-2)
    assert inputs.level_db(SQUARE[:0]) == -140.0


@pytest.mark.parametrize(("level", "silent"), [(-76.0, [1]), (-74.0, [])])
def test_channel_without_lock_is_silent_below_a_level(level, silent):
    y = NOISE.captured((1, 0), (0, 0))
    y[1] = SQUARE[: y.shape[1]] * 10 ** (level / 20)
    locks = _locks(y)
    advice, found = inputs.unheard(y, [locks[0], None], NOISE, 100000)
    assert found == silent
    assert len(advice) == 1 - len(silent)
    if not silent:
        assert advice == [
            "captured right has -74.0 dBFS but not the stimulus (correlation 0.0 sigmas, 12 needed): check "
            "the input, its source and what was played"
        ]


def test_channel_that_holds_the_other_one_is_told():
    y = NOISE.captured((0, 1), (1, 0))
    advice, silent = inputs.unheard(y, [None, None], NOISE, 100000)
    assert silent == []
    assert advice == [
        "captured left carries played right: exchange the plugs or the routing",
        "captured right carries played left: exchange the plugs or the routing",
    ]
    assert inputs.unheard(NOISE.captured((1, 0), (0, 1)), [lock.Lock(0, 0, 12.1)] * 2, NOISE, 100000) == (
        [],
        [],
    )


@pytest.mark.parametrize(("frames", "hears"), [(2 * lock.BLOCK - 1, None), (2 * lock.BLOCK, 0)])
def test_other_channel_is_looked_for_in_two_blocks_at_least(frames, hears):
    assert inputs._hears(NOISE.captured((1, 0), (0, 1), frames)[0], NOISE, [1, 0], 100000) == hears
    assert inputs._hears(np.zeros(frames, np.float32), NOISE, [0], 100000) is None
    assert inputs._hears(NOISE.captured((1, 0), (0, 1), frames)[0], NOISE, [], 100000) is None


def test_silence_of_all_channels_is_one_line_with_the_loudest():
    y = np.stack([SQUARE * 1e-4, SQUARE * 2e-4])
    assert inputs.silence(y, [0, 1]) == [
        "the capture is silent (-74.0 dBFS): plug the cable, unmute, raise playback and capture"
    ]
    assert inputs.silence(y, [1]) == ["captured right is silent (-74.0 dBFS): the cable has one side only"]
    assert inputs.silence(y, []) == []


@pytest.mark.parametrize(("share", "told"), [(0.0, False), (0.19, False), (0.22, True), (1.0, True)])
def test_other_channel_in_a_captured_one_is_told_from_a_level_on(share, told):
    y = NOISE.captured((1, 0), (-share, 1))
    advice = inputs.folded(y, [0, 1], _locks(y), NOISE, 100000)
    assert [line.startswith("captured right hears played left at ") for line in advice] == [True] * told
    if told:
        level = float(advice[0].split(" at ")[1].split(" dB")[0])
        assert level == pytest.approx(20 * np.log10(share), abs=0.5)
    assert inputs.folded(y, [0], _locks(y), NOISE, 100000) == []
    assert inputs.folded(y, [1], [None, None], NOISE, 100000) == []


def test_other_channel_may_be_some_frames_away():
    y = NOISE.captured((1, 0), (0, 1))
    y[1] += np.roll(y[0], 60)
    assert len(inputs.folded(y, [1], _locks(y), NOISE, 100000)) == 1
    assert inputs.folded(y[:1], [0], _locks(NOISE.captured((1, 0), (0, 1)))[:1], NOISE, 100000) == []


def _steps(*levels):
    return np.concatenate([SQUARE[:4096] * level for level in levels])


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ([1, 1, 1, 1, 0.1, 0.1, 0.1], False),
        ([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1], True),
        ([1, 1, 1, 1, 0.71, 0.71, 0.71, 0.71], False),
        ([1, 1, 1, 1, 0.70, 0.70, 0.70, 0.70], True),
        # One block of twenty may be anything.
        ([1] * 19 + [0.1], False),
        ([1] * 1 + [0.1] * 19, False),
        ([1] * 18 + [0.1] * 2, False),
        ([1] * 17 + [0.1] * 3, True),
        ([1] * 2 + [0.1] * 18, False),
        ([1] * 3 + [0.1] * 17, True),
    ],
)
def test_level_that_moves_is_told_with_its_spread(levels, told):
    advice = inputs.unsteady(_steps(*levels))
    assert len(advice) == told
    if told:
        spread = 20 * np.log10(max(levels) / min(levels))
        assert advice[0].startswith(f"the level moves by {spread:.1f} dB while")


@pytest.mark.parametrize(
    ("shares", "peak", "known", "told"),
    [
        ([1e-4, 0.0], 1.0, True, []),
        ([1.1e-4, 0.0], 0.5, True, ["lower the capture level: 0.011 % of samples at full scale"]),
        ([0.1, 0.2], 0.5, True, ["lower the capture level: 20 % of samples at full scale"]),
        ([0.1, 0.2], 0.97, False, []),
        ([0.1, 0.2], 0.98, False, ["lower the capture level: 20 % of samples at full scale"]),
        ([], 0.98, True, []),
    ],
)
def test_clipping_is_told_at_full_scale_or_of_the_stimulus(shares, peak, known, told):
    y = np.array([[0.0, -peak, 0.1]] * 2, np.float64)
    assert inputs.clipping(shares, y, known) == told
    assert inputs.clipping(shares, y[:, :0], False) == []


@pytest.mark.parametrize(("snr", "told"), [(20.0, 0), (19.9, 1)])
def test_weak_signal_is_told_below_twenty_decibels(snr, told):
    advice = inputs.weak(snr)
    assert len(advice) == told
    assert not told or advice[0].startswith("SNR is 19.9 dB and a 32-byte line needs 20 dB")


def test_disturbances_are_counted_with_the_first_of_them():
    assert inputs.disturbed([]) == []
    assert inputs.disturbed([70])[0].startswith("1 disturbance no ring data explains, first at frame 70: ")
    assert inputs.disturbed([70, 80])[0].startswith(
        "2 disturbances no ring data explains, first at frame 70: "
    )
