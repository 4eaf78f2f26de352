# SPDX-License-Identifier: MIT
"""Per-period loops against a ring that is played and recorded by a slow model."""

from __future__ import annotations

import ctypes
import errno

import numpy as np
import pytest

from stress.pcm import loops

WIDTH = 4
LINE = 32


class Device:
    """A ring, its pointers and a device that moves one period per wait.

    Not modelled: time. `wait` and `sleep` move hw_ptr by `period` frames.
    """

    def __init__(self, cell, size, period, capture):
        self.memory = np.zeros(size * WIDTH, dtype=np.uint8)
        self.words = self.memory.view("<u4")
        self.size, self.period, self.capture = size, period, capture
        self.hw = self.appl = 0
        self.running = False
        self.offset, self.frames = cell(), cell()
        self.log = []
        self.wire = []
        self.fail_after = None

    @property
    def base(self):
        return int(self.memory.ctypes.data)

    def ring(self):
        return loops.Ring(
            self.base, self.size, WIDTH, self.offset, self.frames, self.begin, self.wait,
            self.avail, self.start, self.commit, self.copy, self.sleep,
        )  # fmt: skip

    def avail(self):
        if self.fail_after is not None and self.appl >= self.fail_after:
            return -errno.EPIPE
        return self.hw - self.appl + (0 if self.capture else self.size)

    def begin(self):
        self.offset.value = self.appl % self.size
        self.frames.value = min(self.frames.value, self.avail(), self.size - self.offset.value)
        return 0

    def commit(self, offset, frames):
        assert offset == self.appl % self.size
        assert frames <= self.avail()
        self.log.append(("commit", offset, frames))
        self.appl += frames
        return frames

    def start(self):
        self.log.append(("start", self.appl))
        self.running = True
        return 0

    def wait(self):
        self.log.append(("wait",))
        self.move(self.period)
        return 1

    def sleep(self, microseconds):
        self.log.append(("sleep", microseconds))
        self.move(max(1, self.period // 4))
        return 0

    def copy(self, target, source, size):
        self.log.append(("copy", target - self.base, source - self.base, size, self.hw, self.appl))
        ctypes.memmove(target, source, size)

    def move(self, frames):
        assert self.running
        for _ in range(frames):
            if not self.capture and self.hw == self.appl:
                raise AssertionError("the ring ran empty")
            if self.capture:
                self.words[self.hw % self.size] = self.hw + 1
            else:
                self.wire.append(int(self.words[self.hw % self.size]))
            self.hw += 1


@pytest.fixture
def play(cell, memory_of):
    def run(size=256, period=64, frames=1000, queue=0, rmw=False, lever=None, fail_after=None):
        device = Device(cell, size, period, capture=False)
        device.fail_after = fail_after
        source, address = memory_of(frames * WIDTH)
        source.view("<u4")[:] = np.arange(1, frames + 1)
        _, scratch = memory_of(size * WIDTH)
        way = loops.playback_way(period, size, queue, rmw, 48000, scratch)
        return device, loops.playback_loop(device.ring(), address, frames, way, lever)()

    return run


@pytest.fixture
def record(cell, memory_of):
    def run(size=256, period=64, frames=1000, line=1, ahead=0, lever=None, fail_after=None):
        device = Device(cell, size, period, capture=True)
        device.fail_after = fail_after
        target, address = memory_of(frames * WIDTH)
        _, scratch = memory_of(size * WIDTH)
        device.scratch = scratch - device.base
        way = loops.CaptureWay(period, line, ahead, scratch)
        returned = loops.capture_loop(device.ring(), address, frames, way, lever)()
        return device, returned, target.view("<u4")

    return run


@pytest.mark.parametrize("queue", [0, 1, 2, 3])
@pytest.mark.parametrize("rmw", [False, True])
@pytest.mark.parametrize(("size", "period"), [(256, 64), (250, 47), (128, 64)])
def test_playback_sends_every_frame_in_order(play, queue, rmw, size, period):
    if queue * period > size:
        queue = size // period
    device, returned = play(size, period, 1000, queue, rmw)
    assert returned == device.appl == 1000
    assert device.wire == list(range(1, device.hw + 1))


@pytest.mark.parametrize("queue", [1, 2, 3])
def test_playback_never_queues_more_than_asked(play, queue):
    device, _ = play(queue=queue)
    queued, most = 0, 0
    for entry in device.log:
        if entry[0] == "commit":
            queued += entry[2]
            most = max(most, queued)
        elif entry[0] in ("wait", "sleep"):
            queued -= 64 if entry[0] == "wait" else 16
    assert most == queue * 64


def test_playback_starts_once_when_the_queue_is_full(play):
    device, _ = play(queue=2)
    starts = [entry for entry in device.log if entry[0] == "start"]
    assert starts == [("start", 128)]


def test_playback_shorter_than_the_ring_is_started_at_its_end(play):
    device, returned = play(frames=100)
    assert returned == 100
    assert device.log[-1] == ("start", 100)


def test_rmw_reads_each_line_before_it_stores_it(play):
    device, _ = play(rmw=True, frames=640)
    copies = [entry[1:4] for entry in device.log if entry[0] == "copy"]
    assert len(copies) == 2 * len([entry for entry in device.log if entry[0] == "commit"])
    ring = range(256 * WIDTH)
    for (_, read_from, read), (stored_to, _, stored) in zip(copies[::2], copies[1::2]):
        assert read_from in ring
        assert (read_from, read) == (stored_to, stored)


def test_store_only_reads_no_ring_line(play):
    device, _ = play(queue=2, frames=640)
    ring = range(256 * WIDTH)
    assert not [entry for entry in device.log if entry[0] == "copy" and entry[2] in ring]


def test_one_period_queue_writes_half_periods_and_reckons_its_naps(play):
    device, _ = play(queue=1)
    assert {entry[2] for entry in device.log if entry[0] == "commit"} <= {32, 1000 % 32}
    naps = [entry[1] for entry in device.log if entry[0] == "sleep"]
    assert naps
    assert max(naps) <= 32 * 1_000_000 // 48000 + 1
    assert ("wait",) not in device.log


def test_playback_lever_is_pulled_after_the_store_and_before_the_commit(play):
    pulled = []
    device, _ = play(lever=lambda address, size: pulled.append((address, size)))
    commits = [entry[1:] for entry in device.log if entry[0] == "commit"]
    assert pulled == [(device.base + offset * WIDTH, frames * WIDTH) for offset, frames in commits]


def test_playback_xrun_returns_the_short_count(play):
    _, returned = play(fail_after=192)
    assert returned == 192


def test_playback_error_before_the_first_frame_is_the_errno(play):
    _, returned = play(fail_after=0)
    assert returned == -errno.EPIPE


@pytest.mark.parametrize("line", [1, 16, 32])
# A ring of 250 frames ends inside a line.
@pytest.mark.parametrize(("size", "period"), [(256, 64), (248, 48), (248, 47), (250, 50), (250, 47)])
@pytest.mark.parametrize("ahead", [0, 47])
def test_capture_returns_every_frame_in_order(record, line, size, period, ahead):
    device, returned, words = record(size, period, 1000, line, ahead)
    assert returned == device.appl == 1000
    assert words.tolist() == list(range(1, 1001))


def test_whole_line_reads_end_on_line_boundaries(record):
    device, _, _ = record(period=47, line=LINE)
    ends = [(entry[1] + entry[2]) * WIDTH for entry in device.log if entry[0] == "commit"]
    assert len(ends) > 10 and all(end % LINE == 0 for end in ends[:-1])


def test_exact_reads_go_up_to_hw_ptr_inside_a_line(record):
    device, _, _ = record(period=47, line=1)
    ends = [(entry[1] + entry[2]) * WIDTH for entry in device.log if entry[0] == "commit"]
    assert any(end % LINE for end in ends)


@pytest.mark.parametrize(("size", "period"), [(256, 64), (248, 47)])
def test_ahead_touches_up_to_one_period_beyond_hw_ptr(record, size, period):
    device, _, _ = record(size, period, 1000, LINE, period)
    touched = {}
    for kind, *entry in device.log:
        if kind == "copy" and entry[0] == device.scratch:
            _, source, length, hw, appl = entry
            first, frames = touched.get((hw, appl), (source, 0))
            touched[hw, appl] = (first, frames + length // WIDTH)
    assert len(touched) == len([entry for entry in device.log if entry[0] == "commit"])
    for (hw, appl), (first, frames) in touched.items():
        assert first == appl % size * WIDTH
        assert frames == min(hw - appl + period, size)


def test_capture_without_ahead_touches_only_what_it_reads(record):
    device, _, _ = record()
    read = sum(entry[3] for entry in device.log if entry[0] == "copy")
    assert read == 1000 * WIDTH


def test_capture_lever_is_pulled_before_each_read(record):
    order = []
    device, _, _ = record(lever=lambda address, size: order.append((address, size)))
    copies = [(device.base + entry[2], entry[3]) for entry in device.log if entry[0] == "copy"]
    assert order == copies


def test_capture_xrun_returns_the_short_count(record):
    _, returned, words = record(fail_after=192)
    assert returned == 192
    assert words[:192].tolist() == list(range(1, 193))
    assert not words[192:].any()


def test_capture_error_before_the_first_frame_is_the_errno(record):
    assert record(fail_after=0)[1] == -errno.EPIPE


def test_start_burst_prefills_by_rmw_starts_and_plays_the_rest(cell, memory_of):
    device = Device(cell, 256, 64, capture=False)
    source, address = memory_of(400 * WIDTH)
    source.view("<u4")[:] = np.arange(1, 401)
    _, scratch = memory_of(256 * WIDTH)
    rest = []
    call = loops.start_burst(device.ring(), address, 100, scratch, lambda: rest.append(device.running) or 300)
    assert call() == 400
    assert rest == [True]
    assert device.words[:100].tolist() == list(range(1, 101))
    kinds = [entry[0] for entry in device.log]
    assert kinds == ["copy", "copy", "commit", "start"]
    assert device.log[0][2] == device.log[1][1] == 0


def test_start_burst_whose_rest_fails_counts_the_prefill(cell, memory_of):
    device = Device(cell, 256, 64, capture=False)
    _, address = memory_of(400 * WIDTH)
    _, scratch = memory_of(256 * WIDTH)
    assert loops.start_burst(device.ring(), address, 100, scratch, lambda: -errno.EPIPE)() == 100
