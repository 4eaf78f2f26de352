# SPDX-License-Identifier: MIT
"""Measure the spectral analyzer: detection, false alarms, peers, speed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from stress.model.exposure import ZERO_EVENTS_95
from tools.benchkit import _alsabat
from tools.benchkit._device_cases import CASES as DEVICE
from tools.benchkit._device_cases import DeviceScore, device_trial
from tools.benchkit._spectral_cases import RATE, Case, Score, captured, played, timed, trial
from tools.benchkit._spectral_peers import RINGS, row

# The figures that decide: one 8-frame line, at least 40 dB, both ends of filter and drift.
CORE = tuple(Case(40, lowpass, ppm) for lowpass in (8000, 14000, 20000) for ppm in (0, 200, -200))
SIZES = (Case(60, 14000, 0, 16), Case(60, 14000, 100, 16), Case(60, 20000, 200, 16), Case(60, 14000, 50, 64))
SWEEP = tuple(Case(snr, lowpass, 100) for snr in (60, 50, 30, 20, 10) for lowpass in (8000, 14000, 20000))
HARD = (
    Case(60, 14000, 50, third=0.03, second=0.003),
    Case(60, 14000, 50, third=0.1, second=0.01),
    Case(60, 14000, 50, hum_dbfs=-40),
    Case(60, 14000, 50, impulses_per_s=2),
    Case(60, 14000, 50, wander_ppm=2),
)
RING_PAIRS = tuple(
    Case(40, 14000, 0, playback=p, capture=c)
    for p, c in ((960, 1056), (3792, 4048), (5056, 5376), (4096, 5120), (192, 384), (8192, 9216))
)


def main(argv: Sequence[str]) -> int:
    """Run what was asked; tables on stdout, JSON lines to --json."""
    parser = argparse.ArgumentParser(prog="tools/bench spectral", description=__doc__)
    parser.add_argument("--lines", type=int, default=700, help="stale lines per case (default 700)")
    parser.add_argument("--core-lines", type=int, default=6000, help="the same for the deciding cases")
    parser.add_argument(
        "--only", choices=("core", "sizes", "sweep", "hard", "rings", "device", "peers", "speed")
    )
    parser.add_argument("--peer-trials", type=int, default=20, help="recordings per ring (default 20)")
    parser.add_argument("--null", action="store_true", help="false alarms on clean audio instead")
    parser.add_argument("--hours", type=float, default=24.0, help="of clean audio to reach (default 24)")
    parser.add_argument("--first-seed", type=int, default=0, help="to go on elsewhere, a multiple of 16")
    parser.add_argument("--resume", type=Path, help="JSON lines to go on from and to append to")
    parser.add_argument("--json", type=Path, help="append each row as a JSON line")
    args = parser.parse_args(argv)
    if args.null:
        return _null(args.hours, args.resume, args.first_seed)
    groups = {"core": CORE, "sizes": SIZES, "sweep": SWEEP, "hard": HARD, "rings": RING_PAIRS}
    for name, cases in groups.items():
        if args.only in (None, name):
            lines = args.core_lines if name in ("core", "sizes") else args.lines
            _detection(name, cases, lines, args.json)
    if args.only in (None, "device"):
        _device(args.lines, args.json)
    if args.only in (None, "peers"):
        _peers(args.peer_trials, args.json)
    if args.only in (None, "speed"):
        _speed()
    return 0


def _detection(name: str, cases: Sequence[Case], lines: int, log: Path | None) -> None:
    print(f"\n{name}: stale lines of random age, S16 stereo, noise over the whole band")
    head = ("lines", 6), ("found", 8), ("+-1", 8), ("lag", 8), ("extra", 5), ("click", 5), ("x rt", 6)
    print(f"{'case':46} " + " ".join(f"{title:>{width}}" for title, width in head))
    for case in cases:
        total, seed = Score(), 1
        while total.lines < lines:
            total = total + trial(case, seed)
            seed += 1
        n, found = total.lines, max(total.found, 1)
        print(
            f"{case.name:46} {n:6} {total.found / n:8.5f} {total.placed / found:8.5f} "
            f"{total.aged / found:8.5f} {total.extra:5} {total.clicks:5} {total.audio_s / total.cpu_s:6.1f}",
            flush=True,
        )
        _log(log, {"group": name, **asdict(case), **asdict(total)})


def _device(lines: int, log: Path | None) -> None:
    print("\ndevice tier: periodic noise, S16 stereo, integers")
    print(f"{'case':46} {'lines':>6} {'found':>8} {'extra':>5} {'clean':>10} {'alarms':>6}")
    for case in DEVICE:
        total, seed = DeviceScore(), 1
        while total.lines < lines:
            total, seed = total + device_trial(case, seed), seed + 2
        share = total.found / max(1, total.lines)
        print(
            f"{case.name:46} {total.lines:6} {share:8.5f} {total.extra:5} "
            f"{total.clean_frames:10} {total.clean_alarms:6}",
            flush=True,
        )
        _log(log, {"group": "device", **asdict(case), **asdict(total)})


def _log(path: Path | None, entry: dict[str, object]) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(entry) + "\n")


def _peers(trials: int, log: Path | None) -> None:
    print(f"\npeers: share of {trials} recordings failed, one stale 32-byte line at 60 dB")
    if _alsabat.available() is None:
        print("alsabat is not installed: SKIPPED (package alsa-utils)")
    for ring in RINGS:
        shares = row(ring, trials)
        text = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
        print(f"ring {ring}: {text}", flush=True)
        _log(log, {"group": "peers", "ring": ring, **shares})


def _speed() -> None:
    print("\nspeed: processor time of clean stereo captures, one core")
    for seconds in (10, 60):
        for ppm in (0.0, 100.0):
            case = Case(60, 14000, ppm)
            rng = np.random.default_rng(3)
            clean = played(5, seconds * RATE)
            heard = captured(case.channel(rng).transmit(clean, RATE, clean.shape[0], 3))
            best = min(timed(heard, case, 5)[1] for _ in range(3))
            print(f"{seconds:3} s, {ppm:5.0f} ppm: {seconds / best:6.1f} x real time", flush=True)


def _null(hours: float, path: Path | None, first: int) -> int:
    """Analyse clean audio until `hours` are reached; every segment is one JSON line."""
    entries = _read(path)
    done = sum(float(str(e["seconds"])) for e in entries)
    alarms = sum(int(str(e["findings"])) for e in entries)
    seed = first + len(entries)
    segment = 60
    while done < hours * 3600:
        base = np.random.default_rng([7, seed // 16])
        drift = float(base.choice([0.0, base.uniform(-200, 200)]))
        case = Case(float(base.uniform(40, 70)), float(base.choice([8000, 14000, 20000])), drift)
        clean = played(seed // 16 * 16, segment * RATE)
        quiet = replace(case.channel(base), noise_dbfs=None)
        signal = quiet.transmit(clean, RATE, clean.shape[0])
        for _ in range(16 - seed % 16):
            # One signal serves 16 noises: only the noise can raise a false alarm.
            noise = np.random.default_rng([9, seed]).standard_normal(signal.shape, dtype=np.float32)
            level = float(case.channel(base).noise_dbfs or 0.0)
            heard = captured(signal + noise * 10 ** (level / 20))
            result, spent = timed(heard, case, seed // 16 * 16)
            entry = {
                "seed": seed,
                "case": case.name,
                "seconds": segment,
                "findings": result.analysis.found,
                "disturbances": result.disturbances,
                "top_sigma": round(result.quiet_score, 3),
                "locked": result.analysis.locked,
                "cpu_s": round(spent, 3),
            }
            entries.append(entry)
            _log(path, entry)
            done, seed = done + segment, seed + 1
            alarms += result.analysis.found
            if done >= hours * 3600:
                break
        print(_null_line(entries), flush=True)
    print(_null_line(entries))
    return 1 if alarms else 0


def _read(path: Path | None) -> list[dict[str, object]]:
    if path is None or not path.exists():
        return []
    return [json.loads(text) for text in path.read_text(encoding="utf-8").splitlines() if text.strip()]


def _null_line(entries: Sequence[dict[str, object]]) -> str:
    hours = sum(float(str(e["seconds"])) for e in entries) / 3600
    found = sum(int(str(e["findings"])) for e in entries)
    clicks = sum(int(str(e["disturbances"])) for e in entries)
    top = max((float(str(e["top_sigma"])) for e in entries), default=0.0)
    spent = sum(float(str(e["cpu_s"])) for e in entries)
    bound = f", below {ZERO_EVENTS_95 / hours * 24:.2f} a day at 95 %" if not found and hours else ""
    return (
        f"{hours:.2f} h clean stereo: {found} false alarms{bound}; {clicks} disturbances; highest line "
        f"{top:.2f} sigma of 10; {hours * 3600 / max(spent, 1e-9):.0f} x real time"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
