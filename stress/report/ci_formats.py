# SPDX-License-Identifier: MIT
"""KTAP, LAVA and JUnit, derived from the cases of a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stress.model.verdict import Verdict
from stress.model.words import in_xml, plain
from stress.report.cases import slug
from stress.report.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.report.cases import Case

_LAVA = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.SKIP: "skip"}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def ktap(suite: str, cases: Sequence[Case], facts: Facts | None = None) -> list[str]:
    """Return KTAP version 1, the verdicts in the flat top level.

    Source: Documentation/dev-tools/ktap.rst. INCONCLUSIVE and ERROR are "not
    ok": a farm must not read them as a pass. Their directive is ERROR, which a
    FAIL has not; the word behind it tells one from the other.
    """
    out = ["KTAP version 1", *(f"# {_flat(f'{name}: {value}')}" for name, value in (facts or Facts()).values)]
    out.append(f"1..{len(cases)}")
    totals = dict.fromkeys(("pass", "fail", "skip", "error"), 0)
    for number, case in enumerate(cases, 1):
        out += [f"# {_flat(reason)}" for reason in case.reasons]
        good = case.verdict in (Verdict.PASS, Verdict.SKIP)
        why = f" {_flat(case.reasons[0])}" if case.reasons else ""
        directive = {
            Verdict.SKIP: f" # SKIP{why}",
            Verdict.ERROR: " # ERROR",
            Verdict.INCONCLUSIVE: " # ERROR inconclusive",
        }.get(case.verdict, "")
        out.append(f"{'ok' if good else 'not ok'} {number} {suite}.{case.name}{directive}")
        totals[_LAVA.get(case.verdict, "error")] += 1
    out.append(
        f"# Totals: pass:{totals['pass']} fail:{totals['fail']} xfail:0 xpass:0 "
        f"skip:{totals['skip']} error:{totals['error']}"
    )
    return out


def _flat(text: str) -> str:
    return " ".join(plain(text).replace("#", " ").split())


def lava(suite: str, cases: Sequence[Case], facts: Facts | None = None) -> list[str]:
    """Return one LAVA signal per case: the corrupted stretches as its measurement, none where it was skipped.

    A clean case has a second signal with the bound that its exposure allows, a diagnosed run one
    with its cause. LAVA keeps no facts of a board beside a result; `facts` is there for the other forms.
    """
    del facts
    out = []
    for case in cases:
        head = f"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={suite}.{case.name}"
        result = _LAVA.get(case.verdict, "unknown")
        counted = case.verdict in (Verdict.PASS, Verdict.FAIL)
        measured = f" UNITS=stretches MEASUREMENT={case.measurement}" if counted else ""
        out.append(f"{head} RESULT={result}{measured}>")
        if case.cause and case.verdict is Verdict.FAIL:
            # The cause is in the name: LAVA keeps no text beside a result.
            out.append(f"{head}.cause.{slug(case.cause)} RESULT=fail>")
        if case.verdict is Verdict.PASS and case.bound is not None:
            out.append(
                f"{head}.bound RESULT=pass UNITS=corrupted_lines_per_line MEASUREMENT={case.bound:.3g}>"
            )
    return out


def junit(suite: str, cases: Sequence[Case], facts: Facts | None = None) -> bytes:
    """Return JUnit XML as GitLab and Jenkins read it: one suite per run.

    The suite is the class name of each case: GitLab shows it, and keeps only
    the first of two cases of the same name. Source of the order of elements and
    of the attributes: the schemas of Jenkins' xunit plugin and of Ant.
    """
    from xml.etree import ElementTree

    known = facts or Facts()
    failures = sum(case.verdict is Verdict.FAIL for case in cases)
    errors = sum(case.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE) for case in cases)
    skipped = sum(case.verdict is Verdict.SKIP for case in cases)
    seconds = sum(case.seconds for case in cases[-1:])
    counts = {"tests": len(cases), "failures": failures, "errors": errors, "skipped": skipped}
    root = ElementTree.Element("testsuites")
    body = ElementTree.SubElement(root, "testsuite", {"name": suite, "time": f"{seconds:.3f}"})
    body.attrib.update({"package": "pcmstress", "id": "0"})
    body.attrib.update({key: str(value) for key, value in counts.items()})
    # Ant's schema asks for both; its time has no fraction and no zone.
    date = _INSTANT.match(known.of("date"))
    body.set("timestamp", date[0] if date else "1970-01-01T00:00:00")
    body.set("hostname", _xml(known.of("host").partition(" ")[0]) or "localhost")
    listed = ElementTree.SubElement(body, "properties")
    for name, value in known.values:
        ElementTree.SubElement(listed, "property", name=_xml(name), value=_xml(value))
    clean: list[str] = []
    for case in cases:
        entry = ElementTree.SubElement(
            body, "testcase", classname=suite, name=case.name, time=f"{case.seconds:.3f}"
        )
        text = _xml("\n".join(case.reasons))
        tag = {Verdict.FAIL: "failure", Verdict.SKIP: "skipped", Verdict.PASS: ""}.get(case.verdict, "error")
        if tag:
            result = ElementTree.SubElement(entry, tag, message=text.partition("\n")[0])
            if tag != "skipped":
                result.set("type", case.verdict.value)
            result.text = text
        else:
            clean.append(f"{case.name}: {text}")
    # Ant's schema has no output of a case, and both of a suite, last.
    ElementTree.SubElement(body, "system-out").text = "\n".join(clean)
    ElementTree.SubElement(body, "system-err")
    text_bytes: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text_bytes + b"\n"


def _xml(text: str) -> str:
    return in_xml(plain(text))
