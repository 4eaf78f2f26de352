# SPDX-License-Identifier: MIT
"""What a labgrid lab copies: the test module on this machine, and how the fleet reads what places leave."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from stress.cli import main

ROOT = Path(__file__).resolve().parents[2]
LABGRID = ROOT / "integrations" / "labgrid"
PROGRAM = [sys.executable, "-m", "stress"]


def _module(name):
    spec = importlib.util.spec_from_file_location(f"labgrid_{name}", LABGRID / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class _Here:
    # A place whose command driver is this machine. As on a serial console, both streams are one.
    def run(self, command, timeout):
        done = subprocess.run(
            command,
            shell=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            cwd=ROOT,
            check=False,
        )
        return done.stdout.splitlines(), [], done.returncode


@pytest.fixture
def module(tmp_path, monkeypatch):
    loaded = _module("test_pcmstress")
    monkeypatch.setattr(loaded, "ON_BOARD", str(tmp_path / "board"))
    monkeypatch.setattr(loaded, "SAID", str(tmp_path / "said"))
    return loaded


def _judge(module, options, told):
    module.OPTIONS = options
    module.test_ring_is_not_corrupted(_Here(), PROGRAM, told.__setitem__)


def test_labgrid_module_is_green_on_a_clean_simulated_board(module):
    told = {}
    module.test_board_is_described(_Here(), PROGRAM, told.__setitem__)
    _judge(module, "--backend virtual --board cortex-a --plan smoke", told)
    assert told["verdict"] == "PASS"
    assert told["expectation"]


def test_labgrid_module_is_red_on_a_board_that_corrupts_and_fetches_its_record(module, tmp_path, capsys):
    told = {}
    module.RECORD = str(tmp_path / "fetched" / "record.tar.gz")
    with pytest.raises(AssertionError, match="frames are wrong"):
        _judge(module, "--backend virtual --board arm926 --plan smoke", told)
    assert told["verdict"] == "FAIL"
    assert main.main(["report", module.RECORD]) == 0
    assert capsys.readouterr().out.startswith("FAIL")


def test_labgrid_module_skips_with_the_reason_where_there_is_no_card(module):
    with pytest.raises(pytest.skip.Exception, match="no such card"):
        _judge(module, "--card nosuchcard --plan smoke", {})


def test_labgrid_module_without_an_answer_fails_with_what_was_said(module):
    with pytest.raises(pytest.fail.Exception, match="status 64: [^$]*nosuchplan"):
        _judge(module, "--plan nosuchplan", {})


def _left(out, properties="", inside="", log="ConnectionRefusedError\n"):
    out.mkdir()
    (out / "log.txt").write_text(f"first\n{log}", encoding="utf-8")
    if properties or inside:
        case = f"<testcase name='a'><properties>{properties}</properties>{inside}</testcase>"
        text = f"<testsuites><testsuite>{case}</testsuite></testsuites>"
        (out / "junit.xml").write_text(text, encoding="utf-8")
    return out


@pytest.mark.parametrize(
    ("properties", "inside", "expected"),
    [
        ("<property name='verdict' value='PASS'/>", "", ("PASS", "")),
        (
            "<property name='verdict' value='FAIL'/>",
            "<failure message='stale&#10;more'/>",
            ("FAIL", "stale"),
        ),
        ("<property name='verdict' value='SKIP'/>", "<skipped message='no card'/>", ("SKIP", "no card")),
        # The board was never asked, or answered with a word that is no verdict.
        ("", "<error message='no prompt'/>", ("ERROR", "no prompt")),
        ("<property name='verdict' value='GREEN'/>", "", ("ERROR", "")),
        # pytest left nothing: its log has the reason.
        ("", "", ("ERROR", "ConnectionRefusedError")),
    ],
)
def test_fleet_place_gets_the_verdict_its_board_gave(tmp_path, properties, inside, expected):
    assert _module("fleet").judged(_left(tmp_path / "place", properties, inside)) == expected


def test_fleet_is_as_good_as_its_worst_place():
    worst = _module("fleet").worst
    order = ["SKIP", "PASS", "INCONCLUSIVE", "ERROR", "FAIL"]
    for better, worse in zip(order, order[1:]):
        assert worst([worse, better]) == worst([better, worse]) == worse


def test_fleet_names_all_that_is_missing_in_one_line_before_any_work(tmp_path, monkeypatch, capsys):
    fleet = _module("fleet")
    monkeypatch.setattr(fleet, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fleet.main(["--out", str(tmp_path / "out"), "board1"]) == 69
    assert capsys.readouterr().err == (
        "fleet.py: missing here: labgrid (pip install labgrid), pytest (pip install pytest), "
        "pcmstress on PATH (its .deb or wheel)\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("other=place-ssh.yaml", "other is none of the places a, b"),
        ("nowhere.yaml", "no such file: nowhere.yaml"),
    ],
)
def test_fleet_with_a_wrong_environment_says_which_and_starts_nothing(
    given, said, tmp_path, monkeypatch, capsys
):
    fleet = _module("fleet")
    monkeypatch.setattr(fleet, "missing", list)
    assert fleet.main(["--out", str(tmp_path / "out"), "--env", given, "a", "b"]) == 64
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_fleet_that_cannot_write_says_so_and_starts_nothing(tmp_path, monkeypatch, capsys):
    fleet = _module("fleet")
    monkeypatch.setattr(fleet, "missing", list)
    monkeypatch.setattr(fleet, "run", None)
    file = tmp_path / "file"
    file.touch()
    assert fleet.main(["--out", str(file), "a"]) == 64
    assert capsys.readouterr().err == f"fleet.py: --out {file}: File exists\n"


def test_fleet_place_that_cannot_be_had_is_an_error_with_the_client_s_words(tmp_path, monkeypatch):
    # The coordinator's client of labgrid, as far as the fleet calls it.
    client = tmp_path / "labgrid" / "remote" / "client.py"
    client.parent.mkdir(parents=True)
    for folder in (client.parent, client.parent.parent):
        (folder / "__init__.py").touch()
    client.write_text("import sys\nprint('starting')\nsys.exit('place a is in use')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    row = _module("fleet").run("a", LABGRID / "place-serial.yaml", tmp_path / "out")
    assert (row.place, row.verdict, row.why) == ("a", "ERROR", "place a is in use")


def test_labgrid_exporter_file_has_no_comment_that_its_templates_read_as_a_statement():
    # labgrid-exporter renders the file by Jinja: one # begins a statement, two begin a comment.
    lines = (LABGRID / "exporter.yaml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.lstrip().startswith("#") and not line.startswith("##")] == []


_QEMU = """#!/bin/sh
[ "$1" = -version ] && { echo "QEMU emulator version 7.2"; exit; }
echo '{"QMP": {}}'
read -r asked
echo "vpb_sic_write: Bad register offset 0x2c"
echo "{\\"return\\": \\"$asked\\"}"
exit 3
"""


def _emulator(tmp_path, *arguments):
    program = tmp_path / "qemu"
    program.write_text(_QEMU, encoding="utf-8")
    program.chmod(0o755)
    return subprocess.run(
        [str(LABGRID / "qemu-json.sh"), *arguments],
        env={"PATH": "/usr/bin:/bin", "PCMSTRESS_QEMU": str(program), "TMPDIR": str(tmp_path)},
        input="quit\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_labgrid_monitor_gets_no_line_that_is_not_json(tmp_path):
    done = _emulator(tmp_path, "-S", "-qmp", "stdio")
    assert done.stdout == '{"QMP": {}}\n{"return": "quit"}\n'
    assert done.stderr == "vpb_sic_write: Bad register offset 0x2c\n"
    assert done.returncode == 3
    assert [path.name for path in tmp_path.iterdir()] == ["qemu"]


def test_labgrid_driver_learns_the_version_of_the_emulator(tmp_path):
    assert _emulator(tmp_path, "-version").stdout == "QEMU emulator version 7.2\n"
