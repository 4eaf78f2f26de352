# SPDX-License-Identifier: MIT
"""How near to empty playback ran: record, and the word "lucky"."""

from __future__ import annotations

import json

from stress.cli import main

PLAN = """
bound = 1.0
[control]
least = 4
[[arm]]
name = "mixer"
playback = "rmw"
queue_periods = 1
period_size = 48
playback_buffer = 480
capture_buffer = 528
burst_s = "100ms"
"""


def _run(tmp_path, capsys, lowlatency):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--board", "x86_64", "--plan", str(plan), "--seed", "3", "--json"]
    main.main([*argv, "--set", f"kernel.lowlatency={lowlatency}", "--out", str(tmp_path / "out")])
    events = [json.loads(line) for line in (tmp_path / "out" / "run.jsonl").read_text().splitlines()]
    (burst,) = [event for event in events if event["event"] == "burst"]
    return json.loads(capsys.readouterr().out), burst["exchange"]["playback"]


def test_driver_that_waits_for_data_leaves_some_queued(tmp_path, capsys):
    report, played = _run(tmp_path, capsys, "true")
    assert report["verdict"] == "PASS"
    assert 0 < played["least_queued"] <= 48
    assert "lucky" not in str(report["reasons"])


def test_driver_that_takes_what_is_not_there_is_lucky_where_it_reports_no_xrun(tmp_path, capsys):
    report, played = _run(tmp_path, capsys, "false")
    assert (played["xruns"], played["least_queued"]) == (0, 0)
    (told,) = [line for line in report["reasons"] if line.startswith("lucky")]
    assert "in 1 of 1 burst the playback queue ran empty (0 frames)" in told
