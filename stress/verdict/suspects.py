# SPDX-License-Identifier: MIT
"""From the kind of a wrong run, and what carries the sound, to the cause it speaks for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Callable

from stress.model.finding import Kind
from stress.model.transport import ALOOP, PCI, SOC, UNKNOWN, USB, VIRTIO, TransportRecord
from stress.verdict.cause import Cause
from stress.verdict.symptoms import GAPS, ORDER, Symptoms
from stress.verdict.two_clocks import LARGEST_SLIP

if TYPE_CHECKING:
    from collections.abc import Mapping

# Longest gap that one or two ticks of snd-aloop's timer make [s]: HZ=100, and one tick late.
TICKS_S = 0.031
# Packets, or bursts of a DMA transfer, of which old data may be a piece. Source: a URB of snd-usb-audio has 8
# packets at most. Higher: a side that is a lap late is called a race of the copy; lower: a whole URB that was
# read too early is called a late side.
LONG_PACKETS = 8
# Frames in a burst of a FIFO or DMA transfer, at most.
FIFO_FRAMES = 64
# Frames of a packet from which on a slip of a frame or two is none of its packets. Source: 5 frames are the
# shorter microframe at 44.1 kHz. Higher: slips of a clock on a high-speed card are called losses; lower: lost
# packets of 2 frames (16 kHz) are called a clock.
LEAST_PACKET = 5
_SLIPS = (Kind.DROP.value, Kind.REPEAT.value)
# Packets that the host did not serve, as usbmon shows them (-EXDEV).
MISSED = "-18"
# Failed packets that have to have a status for it to speak.
MOSTLY = 0.5


@dataclass(frozen=True)
class Context:
    """What carries the sound, and what its findings look like."""

    carries: TransportRecord = TransportRecord()
    symptoms: Symptoms = field(default_factory=Symptoms)

    @classmethod
    def of(cls, carries: TransportRecord, symptoms: Symptoms, tap: str = "") -> Context:
        """Return the context of a run.

        Parameters
        ----------
        tap : what looked at the bus. Records of earlier versions do not say what
            carries the sound; where usbmon saw it, USB does.
        """
        if carries.kind == UNKNOWN and tap.startswith("usbmon"):
            carries = replace(carries, kind=USB)
        return cls(carries, symptoms)

    @property
    def packet_frames(self) -> int:
        """Frames of a packet, 0 where there are none."""
        return self.carries.packet_us * self.symptoms.rate // 1_000_000


# Where nothing is known of the card.
NOTHING_KNOWN = Context()


def cause_of(kind: str, context: Context) -> Cause:
    """Return the cause that a wrong run of this kind speaks for, `CANNOT_TELL` for none.

    A run of whole laps is looked at by the arms, not by its kind; what is left of them here
    was the same with rw access.
    """
    if kind in _SLIPS and _single(context):
        return Cause.CLOCK
    if kind in GAPS:
        return _GAPS.get(context.carries.kind, _loss)(context)
    if kind in ORDER:
        return _ORDER.get(context.carries.kind, _order)(context)
    if kind == Kind.STALE.value:
        return _old(context)
    return _PLAIN.get(kind, Cause.CANNOT_TELL)


_PLAIN: Mapping[str, Cause] = {
    Kind.MISPLACED.value: Cause.DMA_STALE,
    Kind.RESAMPLE.value: Cause.CLOCK,
    Kind.GAIN.value: Cause.PROCESSING,
    Kind.DITHER.value: Cause.PROCESSING,
    Kind.MUTE.value: Cause.PROCESSING,
    Kind.BITFLIP.value: Cause.MEMORY,
    Kind.STUCK.value: Cause.MEMORY,
    Kind.POLARITY.value: Cause.PROCESSING,
    Kind.ENDIAN.value: Cause.PROCESSING,
}


def _single(context: Context) -> bool:
    # A lost packet takes its frames with it: slips of a frame are made by a clock, or by who counts frames.
    failed = sum(context.symptoms.statuses.values())
    return (
        not failed
        and context.carries.kind == USB
        and context.packet_frames >= LEAST_PACKET
        and context.symptoms.shorter(LARGEST_SLIP)
    )


def _usb_gap(context: Context) -> Cause:
    failed = sum(context.symptoms.statuses.values())
    missed = context.symptoms.statuses[MISSED]
    return Cause.MISSED_INTERVAL if failed and missed > MOSTLY * failed else Cause.USB_LOSS


def _aloop_gap(context: Context) -> Cause:
    longest = TICKS_S * (context.symptoms.rate or 48000)
    return Cause.ALOOP_TIMER if context.symptoms.shorter(longest) else Cause.LOST_LAPS


def _soc_gap(context: Context) -> Cause:
    symptoms = context.symptoms
    # Many drivers state a FIFO that their DMA does not use: a gap that fits it speaks, another does not.
    longest = max((FIFO_FRAMES, *symptoms.fifos))
    small = symptoms.shorter(longest) and symptoms.sized((4, *symptoms.fifos))
    return Cause.DMA_POSITION if symptoms.sized(symptoms.periods) or small else Cause.LOSS


def _loss(context: Context) -> Cause:
    return Cause.LOSS


_GAPS: Mapping[str, Callable[[Context], Cause]] = {
    USB: _usb_gap,
    ALOOP: _aloop_gap,
    SOC: _soc_gap,
    PCI: _soc_gap,
    VIRTIO: _soc_gap,
}


def _usb_order(context: Context) -> Cause:
    symptoms, host = context.symptoms, context.carries.host
    if symptoms.odd_packets and (symptoms.edged or host.startswith("dwc")):
        return Cause.UNALIGNED_DMA
    if symptoms.whole > symptoms.lasting:
        return Cause.PROCESSING
    if symptoms.lasting:
        return Cause.DEVICE_SLIP
    # A lost packet shifts no bytes, and a controller shifts none of whole words.
    return Cause.UNALIGNED_DMA if symptoms.edged or symptoms.unseen_odd else Cause.USB_LOSS


def _soc_order(context: Context) -> Cause:
    symptoms = context.symptoms
    return Cause.PROCESSING if symptoms.whole > symptoms.lasting else Cause.SERIAL_SLIP


def _order(context: Context) -> Cause:
    symptoms = context.symptoms
    if symptoms.whole:
        return Cause.PROCESSING
    return Cause.DEVICE_SLIP if symptoms.lasting else Cause.CANNOT_TELL


_ORDER: Mapping[str, Callable[[Context], Cause]] = {USB: _usb_order, SOC: _soc_order}


def _old(context: Context) -> Cause:
    carries, symptoms = context.carries, context.symptoms
    if carries.kind == ALOOP and symptoms.old_rw:
        return Cause.ALOOP_TIMER
    if not carries.alias_possible and not symptoms.old_rw:
        return Cause.LOST_LAPS
    if symptoms.old_rw and symptoms.old_longer(LONG_PACKETS * max(context.packet_frames, FIFO_FRAMES)):
        # Whole stretches of the stream, with rw access as well: neither a line nor a packet, but a late side.
        return Cause.LOST_LAPS
    if carries.kind == USB and carries.cpus > 1 and symptoms.old_rw:
        return Cause.READ_AHEAD
    return Cause.DMA_STALE


def _sizes(symptoms: Symptoms) -> str:
    sizes = [str(size) for size, _ in symptoms.gaps.most_common(2) if size <= LARGEST_SLIP]
    return f"slips of {' or '.join(sizes)} frame{'s' if sizes != ['1'] else ''}"


def _fifo(context: Context) -> str:
    stated = ", ".join(str(size) for size in sorted(context.symptoms.fifos))
    return f"; FIFO by the driver: {stated}" if stated else ""


def votes(counts: Counter[str], context: Context) -> Counter[Cause]:
    """Return how many runs speak for each cause; those that speak for none are left out."""
    found: Counter[Cause] = Counter()
    for kind, number in counts.items():
        cause = cause_of(kind, context)
        if cause is not Cause.CANNOT_TELL:
            found[cause] += number
    return found


def reasons(cause: Cause, context: Context) -> list[str]:
    """Return what of sizes, edges and packets speaks for the cause, one line each."""
    symptoms, carries = context.symptoms, context.carries
    text = [f"the sound goes by {carries.words}"]
    if cause is Cause.MISSED_INTERVAL:
        text.append(
            f"{symptoms.statuses[MISSED]} of {sum(symptoms.statuses.values())} failed packets ended with "
            "-EXDEV: the host did not serve them, which speaks against cable and hub"
        )
    elif symptoms.statuses and cause is Cause.USB_LOSS:
        each = ", ".join(f"{number} with {status}" for status, number in symptoms.statuses.most_common())
        text.append(f"failed packets by their error: {each}")
    if cause is Cause.UNALIGNED_DMA and symptoms.odd_packets:
        share = 100 * symptoms.odd_packets / sum(symptoms.lengths.values())
        text.append(f"{share:.0f} % of the OUT packets are no whole number of words of four bytes")
    if cause is Cause.UNALIGNED_DMA and symptoms.unseen_odd:
        text.append(
            f"frames have {symptoms.frame_bytes} bytes, so some packets are no whole number of words of four "
            "bytes; usbmon would show whether it begins at a packet"
        )
    if symptoms.edged and carries.kind == USB:
        total = symptoms.at_packets + symptoms.beside_packets
        text.append(f"{symptoms.at_packets} of {total} corrupted stretches begin where a packet does")
    if cause in (Cause.SERIAL_SLIP, Cause.DEVICE_SLIP):
        text.append(f"in {symptoms.lasting} of {symptoms.bursts} bursts the slip lasts until the stream ends")
    if symptoms.gaps and cause in (
        Cause.DMA_POSITION,
        Cause.ALOOP_TIMER,
        Cause.USB_LOSS,
        Cause.MISSED_INTERVAL,
    ):
        sizes = ", ".join(f"{gap} ({number})" for gap, number in symptoms.gaps.most_common(3))
        periods = ", ".join(str(size) for size in sorted(symptoms.periods))
        text.append(f"commonest sizes of the gaps in frames: {sizes}; periods: {periods}{_fifo(context)}")
    if cause is Cause.CLOCK and _single(context):
        text.append(
            f"{_sizes(symptoms)} are no packets, which have {context.packet_frames}: frames "
            "are miscounted, by two clocks, by feedback, or by a driver that sizes its packets wrongly"
        )
    if cause is Cause.DMA_STALE and symptoms.lags and context.packet_frames:
        lag = symptoms.lags.most_common(1)[0][0]
        text.append(f"the data is {lag} frames old, {lag / context.packet_frames:.1f} packets")
    return text
