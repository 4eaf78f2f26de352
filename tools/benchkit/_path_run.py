# SPDX-License-Identifier: MIT
"""Run `pcmstress run` on a virtual board behind each kind of path, with a stale line in it."""

from __future__ import annotations

import dataclasses
import io
import json
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path as File
from zlib import crc32

import numpy as np

from stress.cli import main
from stress.model.formats import FORMATS
from stress.model.path import Path
from stress.model.record.analysis import PathRecord
from stress.model.record.burst import BurstRecord
from stress.plan.plan import read_plan
from stress.record import reader, rundir
from stress.verdict.summary import Summary, summarise
from stress.virtual.card.path_spec import PathSpec
from tools.benchkit._path_cases import Case, Draw
from tools.benchkit._path_truth import Truth

# The first burst names the path, the second one holds the stale line. A ratio of rates to 2 ppm wants
# 65536 frames, another stimulus a second.
SHORT, LONG = "200ms", "1500ms"
PLAN = """format = "{format}"
[[arm]]
name = "path"
period_size = 48
playback_buffer = 192
capture_buffer = 480
burst_s = "{burst}"
"""
STALE = 'fault=[{{"kind":"stale-dma","frame":{frame},"frames":8,"burst":{burst}}}]'
SITE = {("stale", "playback", 1): 1}


@dataclass(frozen=True)
class Ran:
    """What a run printed first, its exit status and its record."""

    status: int
    head: list[str]
    run: Summary
    bursts: list[BurstRecord]


def assignments(spec: PathSpec) -> list[str]:
    """Return the `--set` values that make a board's path from the one that changes nothing."""
    plain = PathSpec()
    changed = (one.name for one in dataclasses.fields(PathSpec))
    return [
        f"path.{name}={json.dumps(getattr(spec, name))}"
        for name in changed
        if getattr(spec, name) != getattr(plain, name)
    ]


def ran(spec: PathSpec, name: str, seed: int, burst: str = SHORT, stale: bool = True) -> Ran:
    """Return what a run says behind a path.

    Parameters
    ----------
    name : of the format.
    stale : a line is older data.
    """
    with tempfile.TemporaryDirectory() as folder:
        plan, out, said = File(folder, "plan.toml"), File(folder, "run"), io.StringIO()
        plan.write_text(PLAN.format(format=name, burst=burst), encoding="utf-8")
        argv = ["run", "--backend", "virtual", "--board", "cortex-a", "--seed", str(seed), "--out", str(out)]
        argv += ["--plan", str(plan), *(["--set", STALE.format(frame=4800, burst=-1)] if stale else [])]
        argv += [part for key in assignments(spec) for part in ("--set", key)]
        with redirect_stdout(said), redirect_stderr(said):
            status = main.main(argv)
        if not out.exists():
            raise RuntimeError(said.getvalue())
        events = reader.read_run(out).events
        config = rundir.read_json(out, "config.json")
        run = summarise(events, read_plan(config["plan"], "config.json"))
    lines = [line for line in said.getvalue().splitlines() if not line.startswith("burst ")]
    return Ran(status, lines[:4], run, [one for one in events if isinstance(one, BurstRecord)])


def behind(case: Case, seed: int) -> tuple[list[str], Ran]:
    """Return what a run says wrong of one random path of a kind in stereo, and the run."""
    name = case.only or "S16_LE"
    rng = np.random.default_rng([seed, crc32(case.name.encode())])
    spec, truth = case.make(Draw(rng, FORMATS[name], 2))
    lossy = spec.rate_ratio != 1 or spec.filter_pole or spec.shape or spec.dither
    found = ran(spec, name, seed, LONG if lossy else SHORT)
    return wrong(found, truth), found


def wrong(found: Ran, truth: Truth) -> list[str]:
    """Return what a run says wrong: the path, the advice, the verdict, the stale line."""
    paths = [one.analysis.path for one in found.bursts if one.analysis.path is not None]
    if truth.exact:
        return [] if not found.head[0].startswith("path:") and _sites(found) == SITE else found.head
    if not paths:
        return [f"no path is named: {found.head[0]}"]
    # The record does not say what is clipped; the sentence does.
    out = replace(truth, clipped=None, invertible=None).misses(_path(paths[0]))
    if truth.clipped and not any("clipped" in line for line in found.head[:1]):
        out.append("clipped")
    said = found.run.loopback
    if not found.head[0].startswith("path: ") or said is None or not said.path:
        out.append(f"first line {found.head[0]!r}")
    elif not said.advice or said.advice.split(";")[0] not in " ".join(found.head[1:3]):
        out.append(f"advice {found.head[1]!r}")
    elif said.lost:
        # What judges in its place must not find the path itself.
        kinds = {kind for kind, _, _ in _sites(found)}
        out += [f"findings {sorted(kinds)}"] if kinds - {"stale", "swap"} else []
    elif found.status != 1 or _sites(found) != SITE:
        out.append(f"exit {found.status}, findings {_sites(found)}")
    return out


def _sites(found: Ran) -> dict[tuple[str, str | None, int | None], int]:
    return dict(found.run.whole.sites)


def _path(record: PathRecord) -> Path:
    return Path(**{one.name: getattr(record, one.name) for one in dataclasses.fields(PathRecord)})
