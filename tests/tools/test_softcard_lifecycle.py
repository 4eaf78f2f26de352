# SPDX-License-Identifier: MIT
"""Which event the softcard sees a stream come behind, and faults that wait for one."""

from __future__ import annotations

import pytest

from stress.errors import ConfigError
from tests.tools.softcard_bench import MakeBench, frames_of
from tools.softcardkit.config import CardConfig
from tools.softcardkit.faultspec import parse_fault


def _stop(bench) -> None:
    # As snd-usb-audio stops: what is under way is taken back.
    for _ in range(3):
        bench.host.play([bytes(192)])
        bench.host.capture(1, 288)
    bench.host.unlink_all()


def _close(bench) -> None:
    bench.host.set_interface(1, 0)
    bench.host.set_interface(1, 1)


def _configure(bench, value: int) -> None:
    bench.host.control((0x00, 9, value, 0, 0))


def _event(bench, name: str) -> None:
    if name != "xrun":
        _stop(bench)
    else:
        # The host had no more: only capture is taken back.
        bench.host.capture(1, 288)
        bench.host.unlink_all()
    if name in ("usb-rebind", "usb-reset"):
        if name == "usb-rebind":
            _configure(bench, 0)
        _configure(bench, 1)
    if name == "module-reload":
        bench.host.control((0x80, 6, 0x0302, 0x0409, 255))
    if name == "rate":
        bench.host.control((0x22, 1, 0x0100, 1, 3), (44100).to_bytes(3, "little"))
    if name not in ("xrun", "restart"):
        _close(bench)


def _starts(bench) -> list[str]:
    found = [e for e in bench.events("stream") if e["state"] == "start" and e["direction"] == "playback"]
    return [event.get("after", "") for event in found]


@pytest.mark.parametrize(
    "name", ["restart", "reopen", "xrun", "rate", "usb-reset", "usb-rebind", "module-reload"]
)
def test_card_sees_what_its_stream_comes_behind(make: MakeBench, data: bytes, name: str) -> None:
    bench = make(CardConfig())
    bench.loop(data)
    _event(bench, name)
    bench.loop(data)
    assert _starts(bench) == ["", name]


def test_fault_strikes_only_behind_its_event(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(), ["zero@frame=0,frames=96,after=reopen"])
    bench.loop(data)
    for name in ("restart", "reopen", "restart"):
        _event(bench, name)
        bench.loop(data)
    assert [(fault["stream"], fault["after"]) for fault in bench.events("fault")] == [(3, "reopen")]


def test_fault_that_lasts_ends_with_its_event(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(), ["zero@frame=0,frames=0,after=xrun,until=usb-reset"])
    bench.loop(data)
    for name in ("xrun", "restart", "reopen", "usb-reset"):
        _event(bench, name)
        bench.loop(data)
    assert [fault["stream"] for fault in bench.events("fault")] == [2, 3, 4]


def test_first_lap_is_of_the_stream_before(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(), ["stale@frame=0,frames=48,lag=5000,after=reopen"])
    bench.loop(data)
    _event(bench, "reopen")
    bench.host.received.data.clear()
    got, sent = frames_of(bench.loop(data)), frames_of(data)
    first = got.index(sent[48])
    place = sent.index(got[first - 48])
    assert place > 1000
    assert got[first - 48 : first] == sent[place : place + 48]


def test_channels_stay_rotated(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig(), ["rotate@frame=0,channel=1,after=restart"])
    bench.loop(data)
    _event(bench, "restart")
    bench.host.received.data.clear()
    got, sent = frames_of(bench.loop(data)), frames_of(data)
    turned = [frame[2:] + frame[:2] for frame in sent]
    first = got.index(turned[0])
    assert got[first : first + 5000] == turned[:5000]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("zero@after=resume", "after"),
        ("zero@until=reopen", "until"),
        ("zero@after=xrun,until=never", "until"),
        ("rotate@frame=0,channel=0", "channel"),
    ],
)
def test_bad_event_of_a_fault_is_named(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_fault(text)


def test_stop_is_seen_when_all_urbs_were_given_back_a_moment_before(make: MakeBench, data: bytes) -> None:
    bench = make(CardConfig())
    bench.loop(data)
    engine = bench.card.engine
    newest = engine.capture.newest
    assert not engine.capture.queue
    # What is long past ends nothing.
    assert not engine.unlink(newest - 40)
    assert engine.capture.started
    assert not engine.unlink(newest)
    assert (engine.capture.started, engine.playback.started) == (False, False)
