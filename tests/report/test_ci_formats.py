"""KTAP, LAVA and JUnit: what a farm may never misread."""

from __future__ import annotations

from xml.etree import ElementTree

from stress.model.verdict import Verdict
from stress.report.cases import Case, slug
from stress.report.ci_formats import junit, ktap, lava

CASES = [
    Case("good", Verdict.PASS, ("clean",), 0, 2.0),
    Case("bad", Verdict.FAIL, ("3 wrong runs # here", "second\x00line <&>"), 3, 2.0),
    Case("none", Verdict.SKIP, ("busy",), 0, 0.0),
    Case("maybe", Verdict.INCONCLUSIVE, ("no lock",), 0, 2.0),
    Case("broke", Verdict.ERROR, ("frozen",), 0, 1.0),
]


def test_ktap_only_pass_and_skip_are_ok_lines():
    lines = ktap("s", CASES)
    assert lines[:2] == ["KTAP version 1", "1..5"]
    results = [line for line in lines if not line.startswith(("#", "KTAP", "1.."))]
    assert results == [
        "ok 1 s.good",
        "not ok 2 s.bad",
        "ok 3 s.none # SKIP",
        "not ok 4 s.maybe # ERROR inconclusive",
        "not ok 5 s.broke # ERROR",
    ]
    assert lines[-1] == "# Totals: pass:1 fail:1 xfail:0 xpass:0 skip:1 error:2"


def test_ktap_diagnostics_hold_no_stray_hash_and_no_line_break():
    for line in ktap("s", CASES):
        assert "\n" not in line
        assert line.count("#") <= 1


def test_lava_inconclusive_is_unknown_and_measurement_counts_runs():
    assert (
        lava("s", CASES)[1]
        == "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=s.bad RESULT=fail UNITS=runs MEASUREMENT=3>"
    )
    assert "RESULT=unknown" in lava("s", CASES)[3]


def test_junit_is_well_formed_and_counts_agree():
    root = ElementTree.fromstring(junit("s", CASES))
    suite = root.find("testsuite")
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "2",
        "skipped": "1",
    }
    bad = suite.findall("testcase")[1]
    assert bad.get("classname") == "s"
    assert bad.find("failure").text == "3 wrong runs # here\nsecond?line <&>"


def test_slug_keeps_names_safe_for_lava():
    assert slug("virtual arm926 (16 KB)") == "virtual-arm926-16-KB"
    assert slug("###") == "unnamed"
