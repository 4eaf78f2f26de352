# SPDX-License-Identifier: MIT
import errno
import json

import pytest

from stress.cli.main import main
from stress.pcm.alsa import naming
from stress.pcm.virtual import VirtualPcm

BOARD = ("--backend", "virtual", "--board", "cortex-a")


def _path(capsys, *argv):
    status = main(["path", *BOARD, *argv])
    return status, capsys.readouterr().out


def test_path_of_a_bit_exact_board_says_so_and_exits_0(capsys):
    status, out = _path(capsys)
    assert status == 0
    assert out.startswith("bit-exact")
    assert "16 of 16 bits transparent in 2 channels" in out


def test_path_at_a_low_level_still_tells_a_bit_exact_path(capsys):
    assert _path(capsys, "--level", "-40dB")[0] == 0


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("path.gain_db=-3.01",), "gain -3.01 dB left, -3.01 dB right"),
        (("path.order=exchanged",), "channels exchanged"),
        (("path.bits=12",), "12 of 16 bits transparent"),
    ],
)
def test_path_that_is_not_exact_is_named_and_exits_1(capsys, keys, words):
    status, out = _path(capsys, *(part for key in keys for part in ("--set", key)))
    assert status == 1
    assert words in out


def test_path_in_json_counts_wrong_bits(capsys):
    found = json.loads(_path(capsys, "--set", "path.bits=14", "--json")[1])
    assert found["transparency"]["clean_bits"] == 14
    assert found["bits"] == [14, 14]
    assert found["exact"] is False


def test_path_that_gives_nothing_back_exits_5(capsys):
    status, out = _path(capsys, "--set", "path.gain_db=-90", "--set", "path.bits=8")
    assert status == 5
    assert out.startswith("nothing heard")


@pytest.mark.parametrize("level", ["5", "-61dB", "loud"])
def test_path_refuses_levels_that_are_none(capsys, level):
    with pytest.raises(SystemExit) as stop:
        main(["path", "--level", level])
    assert stop.value.code == 64


def test_path_that_is_not_exact_is_followed_by_what_may_change_samples_here(capsys, monkeypatch):
    monkeypatch.setattr(
        "stress.cli.backend.suspects", lambda target: ["pipewire (pid 7) holds a PCM of card 1"]
    )
    out = _path(capsys, "--set", "path.gain_db=-6")[1]
    assert out.splitlines()[-1] == "  here: pipewire (pid 7) holds a PCM of card 1"
    assert "here:" not in _path(capsys)[1]


@pytest.mark.parametrize("errno_", [errno.ENOENT, errno.EACCES, errno.EBUSY])
def test_device_that_cannot_be_opened_is_a_skip(capsys, monkeypatch, errno_):
    def refused(self, request):
        raise naming.open_error("hw:1,0", "playback", -errno_, -1)

    monkeypatch.setattr(VirtualPcm, "open", refused)
    assert main(["path", "--backend", "virtual"]) == 4
    assert capsys.readouterr().err.startswith("pcmstress: hw:1,0 playback: ")
