# SPDX-License-Identifier: MIT
"""The pyalsaaudio door, with a stand-in module: versions, cards, mixer."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import numpy as np
import pytest

from stress.errors import BackendUnavailable, DeviceBusy, DeviceError, ParamsRefused, StreamStateError
from stress.model.formats import FORMATS
from stress.model.pcm import Access, Direction, Handling, PcmRequest, StreamParams
from stress.pcm import pyalsa
from stress.pcm.pyalsa import PyAlsa
from stress.pcm.pyalsa_pcm import PyAlsaPcm, pcm_state


class Mixer:
    """One element; `gains` by direction in hundredths of dB, None without a dB scale."""

    def __init__(self, volumes, switches, limits, gains):
        self.volumes, self.switches, self.limits, self.gains = volumes, switches, limits, dict(gains)
        self.muted = self.recording = None
        self.closed = False

    def volumecap(self):
        return self.volumes

    def switchcap(self):
        return self.switches

    def getrange(self, pcmtype, units):
        if self.limits is None:
            raise Module.ALSAAudioError("no dB")
        return self.limits

    def getvolume(self, pcmtype, units):
        return [self.gains[pcmtype]] * 2

    def setvolume(self, value, pcmtype, units):
        assert isinstance(value, int)
        self.gains[pcmtype] = value

    def setmute(self, on):
        self.muted = on

    def setrec(self, on):
        self.recording = on

    def close(self):
        self.closed = True


class Pcm:
    """A PCM of version 0.11: write returns the count, read a period."""

    def __init__(self, kind, mode, device, rate, channels, format, periodsize, periods):
        self.kind, self.frame = kind, 2 * channels
        self.asked = (rate, channels, periodsize, periods)
        self.position = 0
        self.fail_at = None
        self.closed = self.dropped = False

    def info(self):
        rate, channels, period, periods = self.asked
        sizes = {"period_size": period, "buffer_size": period * periods}
        return {"rate": min(rate, 192000), "channels": channels, "format_name": "S16_LE", **sizes}

    def write(self, data):
        return -errno.EPIPE if self.fail_at == 0 else len(data) // self.frame

    def read(self):
        if self.fail_at is not None and self.position >= self.fail_at:
            return -errno.EPIPE, b""
        period = self.asked[2]
        words = np.arange(self.position, self.position + period, dtype="<u4")
        self.position += period
        return period, words.tobytes()

    def state(self):
        return 3

    def avail(self):
        return 0

    def drop(self):
        self.dropped = True

    def close(self):
        self.closed = True


class Module:
    """What we use of alsaaudio 0.11."""

    PCM_PLAYBACK, PCM_CAPTURE, PCM_NORMAL, PCM_FORMAT_S16_LE = 0, 1, 0, 2
    VOLUME_UNITS_DB = 2
    PCM = Pcm

    class ALSAAudioError(Exception):
        pass

    def __init__(self, **elements):
        self.elements = elements
        names = "OPEN SETUP PREPARED RUNNING XRUN DRAINING PAUSED SUSPENDED DISCONNECTED"
        for number, name in enumerate(names.split()):
            setattr(self, f"PCM_STATE_{name}", number)

    def mixers(self, cardindex):
        return [name.replace("_", " ") for name in self.elements]

    def Mixer(self, name, id, cardindex):  # noqa: N802
        return self.elements[name.replace(" ", "_")]


class Old(Module):
    """0.8.4: no avail, no dB."""

    VOLUME_UNITS_DB = property()

    class PCM:
        pass

    def __getattribute__(self, name):
        if name == "VOLUME_UNITS_DB":
            raise AttributeError(name)
        return super().__getattribute__(name)


def _speaker(gain=-600, limits=(-6000, 0)):
    return Mixer(["Playback Volume"], ["Playback Mute"], limits, {0: gain})


def _microphone():
    volumes, switches = ["Playback Volume", "Capture Volume"], ["Playback Mute", "Capture Mute"]
    return Mixer(volumes, switches, (-1600, 3000), {0: -300, 1: 1200})


def test_missing_module_names_package_and_loss(monkeypatch):
    def missing(name):
        raise ImportError(f"no {name}")

    monkeypatch.setattr(pyalsa, "import_module", missing)
    with pytest.raises(BackendUnavailable, match="python3-alsaaudio") as caught:
        PyAlsa()
    assert "cross-check" in str(caught.value)


def test_version_that_reports_xruns_may_vouch():
    assert PyAlsa(Module()).verdict_refusal() is None


def test_version_that_hides_xruns_is_refused_with_the_reason():
    refusal = PyAlsa(Old()).verdict_refusal()
    assert "hides xruns" in refusal
    with pytest.raises(BackendUnavailable, match="hides xruns"):
        PyAlsaPcm("hw:0,0", "hw:0,1", PyAlsa(Old())).open(_request())


def test_playback_volume_goes_to_0_db_and_is_unmuted():
    speaker = _speaker()
    (setting,) = PyAlsa(Module(Speaker=speaker)).make_transparent(0)
    assert (setting.gain_db, speaker.muted) == (0.0, 0)
    assert speaker.gains[0] == 0
    assert speaker.closed


def test_volume_without_0_db_gets_the_nearest_and_is_not_transparent():
    (setting,) = PyAlsa(Module(Speaker=_speaker(limits=(-6000, -450)))).make_transparent(0)
    assert setting.gain_db == -4.5
    assert setting.gain_db != 0.0
    assert "-60..-4.5 dB" in setting.note


def test_microphone_is_recorded_at_0_db_and_not_monitored():
    microphone = _microphone()
    settings = PyAlsa(Module(Mic=microphone)).make_transparent(0)
    assert (microphone.muted, microphone.recording) == (1, 1)
    assert microphone.gains == {0: -300, 1: 0}
    assert [(one.direction, one.note) for one in settings] == [
        (Direction.PLAYBACK, "switched off"),
        (Direction.CAPTURE, "0 dB"),
    ]


def test_output_and_input_of_one_name_both_go_to_0_db():
    headset = _microphone()
    settings = PyAlsa(Module(Headset=headset)).make_transparent(0)
    assert (headset.muted, headset.recording, headset.gains) == (0, 1, {0: 0, 1: 0})
    assert all(one.gain_db == 0.0 for one in settings)


@pytest.mark.parametrize("name", ["Master", "Mic"])
def test_one_volume_for_both_sides_goes_to_0_db(name):
    common = Mixer(["Volume"], ["Capture Mute"], (-4500, 3000), {0: -3000})
    (setting,) = PyAlsa(Module(**{name: common})).make_transparent(0)
    assert (setting.gain_db, common.gains[0], common.recording) == (0.0, 0, 1)


def test_switch_that_is_listed_but_missing_is_no_failure():
    speaker, sidetone = _speaker(), Mixer([], ["Playback Mute"], None, {})

    def refuse(_):
        raise Module.ALSAAudioError("no playback switch capabilities")

    speaker.setmute = sidetone.setmute = refuse
    first, second = PyAlsa(Module(Speaker=speaker, Sidetone=sidetone)).make_transparent(0)
    assert first.gain_db == 0.0
    assert second.gain_db != 0.0
    assert "cannot be switched off" in second.note


def test_automatic_gain_is_switched_off():
    gain = Mixer([], ["Playback Mute"], None, {})
    (setting,) = PyAlsa(Module(Auto_Gain_Control=gain)).make_transparent(0)
    assert gain.muted == 1
    assert setting.gain_db == 0.0


def test_element_without_db_scale_is_said_not_guessed():
    (setting,) = PyAlsa(Module(Speaker=_speaker(limits=None))).make_transparent(0)
    assert setting.gain_db is None
    assert "no dB scale" in setting.note


def test_old_version_sets_no_volume_and_says_how():
    speaker = _speaker()
    (setting,) = PyAlsa(Old(Speaker=speaker)).make_transparent(0)
    assert speaker.gains[0] == -600
    assert "amixer sset 'Speaker' 0dB" in setting.note
    assert setting.gain_db != 0.0


def test_mixer_that_cannot_be_opened_is_a_device_error():
    module = Module()

    def refuse(cardindex):
        raise Module.ALSAAudioError("No such file or directory")

    module.mixers = refuse
    with pytest.raises(DeviceError, match="hw:7 mixer"):
        PyAlsa(module).make_transparent(7)


def _request(access=Access.RW, rate=48000):
    params = StreamParams(rate, 2, FORMATS["S16_LE"], access, 256, 1024)
    return PcmRequest(params, params)


@pytest.fixture
def pcm():
    with PyAlsaPcm("hw:0,0", "hw:0,1", PyAlsa(Module())) as pcm:
        yield pcm


def test_burst_fills_the_capture_buffer_exactly(pcm):
    pcm.open(_request())
    captured = np.zeros(1000 * 4, dtype=np.uint8)
    exchange = pcm.exchange(np.zeros(3000 * 4, dtype=np.uint8), captured, Handling())
    assert (exchange.playback.frames, exchange.capture.frames) == (3000, 1000)
    assert captured.view("<u4").tolist() == list(range(1000))
    assert exchange.played_limit == 3000 - 1024


@pytest.mark.parametrize(("fail_at", "frames"), [(512, 512), (0, 0)])
def test_overrun_ends_the_burst_with_what_was_read(pcm, fail_at, frames):
    pcm.open(_request())
    pcm._pcms[Direction.CAPTURE].fail_at = fail_at
    captured = np.full(1000 * 4, 0xA5, dtype=np.uint8)
    exchange = pcm.exchange(np.zeros(3000 * 4, dtype=np.uint8), captured, Handling())
    assert (exchange.capture.frames, exchange.capture.xruns) == (frames, 1)
    assert (captured[frames * 4 :] == 0xA5).all()


def test_underrun_of_the_write_is_an_xrun(pcm):
    pcm.open(_request())
    pcm._pcms[Direction.PLAYBACK].fail_at = 0
    exchange = pcm.exchange(np.zeros(3000 * 4, dtype=np.uint8), np.zeros(4000, dtype=np.uint8), Handling())
    assert (exchange.playback.frames, exchange.playback.xruns) == (0, 1)


def test_second_burst_opens_the_streams_anew(pcm):
    pcm.open(_request())
    first = dict(pcm._pcms)
    for _ in range(2):
        pcm.exchange(np.zeros(4000, dtype=np.uint8), np.zeros(4000, dtype=np.uint8), Handling())
    assert set(first) == set(Direction)
    assert all(old.closed and old is not pcm._pcms[direction] for direction, old in first.items())


def test_silently_changed_rate_is_refused(pcm):
    with pytest.raises(ParamsRefused, match=r"384000.*192000"):
        pcm.open(_request(rate=384000))


def test_mmap_is_refused(pcm):
    with pytest.raises(DeviceError, match="no mmap"):
        pcm.open(_request(Access.MMAP))


def test_handling_beyond_plain_reads_and_writes_is_refused(pcm):
    pcm.open(_request())
    with pytest.raises(StreamStateError, match="alsa backend"):
        pcm.exchange(np.zeros(400, dtype=np.uint8), np.zeros(400, dtype=np.uint8), Handling(queue_periods=1))


def test_busy_device_is_device_busy():
    class Busy(Module):
        def PCM(self, *_, **__):  # noqa: N802
            raise Module.ALSAAudioError("Device or resource busy [hw:0,0]")

    Busy.PCM.avail = None
    with PyAlsaPcm("hw:0,0", "hw:0,1", PyAlsa(Busy())) as pcm, pytest.raises(DeviceBusy):
        pcm.open(_request())


@pytest.mark.parametrize(
    ("volumes", "switches", "directions", "muted", "recording"),
    [
        (["Playback Volume"], [], [Direction.PLAYBACK], None, None),
        ([], ["Playback Mute"], [], 0, None),
        (["Capture Volume"], [], [Direction.CAPTURE], None, None),
        ([], ["Capture Mute"], [], None, 1),
        ([], [], [], None, None),
    ],
)
def test_element_is_set_on_the_sides_that_it_has(volumes, switches, directions, muted, recording):
    element = Mixer(volumes, switches, (-6000, 0), {0: -600, 1: -600})
    settings = PyAlsa(Module(Digital=element)).make_transparent(0)
    assert [one.direction for one in settings] == directions
    assert (element.muted, element.recording) == (muted, recording)


@pytest.mark.parametrize(("volumes", "switches"), [(["Capture Volume"], []), ([], ["Capture Mute"])])
def test_input_that_cannot_be_heard_needs_no_switching_off(volumes, switches):
    element = Mixer(volumes, switches, (-6000, 0), {0: -600, 1: -600})
    settings = PyAlsa(Module(Mic=element)).make_transparent(0)
    assert all(one.direction is Direction.CAPTURE for one in settings)


def test_worst_channel_of_a_volume_is_the_one_that_is_told():
    uneven = _speaker()
    uneven.getvolume = lambda pcmtype, units: [0, -300]
    (setting,) = PyAlsa(Module(Speaker=uneven)).make_transparent(0)
    assert setting.gain_db == -3.0


def test_streams_are_opened_on_their_sides_with_the_periods_of_the_ring(pcm):
    pcm.open(_request())
    streams = pcm._pcms
    assert [streams[side].kind for side in (Direction.PLAYBACK, Direction.CAPTURE)] == [
        Module.PCM_PLAYBACK,
        Module.PCM_CAPTURE,
    ]
    assert all(stream.asked == (48000, 2, 256, 4) for stream in streams.values())


@pytest.mark.parametrize(("ring", "periods"), [(256, 2), (512, 2), (768, 3), (1023, 3)])
def test_ring_has_two_periods_at_least(pcm, ring, periods):
    params = StreamParams(48000, 2, FORMATS["S16_LE"], Access.RW, 256, ring)
    granted = pcm.open(PcmRequest(params, params))
    assert [one.asked[3] for one in pcm._pcms.values()] == [periods] * 2
    assert granted.playback.buffer_size == granted.capture.buffer_size == 256 * periods


def test_first_burst_runs_on_the_streams_that_were_opened(pcm):
    pcm.open(_request())
    first = dict(pcm._pcms)
    pcm.exchange(np.zeros(4000, dtype=np.uint8), np.zeros(4000, dtype=np.uint8), Handling())
    assert pcm._pcms == first


def test_burst_without_xrun_ends_running(pcm):
    pcm.open(_request())
    exchange = pcm.exchange(np.zeros(3000 * 4, dtype=np.uint8), np.zeros(4000, dtype=np.uint8), Handling())
    assert (exchange.playback.state, exchange.capture.state) == ("RUNNING", "RUNNING")
    assert (exchange.playback.xruns, exchange.capture.xruns) == (0, 0)


@pytest.mark.parametrize(
    ("state", "xrun", "told"),
    [(2, False, "PREPARED"), (3, False, "RUNNING"), (3, True, "XRUN"), (99, False, "OPEN")],
)
def test_state_of_a_stream_is_told_by_its_name(pcm, state, xrun, told):
    end = SimpleNamespace(xrun=xrun, pcm=SimpleNamespace(state=lambda: state))
    pcm.open(_request())
    assert pcm._state(end)(0) == told
    assert (pcm_state(None, "RUNNING"), pcm_state(pcm._door, "RUNNING")) == (-1, 3)
