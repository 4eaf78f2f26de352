# SPDX-License-Identifier: MIT
"""alsabat and pcmstress on the same cards of a guest, with the same faults on the wire."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from stress.report.table import table
from tools.labkit import Options, run

ALSABAT = ("alsabat", "alsabat --snr-db 40", "alsabat --snr-db 60")
OURS = "pcmstress run"
CLEAN = ("snd-aloop, clean", "softcard, clean")
# What alsabat's main() returns: a peak that is not the tone, a signal with too much noise.
_WORDS = {"pcmstress run": {0: "PASS", 1: "FAIL", 4: "SKIP", 5: "INCONCLUSIVE", 70: "ERROR"}}


def word(program: str, code: int | None, clean: bool) -> str:
    """Return what an exit status means, with what was missed or made up.

    Parameters
    ----------
    code : None for a program that did not end in time or captured nothing.
    clean : whether nothing was wrong with the card.
    """
    if code is None:
        return "no verdict"
    named = _WORDS.get(program, {}).get(code, "PASS" if code == 0 else f"FAIL ({code})")
    if named == "PASS" and not clean:
        return "PASS: missed"
    return f"{named}: false" if clean and named.startswith("FAIL") else named


def rows(lines: list[str]) -> list[dict[str, Any]]:
    """Return the rows that the guest printed."""
    return [json.loads(line) for line in lines if line.startswith("{")]


def main(argv: list[str]) -> int:
    """Boot a guest, run both programs on every row, print the table."""
    parser = argparse.ArgumentParser(prog="tools/bench alsabat", description=__doc__)
    parser.add_argument("--board", default="x86_64", help="board of tools/lab (default x86_64)")
    parser.add_argument("--channels", type=int, default=2, choices=(1, 2))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    command = ["python3", "-m", "tools.benchkit._alsabat_card", str(args.channels)]
    result = run(args.board, command, Options(timeout_s=1800))
    if result.failure or result.code:
        print(
            f"tools/bench alsabat: {result.failure or result.stderr[-400:].decode(errors='replace')}",
            file=sys.stderr,
        )
        return 1
    found = rows(result.stdout.decode().splitlines())
    if args.json:
        print(json.dumps({"board": args.board, "channels": args.channels, "rows": found}))
        return 0
    heads = (f"card and fault, {'mono' if args.channels == 1 else 'stereo'}", *ALSABAT, OURS)
    body = [
        (row["row"], *(word(name, row["codes"][name], row["row"] in CLEAN) for name in (*ALSABAT, OURS)))
        for row in found
    ]
    for line in table(heads, body):
        print(line)
    return 0
