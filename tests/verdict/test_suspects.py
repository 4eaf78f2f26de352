# SPDX-License-Identifier: MIT
"""Which cause a kind speaks for, by transport and by the form of the findings."""

from __future__ import annotations

from collections import Counter

import pytest

from stress.model.transport import ALOOP, COHERENT, PCI, SOC, UNKNOWN, USB, VIRTIO, TransportRecord
from stress.verdict import suspects
from stress.verdict.cause import Cause, possible
from stress.verdict.suspects import Context, cause_of, reasons, votes
from stress.verdict.symptoms import Symptoms


def _context(kind, **symptoms):
    changes = {
        name: symptoms.pop(name) for name in ("host", "cpus", "indexing", "snooped") if name in symptoms
    }
    return Context(
        TransportRecord(kind, packet_us=1000, **changes), Symptoms(bursts=4, rate=48000, **symptoms)
    )


@pytest.mark.parametrize(
    ("wrong", "context", "cause"),
    [
        ("drop", _context(USB), Cause.USB_LOSS),
        ("zero", _context(USB, statuses=Counter({"-18": 9, "-71": 2})), Cause.MISSED_INTERVAL),
        ("zero", _context(USB, statuses=Counter({"-18": 2, "-84": 9})), Cause.USB_LOSS),
        ("zero", _context(ALOOP, gaps=Counter({480: 9})), Cause.ALOOP_TIMER),
        ("drop", _context(ALOOP, gaps=Counter({9600: 9})), Cause.LOST_LAPS),
        ("drop", _context(SOC, gaps=Counter({960: 9}), periods=frozenset({480})), Cause.DMA_POSITION),
        ("repeat", _context(SOC, gaps=Counter({16: 9}), periods=frozenset({480})), Cause.DMA_POSITION),
        ("zero", _context(SOC, gaps=Counter({77: 9}), periods=frozenset({480})), Cause.LOSS),
        ("drop", _context(SOC, gaps=Counter({30: 9}), periods=frozenset({480})), Cause.LOSS),
        ("drop", _context(SOC, gaps=Counter({30: 9}), fifos=frozenset({30})), Cause.DMA_POSITION),
        ("drop", _context(SOC, gaps=Counter({90: 9}), fifos=frozenset({90})), Cause.DMA_POSITION),
        ("drop", _context(SOC, gaps=Counter({32: 9}), fifos=frozenset({30})), Cause.DMA_POSITION),
        ("drop", _context(PCI, gaps=Counter({480: 9}), periods=frozenset({480})), Cause.DMA_POSITION),
        ("drop", _context(VIRTIO, gaps=Counter({480: 9}), periods=frozenset({480})), Cause.DMA_POSITION),
        ("drop", _context(UNKNOWN), Cause.LOSS),
        ("swap", _context(SOC, lasting=4), Cause.SERIAL_SLIP),
        ("byteshift", _context(SOC), Cause.SERIAL_SLIP),
        ("swap", _context(SOC, whole=4), Cause.PROCESSING),
        ("swap", _context(USB, lasting=4), Cause.DEVICE_SLIP),
        ("swap", _context(USB, whole=4), Cause.PROCESSING),
        ("byteshift", _context(USB), Cause.USB_LOSS),
        ("byteshift", _context(USB, at_packets=9, lengths=Counter({270: 9})), Cause.UNALIGNED_DMA),
        ("byteshift", _context(USB, host="dwc2", lengths=Counter({270: 9})), Cause.UNALIGNED_DMA),
        ("byteshift", _context(USB, host="dwc2", lengths=Counter({192: 9})), Cause.USB_LOSS),
        ("byteshift", _context(USB, frame_bytes=6), Cause.UNALIGNED_DMA),
        ("byteshift", _context(USB, frame_bytes=6, lengths=Counter({192: 9})), Cause.USB_LOSS),
        ("byteshift", _context(USB, frame_bytes=4), Cause.USB_LOSS),
        ("drop", _context(USB, gaps=Counter({1: 9})), Cause.CLOCK),
        ("repeat", _context(USB, gaps=Counter({1: 4, 2: 5})), Cause.CLOCK),
        ("drop", _context(USB, gaps=Counter({1: 9}), statuses=Counter({"-71": 9})), Cause.USB_LOSS),
        ("drop", _context(USB, gaps=Counter({1: 4, 48: 5})), Cause.USB_LOSS),
        ("zero", _context(USB, gaps=Counter({1: 9})), Cause.USB_LOSS),
        ("drop", _context(SOC, gaps=Counter({1: 9})), Cause.LOSS),
        ("swap", _context(ALOOP), Cause.CANNOT_TELL),
        ("stale", _context(ALOOP, old_rw=5), Cause.ALOOP_TIMER),
        ("stale", _context(USB, cpus=4, old_rw=5), Cause.READ_AHEAD),
        ("stale", _context(USB, cpus=1, old_rw=5), Cause.DMA_STALE),
        ("stale", _context(USB, cpus=4, old_rw=5, old_sizes=Counter({48: 9})), Cause.READ_AHEAD),
        ("stale", _context(USB, cpus=4, old_rw=5, old_sizes=Counter({48: 9, 9000: 2})), Cause.LOST_LAPS),
        ("stale", _context(SOC, old_rw=5, old_sizes=Counter({9000: 2})), Cause.LOST_LAPS),
        ("stale", _context(SOC, old_sizes=Counter({9000: 2})), Cause.DMA_STALE),
        ("stale", _context(USB, indexing=COHERENT, snooped=True), Cause.LOST_LAPS),
        ("stale", _context(USB), Cause.DMA_STALE),
        ("misplaced", _context(SOC), Cause.DMA_STALE),
        ("bitflip", _context(ALOOP), Cause.MEMORY),
        ("gain", _context(USB), Cause.PROCESSING),
        ("unknown", _context(USB), Cause.CANNOT_TELL),
        ("a kind of a later version", _context(USB), Cause.CANNOT_TELL),
    ],
)
def test_cause_of_a_kind_follows_the_transport(wrong, context, cause):
    assert cause_of(wrong, context) is cause


