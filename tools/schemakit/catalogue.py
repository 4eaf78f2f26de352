# SPDX-License-Identifier: MIT
"""The schemas by name: of a record, of what is printed of it, and of what several records make."""

from __future__ import annotations

from typing import Any

from stress.board.facts import BoardFacts
from stress.cli.run_config import SCHEMA as CONFIG
from stress.cli.run_config import RunConfig
from stress.model.finding import Kind
from stress.model.record.events import EVENTS, LoopbackRecord, StopRecord
from stress.model.record.findings import EvidenceRecord
from stress.model.verdict import Verdict
from stress.plan.plan import Plan
from stress.record.evidence import SCHEMA as EVIDENCE
from stress.report.effects import SCHEMA as DIAGNOSIS
from stress.verdict.summary import AnalogPath
from tools.schemakit import listings, several
from tools.schemakit.annotated import of_dataclass
from tools.schemakit.readers import (
    FLAG,
    NUMBER,
    TEXT,
    WHOLE,
    Described,
    Schema,
    fields,
    keyed,
    listed,
    nullable,
)

DRAFT = "https://json-schema.org/draft/2020-12/schema"
VERDICT: Schema = {"enum": [one.value for one in Verdict]}
COUNTS: Schema = keyed({"type": "integer", "minimum": 0})
TEXTS: Schema = listed(TEXT)
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_MAYBE = nullable(NUMBER)


def schemas() -> dict[str, Schema]:
    """Return every schema by the name of its file."""
    return {
        "run": _run(),
        "evidence": _whole(EVIDENCE, "a file of evidence/", *_of_class(EvidenceRecord)),
        "config": _whole(CONFIG, "config.json of a run directory", *_config()),
        "board": _whole("pcmstress/board/1", "board.json of a run directory, and probe --json", _board(), {}),
        "report": _report(),
        "diagnosis": _whole(DIAGNOSIS, "the diagnosis of report --json, as data", diagnosis(), {}),
        "analysis": _whole("pcmstress/analysis/1", "analyze --json", _analysis(), {}),
        "prediction": _prediction(),
        "comparison": _whole(*several.comparison()),
        "trend": _whole(*several.trend()),
        "minimal": _whole(*several.minimal()),
        "series": _whole(*listings.series()),
        "path": _whole(*listings.path()),
        "replay": _whole(*listings.replay(finding())),
        "boards": _whole(*listings.boards()),
        "plans": _whole(*listings.plans()),
        "kinds": _whole(*listings.kinds()),
        "kernel-config": _whole(*listings.kernel_config()),
    }


def _whole(name: str, title: str, body: Schema, defs: Schema) -> Schema:
    made = {"$schema": DRAFT, "$id": f"urn:pcmstress:{name}", "title": title, **body}
    return {**made, "$defs": defs} if defs else made


def _named(name: str) -> Schema:
    return {"const": name}


def _of_class(cls: type[Any]) -> tuple[Schema, Schema]:
    described = Described()
    body = described.of_class(cls)
    return body, described.defs


def _run() -> Schema:
    described = Described()
    lines = []
    for name, cls in EVENTS.items():
        body = described.of_class(cls)
        common = {"v": WHOLE, "event": _named(name), "t_ns": WHOLE, "wall": TEXT, "chain": TEXT}
        properties = {**common, **body["properties"], "event": _named(name)}
        lines.append(
            {**body, "properties": properties, "required": ["v", "event", *body.get("required", [])]}
        )
    title = "one line of run.jsonl of a run directory"
    return _whole("pcmstress/run/1", title, {"oneOf": lines}, described.defs)


def _config() -> tuple[Schema, Schema]:
    body, defs = _of_class(RunConfig)
    # Records of earlier versions lack what was added since.
    required = [
        name for name in body["required"] if name not in ("loopback", "loopback_why", "stimulus", "chosen")
    ]
    properties = {"schema": _named(CONFIG), "version": TEXT, **body["properties"]}
    return {**body, "properties": properties, "required": ["schema", *required]}, defs


def _board() -> Schema:
    call = {"type": "object", "additionalProperties": {"type": "string"}}
    more = {"run": call, "offers": listed({"type": "object"}), "devices": {}, "texts": keyed(TEXT)}
    facts = of_dataclass(BoardFacts)
    properties = {"schema": _named("pcmstress/board/1"), **facts["properties"], **more}
    real = {**facts, "properties": properties, "required": ["schema", *facts["required"]]}
    model: dict[str, Schema] = {
        "virtual": {"const": True},
        "spec": {"type": "object"},
        "facts": real,
        "run": call,
    }
    virtual = fields({**model, "texts": keyed(TEXT)}, "facts", "run", "texts")
    return {"anyOf": [real, virtual]}


def _arm() -> Schema:
    counts = dict.fromkeys(
        (
            *(
                "bursts",
                "lines",
                "line_bytes",
                "checked_frames",
                "wrong_frames",
                "episodes",
                "xruns",
                "planted",
            ),
            *("control_found", "voluntary", "involuntary"),
        ),
        {"type": "integer", "minimum": 0},
    )
    return fields(
        {
            "arm": TEXT,
            "verdict": VERDICT,
            "streamed_s": NUMBER,
            "dispersion": _MAYBE,
            "counts": {**COUNTS, "propertyNames": {"enum": [kind.value for kind in Kind]}},
            "views": COUNTS,
            "wire": COUNTS,
            "opportunities": COUNTS,
            "skipped": nullable(TEXT),
            **counts,
        }
    )


