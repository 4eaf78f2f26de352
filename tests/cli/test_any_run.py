# SPDX-License-Identifier: MIT
"""Random plans on random virtual boards: no wrong verdict, whole, cut off and continued, in any form."""

from __future__ import annotations

import json
import random
import re

import pytest

from tests.cli.command import told

COHERENT = ("cortex-a", "x86_64", "raspberrypi4", "mips24k-16k", "arm1176")
#: What a board may lack, and which arms cannot run then.
LACKS = {
    "": lambda arm: False,
    "limits.mmap=false": lambda arm: arm["access"] == "mmap",
    "limits.rw=false": lambda arm: arm["access"] == "rw" or arm["side"] != "both",
}
LAYOUTS = [("S16_LE", 2), ("S16_LE", 3), ("S24_3LE", 2), ("S24_3LE", 1), ("S32_LE", 4), ("S16_LE", 1)]


def _arm(chance, number):
    arm = {
        "name": f"arm{number}",
        "access": chance.choice(["mmap", "mmap", "rw"]),
        "side": chance.choice(["both", "both", "playback", "capture"]),
        "period_size": chance.choice([48, 96]),
        "burst_s": chance.choice(["120ms", "200ms"]),
        "bursts": chance.choice([1, 2]),
        "optional": chance.random() < 0.2,
    }
    arm["playback_buffer"] = arm["period_size"] * chance.choice([4, 10])
    arm["capture_buffer"] = arm["period_size"] * chance.choice([5, 11])
    if arm["access"] == "mmap":
        arm["capture"] = chance.choice(["whole", "exact"])
        arm["lever"] = chance.choice(["none", "none", "clean+invalidate"])
    return arm


def _written(path, chance):
    fmt, channels = chance.choice(LAYOUTS)
    arms = [_arm(chance, number) for number in range(chance.choice([1, 2, 3]))]
    lines = ["bound = 1e-2", f'format = "{fmt}"', f"channels = {channels}"]
    lines.append(f"rate = {chance.choice([48000, 44100])}")
    for arm in arms:
        lines += ["[[arm]]", *(f"{name} = {json.dumps(value)}" for name, value in arm.items())]
    path.write_text("\n".join(lines) + "\n")
    return arms


def _verdicts(capsys, folder):
    """Return what each form says of the run, and the JSON report."""
    report = json.loads(told(capsys, "report", folder, "--json")[1])
    text = told(capsys, "report", folder, "-q")[1].split()[0]
    ktap = [
        line
        for line in told(capsys, "report", folder, "--ktap")[1].splitlines()
        if re.match("(not )?ok", line)
    ]
    lava = told(capsys, "report", folder, "--lava")[1].split("RESULT=")[-1].split()[0].rstrip(">")
    mail = re.search(r"^Verdict: +(\w+)", told(capsys, "report", folder, "--mail")[1], re.MULTILINE)[1]
    passed = [ktap[-1].startswith("ok") and "# SKIP" not in ktap[-1], lava == "pass"]
    return report, {report["verdict"], text, mail}, passed


def _cut(folder, chance):
    # As a kill leaves it: up to some burst.
    path = folder / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    bursts = [place for place, line in enumerate(lines) if b'"event":"burst"' in line]
    if not bursts:
        return False
    path.write_bytes(b"".join(lines[: chance.choice(bursts) + 1]))
    return True


@pytest.mark.parametrize("seed", range(12))
def test_no_verdict_of_any_run_is_wrong_and_all_forms_agree(tmp_path, capsys, seed):
    chance, folder, plan = random.Random(seed), tmp_path / "run", tmp_path / "plan.toml"
    arms = _written(plan, chance)
    lack = chance.choice(["", "", *LACKS])
    ppm = chance.choice([-200, 0, 50])
    words = ["--board", chance.choice(COHERENT), "--set", f"usb.ratio_ppm={ppm}"]
    words += ["--set", lack] if lack else []
    told(capsys, "run", "--backend", "virtual", *words, "--plan", plan, "--seed", seed, "--out", folder)
    report, said, passed = _verdicts(capsys, folder)
    verdict = report["verdict"]
    assert said == {verdict} and passed == [verdict == "PASS"] * 2
    # Nothing is wrong with any of these boards.
    assert verdict in ("PASS", "INCONCLUSIVE", "SKIP"), report["reasons"]
    by_name = {part["arm"]: part for part in report["arms"]}
    for arm in arms if verdict == "PASS" else ():
        part = by_name[arm["name"]]
        whole = part["verdict"] == "PASS" and part["lines"] and part["planted"] == part["control_found"] > 0
        assert arm["optional"] or (whole and not LACKS[lack](arm))
    if _cut(folder, chance):
        cut, said, passed = _verdicts(capsys, folder)
        assert said == {"INCONCLUSIVE"} and passed == [False, False]
        told(capsys, "run", "--resume", "--out", folder)
        again, said, _ = _verdicts(capsys, folder)
        assert said == {verdict}
        assert [part["verdict"] for part in again["arms"]] == [part["verdict"] for part in report["arms"]]