@pytest.mark.parametrize("kind", [ALOOP, SOC, PCI, VIRTIO, UNKNOWN])
@pytest.mark.parametrize("wrong", ["drop", "zero", "hold", "swap", "byteshift", "stale", "misplaced", "mute"])
def test_cause_is_one_that_can_occur_there(kind, wrong):
    for symptoms in ({}, {"lasting": 4}, {"old_rw": 4}, {"at_packets": 9, "lengths": Counter({3: 9})}):
        assert possible(cause_of(wrong, _context(kind, cpus=4, host="dwc2", **symptoms)), kind)


def test_votes_leave_out_what_speaks_for_nothing():
    assert votes(Counter({"drop": 3, "unknown": 9}), _context(USB)) == {Cause.USB_LOSS: 3}


def test_reasons_name_the_fifo_that_the_driver_states():
    stated = _context(SOC, gaps=Counter({30: 9}), periods=frozenset({480}), fifos=frozenset({30}))
    assert "periods: 480; FIFO by the driver: 30" in " ".join(reasons(Cause.DMA_POSITION, stated))
    unknown = _context(SOC, gaps=Counter({30: 9}), periods=frozenset({480}))
    assert "FIFO" not in " ".join(reasons(Cause.DMA_POSITION, unknown))


def test_reasons_name_the_packets_that_were_not_served():
    text = " ".join(reasons(Cause.MISSED_INTERVAL, _context(USB, statuses=Counter({"-18": 9, "-71": 1}))))
    assert "9 of 10 failed packets ended with -EXDEV" in text


def test_reasons_give_the_age_of_stale_transfers_in_packets():
    assert "144 frames old, 3.0 packets" in " ".join(
        reasons(Cause.DMA_STALE, _context(USB, lags=Counter({144: 2})))
    )


def test_context_of_an_old_record_is_usb_where_usbmon_looked():
    assert Context.of(TransportRecord(), Symptoms(), "usbmon1").carries.kind == USB
    assert Context.of(TransportRecord(), Symptoms()).carries.kind == UNKNOWN
    assert Context.of(TransportRecord(ALOOP), Symptoms(), "usbmon1").carries.kind == ALOOP


def test_slips_of_single_frames_on_usb_say_that_they_are_no_packets():
    told = reasons(Cause.CLOCK, _context(USB, gaps=Counter({1: 9})))
    assert any(line.startswith("slips of 1 frame are no packets, which have 48") for line in told)
    assert not any("no packets" in line for line in reasons(Cause.CLOCK, _context(SOC, gaps=Counter({1: 9}))))


def test_unaligned_dma_that_no_tap_saw_says_what_it_rests_on():
    told = " ".join(reasons(Cause.UNALIGNED_DMA, _context(USB, frame_bytes=6)))
    assert "frames have 6 bytes" in told
    assert "usbmon would show" in told


def _on(kind=USB, packet_us=1000, rate=48000, cpus=1, **symptoms):
    return Context(
        TransportRecord(kind, packet_us=packet_us, cpus=cpus), Symptoms(bursts=4, rate=rate, **symptoms)
    )


@pytest.mark.parametrize(
    ("wrong", "context", "cause"),
    [
        # A packet of 5 frames, the least of which a slip is none, and one of 4.
        ("drop", _on(packet_us=125, rate=40_000, gaps=Counter({1: 9})), Cause.CLOCK),
        ("drop", _on(packet_us=125, rate=39_999, gaps=Counter({1: 9})), Cause.USB_LOSS),
        # Half of the failed packets, and one more.
        ("zero", _on(statuses=Counter({"-18": 5, "-71": 5})), Cause.USB_LOSS),
        ("zero", _on(statuses=Counter({"-18": 6, "-71": 5})), Cause.MISSED_INTERVAL),
        # 31 ms at a rate, and at 48 kHz where none is known.
        ("drop", _on(ALOOP, rate=8000, gaps=Counter({248: 9})), Cause.ALOOP_TIMER),
        ("drop", _on(ALOOP, rate=8000, gaps=Counter({249: 9})), Cause.LOST_LAPS),
        ("drop", _on(ALOOP, rate=0, gaps=Counter({1487: 9})), Cause.ALOOP_TIMER),
        ("drop", _on(ALOOP, rate=0, gaps=Counter({1489: 9})), Cause.LOST_LAPS),
        # Eight packets, or eight bursts of a FIFO where those are longer.
        ("stale", _on(cpus=2, old_rw=5, old_sizes=Counter({512: 9})), Cause.READ_AHEAD),
        ("stale", _on(cpus=2, old_rw=5, old_sizes=Counter({513: 9})), Cause.LOST_LAPS),
        ("stale", _on(cpus=2, rate=96_000, old_rw=5, old_sizes=Counter({768: 9})), Cause.READ_AHEAD),
        ("stale", _on(cpus=2, rate=96_000, old_rw=5, old_sizes=Counter({769: 9})), Cause.LOST_LAPS),
    ],
)
def test_cause_changes_at_its_limit(wrong, context, cause):
    assert cause_of(wrong, context) is cause


