# SPDX-License-Identifier: MIT
"""Inside the guest: the same plan on several cards at once, again and again, beside a load.

    python3 -m tools.labkit.soak_guest [CARD]

Without a card it starts the load and one process for each card. That one loads the
tester once and forks for each run: loading takes a minute of a busy emulated CPU.
What a run came to is a line of runs-CARD.jsonl in the working directory; records
are kept of every run that failed and of the first that ended INCONCLUSIVE.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.labkit.soak_load import loads

# Ahead of the load, as a card is not a process; and its bus waits for a host that the load keeps busy,
# as a card that loses packets is no clean card.
SOFTCARD = ("nice", "-n", "-15", "/project/tools/softcard", "up", "--pace", "0", "--patience", "2")
JOB = "soak.json"
RUNS = "runs-{card}.jsonl"
PLAN = "soak.toml"
#: Exit codes of a clean run.
PASS, INCONCLUSIVE = 0, 5
# Records kept of each card that are INCONCLUSIVE; of those that failed all are kept.
_KEPT = 2
# The end of a run's output that is kept where it is no report [characters].
_TAIL = 2000
# Memory: the load does not wait for the host's disk, and only what is kept crosses over.
_MEMORY = Path("/tmp")


def told(text: str) -> dict[str, Any]:
    """Return verdict, reasons and xruns of what ``run --json`` printed; its end where it is no JSON."""
    try:
        report = json.loads(text)
    except ValueError:
        return {"verdict": "", "reason": text[-_TAIL:], "reasons": [], "xruns": 0}
    reasons = list(report.get("reasons", []))
    return {
        "verdict": report.get("verdict", ""),
        "reason": reasons[0] if reasons else "",
        "reasons": reasons,
        "xruns": sum(arm.get("xruns", 0) for arm in report.get("arms", [])),
    }


def claim(counter: Path, runs: int) -> int:
    """Return the number of the next run of all cards together, 0 where no further one is asked."""
    with open(counter, "a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        number = len(file.read()) + 1
        if number > runs:
            return 0
        file.write(".")
        return number


class Card:
    """One card: its runs so far, and where they are written down.

    Parameters
    ----------
    job : runs, end (wall clock, seconds since the epoch) and seed, as the host wrote them.
    execute : runs the tester with these words, output into these files; returns its exit code.
    """

    def __init__(
        self, name: str, job: Mapping[str, Any], execute: Callable[[Sequence[str], Path], int]
    ) -> None:
        self._name, self._job, self._execute = name, job, execute
        self.codes: Counter[int] = Counter()

    def walk(self) -> None:
        """Run until nothing is left to do, or the time is over."""
        while time.time() < self._job["end"]:
            number = claim(_MEMORY / "soak.count", self._job["runs"])
            if not number:
                return
            self._once(number)

    def _once(self, number: int) -> None:
        folder = _MEMORY / f"run-{number:04d}-{self._name}"
        output = folder.with_suffix(".output")
        output.mkdir()
        words = ["run", "--card", self._name, "--plan", PLAN, "--json", "--out", str(folder)]
        begin = time.monotonic()
        code = self._execute([*words, "--seed", str(self._job["seed"] + number)], output)
        seconds = time.monotonic() - begin
        text = (output / "stdout").read_text() or (output / "stderr").read_text()
        folder.mkdir(exist_ok=True)
        for path in output.iterdir():
            shutil.move(str(path), str(folder / path.name))
        output.rmdir()
        self.done(number, code, text, seconds, folder)

    def done(self, number: int, code: int, text: str, seconds: float, folder: Path) -> None:
        """Write down what a run came to, and keep or delete its record."""
        self.codes[code] += 1
        keep = code not in (PASS, INCONCLUSIVE) or (code == INCONCLUSIVE and self.codes[code] <= _KEPT)
        line = {"card": self._name, "run": number, "code": code, "seconds": round(seconds, 1), **told(text)}
        with open(RUNS.format(card=self._name), "a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "record": folder.name if keep else ""}) + "\n")
        reason = line["reason"].strip()[:120]
        print(f"run {number} {self._name}: exit {code} in {seconds:.0f} s {reason}", flush=True)
        if keep:
            shutil.move(str(folder), folder.name)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def forked(words: Sequence[str], output: Path) -> int:
    """Run the tester in a child of this process; return its exit code, negative for a signal."""
    from stress.cli.main import main as tester

    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
    code = 70
    try:
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(output / name, os.O_WRONLY | os.O_CREAT, 0o644), number)
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115 - the child's
        code = tester(list(words))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


@contextmanager
def softcard(card: str) -> Any:
    """Keep a softcard up, in free run."""
    ready, end = _MEMORY / f"{card}.ready", _MEMORY / f"{card}.end"
    script = f"touch {ready}; while [ ! -e {end} ]; do sleep 0.2; done"
    # --run must come last; the card lives as long as the script.
    up = subprocess.Popen([*SOFTCARD, "--id", card, "--run", "sh", "-c", script])
    try:
        while not ready.exists():
            if up.poll() is not None:
                raise SystemExit(f"{card}: the softcard ended with {up.returncode}")
            time.sleep(0.2)
        yield
    finally:
        end.touch()
        up.wait()


def _one(job: Mapping[str, Any], name: str) -> int:
    # What a run loads, loaded before the first fork.
    from stress.cli.commands import run as _loaded  # noqa: F401
    from stress.pcm import alsa as _too  # noqa: F401

    card = Card(name, job, forked)
    if name in job["softcards"]:
        with softcard(name):
            card.walk()
    else:
        card.walk()
    return int(any(code not in (PASS, INCONCLUSIVE) for code in card.codes))


def main(argv: Sequence[str]) -> int:
    """Run the job of the file soak.json, or one card of it; return 1 where a run failed."""
    job = json.loads(Path(JOB).read_text())
    if argv:
        return _one(job, argv[0])
    job["end"] = time.time() + job["deadline_s"]
    Path(JOB).write_text(json.dumps(job))
    cards = [*job["loops"], *job["softcards"]]
    print(f"{os.cpu_count()} CPUs, {len(cards)} cards, {job['workers']} workers beside them", flush=True)
    with loads(job["loads"], job["workers"], job["seed"]):
        started = []
        for card in cards:
            started.append(subprocess.Popen([sys.executable, "-m", "tools.labkit.soak_guest", card]))
            # Two softcards that appear at once would race for their ids.
            time.sleep(1)
        ended = [process.wait() for process in started]
    return int(any(ended))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
