# SPDX-License-Identifier: MIT
"""The picture for a ticket: valid XML, alone in its file, and never fooled by what a record says."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from stress.cli import main as command
from stress.plan.plan import read_plan
from stress.report import ticket
from stress.report.facts import Facts
from tests.record_cases import summary

PLAN = read_plan({"arm": [{"name": "a"}]}, "plan")
NASTY = '"/><script>alert(1)</script>\x00\x1b[31m]]>&#8;'
SVG = "{http://www.w3.org/2000/svg}"
PARAMS = {"format": "S16_LE", "channels": 2, "buffer_size": 384, "period_size": 48, "rate": 48000}
FOUND = {"frame": 960, "frames": 8, "ring": "playback", "ring_offset": 256, "laps": 2, "text": NASTY}
CASES = {
    "fail": {"wrong_frames": 8, "counts": {"stale": 1}, "findings": [FOUND]},
    "clean": {},
}


def _run(arm, analysis):
    opened = {"event": "open", "arm": arm, "granted": {"playback": PARAMS, "capture": PARAMS}}
    start = {"event": "start", "backend": NASTY}
    return summary(start, opened, {"event": "burst", "arm": arm, "analysis": analysis}, plan=PLAN)


@pytest.mark.parametrize("case", CASES)
def test_picture_is_valid_xml_with_title_and_description(case):
    tree = ElementTree.fromstring(ticket.svg(_run("a", CASES[case]), Facts((("cpu", NASTY),))))
    assert tree.tag == f"{SVG}svg"
    (title, desc) = (tree.find(f"{SVG}{name}").text for name in ("title", "desc"))
    assert title and desc and len(desc) > 20
    assert [one.tag for one in tree.iter() if "script" in one.tag] == []
    assert [key for one in tree.iter() for key in one.attrib if key.startswith("on") or "href" in key] == []


def test_picture_of_a_failed_run_draws_the_ring():
    tree = ElementTree.fromstring(ticket.svg(_run("a", CASES["fail"]), Facts()))
    assert [one.get("class") for one in tree.iter(f"{SVG}path") if "stale" in (one.get("class") or "")]


def test_picture_of_a_run_without_a_burst_says_the_verdict():
    run = summary({"event": "skip", "arm": "a", "reason": "no such card"}, plan=PLAN)
    text = "".join(ElementTree.fromstring(ticket.svg(run, Facts())).itertext())
    assert run.judgement.verdict.value in text


def test_picture_reads_on_dark_and_on_light_and_fetches_nothing():
    text = ticket.svg(_run("a", CASES["fail"]), Facts())
    assert "prefers-color-scheme:dark" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "") and "url(" not in text


def test_report_writes_the_picture(tmp_path, capsys):
    argv = [
        "run",
        "--backend",
        "virtual",
        "--board",
        "cortex-a",
        "--seed",
        "1",
        "--duration",
        "1s",
        "--quiet",
    ]
    command.main([*argv, "--out", str(tmp_path / "r")])
    assert command.main(["report", str(tmp_path / "r"), "--svg", str(tmp_path / "one.svg")]) == 0
    assert "wrote" in capsys.readouterr().out
    ElementTree.parse(tmp_path / "one.svg")
