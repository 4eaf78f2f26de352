# SPDX-License-Identifier: MIT
"""The ground truth log: lines of a real run, and torn ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from stress.errors import CaptureFileError
from tools.labkit import emulator, emulator_guest, emulator_log

# From a run of snd-aloop on Linux 6.1, ring 4096 bytes, playback by mmap.
_LOG = """\
vivt-log 1 mode=full,size=16384,ways=4,line=32,repl=rnd,wa=0,invalid=any,victim=first,noise=0,seed=1
# stale ns pc via va pa bytes observed newest memory source newest_in filled_ns
mark 2210738914 00001000
track 2269994922 0146b000 d0c6f000 b6ee2000
stale 2329923218 c057af6c k d0c69300 01466300 4 c0 8c0 8c0 clean memory 2289918642
stale 2329923219 c057af6c k d0c69304 01466304 4 c1 8c1 8c1 clean memory 2289918642
mark 4390068322 00001001
release 4453010786 0146c000
stale 4453010787 c057af6c u b6ee2000 01466300 2 1 2 1 memory alias 4453010787
counters 59239338146 ns=4654876640 stale_user=1 stale_kernel=2
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "truth.log"
    path.write_text(_LOG)
    return path


def test_log_gives_reads_marks_options_and_counters(log: Path) -> None:
    truth = emulator_log.read(log)

    assert truth.options["repl"] == "rnd"
    assert truth.stale[0] == emulator_log.StaleRead(
        2329923218,
        0xC057AF6C,
        "k",
        0xD0C69300,
        0x1466300,
        4,
        0xC0,
        0x8C0,
        0x8C0,
        "clean",
        "memory",
        2289918642,
    )
    assert [read.newest_in for read in truth.stale] == ["memory", "memory", "alias"]
    assert truth.marks == (emulator_log.Mark(2210738914, 0x1000), emulator_log.Mark(4390068322, 0x1001))
    assert truth.counters == {"ns": 4654876640, "stale_user": 1, "stale_kernel": 2}


def test_between_marks_only_what_lies_there_counts(log: Path) -> None:
    reads = emulator_log.read(log).between(0x1000, 0x1001)

    assert [read.va for read in reads] == [0xD0C69300, 0xD0C69304]


def test_between_marks_that_are_not_there_is_an_error(log: Path) -> None:
    with pytest.raises(KeyError, match="no mark 0x1000 after a mark 0x1001"):
        emulator_log.read(log).between(0x1001, 0x1000)


def test_torn_line_is_named(log: Path) -> None:
    log.write_text(_LOG.replace(" c0 8c0 8c0 clean memory 2289918642", ""))

    with pytest.raises(CaptureFileError, match="line 5 is torn"):
        emulator_log.read(log)


@pytest.mark.parametrize("text", ["", "something else\n", "vivt-log 2 mode=full\n"])
def test_other_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other"
    path.write_text(text)

    with pytest.raises(CaptureFileError, match="does not begin with 'vivt-log 1'"):
        emulator_log.read(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureFileError, match="cannot be read"):
        emulator_log.read(tmp_path / "none")


def test_counters_have_the_names_and_order_of_the_model() -> None:
    source = (emulator.OURS / "vivt.c").read_text()
    names = source.partition("counter_names[N_COUNTERS] = {")[2].partition("};")[0]

    assert tuple(name.strip(' "\n') for name in names.rstrip(", \n").split(",")) == emulator_guest.COUNTERS


def test_counters_outside_a_guest_end_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")

    assert emulator_guest.main(["true"]) == 70
    assert capsys.readouterr().err == "counters: no ARM guest: x86_64\n"
