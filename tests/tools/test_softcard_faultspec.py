# SPDX-License-Identifier: MIT
"""Faults as text and TOML, and when they are due."""

from __future__ import annotations

from pathlib import Path

import pytest

from stress.errors import ConfigError
from stress.model.fault import FaultKind
from tools.softcardkit.faultspec import KEYS, Fault, parse_fault, parse_rate, read_faults
from tools.softcardkit.history import History
from tools.softcardkit.schedule import NEVER, Schedule


def test_fault_text_is_read_key_by_key() -> None:
    fault = parse_fault("stale@frame=24000,frames=16,laps=3,ring=4800,every=48000,stream=2")
    assert fault == Fault(
        FaultKind.STALE, frame=24000, frames=16, laps=3, ring=4800, lag=14400, every=48000, stream=2
    )
    assert parse_fault("ppm@frame=0,ppm=-50.5").ppm == -50.5
    assert parse_fault("drop").frame == -1


def test_every_kind_can_be_written_with_its_own_keys_only() -> None:
    for kind in KEYS:
        needed = "ring=480" if kind is FaultKind.STALE else "frame=1"
        assert parse_fault(f"{kind.value}@{needed}").kind is kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("melt@frame=1", "unknown fault 'melt' .*stale, zero"),
        ("zero@frame=x", "frame: 'x' is not a number"),
        ("zero@lag=1", "lag: unknown key .*every, frame, frames"),
        ("zero@frame", "'frame' is not key=value"),
        ("stale@frame=1", "lag: no age .*ring=FRAMES"),
        ("stale@frame=1,ring=4800,laps=0", "lag: no age"),
        ("error@dir=up", "dir: 'up' .*in or out"),
        ("byteshift@shift=4", "shift: 4 .*1..3"),
        ("zero@frame=0,frames=48,every=10", "every: shorter than the fault"),
        ("drop@packets=-1", "packets: negative"),
        ("ppm@ppm=200000", "ppm: 200000"),
    ],
)
def test_wrong_fault_text_is_refused_with_the_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_fault(text)


def test_rate_text_is_read_and_wrong_ones_refused() -> None:
    rate = parse_rate("stale=2.5/s,ring=4800")
    assert (rate.per_second, rate.fault.lag) == (2.5, 4800)
    for text in ("stale=often,ring=1", "stale=0/s,ring=1", "stale=1/s", "unplug=1/s", "stale"):
        with pytest.raises(ConfigError):
            parse_rate(text)


def test_toml_file_holds_faults_and_rates(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(
        '[[fault]]\nkind = "drop"\nframe = 48000\n\n'
        '[[fault]]\nkind = "gain"\nframe = 0\ndb = -0.5\n\n'
        '[[rate]]\nkind = "stale"\nper_second = 1\nring = 4800\n'
    )
    faults, rates = read_faults(str(path))
    assert [(fault.kind, fault.frame) for fault in faults] == [(FaultKind.DROP, 48000), (FaultKind.GAIN, 0)]
    assert faults[1].db == -0.5
    assert [(rate.fault.kind, rate.per_second) for rate in rates] == [(FaultKind.STALE, 1.0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[mistake]]\n", "mistake: unknown table"),
        ("[[fault]]\nframe = 1\n", "kind: missing"),
        ("[[fault]\n", "faults.toml: "),
        ('[[rate]]\nkind = "drop"\n', "drop: '' is not a rate"),
    ],
)
def test_wrong_toml_names_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_faults(str(path))
    assert str(path) in str(caught.value)


def test_missing_toml_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml"):
        read_faults(str(tmp_path / "absent.toml"))


def test_schedule_gives_faults_in_the_order_of_their_frames() -> None:
    schedule = Schedule()
    texts = ("zero@frame=500", "drop@packet=3", "zero@frame=100,every=300", "drop@frame=0,stream=9")
    schedule.fill([parse_fault(text) for text in texts], [], 0, 1, 48000)
    assert (schedule.next_frame, schedule.next_packet) == (100, 3)
    assert schedule.due(100, 2) == []
    assert [fault.frame for fault in schedule.due(501, 2)] == [100, 400, 500]
    assert [fault.packet for fault in schedule.due(502, 3)] == [3]
    assert (schedule.next_frame, schedule.next_packet) == (700, NEVER)


def test_rate_is_met_on_average_and_runs_never_touch() -> None:
    schedule = Schedule()
    schedule.fill([], [parse_rate("zero=10/s,frames=8")], 3, 1, 48000)
    places = [fault.frame for fault in schedule.due(100 * 48000, 0)]
    # Poisson with mean 1000: six standard deviations are 190.
    assert 810 < len(places) < 1190
    assert all(later - earlier >= 8 for earlier, later in zip(places, places[1:]))
    assert all(place % 8 == 0 for place in places)


def test_history_gives_back_what_was_sent_and_zeros_elsewhere() -> None:
    history = History(kept=100)
    sent = bytes(range(1, 251))
    for at in range(0, 250, 10):
        history.append(sent[at : at + 10])
    assert history.read(160, 40) == sent[160:200]
    assert history.read(240, 20) == sent[240:] + bytes(10)
    assert history.read(-5, 10) == bytes(10)
    history.restart()
    assert history.read(0, 4) == bytes(4)
