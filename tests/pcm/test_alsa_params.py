# SPDX-License-Identifier: MIT
"""hw_params and sw_params over a simulated libasound: what is asked, granted and refused, in which order."""

from __future__ import annotations

import errno

import pytest

from stress.errors import DeviceError, ParamsRefused
from stress.pcm.alsa import params

PLAY = 1


@pytest.fixture
def asked(request_of):
    return request_of().playback


def _negotiate(asound, asked):
    asound.states[PLAY] = "OPEN"
    return params.negotiate(asound, PLAY, "hw:0,0 playback", asked)


def test_what_the_card_takes_is_granted_and_installed(asound, card, asked):
    card.fifo = 6
    granted = _negotiate(asound, asked)
    assert (granted.rate, granted.channels, granted.format, granted.access) == (
        asked.rate,
        asked.channels,
        asked.format,
        asked.access,
    )
    assert (granted.period_size, granted.buffer_size, granted.fifo_frames) == (1024, 4096, 6)
    assert asound.installed[PLAY]["buffer_size"] == 4096


def test_sizes_are_taken_as_near_as_the_card_has_them(asound, card, request_of):
    card.period_max, card.buffer_max = 512, 2048
    granted = _negotiate(asound, request_of().playback)
    assert (granted.period_size, granted.buffer_size) == (512, 2048)


def _failing(asound, name, code, what=None):
    real = getattr(asound, name)

    def call(*arguments):
        return code if what is None or what in arguments else real(*arguments)

    setattr(asound, name, call)


@pytest.mark.parametrize(
    ("name", "code", "what", "error", "words"),
    [
        ("hw_any", (-errno.EINVAL, None), None, DeviceError, "snd_pcm_hw_params_any"),
        ("hw_test", False, "access", DeviceError, "offers no mmap access"),
        ("hw_set", -errno.EINVAL, "access", DeviceError, "snd_pcm_hw_params_set_access"),
        (
            "hw_set",
            -errno.EINVAL,
            "format",
            ParamsRefused,
            "format S16_LE refused; .* S16_LE S32_LE",
        ),
        ("hw_set", -errno.EINVAL, "channels", ParamsRefused, "channels 2 refused; the card allows 1..2"),
        ("hw_set", -errno.EINVAL, "rate", ParamsRefused, "rate 48000 refused; the card allows 44100..48000"),
        ("hw_near", -errno.EINVAL, "buffer_size", ParamsRefused, "buffer_size 4096 refused; .* 64..16384"),
        ("hw_near", -errno.EINVAL, "period_size", ParamsRefused, "period_size 1024 refused; .* 32..4096"),
        ("hw_install", -errno.EBUSY, None, ParamsRefused, "48000 Hz, 2 channels, S16_LE, .* refused"),
    ],
)
def test_step_that_fails_is_told_with_what_the_card_allows(asound, asked, name, code, what, error, words):
    _failing(asound, name, code, what)
    with pytest.raises(error, match=words) as caught:
        _negotiate(asound, asked)
    if name == "hw_install":
        assert caught.value.errno == errno.EBUSY


@pytest.mark.parametrize("code", [0, 1])
def test_step_that_gives_no_error_goes_on(asound, asked, code):
    # libasound gives a direction (1 for "above") where it took the nearest.
    real = asound.hw_near
    asound.hw_near = lambda *arguments: real(*arguments) or code
    assert _negotiate(asound, asked).buffer_size == 4096


def test_value_that_is_the_only_one_is_told_alone(asound, card, asked):
    card.rates = (44100,)
    with pytest.raises(ParamsRefused, match="the card allows 44100$"):
        _negotiate(asound, asked)


def test_software_parameters_stop_at_a_lap_and_write_no_silence(asound):
    params.install_sw(asound, PLAY, "hw:0,0 playback", 4096, params.BOUNDARY, 1024)
    assert asound.software[PLAY] == {
        "start_threshold": -1,
        "stop_threshold": 4096,
        "silence_threshold": 0,
        "silence_size": 0,
        "avail_min": 1024,
    }


def test_software_parameters_that_are_refused_are_told(asound):
    _failing(asound, "sw_install", -errno.EINVAL)
    with pytest.raises(DeviceError, match="snd_pcm_sw_params"):
        params.install_sw(asound, PLAY, "hw:0,0 playback", 4096, 1, 1024)
