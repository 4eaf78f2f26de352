# SPDX-License-Identifier: MIT
"""replay: the evidence of a run, judged again, and the run, repeated."""

from __future__ import annotations

import dataclasses
import json
import tarfile

import numpy as np
import pytest

from stress.experiment.replay import Kept, Replayed, judge
from stress.model.finding import Finding, Kind
from stress.model.formats import FORMATS
from stress.model.record.findings import FindingRecord
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from stress.record import bundle
from stress.record.evidence import _samples
from tests.cli.command import told as _main
from tests.record_cases import log

PLAN = """
[control]
least = 2

[[arm]]
name = "recorder"
period_size = 48
playback_buffer = 4848
capture_buffer = 192
capture = "whole"
side = "capture"
burst_s = "250ms"
"""


@pytest.fixture
def recorded(tmp_path, capsys):
    plan, folder = tmp_path / "plan.toml", tmp_path / "run"
    plan.write_text(PLAN)
    status, *_ = _main(capsys, "run", "--backend", "virtual", "--plan", plan, "--seed", 5, "--out", folder)
    assert status == 1
    return folder


def _judged(folder):
    lines = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    return [(event["position"], event["analysis"]) for event in lines if event["event"] == "burst"]


def _spoil(folder, change):
    path = next(path for path in sorted(folder.glob("evidence/*-stale.json")))
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))
    return path.name


def test_replay_says_of_every_finding_what_the_run_said(capsys, recorded):
    status, out, _ = _main(capsys, "replay", recorded, "--json")
    found = json.loads(out)
    judged = [one for one in found["evidence"] if not one["skipped"]]
    assert status == 0
    assert len(judged) == found["judged"] == found["same"] >= 6
    assert {one["now"]["kind"] for one in judged} >= {"stale"}


def test_replay_other_bytes_are_told_from_the_record(capsys, recorded):
    name = _spoil(recorded, lambda value: value.update(observed=value["expected"]))
    status, out, _ = _main(capsys, "replay", recorded)
    assert status == 1
    assert f"{name}  stale" in out
    assert "nothing wrong at that frame" in out


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda value: value.update(observed="zz"), "not bytes in hexadecimal"),
        (lambda value: value.update(observed="0011"), "2 bytes are no whole frames"),
        (lambda value: value.update(frame_bytes=6), "the run's format has 4"),
        (lambda value: value.update(schema="x"), "is no evidence"),
        (lambda value: value["finding"].update(frames="8"), "finding.frames has the wrong type"),
        (lambda value: value.update(first_frame=1 << 40), "first_frame"),
    ],
)
def test_replay_broken_evidence_is_one_line_and_64(capsys, recorded, change, told):
    name = _spoil(recorded, change)
    status, out, err = _main(capsys, "replay", recorded)
    assert (status, out, err.count("\n")) == (64, "", 1)
    assert name in err
    assert told in err


def test_replay_run_repeats_a_virtual_run_exactly(capsys, recorded, tmp_path):
    status, *_ = _main(capsys, "replay", recorded, "--run", "--out", tmp_path / "again")
    assert status == 1
    assert _judged(tmp_path / "again") == _judged(recorded)


def test_bundle_holds_the_run_and_replays_like_it(capsys, recorded, tmp_path):
    (recorded / "notes.txt").write_text("not part of the record")
    packed = tmp_path / "run.tar.gz"
    assert _main(capsys, "report", recorded, "--bundle", packed)[0] == 0
    with tarfile.open(packed) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"run.jsonl", "config.json", "board.json"} <= names
    assert "notes.txt" not in names
    assert _main(capsys, "replay", packed)[1] == _main(capsys, "replay", recorded)[1]


def test_bundle_unpacks_nothing_outside_its_folder(tmp_path):
    packed, outside = tmp_path / "evil.tar.gz", tmp_path / "run.jsonl"
    outside.write_text("{}")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(outside, "../../run.jsonl")
        archive.add(outside, "x/evidence/../../burst-1.json")
        archive.add(outside, "x/run.jsonl")
    with bundle.opened(str(packed)) as folder:
        assert [path.name for path in folder.rglob("*") if path.is_file()] == ["run.jsonl"]


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\x1f\x8b\x08\x00"])
def test_replay_something_else_is_one_line_and_64(capsys, tmp_path, content):
    path = tmp_path / "b.tar.gz"
    path.write_bytes(content)
    status, out, err = _main(capsys, "replay", path)
    assert (status, out, err.count("\n")) == (64, "", 1)
    assert str(path) in err


