# SPDX-License-Identifier: MIT
"""Inside the guest: the same plan on several cards at once, again and again, beside a load.

One thread a card starts one run after the other. What each run came to is one line
of runs.jsonl in the working directory; records are kept of every run that failed
and of the first of each other verdict that is not PASS.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.labkit.soak_load import loads

# Ahead of the load, as a card is not a process: one that starves for two seconds is a frozen device.
SOFTCARD = ("nice", "-n", "-15", "/project/tools/softcard", "up", "--pace", "0")
JOB = "soak.json"
RUNS = "runs.jsonl"
PLAN = "soak.toml"
#: Exit codes of a clean run: PASS and INCONCLUSIVE.
PASS, INCONCLUSIVE = 0, 5
# Records kept of each exit code but FAIL, of which all are kept.
_KEPT = 3
# The end of a run's stderr that is kept [characters].
_TAIL = 2000


@dataclass
class Soak:
    """What is asked, and what was done so far.

    Parameters
    ----------
    job : runs, deadline_s, seed, loads, loops and softcards, as the host wrote them.
    """

    job: Mapping[str, Any]
    begin: float = field(default_factory=time.monotonic)
    started: int = 0
    kept: dict[int, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> int:
        """Return the number of the next run, 0 where no further one is asked or time is over."""
        with self.lock:
            late = time.monotonic() - self.begin > self.job["deadline_s"]
            if late or self.started >= self.job["runs"]:
                return 0
            self.started += 1
            return self.started

    def done(self, card: str, number: int, code: int, text: str, seconds: float, folder: Path) -> None:
        """Record what a run came to, and keep or delete its record."""
        line = {"card": card, "run": number, "code": code, "seconds": round(seconds, 1), **told(text)}
        with self.lock:
            self.kept[code] = self.kept.get(code, 0) + 1
            keep = code not in (PASS, INCONCLUSIVE) or (code == INCONCLUSIVE and self.kept[code] <= _KEPT)
            with open(RUNS, "a", encoding="utf-8") as file:
                file.write(json.dumps({**line, "record": folder.name if keep else ""}) + "\n")
            print(f"run {number} {card}: exit {code} in {seconds:.0f} s {line['reason']}", flush=True)
        if keep:
            shutil.move(str(folder), folder.name)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def told(text: str) -> dict[str, Any]:
    """Return verdict, first reasons and arms of what ``run --json`` printed; its text where it is no JSON."""
    try:
        report = json.loads(text)
    except ValueError:
        return {"verdict": "", "reason": text[-_TAIL:], "reasons": [], "xruns": 0}
    reasons = list(report.get("reasons", []))
    arms = report.get("arms", [])
    return {
        "verdict": report.get("verdict", ""),
        "reason": reasons[0] if reasons else "",
        "reasons": reasons,
        "xruns": sum(arm.get("xruns", 0) for arm in arms),
    }


def walk(soak: Soak, card: str) -> None:
    """Run on one card until nothing is left to do."""
    while number := soak.next():
        # Memory, so that the load does not wait for the host's disk; only what is kept crosses over.
        folder = Path("/tmp") / f"run-{number:04d}-{card}"
        begin = time.monotonic()
        words = ("pcmstress", "run", "--card", card, "--plan", PLAN, "--json", "--out", str(folder))
        done = subprocess.run(
            [*words, "--seed", str(soak.job["seed"] + number)], capture_output=True, text=True, check=False
        )
        folder.mkdir(exist_ok=True)
        (folder / "report.json").write_text(done.stdout)
        (folder / "stderr").write_text(done.stderr)
        text = done.stdout or done.stderr
        soak.done(card, number, done.returncode, text, time.monotonic() - begin, folder)


def walk_softcard(soak: Soak, card: str) -> None:
    """Bring a softcard up, in free run, and run on it."""
    ready, end = Path(f"/tmp/{card}.ready"), Path(f"/tmp/{card}.end")
    script = f"touch {ready}; while [ ! -e {end} ]; do sleep 0.2; done"
    # --run must come last; the card lives as long as the script.
    up = subprocess.Popen([*SOFTCARD, "--id", card, "--run", "sh", "-c", script])
    try:
        while not ready.exists():
            if up.poll() is not None:
                raise SystemExit(f"{card}: softcard ended with {up.returncode}")
            time.sleep(0.2)
        walk(soak, card)
    finally:
        end.touch()
        up.wait()


def main() -> int:
    """Run the job of the file soak.json; return 1 where a run failed."""
    job = json.loads(Path(JOB).read_text())
    soak = Soak(job)
    threads = [threading.Thread(target=walk, args=(soak, card)) for card in job["loops"]]
    threads += [threading.Thread(target=walk_softcard, args=(soak, card)) for card in job["softcards"]]
    print(f"{os.cpu_count()} CPUs, {len(threads)} cards, load {' '.join(job['loads']) or 'none'}", flush=True)
    with loads(job["loads"], job["seed"]):
        for thread in threads:
            thread.start()
            # Two softcards that appear at once would race for their ids.
            time.sleep(0.5)
        for thread in threads:
            thread.join()
    return int(any(code not in (PASS, INCONCLUSIVE) for code in soak.kept))


if __name__ == "__main__":
    sys.exit(main())
