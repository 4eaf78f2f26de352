# SPDX-License-Identifier: MIT
"""Per-period loops by the answers of the driver: what each error ends, and what was moved before it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from stress.pcm import loops

WIDTH, SIZE, PERIOD = 4, 256, 64
XRUN = -32


def _ring(**answers):
    # Each call is logged and answers from its list; the last answer stays.
    log = []

    def call(name, usual):
        left = list(answers.get(name, [usual]))

        def function(*arguments):
            log.append((name, *arguments))
            answer = left.pop(0) if len(left) > 1 else left[0]
            return arguments[1] if answer == "all" else answer

        return function

    offset, frames = SimpleNamespace(value=0), SimpleNamespace(value=0)
    calls = {name: call(name, 0) for name in ("begin", "wait", "start", "sleep", "copy")}
    commit, avail = call("commit", "all"), call("avail", SIZE)
    ring = loops.Ring(
        1000, SIZE, WIDTH, offset, frames, calls["begin"], calls["wait"], avail, calls["start"], commit,
        calls["copy"], calls["sleep"],
    )  # fmt: skip
    return ring, log


def _played(frames=3 * PERIOD, queue=0, rate=48000, **answers):
    ring, log = _ring(**answers)
    way = loops.playback_way(PERIOD, SIZE, queue, False, rate, 0)
    return loops.playback_loop(ring, 9000, frames, way, None)(), log


def _recorded(frames=3 * PERIOD, line=1, ahead=0, **answers):
    ring, log = _ring(**answers)
    return loops.capture_loop(ring, 9000, frames, loops.CaptureWay(PERIOD, line, ahead, 0), None)(), log


@pytest.mark.parametrize(
    ("queue", "way"),
    [
        (0, (PERIOD, SIZE, False, 0, 5)),
        (1, (PERIOD // 2, PERIOD, False, 48000, 5)),
        (2, (PERIOD, 2 * PERIOD, False, 0, 5)),
        (9, (PERIOD, SIZE, False, 0, 5)),
    ],
)
def test_playback_keeps_its_periods_queued_and_half_ones_where_it_is_one(queue, way):
    assert loops.playback_way(PERIOD, SIZE, queue, False, 48000, 5) == loops.PlaybackWay(*way)
    assert loops.playback_way(1, SIZE, 1, False, 48000, 5).step == 1
    assert loops.playback_way(2, SIZE, 1, False, 48000, 5).step == 1


@pytest.mark.parametrize(
    ("answers", "returned"),
    [
        ({}, 3 * PERIOD),
        ({"avail": [XRUN]}, XRUN),
        ({"avail": [SIZE, XRUN]}, PERIOD),
        ({"begin": [XRUN]}, XRUN),
        ({"begin": [0, XRUN]}, PERIOD),
        ({"begin": [1]}, 3 * PERIOD),
        ({"commit": [XRUN]}, XRUN),
        ({"commit": ["all", XRUN]}, PERIOD),
        ({"avail": [SIZE, 0], "start": [XRUN]}, PERIOD),
        ({"avail": [0], "start": [XRUN]}, XRUN),
        ({"avail": [SIZE, 0], "wait": [XRUN]}, PERIOD),
        ({"avail": [0, 0, SIZE], "start": [0], "wait": [0, XRUN]}, 3 * PERIOD),
        ({"avail": [0, 0, SIZE], "start": [1], "wait": [1]}, 3 * PERIOD),
        ({"avail": [0], "wait": [XRUN]}, XRUN),
    ],
)
def test_playback_ends_with_an_error_and_says_what_was_written_before_it(answers, returned):
    assert _played(**answers)[0] == returned


def test_commit_of_fewer_frames_goes_on_behind_them_and_one_of_none_as_well():
    returned, log = _played(PERIOD, commit=[10, 0, "all"])
    assert returned == PERIOD
    assert [call for call in log if call[0] == "copy"] == [
        ("copy", 1000, 9000, PERIOD * WIDTH),
        ("copy", 1000, 9000 + 10 * WIDTH, (PERIOD - 10) * WIDTH),
        ("copy", 1000, 9000 + 10 * WIDTH, (PERIOD - 10) * WIDTH),
    ]


def test_playback_that_never_filled_its_queue_is_started_at_its_end():
    assert _played()[1][-1] == ("start",)
    assert ("start",) not in _played(avail=[0, SIZE])[1][-1:]


@pytest.mark.parametrize(
    ("room", "slept"), [(SIZE - PERIOD, 667), (SIZE - PERIOD // 2 - 1, 21), (SIZE - 33, 21)]
)
def test_one_period_of_queue_sleeps_until_there_is_room(room, slept):
    # Half periods of 32 frames: one frame too many is 20.8 us at 48 kHz, and one more microsecond.
    _, log = _played(PERIOD // 2, queue=1, avail=[room, room, SIZE])
    assert [call for call in log if call[0] in ("start", "sleep")] == [("start",), ("sleep", slept)]


def test_room_for_just_what_is_taken_is_room():
    _, log = _played(PERIOD // 2, queue=1, avail=[SIZE - PERIOD // 2])
    assert not [call for call in log if call[0] == "sleep"]


@pytest.mark.parametrize(
    ("answers", "returned"),
    [
        ({"avail": [PERIOD]}, 3 * PERIOD),
        ({"start": [XRUN]}, XRUN),
        ({"start": [1], "avail": [PERIOD]}, 3 * PERIOD),
        ({"avail": [XRUN]}, XRUN),
        ({"avail": [PERIOD, XRUN]}, PERIOD),
        ({"avail": [0], "wait": [XRUN]}, XRUN),
        ({"avail": [PERIOD, 0], "wait": [XRUN]}, PERIOD),
        ({"avail": [0, PERIOD], "wait": [0]}, 3 * PERIOD),
        ({"avail": [PERIOD], "begin": [XRUN]}, XRUN),
        ({"avail": [PERIOD], "begin": [0, XRUN]}, PERIOD),
        ({"avail": [PERIOD], "begin": [1]}, 3 * PERIOD),
        ({"avail": [PERIOD], "commit": [XRUN]}, XRUN),
        ({"avail": [PERIOD], "commit": ["all", XRUN]}, PERIOD),
        ({"avail": [PERIOD], "commit": [0, "all"]}, 3 * PERIOD),
    ],
)
def test_capture_ends_with_an_error_and_says_what_was_read_before_it(answers, returned):
    assert _recorded(**answers)[0] == returned


@pytest.mark.parametrize(
    ("frames", "ready", "waits"), [(PERIOD, 63, 1), (PERIOD, 64, 0), (40, 39, 1), (40, 40, 0)]
)
def test_capture_waits_for_a_period_or_for_what_is_left(frames, ready, waits):
    _, log = _recorded(frames, avail=[ready, PERIOD])
    assert log.count(("wait",)) == waits


def test_capture_of_whole_lines_waits_where_less_than_one_is_there():
    # Lines of 512 bytes are 128 frames: of a period none is whole.
    returned, log = _recorded(PERIOD, line=512, avail=[PERIOD, 128])
    assert returned == PERIOD
    assert [call[0] for call in log] == [
        "start",
        "avail",
        "begin",
        "wait",
        "avail",
        "begin",
        "copy",
        "commit",
    ]


@pytest.mark.parametrize(
    ("answers", "returned", "last"),
    [
        ({}, 40 + 100, "rest"),
        ({"start": [1]}, 140, "rest"),
        ({"start": [XRUN]}, XRUN, "start"),
        ({"begin": [XRUN]}, XRUN, "begin"),
        ({"begin": [1]}, 140, "rest"),
        ({"commit": [XRUN]}, XRUN, "commit"),
        ({"commit": [0]}, 140, "rest"),
    ],
)
def test_start_burst_goes_on_only_behind_a_step_that_worked(answers, returned, last):
    ring, log = _ring(**answers)
    rest = lambda: log.append(("rest",)) or 100  # noqa: E731
    assert loops.start_burst(ring, 9000, 40, 5000, rest)() == returned
    assert log[-1][0] == last
    assert loops.start_burst(_ring()[0], 9000, 40, 5000, lambda: XRUN)() == 40
