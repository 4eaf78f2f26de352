# SPDX-License-Identifier: MIT
"""What a record ends with."""

from __future__ import annotations

from stress.experiment.conclusion import conclude, skipped
from stress.model.record.events import EndRecord, StartRecord, VerdictRecord
from stress.model.verdict import Verdict
from stress.record import reader, rundir
from stress.record.clock import Clock
from stress.record.journal import Journal
from stress.verdict.judge import Judgement

CLOCK = Clock(monotonic_ns=lambda: 1, wall_s=lambda: 1e9)


def _ended(folder, end):
    where = rundir.create(str(folder), CLOCK)
    journal = Journal(where, CLOCK)
    journal.append(StartRecord(seed=3, backend="alsa", first_position=1))
    code = end(journal)
    journal.close()
    log = reader.read_run(where)
    return code, log.last(VerdictRecord), log.last(EndRecord)


def test_conclude_of_a_lost_device_keeps_the_verdict_and_ends_with_75(tmp_path):
    judgement = Judgement(Verdict.PASS, ("no wrong frame",))
    code, verdict, last = _ended(tmp_path / "run", lambda j: conclude(j, "alsa", judgement, [], lost=True))
    assert (code, last.exit, verdict.verdict) == (75, 75, "PASS")
    assert verdict.reasons == ("no wrong frame",)


def test_skipped_ends_with_4_and_its_reason(tmp_path):
    code, verdict, last = _ended(tmp_path / "run", lambda j: skipped(j, "alsa", "no card"))
    assert (code, last.exit) == (4, 4)
    assert (verdict.verdict, verdict.reasons, verdict.backend) == ("SKIP", ("no card",), "alsa")