LASTING = {"lasting": 3}
GAPS = {
    "gaps": Counter({48: 9, 96: 4, 7: 2, 5: 1}),
    "periods": frozenset({480, 240}),
    "fifos": frozenset({64}),
}
SIZES = (
    "commonest sizes of the gaps in frames: 48 (9), 96 (4), 7 (2); periods: 240, 480; FIFO by the driver: 64"
)
STATUSES = {"statuses": Counter({"-71": 9, "-18": 2})}
EDGED = {"at_packets": 9, "beside_packets": 1}
ODD = {"lengths": Counter({270: 1, 192: 3}), "frame_bytes": 6}
UNSEEN = (
    "frames have 6 bytes, so some packets are no whole number of words of four bytes; usbmon would show "
    "whether it begins at a packet"
)


@pytest.mark.parametrize(
    ("cause", "kind", "symptoms", "told"),
    [
        (Cause.USB_LOSS, USB, STATUSES, ["failed packets by their error: 9 with -71, 2 with -18"]),
        (
            Cause.DEVICE_SLIP,
            USB,
            {**STATUSES, **LASTING},
            ["in 3 of 4 bursts the slip lasts until the stream ends"],
        ),
        (Cause.USB_LOSS, USB, {}, []),
        (
            Cause.MISSED_INTERVAL,
            USB,
            STATUSES,
            [
                "2 of 11 failed packets ended with -EXDEV: the host did not serve them, which speaks against "
                "cable and hub"
            ],
        ),
        (
            Cause.UNALIGNED_DMA,
            USB,
            ODD,
            ["25 % of the OUT packets are no whole number of words of four bytes"],
        ),
        (Cause.PROCESSING, USB, ODD, []),
        (Cause.UNALIGNED_DMA, USB, {"frame_bytes": 6}, [UNSEEN]),
        (Cause.PROCESSING, USB, {"frame_bytes": 6}, []),
        (Cause.UNALIGNED_DMA, USB, {"frame_bytes": 4}, []),
        (Cause.PROCESSING, USB, EDGED, ["9 of 10 corrupted stretches begin where a packet does"]),
        (Cause.PROCESSING, SOC, EDGED, []),
        (Cause.PROCESSING, USB, {"at_packets": 1, "beside_packets": 9}, []),
        (Cause.SERIAL_SLIP, SOC, LASTING, ["in 3 of 4 bursts the slip lasts until the stream ends"]),
        (Cause.PROCESSING, SOC, LASTING, []),
        (Cause.DMA_POSITION, SOC, GAPS, [SIZES]),
        (Cause.ALOOP_TIMER, ALOOP, GAPS, [SIZES]),
        (Cause.LOSS, SOC, GAPS, []),
        (Cause.DMA_POSITION, SOC, {}, []),
        (
            Cause.CLOCK,
            USB,
            {"gaps": Counter({2: 9, 1: 4})},
            [
                "slips of 2 or 1 frames are no packets, which have 48: frames are miscounted, by two clocks, "
                "by feedback, or by a driver that sizes its packets wrongly"
            ],
        ),
        (Cause.CLOCK, USB, {"gaps": Counter({48: 9})}, []),
        (
            Cause.DMA_STALE,
            USB,
            {"lags": Counter({96: 2, 480: 5})},
            ["the data is 480 frames old, 10.0 packets"],
        ),
        (Cause.DMA_STALE, USB, {}, []),
        (Cause.MEMORY, USB, {"lags": Counter({96: 2})}, []),
    ],
)
def test_reasons_of_a_cause_are_what_speaks_for_it_and_nothing_else(cause, kind, symptoms, told):
    context = _on(kind, **symptoms)
    assert reasons(cause, context) == [f"the sound goes by {context.carries.words}", *told]


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ({1: 9}, "slips of 1 frame"),
        ({2: 9}, "slips of 2 frames"),
        ({2: 9, 3: 4, 1: 1}, "slips of 2 frames"),
        ({1: 5, 2: 4}, "slips of 1 or 2 frames"),
    ],
)
def test_sizes_of_slips_are_the_two_commonest_that_a_clock_makes(gaps, words):
    assert suspects._sizes(Symptoms(gaps=Counter(gaps))) == words
