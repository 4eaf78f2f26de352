# SPDX-License-Identifier: MIT
"""pcmstress on a place of a labgrid lab; copied into the lab's tests, it needs nothing of this repository.

    pytest -o junit_family=xunit1 --lg-env board-ssh.yaml --junit-xml result.xml test_pcmstress.py

The environment says what is run: PCMSTRESS_FILE, a pcmstress.pyz to copy to the board (without it the
board's own command is used); PCMSTRESS_OPTIONS, the options of `pcmstress run` (default: --plan smoke);
PCMSTRESS_TIMEOUT_S, how long one command may take (default: 600).
"""

import json
import os
import shlex

import pytest

OPTIONS = os.environ.get("PCMSTRESS_OPTIONS", "--plan smoke")
SECONDS = int(os.environ.get("PCMSTRESS_TIMEOUT_S", "600"))


@pytest.fixture(scope="session")
def board(target):
    """Return the command driver of the place, which the lab has powered and booted."""
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
    return board.run(" ".join(map(shlex.quote, words)), timeout=SECONDS)


def test_board_is_described(board, pcmstress, record_property):
    out, err, status = _run(board, [*pcmstress, "probe", "--json"])
    assert status == 0, err
    facts = json.loads("\n".join(out))
    record_property("expectation", facts["expectation"])


def test_ring_is_not_corrupted(board, pcmstress, record_property):
    out, err, status = _run(board, [*pcmstress, "run", *shlex.split(OPTIONS), "--json"])
    said = "\n".join(err)
    assert out, f"status {status}: {said}"
    result = json.loads("\n".join(out))
    record_property("verdict", result["verdict"])
    if result["verdict"] in ("SKIP", "INCONCLUSIVE"):
        # Neither clean nor corrupt: a lab that wants a card to be there turns this into a failure.
        pytest.skip(f"{result['verdict']}: {'; '.join(result['reasons']) or said}")
    assert result["verdict"] == "PASS", "\n".join(out)
