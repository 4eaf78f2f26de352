# SPDX-License-Identifier: MIT
"""The schemas of what is made of several runs: a comparison, a trend, the smallest plan."""

from __future__ import annotations

from stress.experiment.minimise import SCHEMA as MINIMAL
from stress.model.verdict import Verdict
from stress.plan.plan import Plan
from stress.report.compared import SCHEMA as COMPARISON
from stress.report.nights import SCHEMA as TREND
from stress.verdict.nights import ArmState
from stress.verdict.rates import Word
from tools.schemakit.readers import FLAG, NUMBER, TEXT, WHOLE, Described, Schema, fields, listed, nullable

_MAYBE = nullable(NUMBER)
_WORD: Schema = {"enum": [one.value for one in Word]}
_VERDICT: Schema = {"enum": [one.value for one in Verdict]}


def comparison() -> tuple[str, str, Schema, Schema]:
    """Return name, title, body and definitions of `report --compare --json`."""
    run = fields({"name": TEXT, "verdict": _VERDICT, "reasons": listed(TEXT)})
    counts = {"bursts": WHOLE, "episodes": WHOLE, "wrong_frames": WHOLE, "checked_frames": WHOLE}
    side = nullable(fields({**counts, "observed_s": NUMBER}))
    arm = fields(
        {
            "arm": TEXT,
            "verdict": _WORD,
            "why": TEXT,
            "compared": {"enum": ["episodes", "frames"]},
            "first": side,
            "second": side,
            **dict.fromkeys(("ratio", "ratio_low_95", "ratio_high_95", "p"), _MAYBE),
            "spread": NUMBER,
            "another_test": listed(TEXT),
        }
    )
    differs = listed(fields({"name": TEXT, "first": TEXT, "second": TEXT}))
    one = fields(
        {
            "verdict": _WORD,
            "sentence": TEXT,
            "needed_s": _MAYBE,
            "first": run,
            "second": run,
            "arms": listed(arm),
            "facts": differs,
            "plan": differs,
        }
    )
    body = fields({"schema": {"const": COMPARISON}, "comparisons": listed(one)})
    return COMPARISON, "report --compare --json", body, {}


def trend() -> tuple[str, str, Schema, Schema]:
    """Return name, title, body and definitions of `report --trend --json`."""
    state: Schema = {"enum": [one.value for one in ArmState]}
    arm = fields(
        {
            "arm": TEXT,
            "settings": TEXT,
            "first_bad": nullable(TEXT),
            "p": _MAYBE,
            "runs": listed(fields({"state": state, "episodes": WHOLE, "observed_s": NUMBER})),
        }
    )
    board = fields(
        {
            "board": TEXT,
            "runs": listed(fields({"name": TEXT, "date": TEXT, "verdict": _VERDICT, "reason": TEXT})),
            "first_bad": nullable(TEXT),
            "last_good": nullable(TEXT),
            "changed": listed(fields({"name": TEXT, "good": TEXT, "bad": TEXT})),
            "arms": listed(arm),
        }
    )
    body = fields({"schema": {"const": TREND}, "boards": listed(board), "unread": listed(TEXT)})
    return TREND, "report --trend --json", body, {}


def minimal() -> tuple[str, str, Schema, Schema]:
    """Return name, title, body and definitions of `minimise --json`."""
    described = Described()
    trial = fields({"change": TEXT, "kept": FLAG, "episodes": WHOLE, "streamed_s": NUMBER, "reason": TEXT})
    common = {"schema": {"const": MINIMAL}, "trials": listed(trial)}
    found = fields(
        {
            **common,
            "plan": described.reference(Plan),
            "file": TEXT,
            "sentence": TEXT,
            "kind": TEXT,
            "ring": nullable(TEXT),
            "power": NUMBER,
            "proven": FLAG,
            "seen_again": WHOLE,
            "repetitions": WHOLE,
            "unfinished": FLAG,
        }
    )
    gone = fields({**common, "plan": {"type": "null"}, "reason": TEXT})
    return MINIMAL, "minimise --json", {"oneOf": [found, gone]}, described.defs
