# SPDX-License-Identifier: MIT
"""What a run is written as: the same files from `run` and from `report`, none over the record."""

from __future__ import annotations

import json
import tarfile
from xml.etree import ElementTree

import pytest

from stress.cli.main import main

SHORT = ("--backend", "virtual", "--board", "cortex-a", "--plan", "plan.toml", "--seed", "1")
PLAN = """
bound = 1.0
[[arm]]
name = "player"
burst_s = "200ms"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path


def test_run_writes_page_junit_and_bundle_itself(here, capsys):
    files = ("--html", "a.html", "--junit", "a.xml", "--bundle", "a.tar.gz", "--label", "lab3")
    assert main(["run", *SHORT, "--out", "r", *files]) == 0
    out = capsys.readouterr().out
    assert all(f"wrote {name}" in out for name in ("a.html", "a.xml", "a.tar.gz"))
    assert (here / "a.html").read_text().startswith("<!doctype html>")
    assert ElementTree.parse(here / "a.xml").find("testsuite").get("name") == "pcmstress.lab3"
    with tarfile.open(here / "a.tar.gz") as archive:
        assert "r/run.jsonl" in archive.getnames()


def test_report_that_writes_a_file_prints_its_name_and_no_report(here, capsys):
    assert main(["run", *SHORT, "--out", "r", "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("PASS")
    assert main(["report", "r", "--html", "a.html"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("wrote a.html (")


def test_run_prints_ktap_instead_of_the_report(here, capsys):
    assert main(["run", *SHORT, "--out", "r", "--ktap"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "KTAP version 1"


def test_report_does_not_write_over_the_record(here, capsys):
    assert main(["run", *SHORT, "--out", "r", "--quiet"]) == 0
    before = (here / "r" / "run.jsonl").read_bytes()
    assert main(["report", "r", "--html", "r/run.jsonl"]) == 64
    assert (here / "r" / "run.jsonl").read_bytes() == before
    assert main(["report", "r", "--html", "x", "--junit", "./x"]) == 64
    assert "part of the record" in capsys.readouterr().err


def test_quiet_json_is_one_object(here, capsys):
    assert main(["run", *SHORT, "--out", "r", "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "PASS"


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--bundle", "run.zip", "--bundle: 'run.zip' is no name of a bundle (allowed: *.tar.gz, *.tgz)"),
        ("--html", ".", "--html: '.' is a directory (allowed: a file)"),
        ("--junit", "gone/x.xml", "gone/x.xml: cannot be written: No such file or directory"),
    ],
)
def test_file_that_can_never_be_written_is_refused_before_the_run(here, capsys, option, name, words):
    assert main(["run", *SHORT, "--out", "r", option, name]) == 64
    told = capsys.readouterr()
    assert words in told.err and not told.out
    assert not (here / "r" / "run.jsonl").exists()
