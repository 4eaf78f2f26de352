# SPDX-License-Identifier: MIT
"""Device files that may not be opened: who may, and what mends it."""

from __future__ import annotations

import os

import pytest

from stress.board import permission

CARDS = " 1 [softcard       ]: USB-Audio - softcard\n"


@pytest.fixture
def snd(tmp_path, monkeypatch):
    # Permission bits say nothing to root, who may run the tests: access is decided from them here.
    monkeypatch.setattr(os, "access", lambda path, mode: os.stat(path).st_mode & 0o006 == 0o006)
    monkeypatch.setattr(permission, "_group_name", lambda number: "audio")
    monkeypatch.setattr(permission, "_is_member", lambda group: False)
    (tmp_path / "cards").write_text(CARDS)
    for name in ("controlC1", "pcmC1D0p", "pcmC1D0c"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o660)
    return tmp_path


def test_refusal_names_file_and_group(snd):
    text = permission.refusal("hw:softcard,0", "playback", snd, snd)
    assert text.startswith(f"no permission for {snd}/pcmC1D0p: root, or group audio")
    assert permission.refusal("hw:1", "capture", snd, snd).startswith(f"no permission for {snd}/pcmC1D0c")


def test_refusal_of_a_file_that_no_group_may_use_gives_the_rule(snd):
    (snd / "controlC1").chmod(0o600)
    text = permission.refusal("hw:softcard,0", "playback", snd, snd)
    assert "root only" in text
    assert 'SUBSYSTEM=="sound", GROUP="audio", MODE="0660"' in text


def test_refusal_of_a_member_whose_session_is_older_asks_to_log_in_again(snd, monkeypatch):
    monkeypatch.setattr(permission, "_is_member", lambda group: True)
    assert "log in again" in permission.refusal("hw:softcard,0", "playback", snd, snd)


def test_refusal_is_empty_where_all_may_open(snd):
    for name in ("controlC1", "pcmC1D0p"):
        (snd / name).chmod(0o666)
    assert permission.refusal("hw:softcard,0", "playback", snd, snd) == ""
    assert permission.refusal("hw:softcard,0", "capture", snd, snd) != ""


def test_refusal_says_nothing_of_a_card_or_device_that_is_not_there(snd):
    assert permission.refusal("hw:9,0", "playback", snd, snd) == ""
    (snd / "controlC1").chmod(0o666)
    assert permission.refusal("hw:softcard,7", "playback", snd, snd) == ""
