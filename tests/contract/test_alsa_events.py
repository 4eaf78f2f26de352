# SPDX-License-Identifier: MIT
"""What only a kernel can do to a burst: xruns, freezes, busy devices, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import threading

import numpy as np
import pytest

from stress.errors import DeviceBusy, DeviceError
from stress.model.pcm import Handling, Lost
from stress.pcm.alsa import AlsaPcm

pytestmark = pytest.mark.lab
RATE = 48000


def test_stopped_process_xruns_and_counts_stay_short(alsa):
    helper = f"sleep 0.4; kill -STOP {os.getpid()}; sleep 0.6; kill -CONT {os.getpid()}"
    with alsa.make() as pcm:
        opened = alsa.opened(pcm, 4096)
        with subprocess.Popen(["sh", "-c", helper]):
            burst = opened.burst(3 * RATE)
    exchange = burst.exchange
    assert exchange.xruns >= 1
    assert "XRUN" in (exchange.playback.state, exchange.capture.state)
    assert exchange.capture.frames < burst.captured.size // 4 or exchange.playback.state == "XRUN"
    expected, observed = burst.compared()
    assert len(expected) == len(observed) > 480
    np.testing.assert_array_equal(observed, expected)


def test_burst_after_an_xrun_is_whole(alsa):
    helper = f"sleep 0.3; kill -STOP {os.getpid()}; sleep 0.5; kill -CONT {os.getpid()}"
    with alsa.make() as pcm:
        opened = alsa.opened(pcm)
        with subprocess.Popen(["sh", "-c", helper]):
            opened.burst(2 * RATE)
        expected, observed = opened.burst().compared()
    assert len(expected) == len(observed) > 4800
    np.testing.assert_array_equal(observed, expected)


def test_paused_streams_are_frozen_and_freed(alsa):
    with alsa.make() as pcm:
        opened = alsa.opened(pcm, 4096)

        def freeze():
            for stream in (pcm._playback, pcm._capture):
                pcm._lib.call(stream.handle, "pause", 1)

        timer = threading.Timer(0.4, freeze)
        timer.start()
        exchange = opened.burst(2 * RATE).exchange
        timer.join()
    assert exchange.lost is Lost.FROZEN
    assert 0 < exchange.capture.frames < 2 * RATE
    assert exchange.played_limit <= exchange.playback.hw_ptr <= exchange.playback.frames


def test_stop_frees_a_running_exchange(alsa):
    with alsa.make() as pcm:
        opened = alsa.opened(pcm, 4096)
        timer = threading.Timer(0.3, pcm.stop)
        timer.start()
        burst = opened.burst(20 * RATE)
        timer.join()
    exchange = burst.exchange
    assert exchange.capture.frames < 20 * RATE
    assert exchange.lost is None
    expected, observed = burst.compared()
    assert len(expected) == len(observed) > 480
    np.testing.assert_array_equal(observed, expected)


def test_signal_ends_the_wait_and_leaves_the_pcm_usable(alsa):
    class Interrupted(Exception):
        pass

    def interrupt(*_):
        raise Interrupted

    with alsa.make() as pcm:
        opened = alsa.opened(pcm)
        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            with pytest.raises(Interrupted):
                opened.burst(20 * RATE)
        finally:
            signal.signal(signal.SIGALRM, before)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("pcm-")]
        expected, observed = opened.burst().compared()
    assert len(expected) == len(observed) > 4800
    np.testing.assert_array_equal(observed, expected)


def test_second_user_of_a_device_is_told_who_holds_it(alsa):
    with alsa.make() as pcm, alsa.make() as other:
        pcm.open(alsa.request())
        with pytest.raises(DeviceBusy, match=f"pid {os.getpid()} "):
            other.open(alsa.request())


@pytest.mark.parametrize("name", ["hw:NoSuchCard,0", "hw:31,0"])
def test_missing_card_is_a_device_error(alsa, name):
    with AlsaPcm(name, None) as pcm, pytest.raises(DeviceError, match="no such card"):
        pcm.open(alsa.request())


def test_missing_device_of_a_card_is_a_device_error(alsa):
    name = alsa.make()._names[0].partition(",")[0]
    with AlsaPcm(f"{name},29", None) as pcm, pytest.raises(DeviceError, match="no such playback device"):
        pcm.open(alsa.request())


def test_playback_alone_plays_to_the_end(alsa):
    play = np.zeros(RATE * 4, dtype=np.uint8)
    with AlsaPcm(alsa.make()._names[0], None) as pcm:
        pcm.open(alsa.request())
        exchange = pcm.exchange(play, np.zeros(0, dtype=np.uint8), Handling())
    assert exchange.playback.frames == RATE
    assert exchange.capture.frames == 0
    assert RATE - 16384 <= exchange.played_limit <= RATE
