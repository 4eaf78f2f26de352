# SPDX-License-Identifier: MIT
"""--stop-early sets the sequential test of the plan, or switches it off."""

from __future__ import annotations

import json

import pytest

from stress.cli import main

PLAN = """
bound = 1e-2
repeats = 6
[[arm]]
name = "one"
burst_s = "500ms"
"""


@pytest.mark.parametrize(("value", "bursts"), [("720,7200", 3), ("off", 6)])
def test_stop_early_ends_a_clean_run_once_decided(tmp_path, capsys, value, bursts):
    (tmp_path / "plan.toml").write_text(PLAN)
    base = ["run", "--backend", "virtual", "--board", "cortex-a", "--plan", str(tmp_path / "plan.toml")]
    assert main.main([*base, "--stop-early", value, "--json", "--out", str(tmp_path / "run")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["total"]["bursts"] == bursts
    assert (report["stopped"] or {}).get("decision") == ("good" if bursts == 3 else None)
    stored = json.loads((tmp_path / "run/config.json").read_text())["plan"]["stop"]
    assert stored["bad_per_h"] == (7200 if bursts == 3 else 0)
