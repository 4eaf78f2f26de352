# SPDX-License-Identifier: MIT
"""pcmstress on a place of a labgrid lab; copied into the lab's tests, it needs nothing of this repository.

    pytest -o junit_family=xunit1 --lg-env board-ssh.yaml --junit-xml result.xml test_pcmstress.py

The environment says what is run: PCMSTRESS_FILE, a pcmstress.pyz to copy to the board (without it the
board's own command is used); PCMSTRESS_OPTIONS, the options of `pcmstress run` (default: --plan ci);
PCMSTRESS_TIMEOUT_S, how long one command may take (default: 600); PCMSTRESS_STATE, the state to which the
place's strategy is taken first, where it has one (default: shell); PCMSTRESS_RECORD, a file that receives
the record of the run as a bundle, which `pcmstress report` reads.
"""

import base64
import contextlib
import json
import os
import pathlib
import shlex

import pytest

OPTIONS = os.environ.get("PCMSTRESS_OPTIONS", "--plan ci")
SECONDS = int(os.environ.get("PCMSTRESS_TIMEOUT_S", "600"))
STATE = os.environ.get("PCMSTRESS_STATE", "shell")
RECORD = os.environ.get("PCMSTRESS_RECORD", "")
# On the board. A serial console has one stream: what is not the answer goes into a file.
ON_BOARD, SAID = "/tmp/pcmstress-record", "/tmp/pcmstress-said"


@pytest.fixture(scope="session")
def board(target):
    """Return the command driver of the place, powered and booted by its strategy where it has one."""
    from labgrid.exceptions import NoDriverFoundError, NoStrategyFoundError

    with contextlib.suppress(NoDriverFoundError, NoStrategyFoundError):
        target.get_strategy().transition(STATE)
    return target.get_driver("CommandProtocol")


@pytest.fixture(scope="session")
def pcmstress(board, target):
    """Return the command line of pcmstress on the board, as words."""
    file = os.environ.get("PCMSTRESS_FILE")
    if not file:
        return ["pcmstress"]
    target.get_driver("FileTransferProtocol").put(file, "/tmp/pcmstress.pyz")
    return ["python3", "/tmp/pcmstress.pyz"]


def _run(board, words):
    out, _, status = board.run(f"{shlex.join(words)} 2>{SAID}", timeout=SECONDS)
    answer = next((line for line in reversed(out) if line.startswith("{")), "")
    if not answer:
        said, _, _ = board.run(f"tail -n 20 {SAID}", timeout=SECONDS)
        pytest.fail(f"status {status}: " + "; ".join([*out, *said]))
    return json.loads(answer), status


def _fetch(board, pcmstress):
    # Through the console or ssh alike: every place that runs commands can do it.
    bundle = f"{ON_BOARD}.tar.gz"
    board.run(f"rm -f {bundle}", timeout=SECONDS)
    board.run(
        f"{shlex.join([*pcmstress, 'report', ON_BOARD, '--bundle', bundle])} >{SAID} 2>&1", timeout=SECONDS
    )
    out, err, status = board.run(f"base64 {bundle}", timeout=SECONDS)
    assert status == 0, "\n".join([*out, *err])
    place = pathlib.Path(RECORD)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(base64.b64decode("".join(out)))


def test_board_is_described(board, pcmstress, record_property):
    facts, status = _run(board, [*pcmstress, "probe", "--json"])
    assert status == 0
    record_property("expectation", facts["expectation"])


def test_ring_is_not_corrupted(board, pcmstress, record_property):
    board.run(f"rm -rf {ON_BOARD}", timeout=SECONDS)
    result, _ = _run(board, [*pcmstress, "run", "--out", ON_BOARD, *shlex.split(OPTIONS), "--json"])
    record_property("verdict", result["verdict"])
    if RECORD:
        _fetch(board, pcmstress)
    if result["verdict"] in ("SKIP", "INCONCLUSIVE"):
        # Neither clean nor corrupt: a lab that wants a card to be there turns this into a failure.
        pytest.skip(f"{result['verdict']}: {'; '.join(result['reasons'])}")
    assert result["verdict"] == "PASS", "; ".join(result["reasons"])
