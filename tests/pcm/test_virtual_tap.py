# SPDX-License-Identifier: MIT
"""Packets of the virtual bus: where each begins, and which of them went wrong."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stress.model.pcm import Direction
from stress.pcm import virtual_tap
from stress.pcm.virtual_tap import VirtualTap, _out, _stream

WIDTH = 4


def _frames(number):
    return np.arange(number * WIDTH, dtype=np.uint8).reshape(number, WIDTH)


@pytest.mark.parametrize(
    ("number", "edges", "begins"),
    [
        (12, [0, 6, 12], [0, 6]),
        (13, [0, 6, 12], [0, 6, 12]),
        (12, [0, 6, 12, 18], [0, 6]),
        # A packet without frames has no place of its own.
        (12, [0, 0, 6, 6, 6, 9, 12], [0, 6, 9]),
        (0, [0, 6], [0]),
    ],
)
def test_packets_begin_at_their_first_byte(number, edges, begins):
    stream = _stream(_frames(number), np.array(edges))
    assert stream.starts.tolist() == [begin * WIDTH for begin in begins]
    assert stream.statuses.tolist() == [0] * len(begins)
    assert stream.data.tolist() == _frames(number).reshape(-1).tolist()


def _burst(*kinds):
    faults = [SimpleNamespace(kind=kind) for kind in kinds]
    return SimpleNamespace(wire=_frames(24), incoming=_frames(20), edges=np.arange(0, 30, 6), faults=faults)


@pytest.mark.parametrize(
    ("kind", "begin", "end", "statuses"),
    [
        ("missed", 6, 12, [0, -18, 0, 0]),
        ("lost-packet", 6, 18, [0, -71, -71, 0]),
        ("missed", 0, 6, [-18, 0, 0, 0]),
        ("missed", 7, 13, [0, 0, -18, 0]),
        ("lost-packet", 18, 24, [0, 0, 0, -71]),
        # A fault of the card leaves the bus as it is.
        ("freeze", 6, 12, [0, 0, 0, 0]),
    ],
)
def test_packets_that_never_went_out_have_the_status_of_their_fault(monkeypatch, kind, begin, end, statuses):
    asked = []
    monkeypatch.setattr(virtual_tap, "hits", lambda fault, frames: asked.append(frames) or [begin])
    monkeypatch.setattr(virtual_tap, "packets_of", lambda fault, first, edges: (first, end))
    stream = _out(_burst(kind))
    assert stream.statuses.tolist() == statuses
    assert asked == ([] if kind == "freeze" else [24])
    assert stream.data.tolist() == list(range(24 * WIDTH)), "what the host handed over is whole"


def _tap(vmalloc=True, captures=True, outcome=None):
    spec = SimpleNamespace(
        kernel=SimpleNamespace(use_vmalloc=vmalloc),
        usb=SimpleNamespace(captures=captures),
        user=SimpleNamespace(loop_fills=3),
    )
    board = SimpleNamespace(memory=lambda which, lines: (which, lines))
    return VirtualTap(SimpleNamespace(spec=spec, board=board, outcome=outcome))


@pytest.mark.parametrize(
    ("vmalloc", "captures", "held"),
    [
        (True, True, {Direction.PLAYBACK: (0, 3), Direction.CAPTURE: (1, 3)}),
        (True, False, {Direction.PLAYBACK: (0, 3)}),
        (False, True, {}),
        (False, False, {}),
    ],
)
@pytest.mark.parametrize("started", [True, False])
def test_memory_of_both_rings_is_kept_unless_it_is_coherent(vmalloc, captures, held, started):
    tap = _tap(vmalloc, captures, _burst())
    if started:
        tap.start(SimpleNamespace(mappings=[SimpleNamespace(direction=one) for one in Direction]), 1.0)
    tap.grab()
    wire = tap.finish()
    assert wire.memory == (held if started else {})
    assert bool(wire.notes) is not vmalloc
    assert wire.has_capture is captures
    assert wire.out.data.size == 24 * WIDTH
    assert wire.into.data.size == (20 * WIDTH if captures else 0)


def test_tap_without_a_burst_has_no_wire():
    assert _tap().finish() is None
