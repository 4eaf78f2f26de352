# SPDX-License-Identifier: MIT
"""tools/mutate: pytest in a fork, and what its exit says."""

from __future__ import annotations

import pytest

from tools.mutatekit.forked import NO_TESTS, status

NOTHING = {"MUTATE_MODULE": "stress.nothing", "MUTATE_SOURCE": "nothing.py"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def test_right():\n    assert True\n", 0),
        ("def test_wrong():\n    assert False\n", 1),
        ("raise ValueError\n", 2),
        ("", NO_TESTS),
    ],
    ids=["right", "wrong", "broken", "empty"],
)
def test_status_is_the_exit_code_of_the_tests(tmp_path, text, code):
    place = tmp_path / "test_one.py"
    place.write_text(text)
    assert status(NOTHING, [str(place)], 60.0) == code


def test_tests_without_an_end_are_ended(tmp_path):
    place = tmp_path / "test_endless.py"
    place.write_text("import time\n\n\ndef test_endless():\n    time.sleep(1000)\n")
    assert status(NOTHING, [str(place)], 0.5) == -1


def test_failure_of_pytest_itself_is_no_failure_of_a_test(tmp_path):
    with pytest.raises(RuntimeError, match="pytest ends with 4: no test was run"):
        status(NOTHING, [str(tmp_path / "absent.py")], 60.0)
