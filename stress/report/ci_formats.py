"""KTAP, LAVA and JUnit, derived from the cases of a run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stress.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.report.cases import Case

_LAVA = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.SKIP: "skip"}
# XML 1.0 has no place for these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def ktap(suite: str, cases: Sequence[Case]) -> list[str]:
    """Return KTAP version 1, the verdicts in the flat top level.

    Source: Documentation/dev-tools/ktap.rst. INCONCLUSIVE and ERROR are "not
    ok": a farm must not read them as a pass.
    """
    out = ["KTAP version 1", f"1..{len(cases)}"]
    totals = dict.fromkeys(("pass", "fail", "skip", "error"), 0)
    for number, case in enumerate(cases, 1):
        out += [f"# {_flat(reason)}" for reason in case.reasons]
        good = case.verdict in (Verdict.PASS, Verdict.SKIP)
        directive = {
            Verdict.SKIP: " # SKIP",
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
    return " ".join(text.replace("#", " ").split())


def lava(suite: str, cases: Sequence[Case]) -> list[str]:
    """Return one LAVA signal per case, the wrong runs as its measurement."""
    return [
        f"<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={suite}.{case.name} RESULT={_LAVA.get(case.verdict, 'unknown')} "
        f"UNITS=runs MEASUREMENT={case.measurement}>"
        for case in cases
    ]


def junit(suite: str, cases: Sequence[Case]) -> bytes:
    """Return JUnit XML as GitLab and Jenkins read it.

    The suite is the class name of each case: GitLab shows it, and keeps only
    the first of two cases of the same name.
    """
    from xml.etree import ElementTree

    failures = sum(case.verdict is Verdict.FAIL for case in cases)
    errors = sum(case.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE) for case in cases)
    skipped = sum(case.verdict is Verdict.SKIP for case in cases)
    counts = {"tests": len(cases), "failures": failures, "errors": errors, "skipped": skipped}
    root = ElementTree.Element("testsuites")
    body = ElementTree.SubElement(root, "testsuite", {"name": suite})
    body.attrib.update({key: str(value) for key, value in counts.items()})
    for case in cases:
        entry = ElementTree.SubElement(
            body, "testcase", classname=suite, name=case.name, time=f"{case.seconds:.3f}"
        )
        text = _NOT_XML.sub("?", "\n".join(case.reasons))
        tag = {Verdict.FAIL: "failure", Verdict.SKIP: "skipped", Verdict.PASS: ""}.get(case.verdict, "error")
        if tag:
            result = ElementTree.SubElement(entry, tag, message=text.partition("\n")[0])
            result.text = text
        else:
            ElementTree.SubElement(entry, "system-out").text = text
    text_bytes: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text_bytes + b"\n"
