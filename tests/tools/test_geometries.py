# SPDX-License-Identifier: MIT
"""Other caches: options as keys of a virtual board, ratios, colours, sections of the results page."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import pytest

from stress.plan.plan import Arm
from stress.virtual import footprint as virtual
from stress.virtual.cache.geometry import named_geometry
from stress.virtual.spec import BoardSpec
from tools.labkit import boards as lab_boards
from tools.labkit import (
    cache_names,
    colours,
    command,
    doctor,
    emulator,
    geometries,
    model_cache,
    own_load,
    sections,
)
from tools.labkit.emulator_log import Touched, Touching
from tools.labkit.emulator_truth import Agreement
from tools.labkit.errors import LabError, LabUsage
from tools.labkit.experiment_store import Result
from tools.labkit.experiment_suites import SUITES
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
    assert text[0] == "1 of 2 arms agree within a factor 1.5; the worst is 2.00"
    assert text[1].startswith("0 of the other 1 agree within it once")


@pytest.mark.parametrize(
    ("span", "undecided"), [(None, False), ((8.0, 24.0), True), ((8.0, 19.0), False), ((21.0, 24.0), False)]
)
def test_arm_that_hangs_on_lines_that_nothing_counts_is_named_and_no_failure(
    span: tuple[float, float] | None, undecided: bool
) -> None:
    row = dataclasses.replace(_row(10.0, 4800), own=11.0, span=span)
    assert [row.good, row.explained, row.undecided] == [False, False, undecided]
    text = summary([row])
    assert text[1].startswith("0 of the other 1 agree within it")
    assert (len(text) == 3) is undecided
    if undecided:
        assert text[2].startswith(
            "measured, not predicted: size=8192, aloop, P1-4096: 8.0 to 24.0 % with twice or half"
        )


def test_span_is_what_half_and_twice_the_lines_predict_that_nothing_counts() -> None:
    suite = SUITES["aloop"]
    arms = {arm.name: arm for arm in suite.arms().arm}
    # A set of 32 ways and round robin keeps the ring or loses it: one or two lines decide.
    wanted = {"feroceon-wa": ("P1-4096", 5, 15, 20, 30), "xscale": ("C1-8192", 1, 5, 11, 25)}
    for setting, (name, *limits) in wanted.items():
        keys = {**suite.model, **model_cache.overrides(setting, suite.stored_per_ms)}
        span = geometries._span("arm926", keys, dataclasses.replace(suite.arms(), arm=(arms[name],)))
        assert limits[0] < span[0] < limits[1] < limits[2] < span[1] < limits[3], (setting, span)


def test_turns_are_told_where_a_store_allocates_and_a_timer_wakes_both_threads() -> None:
    ticks = [[0, 60], [20, 12], [40, 64], [60, 16]]
    row = dataclasses.replace(_row(30.0, 4800), setting="feroceon-wa", seen=Result(ticks=ticks))
    said = "feroceon-wa, aloop, P1-4096: at the ticks of 20 ms 62 and 14 lines are wrong in turn (median)"
    assert geometries.alternating([row]) == [said]
    apart = [dataclasses.replace(row, setting="xscale"), dataclasses.replace(row, suite="usb")]
    assert geometries.alternating([*apart, dataclasses.replace(row, seen=None)]) == []


@pytest.mark.parametrize(("own", "explained"), [(None, False), (10.0, False), (19.0, True)])
def test_arm_is_explained_where_the_load_of_its_burst_predicts_it(own: float | None, explained: bool) -> None:
    row = dataclasses.replace(_row(10.0, 4800), own=own)
    assert [row.good, row.explained] == [False, explained]
    assert summary([row])[1].startswith(f"{int(explained)} of the other 1 agree")


def test_load_of_a_burst_leaves_out_rings_and_what_is_rare() -> None:
    ring = [Touched(0xD0900000 + 32 * at, 10, 0, 10) for at in range(128)]
    stack = [Touched(0xD0A00000 + 32 * at, 40, 0, 9) for at in range(5)]
    passed = [Touched(0xB6000000 + 32 * at, 0, 1, 1) for at in range(300)]
    kernel = [Touched(0xC0100000, 2, 0, 1), Touched(0xC0100020, 50, 0, 300)]
    touching = Touching(3, 100, (*ring, *stack, *passed, *kernel, Touched(0xB6F00040, 0, 30, 4)))
    assert not {line.va for line in own_load.others(touching.lines)} & {line.va for line in ring}
    # A line that was displaced within its milliseconds counts as often as they do.
    assert own_load.rows(touching) == [[0, 400], [1, 500, 400], [2, 400, 300], [3, 400], [4, 400]]


def test_load_of_a_burst_is_a_footprint_that_a_board_takes(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(own_load.toml("this burst", [[0, 400, 10], [1023, 1]]))
    found = virtual.load(str(path))
    assert (found.ms, found.call) == (((0, 400, 10), (1023, 1)), ())


def test_load_of_a_burst_on_a_timer_of_20_ms_is_the_clock_s_and_the_threads(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    load = [[0, 100, 51], [7, 400], [1023, 50, 49]]
    path.write_text(own_load.toml("this burst", load, 1 / 20))
    found = virtual.load(str(path))
    assert found.ms == ((0, 100), (7, 400))
    assert found.call == ((0, 510), (1023, 500, 490))
    assert virtual.spread(found, 2 / 20).ms == tuple(map(tuple, load))


@pytest.mark.parametrize(
    ("setting", "in_order"), [("feroceon-wa", True), ("wa=1", True), ("wa=0", False), ("", False)]
)
def test_order_of_what_the_kernel_loads_counts_where_a_store_allocates(setting: str, in_order: bool) -> None:
    spec = BoardSpec.load("arm926", model_cache.overrides(setting, 77))
    assert spec.kernel.in_order is in_order
    own = BoardSpec.load("arm926").kernel.noise_lines_per_ms
    assert spec.kernel.noise_lines_per_ms == (77 if in_order else own)
    unknown = BoardSpec.load("arm926", model_cache.overrides(setting))
    assert unknown.kernel.noise_lines_per_ms == own


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("xscale", "size=32768,ways=32,repl=rr"),
        ("orion5x,seed=3", "size=32768,ways=1,repl=rr,seed=3"),
        ("off", "off"),
    ],
)
def test_name_of_a_board_s_cache_stands_for_its_options(setting: str, value: str) -> None:
    assert cache_names.expanded(setting) == value


def test_name_that_no_cache_has_is_a_usage_error_with_the_names() -> None:
    with pytest.raises(LabUsage, match="no cache has that name .*orion5x"):
        emulator.cache_options(lab_boards.load("armv5-vivt"), "xcsale")


@pytest.mark.parametrize("name", cache_names.NAMED)
def test_named_cache_is_one_that_the_virtual_board_has_too(name: str) -> None:
    known = {
        "at91sam9260": "arm926-8k",
        "arm926-32k-rr": "926-32-rr",
        "arm920t": "arm920",
        "kirkwood": "feroceon",
    }
    known["feroceon-wa"] = "fero-wa"
    shape = BoardSpec.load("arm926", model_cache.overrides(name)).cache.shape()
    assert dataclasses.replace(shape, name="") == dataclasses.replace(
        named_geometry(known.get(name, name)), name=""
    )


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


@pytest.mark.parametrize(
    ("argv", "section"),
    [
        (["remedies", "armv5-vivt-module", "--write"], "remedies armv5-vivt-module"),
        (["colours", "armv5-vivt", "--write"], "vipt"),
        (["geometries", "armv5-vivt", "--write"], "geometries"),
        (["experiments", "armv5-vivt", "--write"], "experiments"),
        (["speed", "armv5-vivt", "--write"], "speed"),
    ],
)
def test_section_that_is_not_there_is_named_before_anything_is_booted(
    argv: list[str],
    section: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    own = sections.check
    monkeypatch.setattr(sections, "check", lambda name, _=page: own(name, page))
    assert command.main(argv) == 70
    assert f"has no section {section}" in capsys.readouterr().err


def test_caches_with_a_section_of_their_own_are_written_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- geometries xscale line=16 -->\n<!-- end geometries xscale line=16 -->\n")
    own = sections.check
    monkeypatch.setattr(sections, "check", lambda name, _=page: own(name, page))
    assert geometries._section(["xscale", "line=16"]) == "geometries xscale line=16"
    assert geometries._section(["line=16"]) == "geometries"
    assert geometries._section(geometries.GEOMETRIES) == "geometries"


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
    assert "to build: 12 to 50 min on two cores, 3.4 GB of" in text
    packages = set(lines[-1].partition("apt-get install ")[2].split())
    assert {"meson", "ninja-build", "flex", "bison", "bc", "mmdebstrap", "gcc-arm-linux-gnueabi"} <= packages
