# SPDX-License-Identifier: MIT
"""Simulate streams on a cache and print what went wrong, as JSON lines.

usage: tools/bench vivt [--oracle] CASE...   one JSON object per case
       tools/bench vivt --reference          all reference cases: expected, got, difference

A CASE is one argument such as 'geo=926-16-rr ring=4096 xk=8' or 'mode=cap pre=192';
tools/refkit/case.py has the names. --oracle takes the slow cache.
"""

from __future__ import annotations

import json
import sys

from stress.errors import ConfigError
from tools.benchkit._reference import ExactCase, StatisticalCase, exact_cases, run_case, statistical_cases
from tools.refkit.case import parse_case

_STATISTICAL_MS = 100000


def main(argv: list[str]) -> int:
    """Run the cases named; 64 for a bad case, 1 where the reference differs."""
    oracle = "--oracle" in argv
    words = [word for word in argv if word != "--oracle"]
    if words in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if words == ["--reference"]:
        return _reference(oracle)
    if not words or any(word.startswith("-") for word in words):
        print(f"tools/bench vivt: {' '.join(words) or 'no case'}; try --help", file=sys.stderr)
        return 64
    try:
        for text in words:
            parse_case(text)
        for text in words:
            print(json.dumps({"case": text, **run_case(text, oracle)}), flush=True)
    except ConfigError as error:
        print(f"tools/bench vivt: {error}", file=sys.stderr)
        return 64
    return 0


def _reference(oracle: bool) -> int:
    print(f"{'case':4} {'counter':12} {'expected':>12} {'got':>12} {'difference':>11}  parameters")
    wrong = [_exact(case, oracle) for case in exact_cases()]
    wrong += [_statistical(case, oracle) for case in statistical_cases()]
    print(f"{len(wrong) - sum(wrong)} of {len(wrong)} cases agree")
    return 1 if any(wrong) else 0


def _exact(case: ExactCase, oracle: bool) -> bool:
    got = run_case(case.text, oracle)
    differs = False
    for counter, expected in case.expected.items():
        differs |= got[counter] != expected
        row = f"{case.name:4} {counter:12} {expected:12} {got[counter]:12} {got[counter] - expected:+11}"
        print(f"{row}  {case.text}", flush=True)
    return differs


def _statistical(case: StatisticalCase, oracle: bool) -> bool:
    got = run_case(f"{case.text} ms={_STATISTICAL_MS}", oracle)
    bad, halves = got["badlines"] / got["lines"], max(1, got["badhalves"])
    allowed = case.tolerance(_STATISTICAL_MS / 1000)
    for counter, expected, share in (("badlines", case.bad, bad), ("k1", case.one_lap, got["k1"] / halves)):
        row = f"{'S':4} {counter:12} {expected:12.4f} {share:12.4f} {share - expected:+11.4f}"
        print(f"{row}  {case.text} (badlines within {allowed:.4f})", flush=True)
    return abs(bad - case.bad) > allowed
