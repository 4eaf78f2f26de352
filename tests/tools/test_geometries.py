# SPDX-License-Identifier: MIT
"""Other caches: options as keys of a virtual board, ratios, colours, sections of the results page."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from stress.plan.plan import Arm
from stress.virtual.spec import BoardSpec
from tools.labkit import boards as lab_boards
from tools.labkit import colours, doctor, emulator, model_cache, sections
from tools.labkit.emulator_truth import Agreement
from tools.labkit.errors import LabError, LabUsage
from tools.labkit.experiment_store import Result
from tools.labkit.geometries import Row, summary


def test_cache_options_become_keys_that_the_virtual_board_takes() -> None:
    keys = model_cache.overrides("size=32768,ways=32,repl=rr,line=16,wa=1,seed=7")
    shape = BoardSpec.load("arm926", keys).cache.shape()
    assert (shape.size_bytes, shape.ways, shape.line_bytes, shape.replacement) == (32768, 32, 16, "rr")


@pytest.mark.parametrize("setting", ["flavour=mint", "repl=lru", "size=big"])
def test_cache_option_without_a_model_is_a_usage_error(setting: str) -> None:
    with pytest.raises(LabUsage, match="no virtual board models that"):
        model_cache.overrides(setting)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "mode=off"),
        ("size=8192", "mode=full,size=8192"),
        ("line=16", "mode=full,line=16,stride=32"),
        ("line=16,stride=16", "mode=full,line=16,stride=16"),
    ],
)
def test_short_lines_are_maintained_in_the_kernel_s_steps(text: str, value: str) -> None:
    assert emulator.cache_options(lab_boards.load("armv5-vivt"), text) == {"QEMU_VIVT": value}


def _row(predicted: float, wrong: int) -> Row:
    seen = Agreement(served=wrong, found=wrong, checked=24000, wrong=wrong)
    return Row("size=8192", "aloop", Arm(name="P1-4096"), predicted, Result(seen))


def test_ratio_is_the_larger_over_the_smaller_and_rare_below_half_a_percent() -> None:
    assert _row(10.0, 4800).ratio == pytest.approx(2.0)
    assert _row(30.0, 4800).ratio == pytest.approx(1.5)
    assert _row(0.2, 24).ratio is None
    assert _row(10.0, 0).ratio == float("inf")


def test_summary_counts_what_agrees_and_names_the_worst() -> None:
    text = summary([_row(20.0, 4800), _row(10.0, 4800), _row(0.1, 0)])
    assert text == ["1 of 2 arms agree within a factor 1.5; the worst is 2.00"]


@pytest.mark.parametrize(
    ("size", "ways", "number"), [(32768, 4, 2), (32768, 2, 4), (16384, 4, 1), (4096, 4, 1)]
)
def test_colours_are_pages_of_a_way(size: int, ways: int, number: int) -> None:
    assert colours.colours(size, ways) == number


def _ring(kernel: int, user: int, wrong: int, whole: bool = True, apart: str = "") -> colours.Allocation:
    return colours.Allocation(kernel, user, wrong, 9600, whole, apart)


def test_allocation_is_as_predicted_only_where_colour_and_damage_agree() -> None:
    assert [one.as_predicted for one in (_ring(0, 1, 900), _ring(1, 1, 0))] == [True, True]
    apart = (_ring(0, 1, 0), _ring(1, 1, 8), _ring(0, 1, 900, whole=False))
    assert [one.as_predicted for one in apart] == [False, False, False]


HALF = [_ring(0, number % 2, 100 * (number % 2)) for number in range(40)]


def test_colours_cells_say_whether_the_share_fits() -> None:
    assert colours.cells(HALF, 2)[:5] == ("2", "40", "20", "0.50", "20")
    assert colours.cells(HALF, 2)[-1] == "inside: 0.50"
    assert colours.cells(HALF, 4)[-1] == "OUTSIDE: 0.75"
    assert [colours.fits(HALF, 2), colours.fits(HALF, 4)] == [True, False]


def test_ring_with_an_xrun_is_set_apart_and_named() -> None:
    found = [*HALF, _ring(0, 1, 0, apart="an xrun before anything was checked")]
    assert colours.cells(found, 2)[1:3] == ("40", "20")
    assert colours.fits(found, 2)
    assert colours.remarks(found) == ["ring 41 was not judged: an xrun before anything was checked"]


@pytest.mark.parametrize(
    ("ring", "said"),
    [
        (_ring(0, 1, 0), "ring 41: colours 0 and 1, 0 of 9600 frames wrong"),
        (_ring(1, 1, 8, whole=False), "colours 1 and 1, 8 of 9600 frames wrong, AND THE LOG DISAGREES"),
    ],
)
def test_ring_that_is_not_as_its_colours_say_fails_and_is_named(ring: colours.Allocation, said: str) -> None:
    assert not colours.fits([*HALF, ring], 2)
    assert said in colours.remarks([*HALF, ring])[0]


def test_too_few_rings_judged_is_no_result() -> None:
    idle = [_ring(0, 1, 0, apart="snd-aloop lost or repeated 1024 frames")] * 20
    assert not colours.fits([*HALF, *idle], 2)
    assert not colours.fits([], 2)


def test_addresses_are_those_of_the_page_declared_before_the_burst() -> None:
    log = (
        "track 10 00001000 00000000 b6f00000\nmark 20 00000002\n"
        "alias 25 00001000 d0801000\nmark 30 00000003\n"
        "track 40 00002000 d0902000 b6f05000\n"
        "mark 50 00000004\nmark 60 00000005\nalias 70 00002000 d0a00000\n"
    )
    assert colours.addresses(log, 20, 30) == (0xD0801000, 0xB6F00000)
    assert colours.addresses(log, 50, 60) == (0xD0902000, 0xB6F05000)


def test_colours_of_a_vivt_cache_are_refused(tmp_path: Path) -> None:
    args = argparse.Namespace(
        board="armv5-vivt", cache=["size=8192"], out=tmp_path, allocations=1, write=False
    )
    with pytest.raises(LabUsage, match="colours are of type=vipt"):
        colours.run(args)


def test_section_is_replaced_and_the_rest_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# head\n<!-- a -->\nold\n<!-- end a -->\ntail\n")
    sections.write("a", "tools/lab x", ["one  ", "two"], page)
    text = page.read_text()
    assert text.startswith("# head\n<!-- a -->\nWritten by `tools/lab x` on 20")
    assert text.endswith(":\n\n    one\n    two\n<!-- end a -->\ntail\n")


def test_section_that_is_not_there_is_named(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(LabError, match="has no section a"):
        sections.write("a", "x", [], page)


def test_doctor_names_parts_time_room_and_every_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PCMSTRESS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    lines, code = doctor.report([lab_boards.load("armv5-vivt")])
    text = "\n".join(lines)
    assert code == 4
    for part in ("emulator", "userland", "kernel", "initramfs"):
        assert f"\n{part} " in text
    assert "to build: 12 to 43 min on two cores, 3.4 GB of" in text
    packages = set(lines[-1].partition("apt-get install ")[2].split())
    assert {"meson", "ninja-build", "flex", "bison", "bc", "mmdebstrap", "gcc-arm-linux-gnueabi"} <= packages
