# SPDX-License-Identifier: MIT
"""Which PCM a backend's name gives, and what it cannot do."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from stress.board import kernel, undo
from stress.board.cards import Card
from stress.cli import backend, new_run
from stress.cli.commands import run
from stress.cli.options import parser
from stress.cli.run_config import Target
from stress.errors import ConfigError
from stress.model.transport import TransportRecord
from stress.pcm.alsa import AlsaPcm
from stress.pcm.pyalsa_pcm import PyAlsaPcm
from stress.plan.plan import load_plan


@pytest.mark.parametrize(("name", "kind"), [("alsa", AlsaPcm), ("pyalsaaudio", PyAlsaPcm)])
def test_pcm_is_the_one_asked_for(name, kind):
    assert type(backend._pcm(name, "hw:0,0", "hw:0,1", 32)) is kind


def test_pyalsaaudio_without_capture_is_refused_by_name():
    with pytest.raises(ConfigError, match="--backend pyalsaaudio.*captures"):
        backend._pcm("pyalsaaudio", "hw:0,0", "", 32)


@pytest.mark.parametrize(("line_bytes", "told"), [(16, 16), (64, 64), (0, None)])
def test_pcm_is_told_the_cache_line_of_the_board(monkeypatch, line_bytes, told):
    given = []
    facts = SimpleNamespace(cpu=SimpleNamespace(line_bytes=line_bytes), to_json=dict)
    monkeypatch.setattr("stress.board.facts.gather", lambda: facts)
    monkeypatch.setattr("stress.board.cards.cards", list)
    monkeypatch.setattr("stress.board.transport.of_card", lambda *_: TransportRecord("usb"))
    monkeypatch.setattr("stress.pcm.alsa.AlsaPcm", lambda *_, line_bytes: given.append(line_bytes))
    opened = backend._alsa(Target.of(parser().parse_args(["run", "--card", "hw:0,0/hw:1,0"])), mixer=False)
    assert given == [told]
    assert opened.line_bytes == (line_bytes or 32)


def test_card_that_nobody_named_is_told_with_the_others(monkeypatch):
    facts = SimpleNamespace(cpu=SimpleNamespace(line_bytes=32), to_json=dict)
    known = [Card(0, "Loopback", "Loopback", ""), Card(1, "softcard", "USB-Audio", "")]
    monkeypatch.setattr("stress.board.facts.gather", lambda: facts)
    monkeypatch.setattr("stress.board.cards.cards", lambda: known)
    monkeypatch.setattr("stress.board.transport.of_card", lambda *_: TransportRecord("usb"))
    monkeypatch.setattr("stress.pcm.alsa.AlsaPcm", lambda *_, line_bytes: None)
    opened = [Target.of(parser().parse_args(["run", *card])) for card in ((), ("--card", "1"))]
    chosen = [backend._alsa(target, mixer=False).chosen for target in opened]
    assert chosen == ["card: hw:softcard,0 (of Loopback, softcard)", ""]


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        ("CPU: VIVT data cache, VIVT instruction cache", "bringup"),
        ("CPU: VIPT nonaliasing data cache", "smoke"),
    ],
)
def test_plan_nobody_named_follows_the_boot_log_as_probe_does(monkeypatch, said, plan):
    monkeypatch.setattr(kernel, "boot_log", lambda: said)
    target = Target.of(parser().parse_args(["run"]))
    assert new_run.default_plan(target) == load_plan(plan)


@pytest.mark.parametrize(
    "options",
    [
        ("--card", "hw:0"),
        ("--detector", "exact", "--loopback", "analog"),
        ("--detector", "spectral", "--stimulus", "x.wav"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused_before_a_plan_is_worked_out(monkeypatch, options):
    monkeypatch.setattr(new_run, "default_plan", lambda target: pytest.fail("a plan was worked out"))
    with pytest.raises(ConfigError):
        run.execute(parser().parse_args(["run", "--backend", "virtual", *options]))


class _Changed:
    """A mixer of which one volume was changed."""

    undoing = "amixer -q -c 3 -- sset PCM playback 20"

    def __init__(self, number):
        self.number = number

    def make_transparent(self, source):
        return ["PCM, playback: -10 dB -> 0 dB"]

    def put_back(self):
        return 1


def test_mixer_that_is_changed_leaves_a_note_until_it_is_put_back(tmp_path, monkeypatch):
    monkeypatch.setattr("stress.pcm.alsa.mixer.Mixer", _Changed)
    monkeypatch.setattr(undo, "folder", lambda: tmp_path)
    card = Card(3, "cmedia", "USB-Audio", "C-Media")
    lines, put_back = backend._transparent({"hw:cmedia,0"}, [card], "")
    assert lines == ["card 3, PCM, playback: -10 dB -> 0 dB"]
    (note,) = tmp_path.iterdir()
    assert json.loads(note.read_text())["how"] == _Changed.undoing
    assert put_back() == 1
    assert not list(tmp_path.iterdir())


def test_mixer_is_changed_where_no_note_can_be_written_too(tmp_path, monkeypatch):
    monkeypatch.setattr("stress.pcm.alsa.mixer.Mixer", _Changed)
    monkeypatch.setattr(undo, "folder", lambda: tmp_path / "absent")
    lines, put_back = backend._transparent({"hw:3,0"}, [Card(3, "cmedia", "USB-Audio", "C")], "")
    assert lines and put_back() == 1
