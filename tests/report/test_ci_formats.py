# SPDX-License-Identifier: MIT
"""KTAP, LAVA and JUnit: what a farm may never misread."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stress.model.verdict import Verdict
from stress.report.cases import Case, slug
from stress.report.ci_formats import junit, ktap, lava
from stress.report.facts import Facts

CASES = [
    Case("good", Verdict.PASS, ("clean",), 0, 2.0),
    Case("bad", Verdict.FAIL, ("3 stretches # here", "second\x00line <&>"), 3, 2.0),
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
        "ok 3 s.none # SKIP busy",
        "not ok 4 s.maybe # ERROR inconclusive",
        "not ok 5 s.broke # ERROR",
    ]
    assert lines[-1] == "# Totals: pass:1 fail:1 xfail:0 xpass:0 skip:1 error:2"


def test_ktap_diagnostics_hold_no_stray_hash_and_no_line_break():
    for line in ktap("s", CASES):
        assert "\n" not in line
        assert line.count("#") <= 1


def test_lava_inconclusive_is_unknown_and_measurement_counts_stretches():
    assert (
        lava("s", CASES)[1]
        == "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=s.bad RESULT=fail UNITS=stretches MEASUREMENT=3>"
    )
    assert "RESULT=unknown" in lava("s", CASES)[3]
    assert "MEASUREMENT" not in lava("s", CASES)[2]


def test_lava_tells_the_bound_of_a_clean_case():
    clean = Case("good", Verdict.PASS, ("clean",), 0, 2.0, 1.5e-5)
    assert lava("s", [clean])[1].endswith(
        "s.good.bound RESULT=pass UNITS=corrupted_lines_per_line MEASUREMENT=1.5e-05>"
    )


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
    assert bad.find("failure").text == "3 stretches # here\nsecond\\x00line <&>"


def test_slug_keeps_names_safe_for_lava():
    assert slug("virtual arm926 (16 KB)") == "virtual-arm926-16-KB"
    assert slug("###") == "unnamed"


FACTS = Facts(
    (("kernel", "6.1.0 <&>"), ("host", "bench3 (armv5tel, 6.1.0)"), ("date", "2026-11-29T15:49:23.123Z"))
)


def test_junit_names_the_board_in_properties_time_and_host():
    suite = ElementTree.fromstring(junit("s", CASES, FACTS)).find("testsuite")
    assert (suite.get("timestamp"), suite.get("hostname")) == ("2026-11-29T15:49:23", "bench3")
    listed = {one.get("name"): one.get("value") for one in suite.find("properties")}
    assert listed["kernel"] == "6.1.0 <&>"
    assert list(suite)[0].tag == "properties"


def test_junit_failures_have_a_type_and_skips_have_none():
    root = ElementTree.fromstring(junit("s", CASES, FACTS))
    assert [one.get("type") for one in root.iter("failure")] == ["FAIL"]
    assert [one.get("type") for one in root.iter("error")] == ["INCONCLUSIVE", "ERROR"]
    assert [one.get("type") for one in root.iter("skipped")] == [None]


def test_ktap_names_the_board_before_the_plan():
    lines = ktap("s", CASES, FACTS)
    assert lines[1] == "# kernel: 6.1.0 <&>"
    assert lines[4] == "1..5"


def test_junit_is_read_by_junitparser():
    junitparser = pytest.importorskip("junitparser")
    (suite,) = junitparser.JUnitXml.fromstring(junit("s", CASES, FACTS))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 2, 1)
    assert {one.name: one.value for one in suite.properties()}["kernel"] == "6.1.0 <&>"
    assert [type(case.result[0]).__name__ for case in suite if case.result] == [
        "Failure",
        "Skipped",
        "Error",
        "Error",
    ]


def test_ktap_is_read_by_a_tap_parser():
    parser = pytest.importorskip("tap.parser")
    found = list(parser.Parser().parse_text("\n".join(ktap("s", CASES, FACTS)[1:])))
    results = [line for line in found if line.category == "test"]
    assert [line.ok for line in results] == [True, False, True, False, False]
    assert [line.skip for line in results] == [False, False, True, False, False]


@pytest.mark.parametrize("cases", [CASES, CASES[:1], []])
@pytest.mark.parametrize("facts", [FACTS, None])
def test_junit_is_valid_where_ant_and_jenkins_are_strict(cases, facts):
    xmlschema = pytest.importorskip("xmlschema")
    schema = xmlschema.XMLSchema(Path(__file__).parent / "data" / "junit-strict.xsd")
    schema.validate(junit("s", cases, facts).decode("utf-8"))


# A kernel tree with KUnit's own reader of KTAP; docs/farms.md says what it needs.
KUNIT = Path(os.environ.get("KUNIT_TREE", os.devnull)) / "tools" / "testing" / "kunit"
_READ = """
import sys, contextlib, os
sys.path.insert(0, sys.argv[1])
import kunit_parser
lines = sys.stdin.read().splitlines()
extra = [__import__("kunit_printer").stdout] * (kunit_parser.parse_run_tests.__code__.co_argcount - 1)
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
    found = kunit_parser.parse_run_tests(iter(lines), *extra)
