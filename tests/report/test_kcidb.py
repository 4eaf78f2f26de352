# SPDX-License-Identifier: MIT
"""KCIDB: valid by its own package, ids that are unique per run and paths that no card or host changes."""

from __future__ import annotations

import json

import pytest

from stress.report import kcidb
from stress.report.facts import Facts
from tests.record_cases import summary

FACTS = Facts((("cpu", "ARM926EJ-S"), ("kernel", "6.12.8-rc1+"), ("card", "1 Dev\0ice"), ("host", "bench3")))
STALE = {"counts": {"stale": 1}, "wrong_frames": 8}
START = {"event": "start", "backend": "alsa hw:1,0", "wall": "2026-11-29T15:49:23.123Z"}


def _run(analysis=None, start=START):
    burst = {"event": "burst", "analysis": analysis or {}, "control": {"planted": 60, "found": 60}}
    return summary(start, burst)


@pytest.mark.parametrize("analysis", [STALE, {}, {"locked": False, "checked_frames": 0}])
@pytest.mark.parametrize("facts", [FACTS, Facts()])
@pytest.mark.parametrize("build", ["", "maestro:65f1a2"])
def test_submission_is_valid_by_the_package_of_kernelci(analysis, facts, build):
    kcidb_io = pytest.importorskip("kcidb_io")
    found = json.loads(
        json.dumps(kcidb.to_json(_run(analysis), facts, "lab3.arm926", build), allow_nan=False)
    )
    assert kcidb_io.schema.LATEST.is_compatible(found)
    kcidb_io.schema.LATEST.validate(found)
    assert "\\u0000" not in json.dumps(found)


def test_paths_name_no_card_and_no_host_and_the_label_when_there_is_one():
    one = kcidb.to_json(_run(STALE), FACTS)
    two = kcidb.to_json(_run(STALE, {**START, "backend": "alsa hw:7,0"}), Facts((("host", "other"),)))
    assert [test["path"] for test in one["tests"]] == ["pcmstress.a", "pcmstress.run"]
    assert [test["path"] for test in one["tests"]] == [test["path"] for test in two["tests"]]
    labelled = kcidb.to_json(_run(STALE), FACTS, "lab3.arm926")
    assert labelled["tests"][0]["path"] == "pcmstress.lab3-arm926.a"


def test_ids_differ_between_runs_and_are_the_same_for_one():
    first, again = kcidb.to_json(_run(STALE), FACTS), kcidb.to_json(_run(STALE), FACTS)
    other = kcidb.to_json(_run(STALE, {**START, "seed": 2}), FACTS)
    assert first == again
    assert not {test["id"] for test in first["tests"]} & {test["id"] for test in other["tests"]}


def test_inconclusive_is_an_error_of_the_test_and_has_no_number():
    found = kcidb.to_json(_run({"locked": False, "checked_frames": 0}), FACTS)["tests"][-1]
    assert found["status"] == "ERROR"
    assert found["misc"]["verdict"] == "INCONCLUSIVE"
    assert "number" not in found
    assert kcidb.to_json(_run(STALE), FACTS)["tests"][-1]["number"]["value"] == 1


def test_build_that_is_named_brings_its_origin_and_no_build_of_ours():
    found = kcidb.to_json(_run(STALE), FACTS, build="maestro:65f1a2")
    assert (found["builds"], found["checkouts"]) == ([], [])
    assert {test["build_id"] for test in found["tests"]} == {"maestro:65f1a2"}
    assert all(test["id"].startswith("maestro:") for test in found["tests"])
    ours = kcidb.to_json(_run(STALE), FACTS)
    assert ours["builds"][0]["id"] == "pcmstress:6.12.8-rc1"
