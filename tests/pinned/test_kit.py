# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.model.finding import Kind
from tests.pinned import __main__ as pin
from tests.pinned.kit import alike, differing, word


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("zero 9000+5", "zero 9000+6"),
        ("zero 9000+5", "hold 9000+5"),
        ("gain 0.5000", "gain 0.5002"),
        ("gain 0.5", "gain -0.5"),
        ("gain 0.5 0.5", "gain 0.5"),
    ],
)
def test_line_with_another_value_differs(was, now):
    assert not alike(was, now)
    assert differing([now], [was]) == [f"- {was}", f"+ {now}"]


def test_figures_that_differ_by_rounding_are_alike():
    assert alike(word(1.0), word(0.9999999)) and alike(word(0.0), word(-1e-17))
    assert alike("power 1.00001e-07 at 0.123456", "power 1.00002e-07 at 0.123457")


def test_line_that_is_missing_or_one_more_differs():
    assert differing(["a"], ["a", "b"]) == ["- b", "+ "]
    assert differing(["a", "b"], ["a"]) == ["- ", "+ b"]


def test_sentence_is_held_by_its_numbers():
    assert word("8 frames are 1200 frames old") == word("8 frames lie 1200 frames back") == "~8 1200"
    assert word("8 frames are 1201 frames old") == "~8 1201"
    assert word(Kind.ZERO) == "zero"


def test_long_array_differs_by_one_value_and_by_their_order():
    one = np.arange(100.0)
    changed, turned = one.copy(), one[::-1].copy()
    changed[50] += 1
    assert len({word(one), word(changed), word(turned)}) == 3


def test_pin_shows_what_differs_and_writes_it_when_asked(tmp_path, monkeypatch, capsys):
    (tmp_path / "exact.txt").write_text("== places\nline at 0: [1]\n", encoding="utf-8")
    for module in ("tests.pinned.kit", "tests.pinned.__main__"):
        monkeypatch.setattr(f"{module}.FOLDER", tmp_path)
    monkeypatch.setattr("tests.pinned.pins_exact.CASES", {"places": lambda: ["line at 0: [2]"]})
    assert pin.main(["exact"]) == 1
    assert "-line at 0: [1]\n+line at 0: [2]\n" in capsys.readouterr().out
    assert pin.main(["exact", "--write"]) == 1
    assert pin.main(["exact"]) == 0


def test_pin_of_an_unknown_room_is_refused(capsys):
    with pytest.raises(SystemExit):
        pin.main(["nothing"])
    assert "'nothing' is no room with pins" in capsys.readouterr().err
