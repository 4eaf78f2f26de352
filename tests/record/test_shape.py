"""A damaged record is named by line, key and what is wrong, and never read as something else."""

from __future__ import annotations

import copy
import json

import pytest

from stress.cli import main
from stress.record.shape import MOST, Among, Each, Maybe, Row, Within, mismatch

PLAN = (
    '[[arm]]\nname = "a"\nperiod_size = 48\nplayback_buffer = 192\ncapture_buffer = 480\nburst_s = "100ms"\n'
)


@pytest.mark.parametrize(
    ("value", "shape", "said"),
    [
        (3, int, ""),
        (True, int, "k has the wrong type (bool)"),
        (True, bool, ""),
        (float("nan"), float, "k is out of range"),
        (10**400, (int, float), "k is out of range"),
        (MOST + 1, int, "k is out of range"),
        (0, Within(1), "k is out of range"),
        (1.0, Within(1), "k has the wrong type (float)"),
        ("x", Among(("a", "b")), "k is none of a, b"),
        ([], Among(("a", "b")), "k is none of a, b"),
        ([1, "x"], [int], "k[1] has the wrong type (str)"),
        ([1], Row((int, str)), "k has 1 items, not 2"),
        ([1, "x"], Row((int, str)), ""),
        ({"a": {"b": 1}}, {"a": {"c": int}}, "k.a.c is missing"),
        ({"a": 1}, Maybe({"b": int}), ""),
        ({"b": None}, Maybe({"b": int}), "k.b has the wrong type (NoneType)"),
        ({"x": 1, "y": "z"}, Each(int), "k.y has the wrong type (str)"),
        ([], Each(int), "k is not an object"),
    ],
)
def test_mismatch_names_the_first_place_that_differs(value, shape, said):
    assert mismatch(value, shape, "k") == said


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shape")
    (folder / "p.toml").write_text(PLAN)
    assert (
        main.main(["run", "--backend", "virtual", "--plan", f"{folder}/p.toml", "--out", f"{folder}/r"]) == 1
    )
    return folder / "r"


def _event(events, name):
    return next(event for event in events if event["event"] == name)


# What made `report --html` or `replay` fail in the middle, found by damaging records at random.
@pytest.mark.parametrize(
    ("name", "path", "value", "said"),
    [
        ("open", ("granted",), 7, "granted is not an object"),
        ("open", ("granted", "playback", "buffer_size"), "9", "granted.playback.buffer_size"),
        ("open", ("granted", "playback", "buffer_size"), 0, "buffer_size is out of range"),
        ("open", ("granted", "capture", "format"), "mp3", "format is none of S16_LE"),
        ("open", ("mappings", 0, "vm_flags"), None, "mappings[0].vm_flags"),
        ("burst", ("analysis", "counts", "stale"), "1", "analysis.counts.stale"),
        ("burst", ("analysis", "sites", 0, 0), {}, "analysis.sites[0][0]"),
        ("burst", ("analysis", "findings", 0, "text"), [], "findings[0].text"),
        ("burst", ("analysis", "findings", 0, "kind"), "ghost", "findings[0].kind is none of stale"),
        ("burst", ("analysis", "findings", 0, "details", "view"), 1, "findings[0].details.view"),
        ("burst", ("streamed_s",), float("inf"), "streamed_s is out of range"),
        ("burst", ("exposure", "line_bytes"), 0, "exposure.line_bytes is out of range"),
        ("burst", ("analysis", "findings", 0, "text"), "\ud800", "holds text that is no Unicode"),
    ],
)
def test_damaged_event_is_one_line_by_number_and_key(tmp_path, capsys, recorded, name, path, value, said):
    events = [json.loads(line) for line in (recorded / "run.jsonl").read_text().splitlines()]
    place = _event(events, name)
    *parents, last = path
    for part in parents:
        place = place[part]
    place[last] = copy.deepcopy(value)
    (tmp_path / "run.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (tmp_path / "config.json").write_bytes((recorded / "config.json").read_bytes())
    assert main.main(["report", str(tmp_path), "--html", str(tmp_path / "o.html")]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert f"line {events.index(_event(events, name)) + 1}: " in line


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("frame_bytes", 0, "frame_bytes is out of range"),
        ("expected", "0g", "not bytes in hexadecimal"),
        ("observed", "0", "not bytes in hexadecimal"),
        ("finding", {}, "finding.kind is missing"),
    ],
)
@pytest.mark.parametrize("command", [("replay",), ("report", "--html", "o.html")])
def test_damaged_evidence_is_one_line_by_file_and_key(
    tmp_path, capsys, monkeypatch, recorded, command, key, value, said
):
    monkeypatch.chdir(tmp_path)
    first = min((recorded / "evidence").glob("*.json"))
    (tmp_path / "r/evidence").mkdir(parents=True)
    for name in ("run.jsonl", "config.json"):
        (tmp_path / "r" / name).write_bytes((recorded / name).read_bytes())
    entry = {**json.loads(first.read_text()), key: value}
    (tmp_path / "r/evidence" / first.name).write_text(json.dumps(entry))
    assert main.main([command[0], "r", *command[1:]]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert first.name in line
    assert said in line


def test_bundle_whose_compressed_bytes_are_damaged_is_one_line(tmp_path, capsys, recorded):
    bundle = tmp_path / "b.tar.gz"
    assert main.main(["report", str(recorded), "--bundle", str(bundle)]) == 0
    data = bundle.read_bytes()
    capsys.readouterr()
    for place in range(20, len(data), len(data) // 40):
        bundle.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) * 8 + data[place + 8 :])
        assert main.main(["replay", str(bundle)]) in (0, 1, 5, 64)
        assert "internal error" not in capsys.readouterr().err
