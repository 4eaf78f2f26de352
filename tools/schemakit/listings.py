# SPDX-License-Identifier: MIT
"""The schemas of the smaller outputs: path, replay, a series of runs, kernel options, and what is listed."""

from __future__ import annotations

from stress.model.finding import Kind
from stress.model.record.findings import FindingRecord
from stress.model.verdict import Verdict
from tools.schemakit.readers import FLAG, NUMBER, TEXT, WHOLE, Described, Schema, fields, listed, nullable

_MAYBE = nullable(NUMBER)
_VERDICT: Schema = {"enum": [one.value for one in Verdict]}
_KIND: Schema = {"enum": [kind.value for kind in Kind]}

Named = tuple[str, str, Schema, Schema]


def path() -> Named:
    """Return name, title, body and definitions of `path --json`."""
    name = "pcmstress/path/1"
    source: Schema = {"anyOf": [WHOLE, {"type": "null"}, listed(WHOLE)]}
    seen = fields(
        {
            **dict.fromkeys(("frames", "differing", "clean_bits"), WHOLE),
            "bit_error_rates": listed(listed(NUMBER)),
            "first_s": _MAYBE,
            "last_s": _MAYBE,
        }
    )
    heard = fields(
        {
            "schema": {"const": name},
            "heard": {"const": True},
            "level_db": NUMBER,
            "exact": FLAG,
            "channels": listed(source),
            **dict.fromkeys(("polarity", "offset", "bits", "delay_frames"), listed(WHOLE)),
            "gain_db": listed(_MAYBE),
            "rate_ratio": NUMBER,
            "encoding": TEXT,
            "from_frame": WHOLE,
            "clipped": listed(FLAG),
            "transparency": seen,
        },
        "clipped",
    )
    nothing = fields({"schema": {"const": name}, "heard": {"const": False}, "why": TEXT})
    return name, "path --json", {"oneOf": [heard, nothing]}, {}


def replay(finding: Schema) -> Named:
    """Return name, title, body and definitions of `replay --json`.

    Parameters
    ----------
    finding : as an analysis says it.
    """
    name, described = "pcmstress/replay/1", Described()
    kept = fields(
        {
            "name": TEXT,
            "recorded": described.reference(FindingRecord),
            "now": nullable(finding),
            "same": FLAG,
            "skipped": TEXT,
        }
    )
    body = fields({"schema": {"const": name}, "judged": WHOLE, "same": WHOLE, "evidence": listed(kept)})
    return name, "replay --json", body, described.defs


def series() -> Named:
    """Return name, title, body and definitions of `run --json` with several cards, or with --sweep."""
    name = "pcmstress/series/1"
    # What a run differs in from the others is a key of its own: card, rate, period_size and so on.
    run = {
        **fields({"verdict": _VERDICT, "reason": TEXT, "directory": TEXT}),
        "additionalProperties": TEXT,
    }
    body = fields(
        {
            "schema": {"const": name},
            "verdict": _VERDICT,
            "runs": listed(run),
            "sentence": TEXT,
            "directory": TEXT,
        }
    )
    return name, "run --json of several runs: --card twice, --sweep, a plan with such a sweep", body, {}


def kernel_config() -> Named:
    """Return name, title, body and definitions of `probe --kernel-config --json`."""
    name = "pcmstress/kernel-config/1"
    option = fields({"line": TEXT, "without": TEXT, "extra": FLAG})
    body = fields({"schema": {"const": name}, "from": TEXT, "lacks": listed(option)})
    return name, "probe --kernel-config --json", body, {}


def boards() -> Named:
    """Return name, title, body and definitions of `boards --json`."""
    name, one = "pcmstress/boards/1", fields({"name": TEXT, "title": TEXT})
    return name, "boards --json", fields({"schema": {"const": name}, "boards": listed(one)}), {}


def plans() -> Named:
    """Return name, title, body and definitions of `plans --json`."""
    name = "pcmstress/plans/1"
    one = fields({"name": TEXT, "title": TEXT, "arms": WHOLE, "streamed_s": NUMBER})
    return name, "plans --json", fields({"schema": {"const": name}, "plans": listed(one)}), {}


def kinds() -> Named:
    """Return name, title, body and definitions of `kinds --json`."""
    name, one = "pcmstress/kinds/1", fields({"name": _KIND, "meaning": TEXT})
    return name, "kinds --json", fields({"schema": {"const": name}, "kinds": listed(one)}), {}
