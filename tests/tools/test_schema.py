# SPDX-License-Identifier: MIT
"""The schema files: made from the code, valid themselves, and true of what the commands write."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest

from stress.cli import main as command
from tests.schema_files import PLACE, complaints, strict
from tools.schemakit.__main__ import text
from tools.schemakit.catalogue import DRAFT, schemas

pytest.importorskip("jsonschema")

PLAN = """
bound = 1e-3
[[arm]]
name = "player"
group = "player"
playback_buffer = 384
burst_s = "300ms"
bursts = 2
[[arm]]
name = "player-rw"
group = "player"
access = "rw"
burst_s = "300ms"
[[arm]]
name = "player-300-switches"
group = "player"
playback_buffer = 384
switches_per_s = 300.0
burst_s = "300ms"
[[sweep]]
of = "player"
playback_buffer = [192, 768]
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--board", "arm926", "--plan", f"{folder}/p.toml", "--seed", "1"]
    assert command.main([*argv, "--quiet", "--out", f"{folder}/r"]) == 1
    return folder / "r"


def _printed(capsys, *argv):
    capsys.readouterr()
    command.main([str(one) for one in argv])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", schemas())
def test_file_is_what_the_code_says_and_a_schema(name):
    from jsonschema import Draft202012Validator

    assert (PLACE / f"{name}.schema.json").read_text() == text(schemas()[name]), "write them by tools/schema"
    schema = json.loads((PLACE / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == DRAFT and schema["$id"] == f"urn:pcmstress:pcmstress/{name}/1"
    assert schema["title"]


def test_no_file_without_a_schema_in_the_code():
    assert {path.name for path in PLACE.glob("*.json")} == {f"{name}.schema.json" for name in schemas()}


def test_tool_writes_the_same_files(tmp_path):
    subprocess.run([sys.executable, "-m", "tools.schemakit", tmp_path], check=True, cwd=PLACE.parents[1])
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in PLACE.glob("*.json")
    }


def test_files_of_a_run_are_valid(run):
    assert complaints(json.loads((run / "config.json").read_text())) == []
    assert complaints(json.loads((run / "board.json").read_text()), "board") == []
    evidence = list((run / "evidence").glob("*.json"))
    assert evidence
    for path in evidence:
        assert complaints(json.loads(path.read_text()), "evidence") == []


def test_lines_of_a_run_are_valid(run):
    lines = [json.loads(line) for line in (run / "run.jsonl").read_text().splitlines()]
    assert {"start", "burst", "verdict", "end"} <= {line["event"] for line in lines}
    assert any("histogram" in line.get("analysis", {}) for line in lines)
    assert [found for line in lines for found in complaints(line, "run")] == []


def test_report_and_its_diagnosis_are_valid_and_hold_effects_as_numbers(run, capsys):
    told = _printed(capsys, "report", run, "--json")
    assert complaints(told) == []
    named = told["diagnosis"]
    assert complaints(named) == []
    assert {one["changed"] for one in named["contrasts"]} >= {"rw", "switches"}
    rw = next(one for one in named["contrasts"] if one["changed"] == "rw")
    assert rw["base_episodes"] > rw["other_episodes"] == 0 and rw["low_95"] > 1 and rw["high_95"] is None
    assert [len(one["points"]) for one in named["doses"]] == [2]
    assert [point["at"] for point in named["sizes"][0]["points"]] == [192, 384, 768]
    assert named["sizes"][0]["fit"]["p"] <= 1


@pytest.mark.parametrize(
    "argv",
    [
        ("probe", "--json"),
        ("probe", "--board", "arm926", "--json"),
        ("predict", "--board", "arm926", "--json"),
    ],
)
def test_output_of_a_command_is_valid(argv, capsys):
    assert complaints(_printed(capsys, *argv)) == []


def test_list_of_kernel_options_is_valid(tmp_path, capsys):
    (tmp_path / "config").write_text("CONFIG_SND=y\n# CONFIG_SND_USB_AUDIO is not set\n")
    told = _printed(capsys, "probe", "--kernel-config", tmp_path / "config", "--json")
    assert told["lacks"] and complaints(told) == []


def test_output_of_no_schema_is_a_complaint():
    assert complaints({"schema": "pcmstress/unheard/1"}) == ["no schema file: pcmstress/unheard/1"]


@pytest.mark.parametrize("wrong", ["none", "silence"])
def test_analysis_is_valid_whatever_it_found(tmp_path, capsys, wrong):
    wav = tmp_path / "a.wav"
    kind = ["--stimulus", "silence"] if wrong == "silence" else []
    command.main(["generate", str(wav), "--duration", "1s", *kind])
    assert complaints(_printed(capsys, "analyze", wav, "--json")) == []


def test_records_of_earlier_versions_are_valid():
    # Strict no more: they may hold keys that a later version does not write.
    folder = PLACE.parents[1] / "tests/record/data"
    texts = [text for path in folder.rglob("run.jsonl") for text in path.read_text().splitlines()]
    lines = [json.loads(text) for text in texts if text.endswith("}")]
    assert len(lines) > 3
    assert [found for line in lines for found in complaints(line, "run", exact=False)] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("verdict",), "MAYBE"),
        (("arms", 0, "bursts"), -1),
        (("arms", 0, "bursts"), "2"),
        (("arms", 0, "counts"), {"strange": 1}),
        (("diagnosis", "contrasts", 0, "p"), 2),
        (("extra",), 1),
        (("diagnosis",), "cache alias"),
    ],
)
def test_report_that_says_something_else_is_refused(run, capsys, place, value):
    told = copy.deepcopy(_printed(capsys, "report", run, "--json"))
    inner = told
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert complaints(told)


def test_strict_schema_forbids_keys_that_are_not_named():
    assert strict({"type": "object", "properties": {}})["additionalProperties"] is False
    assert "additionalProperties" not in strict({"type": "object"})
