"""Which PCM a backend's name gives, and what it cannot do."""

from __future__ import annotations

import pytest

from stress.commands import backend
from stress.errors import ConfigError
from stress.pcm.alsa import AlsaPcm
from stress.pcm.pyalsa_pcm import PyAlsaPcm


@pytest.mark.parametrize(("name", "kind"), [("alsa", AlsaPcm), ("pyalsaaudio", PyAlsaPcm)])
def test_pcm_is_the_one_asked_for(name, kind):
    assert type(backend._pcm(name, "hw:0,0", "hw:0,1")) is kind


def test_pyalsaaudio_without_capture_is_refused_by_name():
    with pytest.raises(ConfigError, match="--backend pyalsaaudio.*captures"):
        backend._pcm("pyalsaaudio", "hw:0,0", "")
