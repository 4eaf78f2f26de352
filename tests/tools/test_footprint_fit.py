# SPDX-License-Identifier: MIT
"""From lines touched in three bursts to what interrupts, calls and loops load."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from stress.virtual import footprint as virtual
from tools.labkit import emulator_log, footprint, footprint_run
from tools.labkit.emulator_log import Touched, Touching
from tools.labkit.errors import LabError
from tools.labkit.footprint import Part

# Lines: with each URB, at each tick of 10 ms, once per wake-up, once per turn of a loop, and once at all.
IRQ, TICK, WAKE, LOOP, RARE = 0xC0000020, 0xC0001020, 0xC0002040, 0x00403FE0, 0xC0005000
MS = 2000
# What of a wake-up the quiet burst hides: one in a hundred milliseconds.
NEAR = 0.06


def burst(wakes_per_ms: float, turns: int, irq: int = IRQ, urbs_per_ms: float = 0.5) -> Part:
    """Return what a stream of 2 s touches; `turns` are the milliseconds of a loop at each wake-up."""
    rates = {irq: urbs_per_ms, TICK: 0.1, WAKE: wakes_per_ms, LOOP: turns * wakes_per_ms, RARE: 1 / MS}
    user = {LOOP}
    lines = [
        Touched(va, 0 if va in user else round(MS * rate), round(MS * rate) if va in user else 0, 3)
        for va, rate in rates.items()
        if rate
    ]
    return Part(Touching(3, MS, tuple(lines)), wakes_per_ms, urbs_per_ms)


def test_fit_parts_the_lines_by_what_they_go_with() -> None:
    found = footprint.fit(burst(0.01, 0), burst(0.2, 0, urbs_per_ms=0.9), burst(0.05, 3))
    assert found.ms == pytest.approx({TICK: 0.1})
    assert found.urb == pytest.approx({IRQ: 1.0})
    assert found.call == pytest.approx({WAKE: 1.0}, abs=NEAR)
    assert found.loop == pytest.approx({WAKE: 1.0, LOOP: 3.0}, abs=4 * NEAR)
    assert found.cold_per_ms == pytest.approx(2 * 3 / MS)  # RARE and WAKE of the quiet burst


def test_fit_without_urbs_gives_both_threads_half_of_what_their_timer_loads_once() -> None:
    found = footprint.fit(burst(0.05, 0, urbs_per_ms=0.0), None, burst(0.05, 1, urbs_per_ms=0.0))
    assert found.ms == pytest.approx({TICK: 0.1})
    assert found.urb == {}
    assert found.call == pytest.approx({WAKE: 0.5})
    assert found.loop == pytest.approx({LOOP: 1.0})
    # Spread over time again, it is what was measured.
    rows = [
        tuple(map(tuple, footprint.rows(part))) for part in (found.ms, found.call, {**found.ms, WAKE: 0.05})
    ]
    spread = virtual.spread(virtual.Footprint(ms=rows[0], call=rows[1]), 2 * 0.05)
    assert (spread.ms, spread.call) == (rows[2], ())


def test_line_of_interrupts_at_another_address_in_another_burst_counts_once() -> None:
    found = footprint.fit(burst(0.01, 0), burst(0.2, 0, irq=0xC0007000), burst(0.05, 1))
    assert found.urb == pytest.approx({IRQ: 1.0})
    assert found.call == pytest.approx({WAKE: 1.0}, abs=NEAR)


def test_bursts_without_touches_are_refused() -> None:
    with pytest.raises(LabError, match="touches"):
        footprint.fit(Part(Touching(3, 5, ()), 1.0), None, burst(0.05, 1))


def test_rows_are_places_in_32_kb_with_all_lines_that_fall_there() -> None:
    assert footprint.rows({0x20: 0.5, 0x8020: 1.0, 0xC0010000: 0.01}) == [[0, 10], [1, 1000, 500]]


def test_file_is_read_back_by_the_virtual_board(tmp_path: Path) -> None:
    path = tmp_path / "made.toml"
    many = {0xC0000000 + 32 * place: 0.25 for place in range(300)}
    path.write_text(footprint.toml("a kernel", footprint.Measured(many, {}, {}, {0x20: 2.5}, 0.0)))
    read = virtual.load(str(path))
    assert read.title == "a kernel"
    assert read.ms == tuple((place, 250) for place in range(300))
    assert (read.urb, read.call, read.loop) == ((), (), ((1, 2500),))
    assert max(map(len, path.read_text().splitlines())) <= 110


def test_bursts_are_found_in_the_log_by_their_marks(tmp_path: Path) -> None:
    log = tmp_path / "truth.log"
    bursts = footprint_run.CARDS["usb"]
    text = ["vivt-log 1 mode=full"]
    for number, (_, wakes, urbs) in enumerate(bursts.parts, 1):
        text += [f"mark 5 {2 * number:x}", f"mark 9 {2 * number + 1:x}", f"touching 9 {MS}"]
        text += [f"touched 9 {IRQ:x} {round(MS * urbs)} 0 7", f"touched 9 {WAKE:x} 0 {round(MS * wakes)} 7"]
    log.write_text("\n".join(text) + "\n")
    spans = emulator_log.read(log).touching
    assert [(span.mark, span.streamed_ms, len(span.lines)) for span in spans] == [
        (mark, MS, 2) for mark in (3, 5, 7)
    ]
    found = footprint_run.fitted(bursts, log)
    assert found.urb == pytest.approx({IRQ: 1.0}, abs=0.01)
    assert found.call == pytest.approx({WAKE: 1.0}, abs=2 * NEAR)
    log.write_text("\n".join(text[:5]) + "\n")
    with pytest.raises(LabError, match="busy: not in"):
        footprint_run.fitted(bursts, log)


def test_stores_that_miss_are_counted_by_what_a_longer_burst_adds() -> None:
    short, long = footprint_run.lengths(footprint_run.CARDS["aloop"].quiet[0])
    assert long.burst_s - short.burst_s == 2.0
    assert dataclasses.replace(long, name="short", burst_s=short.burst_s) == short
    # The tester's own 9000 and 180 ms before and behind the stream are in both.
    counters = [
        {"store_misses": round(9000 + 28 * 1000 * s), "ns": round(1e9 * (s + 0.18))}
        for s in (short.burst_s, long.burst_s)
    ]
    assert footprint_run.missed_per_ms(*counters) == pytest.approx(28)


def test_every_card_of_a_footprint_streams_arms_of_its_own() -> None:
    for bursts in footprint_run.CARDS.values():
        names = [arm.name for arm, _, _ in bursts.parts]
        assert len(set(names)) == len(names) and all(arm.side == "playback" for arm, _, _ in bursts.parts)
        assert all(0 < wakes < 1 for _, wakes, _ in bursts.parts)
