# SPDX-License-Identifier: MIT
"""A damaged record is named by line, key and what is wrong, and never read as something else."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass

import pytest

from stress.cli import main
from stress.model import shape
from stress.model.record.events import event_of

PLAN = (
    '[[arm]]\nname = "a"\nperiod_size = 48\nplayback_buffer = 192\ncapture_buffer = 480\nburst_s = "100ms"\n'
)


@dataclass(frozen=True)
class Inner:
    c: int = shape.whole()


@dataclass(frozen=True)
class Outer:
    a: Inner = shape.part(Inner)
    b: int | None = shape.whole(None)
    into: str = shape.field(shape.read_text, "", key="in", omit=True)


@pytest.mark.parametrize(
    ("value", "reader", "said"),
    [
        (3, shape.within(), ""),
        (True, shape.within(), "has the wrong type (bool)"),
        (True, shape.read_flag, ""),
        (1, shape.read_flag, "has the wrong type (int)"),
        (float("nan"), shape.read_number, "is out of range"),
        (10**400, shape.read_number, "is out of range"),
        (float("inf"), shape.read_number, "is out of range"),
        (shape.MOST + 1, shape.within(), "is out of range"),
        (shape.MOST, shape.within(), ""),
        (0, shape.within(1), "is out of range"),
        (1.0, shape.within(1), "has the wrong type (float)"),
        (None, shape.or_none(shape.within()), ""),
        ("x", shape.among(("a", "b")), "is none of a, b"),
        ([], shape.among(("a", "b")), "is none of a, b"),
        ([1, "x"], shape.listed(shape.within()), "[1] has the wrong type (str)"),
        (1, shape.listed(shape.within()), "is not a list"),
        ([1], shape.row(complex, shape.within(), shape.within()), "has 1 items, not 2"),
        ([1, "x"], shape.row(complex, shape.within(), shape.within()), "[1] has the wrong type (str)"),
        ([1, 2], shape.row(complex, shape.within(), shape.within()), ""),
        ({"a": {"b": 1}}, shape.of(Outer), "a.c is missing"),
        ({"a": {"c": 1}}, shape.of(Outer), ""),
        ({"a": {"c": 1}, "b": "1"}, shape.of(Outer), "b has the wrong type (str)"),
        ({"a": {"c": 1}, "in": 1}, shape.of(Outer), "in has the wrong type (int)"),
        ([], shape.of(Outer), "is not an object"),
        ({"x": 1, "y": "z"}, shape.keyed(shape.within()), "y has the wrong type (str)"),
        ([], shape.keyed(shape.within()), "is not an object"),
    ],
)
def test_reader_names_the_first_place_that_differs(value, reader, said):
    if not said:
        reader(value)
        return
    with pytest.raises(shape.Mismatch) as caught:
        reader(value)
    assert str(caught.value) == said


def test_record_that_is_written_and_read_is_the_same_and_leaves_unknown_keys_out():
    value = {"a": {"c": 1, "later": 2}, "b": 5}
    assert shape.read(Outer, value) == Outer(Inner(1), 5)
    assert shape.write(Outer(Inner(1), 5)) == {"a": {"c": 1}, "b": 5}
    assert shape.write(Outer(Inner(1), None, "x")) == {"a": {"c": 1}, "b": None, "in": "x"}


def test_shipped_classes_read_what_they_write(recorded):
    for line in (recorded / "run.jsonl").read_text().splitlines():
        value = json.loads(line)
        made = event_of(value)
        assert event_of({"event": value["event"], **shape.write(made)}) == made


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
