# SPDX-License-Identifier: MIT
"""Records and bundles that the first version wrote are read, judged and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stress.cli import main

DATA = Path(__file__).parent / "data"
# As the first version reported the bundle itself.
STALE = {
    "bursts": 2,
    "lines": 1574,
    "checked_frames": 12592,
    "wrong_frames": 1560,
    "episodes": 12,
    "counts": {"zero": 1, "stale": 177, "misplaced": 5},
    "views": {"host capture ring": 92, "host playback ring": 91},
    "planted": 4,
    "control_found": 3,
    "voluntary": 826,
}


def _report(capsys, name, *options):
    code = main.main(["report", str(DATA / name), *options])
    return code, capsys.readouterr().out


def test_bundle_of_the_first_version_gives_the_numbers_it_gave_then(capsys):
    code, out = _report(capsys, "stale.tar.gz", "--json")
    report = json.loads(out)
    assert (code, report["verdict"], report["audit"]["agrees"]) == (0, "FAIL", True)
    assert {name: report["total"][name] for name in STALE} == STALE
    assert report["arms"][1]["skipped"] == "rw access has no ring to read before it is written"


@pytest.mark.parametrize(
    "options", [(), ("--ktap",), ("--lava",), ("--html", "page.html"), ("--junit", "j.xml")]
)
@pytest.mark.parametrize("name", ["stale.tar.gz", "clean"])
def test_record_of_the_first_version_is_told_in_every_format(tmp_path, monkeypatch, capsys, name, options):
    monkeypatch.chdir(tmp_path)
    assert _report(capsys, name, *options)[0] == 0


def test_evidence_of_the_first_version_is_judged_as_it_was_then(capsys):
    assert main.main(["replay", str(DATA / "stale.tar.gz"), "--json"]) == 0
    judged = json.loads(capsys.readouterr().out)
    assert judged["same"] == judged["judged"] > 0
