# SPDX-License-Identifier: MIT
"""Causes: what a diagnosis may name, what speaks against it, and what to do.

Each cause knows the transports it can occur on; words about a bus are said of a card
on that bus only. Versions are those of stable kernels that carry the named change.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from stress.board.kernel import vmalloc_remedy
from stress.model.transport import ALOOP, KINDS, SOC, USB, TransportRecord


class Cause(str, Enum):
    """The cause of wrong samples, or that none can be named."""

    CACHE_ALIAS = "cache alias"  #: two mappings of one page, two copies: virtually tagged caches
    COLOUR_ALIAS = "VIPT colour alias"  #: the same where the colours of the mappings differ
    DRIVER_MMAP = "mmap attributes of the driver"  #: one mapping cached, the other not
    DMA_STALE = "stale DMA"  #: old lines in what a controller reads or wrote
    UNALIGNED_DMA = "unaligned DMA in the host controller"
    MISSED_INTERVAL = "missed service interval"  #: the host did not serve a packet in time
    USB_LOSS = "USB loss"  #: packets that failed, or were lost, on the bus
    DEVICE_SLIP = "channel slip in the device"  #: the device routes channels otherwise after a gap
    SERIAL_SLIP = "channel or byte slip of the serial port"
    DMA_POSITION = "DMA position"  #: a residue or pointer of the DMA engine that is wrong
    NOTHING_ARRIVES = "device gets nothing"
    ALOOP_TIMER = "snd-aloop timer"
    READ_AHEAD = "read ahead of the copy"  #: hw_ptr moves before the data is copied
    LOST_LAPS = "lost laps"  #: whole laps old where no cache can be to blame
    LOSS = "loss on the way"  #: gaps that nothing attributes
    XRUN = "xrun"
    CLOCK = "clock or resampling"
    PROCESSING = "mixer processing"
    MEMORY = "memory error"
    NOT_REPRODUCED = "not reproduced"
    CANNOT_TELL = "cannot tell"


ALIASES = (Cause.CACHE_ALIAS, Cause.COLOUR_ALIAS, Cause.DRIVER_MMAP)


class Sense(NamedTuple):
    """What to do about a cause, and what would change the mind."""

    advice: str
    against: str


_SENSE = {
    Cause.CACHE_ALIAS: Sense(
        "let the application use read/write access instead of mmap; "
        "as a test, boot with cachepolicy=uncached",
        "the same stale lines with rw access, or with clean+invalidate before every commit and read",
    ),
    Cause.COLOUR_ALIAS: Sense(
        "let the application use read/write access instead of mmap; a kernel with larger pages (16 KB) "
        "has no colours; opening the device anew draws the colour again, which cures nothing for good",
        "stale lines at the same rate in every allocation of the ring, or with rw access",
    ),
    Cause.DRIVER_MMAP: Sense(
        "the driver maps the ring with other attributes for the application than for itself: it should use "
        "dma_mmap_coherent() and not remap_pfn_range() of cached memory (as in raspberrypi/linux#4680); "
        "until then use read/write access",
        "the same old lines with rw access, or with the driver's mmap attributes mended",
    ),
    Cause.DMA_STALE: Sense(
        "look at the DMA mapping of the driver's transfer buffers (dma_map/unmap, bounce buffers); on T-Head "
        "C9xx kernels before 6.5.6 encode dcache.cva wrongly; rw access does not help",
        "none of it with rw access at equal exposure",
    ),
    Cause.UNALIGNED_DMA: Sense(
        "the host controller cannot address odd bytes: use a format and rate whose packets are whole words "
        "(16 or 32 bits stereo at 48 kHz), or another controller; see raspberrypi/linux#2020 and #7475 "
        "(dwc2, regression of 7.0), MiSTer-devel/Linux-Kernel_MiSTer#57",
        "the same damage in packets whose length and offset are multiples of four bytes",
    ),
    Cause.MISSED_INTERVAL: Sense(
        "the host missed intervals, not the cable: try another controller or port; xHCI reports them since "
        "6.12.26 ('Missed Service', 'Ring Underrun'), the quirk against lost isochronous data is in 6.1.146 "
        "and 6.12.37",
        "packets that end with -EPROTO or -EILSEQ (cable, hub), or gaps without any failed packet",
    ),
    Cause.USB_LOSS: Sense(
        "look at cable, hub, power and host controller; read the iso status in usbmon and the kernel log",
        "the same losses on snd-aloop, or iso packets without errors in usbmon",
    ),
    Cause.DEVICE_SLIP: Sense(
        "the device orders its channels anew after a gap and keeps it until the stream stops: find what "
        "makes the gap (xrun, missed packet); firmware of the device",
        "channels that are exchanged from the first frame on, or a slip that heals",
    ),
    Cause.SERIAL_SLIP: Sense(
        "the serial port lost a word or byte, mostly in an xrun or restart, and keeps the slip until it "
        "stops: fsl_sai is mended in 6.1.115 and 6.11.6 (FCONT), 6.1.70 and 6.6.9 (i.MX8MP), 6.12.58 (sync "
        "error); on BCM2835 see raspberrypi/linux#1417; on EP93xx re-enable the FIFO after an underflow",
        "a slip from the first frame on (wiring, format), or one that heals by itself",
    ),
    Cause.DMA_POSITION: Sense(
        "the DMA engine's position is wrong: mended for imx-sdma in 5.18.11, stm32 in 6.1.59 and 6.5.8, "
        "mmp_pdma in 6.1.167 and 6.12.78, axi-dmac in 6.1.165 and 6.12.75; larger periods make it rarer",
        "gaps whose size has nothing to do with the period",
    ),
    Cause.NOTHING_ARRIVES: Sense(
        "the host sends and the device hears nothing: check mute, routing and the loop "
        "first, then the path to the device",
        "a stream that begins right and falls silent later, or zeros in what the host sent",
    ),
    Cause.ALOOP_TIMER: Sense(
        "snd-aloop's jiffies timer lost ticks: kernels before 5.19.9 also give zeros at random; use a newer "
        "kernel, larger rings, or a hardware timer (timer_source=)",
        "the same on a card that is not snd-aloop",
    ),
    Cause.READ_AHEAD: Sense(
        "on several CPUs snd-usb-audio moves hw_ptr before it copies the last packet (still so in 7.2): read "
        "whole periods, a packet behind hw_ptr; it is a race of the reader and not of a cache",
        "the same on one CPU, or in reads that stay a packet behind hw_ptr",
    ),
    Cause.LOST_LAPS: Sense(
        "something stood still for a lap (a late timer, a stalled guest, a playback that starts behind the "
        "hardware): larger rings, real-time priority, less load; it is the same whatever a cache holds",
        "old data in single lines while the lines beside them are new, again and again",
    ),
    Cause.LOSS: Sense(
        "frames are lost between the two rings: look at the driver of the card and the kernel log; a card or "
        "driver that can be watched says more",
        "gaps that come with xruns only",
    ),
    Cause.XRUN: Sense(
        "larger ring or longer periods, real-time priority, less load; nothing else is shown",
        "the same corruption in bursts without xruns",
    ),
    Cause.CLOCK: Sense(
        "both ends run from different clocks, or something resamples: use hw: devices and one clock",
        "slips that are not spread evenly in time",
    ),
    Cause.PROCESSING: Sense(
        "set every mixer control to 0 dB and switch effects off, so that the path is bit-exact",
        "changed samples with every mixer control at 0 dB",
    ),
    Cause.MEMORY: Sense(
        "run a memory tester, check supply and clock of the memory; bits differ also without mmap",
        "always the same bit, as a data line of the device would make it, or none with another card",
    ),
    Cause.NOT_REPRODUCED: Sense(
        "longer runs, smaller rings, fewer other processes; this is no proof that the defect is absent",
        "one stale line in a run of the same plan",
    ),
    Cause.CANNOT_TELL: Sense("mend what the reasons name, then run again", "a run that meets its conditions"),
}

# Transports that a cause can occur on, where it is not all of them.
ONLY_ON = {
    Cause.UNALIGNED_DMA: (USB,),
    Cause.MISSED_INTERVAL: (USB,),
    Cause.USB_LOSS: (USB,),
    Cause.READ_AHEAD: (USB,),
    Cause.SERIAL_SLIP: (SOC,),
    Cause.ALOOP_TIMER: (ALOOP,),
}


def possible(cause: Cause, kind: str) -> bool:
    """Tell whether a cause can occur on that transport."""
    return kind in ONLY_ON.get(cause, KINDS)


def advice(cause: Cause, carries: TransportRecord) -> str:
    """Return what to do about a cause on this transport and kernel."""
    text = _SENSE[cause].advice
    if cause in (Cause.CACHE_ALIAS, Cause.COLOUR_ALIAS) and carries.kind == USB:
        return f"{vmalloc_remedy(carries.kernel)}; or {text}"
    if cause is Cause.DMA_STALE and carries.kind == USB:
        return f"{text}; the age of the data in URBs tells which buffer was read (raspberrypi/linux#575)"
    if cause is Cause.CLOCK and carries.kind == USB:
        # Source: changelogs of the stable kernels: packet sizes 5.15.7, bounds of them 6.1.159 and 6.12.59.
        return f"{text}; packet sizes of snd-usb-audio were mended in 5.15.7, 6.1.159 and 6.12.59"
    if cause is Cause.NOTHING_ARRIVES and carries.host.startswith("dwc"):
        return f"{text}; dwc2 completes split transfers that never went out (raspberrypi/linux#7554)"
    return text


def against(cause: Cause) -> str:
    """Return what would change the mind."""
    return _SENSE[cause].against
