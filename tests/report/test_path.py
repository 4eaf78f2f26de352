"""The path in words: what the checksums of a record say when they contradict it."""

from __future__ import annotations

from stress.report.path import _audited, audit_json
from stress.verdict.audit import Audit


def test_audit_that_agrees_says_how_many_periods_differ():
    assert _audited(Audit()) == []
    assert _audited(Audit(2, 0, 100)) == [
        "audit: CRC-32 of 100 periods in 2 bursts, played against captured: all are equal"
    ]
    (line,) = _audited(Audit(2, 0, 100, 3))
    assert line.endswith("captured: 3 differ, all of them where corruption is recorded")


def test_audit_that_contradicts_the_record_names_the_first_place_of_each_sort():
    found = Audit(2, 0, 100, 3, unexplained=((1, 7), (1, 9), (2, 4)), contradicted=((2, 5),))
    (line,) = _audited(found)
    assert "the record is inconsistent with its checksums" in line
    assert "burst 1, period 7 differs and no corruption is recorded there (and 2 more)" in line
    assert line.endswith("burst 2, period 5 is equal and corruption is recorded there")
    assert audit_json(found)["agrees"] is False
    one_sided = _audited(Audit(2, 0, 100, 3, contradicted=((2, 5),)))
    assert "differs and no corruption" not in one_sided[0]
