# SPDX-License-Identifier: MIT
"""report: of a directory, of a bundle, and of what is neither."""

from __future__ import annotations

import json
import tarfile

import pytest

from stress.cli import main
from tests.cli.command import told as _main

PLAN = """
[[arm]]
name = "a"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "100ms"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--plan", f"{folder}/p.toml", "--out", f"{folder}/runs/one"]
    assert main.main(argv) == 1
    return folder


def test_report_of_a_bundle_is_that_of_the_run(runs, tmp_path, capsys):
    bundle = tmp_path / "b.tar.gz"
    assert _main(capsys, "report", runs / "runs/one", "--bundle", bundle)[0] == 0
    assert _main(capsys, "report", bundle) == _main(capsys, "report", runs / "runs/one")
    assert _main(capsys, "report", bundle, "--html", tmp_path / "b.html")[0] == 0
    assert "<details>" in (tmp_path / "b.html").read_text()


def test_report_of_a_bundle_whose_record_is_damaged_names_the_bundle(runs, tmp_path, capsys):
    (tmp_path / "one/evidence").mkdir(parents=True)
    lines = (runs / "runs/one/run.jsonl").read_text().splitlines()
    (tmp_path / "one/run.jsonl").write_text(f"{lines[0]}\n{{}}\n")
    (tmp_path / "one/config.json").write_text("{}")
    bundle = tmp_path / "b.tar.gz"
    with tarfile.open(bundle, "w:gz") as archive:
        archive.add(tmp_path / "one", "one")
    for command in ("report", "replay"):
        status, _, err = _main(capsys, command, bundle)
        assert status == 64
        assert err == f"pcmstress: {bundle}: run.jsonl: line 2: is not an event\n"


def test_report_of_the_directory_above_names_the_latest_run(runs, capsys):
    status, _, err = _main(capsys, "report", runs / "runs")
    assert status == 64
    assert err == (
        f"pcmstress: {runs}/runs: is a directory of runs, not a run (the latest is {runs}/runs/one)\n"
    )


def test_report_whose_page_cannot_be_written_says_so(runs, tmp_path, capsys):
    status, _, err = _main(capsys, "report", runs / "runs/one", "--html", tmp_path / "no/x.html")
    assert status == 64
    assert "no/x.html: cannot be written: No such file or directory" in err


def test_analysis_without_rings_does_not_claim_that_a_lag_is_no_lap(tmp_path, capsys):
    path = tmp_path / "a.wav"
    assert main.main(["generate", str(path), "--frames", "20000"]) == 0
    data = bytearray(path.read_bytes())
    at = 44 + 4 * 9600
    data[at : at + 32] = data[at - 4 * 4800 : at - 4 * 4800 + 32]
    path.write_bytes(bytes(data))
    _, alone, _ = _main(capsys, "analyze", path)
    assert "4800 frames older." in alone
    assert "--rings PLAYBACK,CAPTURE" in alone
    _, known, _ = _main(capsys, "analyze", path, "--rings", "4801,5280")
    assert "4800 frames older, which is no whole lap of a ring." in known
    assert "--rings" not in known
    _, found, _ = _main(capsys, "analyze", path, "--rings", "4800,5280", "--json")
    assert json.loads(found)["counts"] == {"stale": 1}


def test_clean_record_beside_evidence_that_no_burst_names_is_no_pass(tmp_path, capsys):
    words = ["--backend", "virtual", "--seed", "1", "--duration", "2", "--quiet"]
    assert main.main(["run", *words, "--board", "cortex-a", "--out", str(tmp_path / "clean")]) == 0
    assert main.main(["report", str(tmp_path / "clean"), "--quiet"]) == 0
    (tmp_path / "clean" / "evidence").mkdir(exist_ok=True)
    (tmp_path / "clean" / "evidence" / "burst-00002-000-zero.json").write_text("{}")
    capsys.readouterr()
    assert main.main(["report", str(tmp_path / "clean")]) == 5
    told = capsys.readouterr().out
    assert told.startswith("INCONCLUSIVE")
    assert "1 sample of corruption that no burst of the record names (burst-00002-000-zero.json)" in told
