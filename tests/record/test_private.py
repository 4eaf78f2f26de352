# SPDX-License-Identifier: MIT
"""A run without host, user, serial numbers and processes: gone everywhere, and still the same record."""

from __future__ import annotations

import json
import tarfile

import pytest

from stress.cli import main as command
from stress.record import bundle, private
from stress.record.private import Private
from stress.record.reader import read_run

SECRETS = ("buildhost7", "alice", "SER123456", "secretd", "de:ad:be:ef:00:01")
KERNEL = [
    "[   12.000000] usb 1-1: SerialNumber: SER123456",
    "[   12.100000] CPU: 0 PID: 77 Comm: secretd Not tainted 6.1.0",
    "[   12.200000] smsc95xx 1-1.1:1.0 eth0: de:ad:be:ef:00:01 on buildhost7",
]


@pytest.fixture
def run(tmp_path):
    """A small run into which secrets were put where they occur on a real board."""
    (tmp_path / "p.toml").write_text('bound = 1e-2\n[[arm]]\nname = "a"\nburst_s = "300ms"\n')
    argv = ["run", "--backend", "virtual", "--board", "arm926", "--plan", f"{tmp_path}/p.toml", "--seed", "1"]
    command.main([*argv, "--quiet", "--out", f"{tmp_path}/r"])
    folder = tmp_path / "r"
    board = json.loads((folder / "board.json").read_text())
    board["run"]["host"] = "buildhost7 (armv5tel, 6.1.0)"
    board["run"]["command"] = "pcmstress run --out /home/alice/runs --label buildhost7"
    board["facts"]["load"]["runnable"] = ["secretd", "kworker"]
    board["texts"] = {"proc/cmdline": "console=ttyS0 smsc95xx.macaddr=de:ad:be:ef:00:01 serial=SER123456"}
    (folder / "board.json").write_text(json.dumps(board))
    _again(folder)
    return folder


def _again(folder):
    # The record with processes and messages of a kernel, chained as the journal chains it.
    from stress.record import rundir
    from stress.record.journal import chained, sealed

    digest, lines = "", []
    for line in (folder / "run.jsonl").read_text().splitlines():
        value = json.loads(line)
        value.pop("chain")
        if value["event"] == "start":
            value["files"] = {name: rundir.digest(folder, name) for name in value["files"]}
        if value["event"] == "burst":
            value["kernel"] = KERNEL
            value["beside"] = [{"name": "secretd", "pid": 77, "cpu_ms": 10, "switches": 3}]
        body = json.dumps(value, separators=(",", ":")).encode()
        digest = chained(digest, body)
        lines.append(sealed(body, digest))
    (folder / "run.jsonl").write_bytes(b"".join(lines))


def _texts(path):
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read().decode() for one in archive if one.isfile()}


def test_private_bundle_names_nobody_and_is_still_a_record(run, tmp_path, capsys):
    path = str(tmp_path / "b.tar.gz")
    assert command.main(["report", str(run), "--bundle", path, "--private"]) == 0
    texts = _texts(path)
    held = [(name, secret) for name, text in texts.items() for secret in SECRETS if secret in text]
    assert held == []
    readme = next(text for name, text in texts.items() if name.endswith("/README"))
    assert "Taken out (--private): host, user, serial numbers, names of processes" in readme
    assert "<serial>" in next(text for name, text in texts.items() if name.endswith("kernel.txt"))
    capsys.readouterr()
    assert command.main(["report", path, "--json"]) == 0
    without = json.loads(capsys.readouterr().out)
    assert command.main(["report", str(run), "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    for key in ("verdict", "arms", "total", "audit", "seed"):
        assert without[key] == whole[key]


def test_whole_bundle_keeps_what_the_run_knows(run, tmp_path):
    path = str(tmp_path / "b.tar.gz")
    command.main(["report", str(run), "--bundle", path])
    text = "".join(_texts(path).values())
    assert [secret for secret in SECRETS if secret not in text] == []
    assert "Taken out" not in text


def test_bundle_holds_report_mail_page_kernel_log_and_a_list_of_them(run, tmp_path):
    path = str(tmp_path / "b.tar.gz")
    command.main(["report", str(run), "--bundle", path])
    texts = _texts(path)
    names = {name.partition("/")[2] for name in texts}
    wanted = {"README", "report.txt", "mail.txt", "page.html", "kernel.txt", "system/proc/cmdline"}
    assert wanted | {"run.jsonl", "config.json", "board.json"} <= names
    readme = texts["r/README"]
    frames = [name for name in names if name.startswith("evidence/")]
    assert [name for name in names - {"README", *frames} if name not in readme] == []
    assert f"evidence/ ({len(frames)} file" in readme
    assert texts["r/page.html"].startswith("<!doctype html>") and "Subject: " in texts["r/mail.txt"]


def test_names_of_texts_from_elsewhere_stay_inside_the_bundle(run, tmp_path):
    board = json.loads((run / "board.json").read_text())
    board["texts"] = {"../../etc/passwd": "a", "/abs": "b", "run.jsonl": "c", "good/name": "d", "a//b": "e"}
    (run / "board.json").write_text(json.dumps(board))
    path = str(tmp_path / "b.tar.gz")
    command.main(["report", str(run), "--bundle", path])
    names = {name.partition("/")[2] for name in _texts(path)}
    assert {name for name in names if name.startswith("system/")} == {"system/run.jsonl", "system/good/name"}
    with bundle.opened(path) as folder:
        assert read_run(folder).start.seed == 1


def test_private_without_a_bundle_is_a_usage_error(run, capsys):
    assert command.main(["report", str(run), "--private"]) == 64
    assert "--bundle" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("SerialNumber: A-1_b", "SerialNumber: <serial>"),
        ("root=PARTUUID=1234-02 ro", "root=PARTUUID=<removed> ro"),
        ("androidboot.serialno=XY1 quiet", "androidboot.serialno=<removed> quiet"),
        ("/home/bob/x and /Users/bob/y", "/home/<user>/x and /Users/<user>/y"),
        ("stuck for 22s! [thing:12]", "stuck for 22s! [<process>:12]"),
        ("on box-1, box-1.local", "on <host>, <host>.local"),
        ("box-12 and inbox-1 stay", "box-12 and inbox-1 stay"),
    ],
)
def test_text_without_what_is_private(text, rest):
    assert Private("box-1").text(text) == rest


def test_words_of_the_format_stay_where_a_host_is_called_like_one():
    value = {"kind": "stale", "ring": "capture", "text": "stale on stale", "findings": [{"kind": "stale"}]}
    made = Private("stale").event(value)
    assert made == {**value, "text": "<host> on <host>"}
    assert private.REMOVED[0] == "host"
