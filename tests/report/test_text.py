# SPDX-License-Identifier: MIT
"""The text report: short on a narrow terminal, no line broken where it goes to a file."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from stress.cli import main
from stress.model.verdict import Verdict
from stress.model.words import at_most, count, counted
from stress.plan.plan import read_plan
from stress.record import reader, rundir
from stress.report import facts, text
from stress.report.console import Console, wrapped
from stress.verdict.summary import summarise

PLAN = """
[[arm]]
name = "a"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "100ms"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    (folder / "p.toml").write_text(PLAN)
    argv = ["run", "--backend", "virtual", "--seed", "1", "--out", f"{folder}/r"]
    assert main.main([*argv, "--plan", f"{folder}/p.toml"]) == 1
    config = rundir.read_json(folder / "r", "config.json")
    plan = read_plan(config["plan"], "config.json")
    return reader.read_run(folder / "r"), plan, folder / "r"


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 laps"), (1, "1 lap"), (2, "2 laps"), (12345, "12 345 laps")]
)
def test_counted_agrees_with_its_number(number, said):
    assert counted(number, "lap") == said
    assert count(number) == said.rpartition(" ")[0]


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 200])
def test_table_of_arms_fits_every_width(run, columns):
    log, plan, _ = run
    table = text.arms(summarise(log.events, plan), columns)
    assert max(len(line) for line in table) <= columns
    assert {"arm", "verdict", "corrupted", "self-test"} <= set(table[1].split())
    assert ("what" in table[1]) == (columns >= 100)


def test_first_screen_fits_24_lines_of_80_columns(run):
    log, plan, folder = run
    known, whole = facts.read(folder), summarise(log.events, plan)
    told = [*text.lines(whole, 80, known), *text.following(whole, str(folder))]
    shown = [part for line in told for part in wrapped(line, 80)]
    assert len(shown) + 1 <= 24
    assert shown[0] == "FAIL  virtual board arm926, judged bit for bit"
    assert "VmFlags" not in "".join(told)


def test_verbose_report_has_the_machine(run):
    log, plan, folder = run
    told = "\n".join(text.lines(summarise(log.events, plan), 0, facts.read(folder), verbose=True))
    assert all(word in told for word in ("VmFlags", "audit:", "versions", "command", "date"))


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (4.5e-5, "1 corrupted line in 22 000"),
        (0.3, "1 corrupted line in 3 "),
        (2e-4, "1 corrupted line in 5 000"),
    ],
)
def test_bound_is_said_as_one_line_in_so_many_rounded_down(share, said):
    assert said in at_most(share)


def test_report_tells_the_same_at_every_width(run):
    log, plan, _ = run
    whole = summarise(log.events, plan)
    words = [" ".join(" ".join(text.lines(whole, columns)).split()) for columns in (0, 200)]
    assert words[0] == words[1]
    assert "written exactly 1 to " in words[0]
    assert "lap(s)" not in words[0]


def test_prose_is_broken_between_words_on_a_terminal_only():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    long = "  player: " + "word " * 60
    for out, most in ((io.StringIO(), len(long)), (Terminal(), 80)):
        Console(out, io.StringIO()).prose([long])
        assert max(len(line) for line in out.getvalue().splitlines()) <= most
        assert out.getvalue().split() == long.split()
    assert wrapped(long, 40)[1].startswith("    word")
    assert wrapped(f"{'word ' * 6}12 345 678 frames", 36)[1] == "  12 345 678 frames"


def test_every_run_says_what_to_do_next(run):
    log, plan, folder = run
    (hint,) = text.following(summarise(log.events, plan), str(folder))
    assert f"pcmstress report {folder} --html" in hint
    assert "pcmstress diagnose" in hint
    nothing = {"counts": {}, "sites": (), "findings": (), "wrong_frames": 0}
    bursts = [replace(burst, analysis=replace(burst.analysis, **nothing)) for burst in log.bursts]
    clean = reader.RunLog([log.start, *bursts], False)
    assert "repeat the run" in text.following(summarise(clean.events, plan), str(folder))[0]
    begun = reader.RunLog(clean.events[:1], False)
    assert "pcmstress probe" in text.following(summarise(begun.events, plan), str(folder))[0]


def test_masked_self_test_is_not_counted_as_missed(run):
    log, plan, _ = run
    whole = summarise(log.events, plan)
    part = whole.parts[0]
    assert part.found and part.control_found < part.planted
    assert "masked" in text.arms(whole)[3]


def test_arm_without_a_finding_is_called_clean_only_where_it_passes(run):
    log, plan, _ = run
    nothing = {"counts": {}, "sites": (), "findings": (), "wrong_frames": 0}
    bursts = [replace(burst, analysis=replace(burst.analysis, **nothing)) for burst in log.bursts]
    whole = summarise(reader.RunLog([log.start, *bursts], False).events, plan)
    rows = text.arms(whole)[3:]
    assert [row.endswith("nothing wrong seen") for row in rows] == [
        judged.verdict is not Verdict.PASS for judged in whole.verdicts
    ]
    assert any(row.endswith("nothing wrong seen") for row in rows)
    passed = replace(whole, verdicts=tuple(replace(one, verdict=Verdict.PASS) for one in whole.verdicts))
    assert all(row.endswith(" clean") for row in text.arms(passed)[3:])