def test_evidence_keeps_the_rare_kind_beside_the_common_one():
    common = tuple(Finding(Kind.ZERO, 100 * number, 8, number) for number in range(20))
    rare = Finding(Kind.STALE, 5000, 8, 7, lag=192, laps=1, ring="playback")
    kept = _samples((*common, rare), 4)
    assert [finding.frame for finding in kept] == [0, 100, 200, 5000]


def test_replay_of_a_finding_longer_than_its_evidence_is_not_counted_against(capsys, recorded):
    def longer(value):
        value["finding"]["frames"] = 100000
        value["finding"]["kind"] = "mute"

    _spoil(recorded, longer)
    status, out, _ = _main(capsys, "replay", recorded)
    assert status == 0
    assert "frames of a longer finding" in out and "evidence holds the first" in out


def test_finding_that_is_whole_laps_of_both_rings_old_may_come_out_as_of_either():
    now = Finding(Kind.STALE, 4, 8, 1, lag=5120, laps=4, ring="capture")
    was = FindingRecord.of(dataclasses.replace(now, laps=5, ring="playback"))
    kept = Kept("burst-00001-000-stale.json", 1, "", was, 0, 4, np.zeros(64, np.uint8))
    assert Replayed(kept, now, either=True).same
    assert not Replayed(kept, now).same
    assert not Replayed(kept, dataclasses.replace(now, lag=1280), either=True).same


@pytest.mark.parametrize("fmt", ["S16_LE", "S24_LE"])
def test_finding_in_an_excerpt_that_is_old_throughout_keeps_the_age_that_the_burst_told(fmt):
    # Alone, the excerpt locks on the data of one lap ago and takes three laps off every age.
    pattern, ring, frames, at = Pattern("mix1", FORMATS[fmt], 2), 192, 140, 32
    ages = np.full(frames, ring)
    ages[at : at + 8] = 4 * ring
    due = 70_000 + np.arange(frames)
    observed = np.concatenate([pattern.bytes_at(int(one), 1) for one in due - ages])
    was = Finding(Kind.STALE, 500 + at, 8, 70_000 + at, lag=4 * ring, laps=4, ring="playback")
    name = "burst-00001-000-stale.json"
    kept = Kept(name, 1, "", FindingRecord.of(was), 500, pattern.frame_bytes, observed)
    (burst,) = log({"event": "burst", "number": 1, "position": 60_000}).bursts
    found = judge(kept, burst, Rings(ring, 5280), pattern, 32)
    assert found.same and found.now.lag == 4 * ring
    # What the bytes do not hold does not come out, whatever the record says was due.
    other = dataclasses.replace(kept, finding=dataclasses.replace(kept.finding, lag=2 * ring, laps=2))
    assert not judge(other, burst, Rings(ring, 5280), pattern, 32).same


def _kept(pattern, observed, was, *beside):
    kept = Kept("burst-00001-000-x.json", 1, "", FindingRecord.of(was), 500, pattern.frame_bytes, observed)
    found = [{"kind": one.kind.value, "frame": one.frame, "frames": one.frames} for one in (was, *beside)]
    analysis = {"valid_bits": pattern.fmt.bits, "findings": found}
    (burst,) = log({"event": "burst", "number": 1, "position": 60_000, "analysis": analysis}).bursts
    return judge(kept, burst, Rings(192, 5280), pattern, 32)


def test_flips_of_a_low_bit_that_are_much_of_an_excerpt_are_still_flips():
    # Alone, the excerpt looks like one of a path that carries 20 bits.
    pattern, at, number = Pattern("mix1", FORMATS["S24_3LE"], 2), 32, 8
    observed = pattern.bytes_at(70_000, 72)
    observed.reshape(72, -1)[at : at + number, 0] ^= 8
    was = Finding(Kind.BITFLIP, 500 + at, number, 70_000 + at)
    assert _kept(pattern, observed, was).same


@pytest.mark.parametrize(("gap", "reason"), [(0, "only the whole burst tells them apart"), (1, "")])
def test_finding_that_other_wrong_frames_touch_is_not_judged_where_it_comes_out_otherwise(gap, reason):
    pattern, at = Pattern("mix1", FORMATS["S16_LE"], 2), 40
    observed = pattern.bytes_at(70_000, 80)
    rows = observed.reshape(80, -1)
    rows[at : at + 2] = np.random.RandomState(3).randint(1, 255, (2, 4))
    was = Finding(Kind.MISPLACED, 500 + at, 2, 70_000 + at, lag=3970)
    before = Finding(Kind.STALE, 500 + at - 8 - gap, 8, 70_000)
    found = _kept(pattern, observed, was, before)
    assert not found.same and found.skipped.endswith(reason) and bool(found.skipped) == bool(reason)
