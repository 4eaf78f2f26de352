# SPDX-License-Identifier: MIT
"""The LAVA test definition: its keys, its parameters, and the result file that a run leaves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAVA = ROOT / "integrations" / "lava"
# What the script takes from lib/sh-test-lib of test-definitions, as far as it uses it.
LIBRARY = """
create_out_dir() { rm -rf "$1"; mkdir -p "$1"; }
exit_on_fail() {
    [ $? -eq 0 ] && { report_pass "$1"; return; }
    report_fail "$1"; echo "$2 skip" >> "$RESULT_FILE"; exit 0
}
report_pass() { echo "$1 pass" >> "$RESULT_FILE"; }
report_fail() { echo "$1 fail" >> "$RESULT_FILE"; }
add_metric() { echo "$1 $2 $3 $4" >> "$RESULT_FILE"; }
warn_msg() { echo "WARNING: $1" >&2; }
"""


@pytest.fixture
def definition(tmp_path):
    folder = tmp_path / "automated" / "linux" / "pcmstress"
    folder.mkdir(parents=True)
    (tmp_path / "automated" / "lib").mkdir()
    (tmp_path / "automated" / "lib" / "sh-test-lib").write_text(LIBRARY, encoding="utf-8")
    shutil.copy(LAVA / "pcmstress.sh", folder)
    program = tmp_path / "pcmstress"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stress "$@"\n', encoding="utf-8")
    program.chmod(0o755)

    def run(*options):
        subprocess.run(
            ["./pcmstress.sh", *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            check=True,
        )
        lines = (folder / "output" / "result.txt").read_text(encoding="utf-8").splitlines()
        return dict(line.split(None, 1) for line in lines)

    return run


@pytest.mark.parametrize(("board", "verdict"), [("arm926", "fail"), ("cortex-a", "pass")])
def test_lava_run_of_a_simulated_board_leaves_its_verdict_per_arm(definition, board, verdict):
    results = definition("-c", "", "-p", "smoke", "-o", f"--backend virtual --board {board} --seed 1")
    assert results["pcmstress-judged"] == "pass"
    assert results[f"pcmstress.virtual-{board}.run"].split()[0] == verdict
    assert results[f"pcmstress.virtual-{board}.rw-control"].split()[0] == "pass"


def test_lava_run_without_the_card_is_skipped_and_says_that_nothing_was_judged(definition):
    results = definition("-c", "nosuchcard")
    assert results["pcmstress-judged"] == "fail"
    assert results["pcmstress.alsa-nosuchcard.run"] == "skip"


@pytest.mark.parametrize("program", ["/nowhere/pcmstress", "/nowhere/pcmstress.pyz", __file__])
def test_lava_run_without_the_program_fails_before_anything_else(definition, program):
    results = definition("-x", program)
    assert results == {"pcmstress-present": "fail", "pcmstress-judged": "skip"}


def test_lava_parameters_are_all_handed_to_the_script():
    text = (LAVA / "pcmstress.yaml").read_text(encoding="utf-8")
    parameters = set(re.findall(r"^    ([A-Z]+): ", text, flags=re.MULTILINE))
    assert parameters == set(re.findall(r'"\$\{([A-Z]+)\}"', text))
    for key in ("name", "format", "description", "maintainer", "os", "scope", "devices"):
        assert re.search(rf"^    {key}:", text, flags=re.MULTILINE), key


def test_lava_job_gives_the_definition_parameters_it_has_and_a_plan_that_is_shipped():
    definition = (LAVA / "pcmstress.yaml").read_text(encoding="utf-8")
    job = (LAVA / "qemu-job.yaml").read_text(encoding="utf-8")
    given = dict(re.findall(r"^            ([A-Z]+): (\S+)$", job, flags=re.MULTILINE))
    assert set(given) == {"CARD", "PLAN", "PCMSTRESS"}
    assert set(given) <= set(re.findall(r"^    ([A-Z]+): ", definition, flags=re.MULTILINE))
    for plan in (given["PLAN"], re.search(r'PLAN: "(\w+)"', definition).group(1)):
        assert (ROOT / "configs" / "plans" / f"{plan}.toml").exists()
