# SPDX-License-Identifier: MIT
"""Tallies in the record: what a resume goes on from is what a full reading counts, or it is noticed."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from stress.cli import main
from stress.cli.run_config import read_config
from stress.model import shape
from stress.model.record.events import VerdictRecord
from stress.model.record.tally import ArmTallyRecord, TallyRecord
from stress.model.verdict import Verdict
from stress.record.journal import NAME, chained, sealed
from stress.record.reader import read_run
from stress.verdict import checkpoint, run_folder
from stress.verdict.summary import Summing
from stress.verdict.tally import Seen, Tally
from stress.verdict.two_clocks import Slip

PLAN = """
bound = 1e-2
[[arm]]
name = "mixer"
side = "playback"
playback = "rmw"
playback_buffer = 192
capture_buffer = 480
period_size = 48
burst_s = "20ms"
bursts = 3
[[arm]]
name = "plain"
side = "capture"
burst_s = "20ms"
bursts = 2
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tally")
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--board", "arm926", "--plan", f"{folder}/p.toml", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "EVERY", 2)
        main.main([*argv, "--seed", "3", "--out", f"{folder}/r"])
    return folder / "r"


@pytest.fixture
def record(recorded, tmp_path):
    return shutil.copytree(recorded, tmp_path / "r")


def _chain_anew(folder, edit):
    # As somebody would who edits a record and knows its format.
    digest, lines = "", []
    for line in (folder / NAME).read_bytes().splitlines():
        value = edit({name: item for name, item in json.loads(line).items() if name != "chain"})
        if value is None:
            continue
        body = json.dumps(value, separators=(",", ":")).encode()
        digest = chained(digest, body)
        lines.append(sealed(body, digest))
    (folder / NAME).write_bytes(b"".join(lines))


def _unended(value):
    return None if value["event"] in ("verdict", "end") else value


def _taken_up(summing):
    names = ("bursts", "number", "end", "allocations", "streamed_s", "evidence", "named", "tallies")
    return {name: getattr(summing, name) for name in (*names, "loopback", "start", "torn", "unnamed")}


def test_tally_in_the_record_has_every_field_of_a_tally():
    assert [one.name for one in dataclasses.fields(ArmTallyRecord)] == [
        one.name for one in dataclasses.fields(Tally)
    ]


def test_run_records_a_tally_each_so_many_bursts(recorded):
    tallies = read_run(recorded).all(TallyRecord)
    assert [one.bursts for one in tallies] == [2, 4]
    assert [one.arm for one in tallies[-1].arms] == ["mixer", "plain"]
    assert tallies[0].arms[0].counts["stale"] > 0


def test_resume_takes_up_what_a_full_reading_counts(recorded, monkeypatch):
    whole = run_folder.read(recorded)
    monkeypatch.setattr(run_folder, "Reading", None)  # nothing reads it all
    assert _taken_up(run_folder.read_to_resume(recorded)) == _taken_up(whole)
    assert whole.miscounted == 0


def test_tally_survives_json(recorded):
    made = checkpoint.of(run_folder.read(recorded))
    again = shape.read(TallyRecord, json.loads(json.dumps(shape.write(made))))
    assert again == made
    summing = Summing()
    checkpoint.restore(again, summing)
    assert summing.tallies == run_folder.read(recorded).tallies


def test_tally_that_the_bursts_contradict_passes_nothing(record):
    clean = {"counts": {}, "sites": [], "shapes": {}, "seen": [], "wrong_frames": 0, "episodes": 0}

    def edit(value):
        if value["event"] == "tally":
            value["arms"] = [{**arm, **clean, "tile_runs": 0, "tile_squares": 0} for arm in value["arms"]]
        if value["event"] == "burst":
            # And every burst that is left is clean as well: only the tally tells of another count.
            value["analysis"].update(counts={}, sites=[], findings=[], wrong_frames=0, episodes=0)
            value["analysis"].update(findings_left_out=0, histogram=None)
            value["analysis"].pop("histogram")
            value["episodes"] = value["control"]["planted"] = value["control"]["found"] = 0
            value["control"]["covered"], value["control"]["missed"] = 0, []
            value["tiles"] = {"number": 4, "runs": 0, "squares": 0}
        return value

    _chain_anew(record, edit)
    summing = run_folder.read(record)
    assert summing.miscounted == 2
    run = summing.result(read_config(record).plan)
    assert run.judgement.verdict is not Verdict.PASS


def test_pass_beside_a_wrong_tally_is_inconclusive(record):
    summing = run_folder.read(record)
    summing.miscounted = 2
    summing.tallies.clear()
    summing.verdict = None
    passed = VerdictRecord("PASS", ("clean",))
    tally = Tally("a", bursts=3, lines=100_000, planted=12, control_found=12, checked_frames=10**6)
    summing.tallies["a"] = tally
    tally.streamed_s, tally.detectors = 10.0, Tally("a").detectors
    summing.verdict = passed
    run = summing.result(dataclasses.replace(read_config(record).plan, arm=()))
    assert (run.judgement.verdict, run.contradicted) == (Verdict.INCONCLUSIVE, True)
    assert "the tally recorded behind burst 2 is not what the bursts before it add up to" in str(
        run.judgement.reasons
    )


def test_resume_from_an_edited_tally_does_not_end_with_0(record, capsys):
    def edit(value):
        if value["event"] == "tally":
            for arm in value["arms"]:
                arm.update(counts={}, sites=[], wrong_frames=0, episodes=0, lines=10**7)
                arm.update(planted=200, control_found=200, tile_runs=0, tile_squares=0)
        return _unended(value)

    _chain_anew(record, edit)
    assert main.main(["run", "--resume", "--out", str(record)]) == 5
    told = capsys.readouterr().out
    assert "the recorded verdict PASS and the recorded bursts contradict each other" in told


def test_tally_of_another_version_is_counted_anew(record, monkeypatch):
    def edit(value):
        if value["event"] == "tally":
            value.update(program="0.0.1")
            value["arms"][0]["lines"] += 1
        return value

    _chain_anew(record, edit)
    summing = run_folder.read(record)
    assert summing.miscounted == 0
    assert _taken_up(run_folder.read_to_resume(record)) == _taken_up(summing)


def test_tally_that_counts_other_bursts_than_the_record_holds_is_not_taken_up(record):
    numbers = iter(range(99))

    def edit(value):
        return None if value["event"] == "burst" and next(numbers) == 0 else value

    _chain_anew(record, edit)
    summing = run_folder.read_to_resume(record)
    assert (summing.bursts, summing.miscounted) == (4, 2)


def test_everything_of_a_tally_is_restored_as_what_it_was():
    tally = Tally("a", bursts=3)
    tally.seen[Seen("read", "stale", None, "")] = 2
    tally.sites["stale", None, 1] = 2
    tally.slips.append(Slip(-48, 100))
    summing = Summing()
    summing.bursts, summing.number, summing.end, summing.allocations = 3, 5, 4800, 2
    summing.streamed_s, summing.evidence, summing.named = 1.5, 7, {"b1"}
    summing.tallies["a"] = tally
    again = Summing()
    checkpoint.restore(checkpoint.of(summing), again)
    assert checkpoint.of(again) == checkpoint.of(summing)
    assert again.tallies == summing.tallies
    (seen,) = again.tallies["a"].seen
    assert (seen.view, seen.memory) == ("read", "")