def _report() -> Schema:
    described = Described()
    places = listed(listed(WHOLE))
    audit = {
        "bursts": WHOLE,
        "periods": WHOLE,
        "differ": WHOLE,
        "agrees": FLAG,
        "unexplained": places,
        "contradicted": places,
    }
    outcome = fields({"number": WHOLE, "low_95": NUMBER, "high_95": NUMBER, "frames": {}})
    event = {"event": TEXT, "arm": TEXT, "times": WHOLE, "outcomes": keyed(outcome)}
    back = nullable(fields({"median": NUMBER, "worst": NUMBER}))
    body = fields(
        {
            "schema": _named("pcmstress/report/1"),
            "verdict": VERDICT,
            "reasons": TEXTS,
            "backend": TEXT,
            "detector": TEXT,
            "facts": keyed(TEXT),
            "loopback": nullable(described.reference(LoopbackRecord)),
            "channel": nullable(of_dataclass(AnalogPath)),
            "audit": fields(audit),
            "seed": WHOLE,
            "torn": FLAG,
            "stopped": nullable(described.reference(StopRecord)),
            "arms": listed(_arm()),
            "total": _arm(),
            "diagnosis": nullable(diagnosis()),
            "lifecycle": listed(fields({**event, "back_s": back})),
            "beside": listed(fields({"name": TEXT, "cpu_percent": NUMBER, "switches_per_s": NUMBER})),
            "directory": TEXT,
        },
        "directory",
    )
    return _whole("pcmstress/report/1", "report --json, and run --json", body, described.defs)


def diagnosis() -> Schema:
    """Return the schema of a diagnosis: effects, intervals and p values."""
    side = fields({"side": TEXT, "mechanism": TEXT, "proven": FLAG, "evidence": TEXTS})
    point = fields({"at": NUMBER, "wrong_frames": WHOLE, "checked_frames": WHOLE})
    fit = fields(dict.fromkeys(("rate_without", "decay", "standard_error", "p", "dispersion"), _MAYBE))
    contrast = {
        **dict.fromkeys(("group", "changed", "base", "other"), TEXT),
        **dict.fromkeys(("base_episodes", "other_episodes"), WHOLE),
        **dict.fromkeys(("base_observed_s", "other_observed_s"), NUMBER),
        **dict.fromkeys(("times_fewer", "low_95", "high_95"), _MAYBE),
        "p": SHARE,
        "cures": FLAG,
    }
    curve = {"points": listed(point), "fit": nullable(fit)}
    return fields(
        {
            "schema": _named(DIAGNOSIS),
            **dict.fromkeys(("cause", "headline", "layer", "transport", "advice", "against"), TEXT),
            "sides": listed(side),
            "evidence": TEXTS,
            "also": TEXTS,
            "dispersion": keyed(NUMBER),
            "players": TEXTS,
            "contrasts": listed(fields(contrast)),
            "doses": listed(fields({"group": TEXT, **curve})),
            "sizes": listed(fields({"arm": TEXT, "size": TEXT, **curve})),
        }
    )


def finding() -> Schema:
    """Return the schema of a finding in an analysis."""
    maybe = nullable(WHOLE)
    return fields(
        {
            "kind": {"enum": [kind.value for kind in Kind]},
            **dict.fromkeys(("frame", "frames", "position"), WHOLE),
            **dict.fromkeys(("lag", "laps", "ring_offset", "line_bytes"), maybe),
            "ring": {"enum": ["playback", "capture", None]},
            "injected": FLAG,
            "details": {"type": "object"},
            "text": TEXT,
        }
    )


def _analysis() -> Schema:
    exposure = fields({"lines": WHOLE, "line_bytes": WHOLE, "rate_bound_95": _MAYBE})
    # What the detector adds: exact its advice, spectral the channel, its device tier the alarms.
    more: dict[str, Schema] = {
        "advice": TEXTS,
        "channel": nullable({"type": "object"}),
        "quiet_score": _MAYBE,
        "disturbances": WHOLE,
        "tier": TEXT,
        "alarms": listed({"type": "object"}),
    }
    return fields(
        {
            "schema": _named("pcmstress/analysis/1"),
            "verdict": VERDICT,
            "detector": TEXT,
            "locked": FLAG,
            "frames": WHOLE,
            "checked_frames": WHOLE,
            "first_position": nullable(WHOLE),
            "counts": {**COUNTS, "propertyNames": {"enum": [kind.value for kind in Kind]}},
            "findings": listed(finding()),
            "exposure": exposure,
            "valid_bits": nullable(WHOLE),
            "notes": TEXTS,
            "path": nullable({"type": "object"}),
            **more,
        },
        *more,
    )


def _prediction() -> Schema:
    described = Described()
    numbers = ("per_million", "lines_per_s", "episodes_per_s", "simulated_s")
    row = {
        "arm": TEXT,
        "provoking": FLAG,
        "lines": WHOLE,
        "wrong_lines": WHOLE,
        **dict.fromkeys(numbers, NUMBER),
        "detection_95_s": _MAYBE,
        "causes": COUNTS,
        "reason": TEXT,
    }
    arms = fields(row)
    body = fields(
        {
            "schema": _named("pcmstress/prediction/1"),
            "board": TEXT,
            "arms": listed(arms),
            "plan": described.reference(Plan),
        }
    )
    return _whole("pcmstress/prediction/1", "predict --json", body, described.defs)