print(found.counts.errors, *(one.status.name for one in found.subtests))
"""


@pytest.mark.skipif(
    not KUNIT.is_dir(), reason="KUNIT_TREE names no kernel tree; its reader is not ours to copy"
)
def test_ktap_is_read_by_the_parser_of_kunit():
    argv = [sys.executable, "-c", _READ, str(KUNIT)]
    text = "\n".join(ktap("s", CASES, FACTS))
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-6:] == ["0", "SUCCESS", "FAILURE", "SKIPPED", "FAILURE", "FAILURE"]


# A directory with the schemas of Ant's reports and Jenkins' xunit plugin; docs/farms.md says where they are.
ORIGINALS = sorted(Path(os.environ.get("JUNIT_SCHEMAS", os.devnull)).glob("*.xsd"))


@pytest.mark.skipif(
    not ORIGINALS, reason="JUNIT_SCHEMAS names no directory of schemas; they are not ours to copy"
)
@pytest.mark.parametrize("original", ORIGINALS or ["none"], ids=str)
@pytest.mark.parametrize("cases", [CASES, CASES[:1], []])
@pytest.mark.parametrize("facts", [FACTS, None])
def test_junit_is_valid_by_the_schemas_of_ant_and_jenkins(cases, facts, original):
    xmlschema = pytest.importorskip("xmlschema")
    text = junit("s", cases, facts).decode("utf-8")
    xmlschema.XMLSchema(original).validate(text)
    # A schema that takes anything would prove nothing.
    assert not xmlschema.XMLSchema(original).is_valid(text.replace("<testsuite ", '<testsuite unheard="1" '))


def test_junit_keeps_the_reasons_of_clean_cases_in_the_output_of_the_suite():
    suite = ElementTree.fromstring(junit("s", CASES)).find("testsuite")
    assert suite.find("system-out").text.startswith("good: ")


def test_lava_measures_nothing_that_was_skipped_and_names_the_cause():
    skipped = Case("left", Verdict.SKIP, ("no card",), 0, 0.0)
    (line,) = lava("s", [skipped])
    assert "MEASUREMENT" not in line
    told = lava("s", [Case("run", Verdict.FAIL, ("x",), 3, 1.0, cause="D-cache alias")])
    assert told[1] == "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=s.run.cause.D-cache-alias RESULT=fail>"


HOSTILE = 'a\x1b[31m\x00\x9b\u202e"><script>]]>&\n<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=x RESULT=pass>'


def test_junit_of_hostile_facts_is_valid_and_has_a_date(tmp_path):
    facts = Facts((("date", HOSTILE), ("host", HOSTILE), ("cpu", HOSTILE)))
    hostile = [Case("a", Verdict.FAIL, (HOSTILE,), 1, 1.0), Case("b", Verdict.PASS, (HOSTILE,), 0, 1.0)]
    text = junit("s", hostile, facts)
    suite = ElementTree.fromstring(text).find("testsuite")
    assert suite.get("timestamp") == "1970-01-01T00:00:00"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text.decode())


def test_no_form_has_the_signal_of_another_in_it():
    hostile = [Case("a", Verdict.FAIL, (HOSTILE,), 1, 1.0)]
    facts = Facts((("cpu", HOSTILE),))
    for lines in (ktap("s", hostile, facts), [junit("s", hostile, facts).decode()]):
        assert not any("<LAVA_SIGNAL" in line for line in lines)
    assert sum(line.count("<LAVA_SIGNAL") for line in lava("s", hostile, facts)) == 1


def test_slug_of_a_long_name_is_cut():
    assert len(slug("x" * 10_000_000)) == 100
