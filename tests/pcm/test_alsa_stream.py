# SPDX-License-Identifier: MIT
"""One direction of a card, as the calls that it makes: which, with what, in which order."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import pytest

from stress.errors import DeviceError, StreamTimeout
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Direction, StreamParams
from stress.pcm.alsa import params as alsa_params
from stress.pcm.alsa import stream as module
from stress.pcm.alsa._proto import STATES
from stress.pcm.alsa.stream import Status, Stream

HANDLE, PERIOD, RING, RATE = 77, 480, 4800, 48000
PLAYBACK, CAPTURE = Direction.PLAYBACK, Direction.CAPTURE


class Lib:
    """libasound that keeps each call, and answers by its name or with 0."""

    copy = staticmethod(memoryview)

    def __init__(self, **answers):
        self.answers, self.calls = answers, []
        self.seen = (0, STATES.index("RUNNING"), 0, 0)

    def _answer(self, name):
        answer = self.answers.get(name, 0)
        return answer.pop(0) if isinstance(answer, list) else answer

    def card_index(self, card):
        return 0

    def open(self, name, stream):
        self.calls.append(("open", name, stream))
        return self._answer("open"), HANDLE

    def info(self, handle):
        return 3, 1, 0

    def call(self, handle, name, *arguments):
        self.calls.append((name, *arguments))
        return self._answer(name)

    def bind(self, handle, name, *arguments):
        return lambda *more: self.call(handle, name, *arguments, *more)

    def status(self, handle):
        return self.seen() if callable(self.seen) else self.seen

    def begin(self, handle):
        return SimpleNamespace(
            call=lambda: self._answer("begin"), address=lambda: 0x7000, offset="offset", frames="frames"
        )


def _stream(direction=PLAYBACK, access=Access.MMAP, **answers):
    lib = Lib(**answers)
    stream = Stream(lib, "hw:3,1", direction)
    stream._granted = StreamParams(RATE, 2, FORMATS["S16_LE"], access, PERIOD, RING)
    lib.calls.clear()
    return stream, lib


@pytest.fixture
def buffers(monkeypatch):
    """Lengths of the buffers whose address was asked for; each address is 9. Software parameters are none."""
    lengths = []
    monkeypatch.setattr(module.Libc, "address_of", lambda buffer: lengths.append(len(buffer)) or 9)
    monkeypatch.setattr(
        module.params,
        "install_sw",
        lambda lib, handle, device, ring, start, wake: lib.call(handle, "sw", start, wake),
    )
    monkeypatch.setattr(module.time, "sleep", lambda seconds: lengths.append(seconds))
    return lengths


@pytest.mark.parametrize("direction", [PLAYBACK, CAPTURE])
def test_stream_is_opened_by_its_name_and_knows_its_node(direction):
    lib = Lib()
    stream = Stream(lib, "hw:3,1", direction)
    assert lib.calls == [("open", "hw:3,1", 0 if direction is PLAYBACK else 1)]
    assert (stream.named, stream.where, stream.device) == (False, (3, 1, 0), f"hw:3,1 {direction.value}")
    assert stream.node == f"/dev/snd/pcmC3D1{'p' if direction is PLAYBACK else 'c'}"
    with pytest.raises(DeviceError):
        Stream(Lib(open=-errno.EBUSY), "hw:3,1", direction)


@pytest.mark.parametrize(
    ("direction", "access", "call"),
    [
        (PLAYBACK, Access.MMAP, "mmap_writei"),
        (CAPTURE, Access.MMAP, "mmap_readi"),
        (PLAYBACK, Access.RW, "writei"),
        (CAPTURE, Access.RW, "readi"),
    ],
)
def test_whole_buffer_is_one_call_of_its_direction_and_access(direction, access, call):
    stream, lib = _stream(direction, access)
    stream.transfer(0x2000, 960)()
    assert lib.calls == [(call, 0x2000, 960)]


@pytest.mark.parametrize(
    ("error", "state", "status"),
    [
        (0, 0, Status("OPEN", 12)),
        (0, len(STATES) - 1, Status(STATES[-1], 12)),
        (1, 3, Status(STATES[3], 12)),
        (0, len(STATES), None),
        (0, -1, None),
        (-errno.EIO, 3, None),
        (-errno.ENODEV, 3, Status("DISCONNECTED", 0)),
    ],
)
def test_status_is_the_state_by_name_where_it_has_one(error, state, status):
    stream, lib = _stream()
    lib.seen = (error, state, 12, 0)
    assert stream.status() == status


@pytest.mark.parametrize(
    ("direction", "most", "queued"),
    [
        (PLAYBACK, [0], None),
        (PLAYBACK, [100], RING - 100),
        (PLAYBACK, [100, 700, 50], RING - 700),
        (CAPTURE, [100], None),
    ],
)
def test_least_that_was_queued_is_what_the_device_left_of_the_ring(direction, most, queued):
    stream, lib = _stream(direction)
    assert stream.least_queued is None
    for avail in most:
        lib.seen = (0, 3, 0, avail)
        stream.status()
    assert stream.least_queued == queued


def test_prepare_counts_the_most_that_was_free_anew(buffers):
    stream, lib = _stream()
    lib.seen = (0, 3, 0, 900)
    stream.prepare(7, 24)
    assert lib.calls == [("sw", 7, 24), ("prepare",)]
    assert stream.least_queued is None
    stream, _ = _stream(prepare=1)
    stream.prepare(7, 24)
    stream, _ = _stream(prepare=-errno.EIO)
    with pytest.raises(DeviceError, match="prepare"):
        stream.prepare(7, 24)


@pytest.mark.parametrize(
    ("direction", "state", "avail", "pointer"),
    [
        (PLAYBACK, "RUNNING", 800, 1000 + 800 - RING),
        (CAPTURE, "RUNNING", 800, 1800),
        (PLAYBACK, "OPEN", 800, None),
        (PLAYBACK, "DISCONNECTED", 800, None),
    ],
)
def test_hw_ptr_is_what_the_application_moved_and_the_device_left(direction, state, avail, pointer):
    stream, lib = _stream(direction)
    lib.seen = (0, STATES.index(state), avail, 0)
    assert stream.hw_ptr(1000) == pointer


@pytest.mark.parametrize("answer", [0, 1])
def test_ring_of_a_loop_has_every_call_bound(answer):
    stream, lib = _stream(begin=answer)
    ring = stream.ring(SimpleNamespace(bind=lambda name: name))
    assert (ring.base, ring.size, ring.frame_bytes) == (0x7000, RING, 4)
    assert (ring.offset, ring.frames, ring.sleep, ring.copy) == ("offset", "frames", "usleep", lib.copy)
    for call in (ring.begin, ring.wait, ring.avail, ring.start):
        call()
    ring.commit(8, 96)
    assert lib.calls == [("wait", module.WAIT_MS), ("avail_update",), ("start",), ("mmap_commit", 8, 96)]


def test_ring_that_cannot_be_mapped_is_an_error():
    stream, _ = _stream(begin=-errno.ENXIO)
    with pytest.raises(DeviceError, match="mmap_begin"):
        stream.ring(SimpleNamespace(bind=lambda name: name))


SILENT = {
    PLAYBACK: [("sw", alsa_params.BOUNDARY, PERIOD), ("prepare",), ("mmap_writei", 9, RING), ("start",)],
    CAPTURE: [("sw", alsa_params.BOUNDARY, PERIOD), ("prepare",), ("start",)],
}


@pytest.mark.parametrize("direction", [PLAYBACK, CAPTURE])
def test_stream_runs_on_a_ring_of_silence(buffers, direction):
    stream, lib = _stream(direction)
    stream.run_on_silence()
    assert lib.calls == SILENT[direction]
    assert buffers == ([RING * 4] if direction is PLAYBACK else [])


@pytest.mark.parametrize("direction", [PLAYBACK, CAPTURE])
def test_pause_is_on_and_off_again_a_period_apart_and_the_stream_stops(buffers, direction):
    stream, lib = _stream(direction)
    stream.pause()
    assert lib.calls == [*SILENT[direction], ("pause", 1), ("pause", 0), ("drop",)]
    assert buffers[-3:] == [PERIOD / RATE] * 3


def test_pause_is_tried_again_where_the_silence_ran_out_and_raised_where_not(buffers):
    stream, lib = _stream(pause=[-errno.EBADFD, 0, 0])
    lib.seen = (0, STATES.index("XRUN"), 0, 0)
    stream.pause()
    assert [call for call in lib.calls if call[0] in ("pause", "drop")] == [
        ("pause", 1), ("pause", 1), ("pause", 0), ("drop",),
    ]  # fmt: skip
    for state, tries in (("RUNNING", 1), ("XRUN", module._PAUSE_TRIES)):
        stream, lib = _stream(pause=-errno.EBADFD)
        lib.seen = (0, STATES.index(state), 0, 0)
        with pytest.raises(DeviceError, match="pause"):
            stream.pause()
        assert lib.calls.count(("pause", 1)) == tries


@pytest.mark.parametrize(("direction", "last"), [(PLAYBACK, "drain"), (CAPTURE, "drop")])
def test_drain_plays_to_the_end_and_stops_capture(buffers, direction, last):
    stream, lib = _stream(direction)
    stream.drain()
    assert lib.calls == [*SILENT[direction], (last,)]


@pytest.mark.parametrize(("direction", "call"), [(PLAYBACK, "mmap_writei"), (CAPTURE, "mmap_readi")])
def test_feed_is_one_period(buffers, direction, call):
    stream, lib = _stream(direction)
    stream.feed()
    assert (lib.calls, buffers) == ([(call, 9, PERIOD)], [PERIOD * 4])
    for moved in (0, 1, PERIOD):
        _stream(direction, **{call: moved})[0].feed()
    with pytest.raises(DeviceError, match="transfer"):
        _stream(direction, **{call: -errno.EPIPE})[0].feed()


@pytest.mark.parametrize("state", ["XRUN", "DISCONNECTED"])
def test_starved_stream_gets_one_period_and_is_waited_for(buffers, state):
    stream, lib = _stream()
    states = ["RUNNING", "RUNNING", "RUNNING", state]
    lib.seen = lambda: (0, STATES.index(states.pop(0)), 0, 0)
    stream.starve()
    assert lib.calls[2] == ("mmap_writei", 9, PERIOD)
    assert buffers == [PERIOD * 4, module._LOOK_S, module._LOOK_S]
    fed = []
    states += ["RUNNING", "RUNNING", state]
    stream.starve(lambda: fed.append(1))
    assert fed == [1]


def test_stream_that_is_never_starved_is_given_up_a_ring_and_ten_seconds_later(buffers, monkeypatch):
    stream, _ = _stream()
    now = iter(range(100))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(now))
    with pytest.raises(StreamTimeout, match=r"still running 10\.1 s after"):
        stream.starve()
    # At 0 s it begins, at 11 s it is too late: ten looks in between.
    assert buffers.count(module._LOOK_S) == 10


def test_stream_is_closed_once():
    stream, lib = _stream()
    stream.close()
    stream.close()
    assert (lib.calls, stream.handle) == ([("drop",), ("close",)], 0)
