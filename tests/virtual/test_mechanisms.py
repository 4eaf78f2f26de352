# SPDX-License-Identifier: MIT
"""Mechanisms of the virtual board beyond VIVT: colours, attributes, packets, slips."""

from __future__ import annotations

import numpy as np
import pytest

from stress.model.formats import FORMATS
from stress.model.pcm import Access, Handling, StreamParams
from stress.model.transport import COHERENT, VIPT_ALIASING, VIVT
from stress.virtual.board import Board
from stress.virtual.card.usbcard import Around, apply_faults, packets_of
from stress.virtual.spec import BoardSpec, FaultSpec
from stress.virtual.transport import transport_of

STEREO = FORMATS["S16_LE"]


def _faulty(kind, frames=400, width=4, edges=None, **keys):
    wire = np.arange(frames * width, dtype=np.int64).astype(np.uint8).reshape(frames, width)
    fmt = STEREO if width == 4 else FORMATS["S24_3LE"]
    return wire, apply_faults(wire, [FaultSpec(kind=kind, **keys)], fmt, Around(0, edges))


def test_rotate_moves_channels_from_an_instant_to_the_end():
    wire, out = _faulty("rotate", frame=100, bit=1)
    assert (out[:100] == wire[:100]).all()
    assert (out[101:].reshape(-1)[:-2] == wire[100:-1].reshape(-1)[2:]).all()


def test_slip_bytes_moves_the_rest_of_the_stream():
    wire, out = _faulty("slip-bytes", frame=100, bit=1)
    assert (out[:100] == wire[:100]).all()
    assert (out[100:].reshape(-1)[1:] == wire[100:].reshape(-1)[:-1]).all()


def test_missed_interval_takes_whole_packets():
    edges = np.arange(0, 401, 6)
    wire, out = _faulty("missed", frame=100, frames=12, edges=edges)
    assert packets_of(FaultSpec(kind="missed", frames=12), 100, edges) == (96, 114)
    assert (out == np.concatenate([wire[:96], wire[114:]])).all()


def test_packet_shift_spares_packets_of_whole_words():
    wire, out = _faulty("packet-shift", frame=0, bit=1, edges=np.arange(0, 401, 6))
    assert (out == wire).all()
    edges = np.array([0, 44, 88, 133, 177, 221])
    wire, out = _faulty("packet-shift", width=6, frame=44, bit=1, edges=edges)
    assert (out[:88] == wire[:88]).all()
    assert (out[88:133].reshape(-1)[1:] == wire[88:133].reshape(-1)[:-1]).all()


def _wrong(board):
    params = StreamParams(48000, 2, STEREO, Access.MMAP, 48, 192)
    play = np.random.RandomState(1).randint(1, 256, (4800, 4)).astype(np.uint8)
    board.configure(params, params)
    outcome = board.burst(play, 4000, Handling())
    lead = outcome.lead
    return bool((outcome.wire != play[: len(outcome.wire)]).any() or
                (outcome.captured[lead:] != outcome.wire[: len(outcome.captured) - lead]).any())  # fmt: skip


def test_colour_is_drawn_anew_with_each_allocation():
    board = Board(BoardSpec.load("arm1176-32k", {"cache.colour": -1}), 5)
    wrong = [_wrong(board) for _ in range(24)]
    # Two rings of two colours each: a quarter of the allocations is wholly right.
    assert 1 <= wrong.count(False) <= 14


def test_colour_that_is_given_stays():
    assert all(_wrong(Board(BoardSpec.load("arm1176-32k"), seed)) for seed in range(3))
    assert not any(
        _wrong(Board(BoardSpec.load("arm1176-32k", {"cache.colour": 0}), seed)) for seed in range(3)
    )


@pytest.mark.parametrize(
    ("board", "indexing", "snooped"),
    [("arm926", VIVT, False), ("arm1176-32k", VIPT_ALIASING, False), ("cortex-a", COHERENT, False),
     ("x86_64", COHERENT, True)],
)  # fmt: skip
def test_transport_of_a_board_says_what_its_cache_can_do(board, indexing, snooped):
    found = transport_of(BoardSpec.load(board))
    assert (found.kind, found.indexing, found.snooped) == ("usb", indexing, snooped)


def test_transport_that_is_no_usb_has_no_packets():
    found = transport_of(BoardSpec.load("arm926", {"transport": "soc"}))
    assert (found.kind, found.packet_us, found.host, found.speed_mbps) == ("soc", 0, "", 0.0)
