"""Causes: what a diagnosis may name, what speaks against it, and what to do."""

from __future__ import annotations

from enum import Enum

from stress.model.finding import Kind


class Cause(str, Enum):
    """The cause of wrong samples, or that none can be named."""

    CACHE_ALIAS = "cache alias"
    DMA_STALE = "stale DMA"
    USB_LOSS = "USB loss"
    XRUN = "xrun"
    CLOCK = "clock or resampling"
    PROCESSING = "mixer processing"
    MEMORY = "memory error"
    NOT_REPRODUCED = "not reproduced"
    CANNOT_TELL = "cannot tell"


ADVICE = {
    Cause.CACHE_ALIAS: (
        "load snd-usb-audio with use_vmalloc=0 (4.18 and later), or let the application use read/write "
        "access instead of mmap; as a test, boot with cachepolicy=uncached"
    ),
    Cause.DMA_STALE: (
        "look at the host controller driver's DMA mapping of URB buffers (dma_map/unmap, bounce buffers); "
        "rw access does not help"
    ),
    Cause.USB_LOSS: (
        "look at cable, hub, power and host controller; read the iso status in usbmon and the kernel log"
    ),
    Cause.XRUN: "larger ring or longer periods, real-time priority, less load; nothing else is shown",
    Cause.CLOCK: "both ends run from different clocks, or something resamples: use hw: devices and one clock",
    Cause.PROCESSING: "set every mixer control to 0 dB and switch effects off, so that the path is bit-exact",
    Cause.MEMORY: "run a memory tester, check supply and clock of the memory; bits differ also without mmap",
    Cause.NOT_REPRODUCED: (
        "longer runs, smaller rings, fewer other processes; this is no proof that the defect is absent"
    ),
    Cause.CANNOT_TELL: "mend what the reasons name, then run again",
}

# What would change the mind, per cause.
AGAINST = {
    Cause.CACHE_ALIAS: (
        "the same stale lines with rw access, or with clean+invalidate before every commit and read"
    ),
    Cause.DMA_STALE: "none of it with rw access at equal exposure",
    Cause.USB_LOSS: "the same losses on snd-aloop, or iso packets without errors in usbmon",
    Cause.XRUN: "the same wrong runs in bursts without xruns",
    Cause.CLOCK: "slips that are not spread evenly in time",
    Cause.PROCESSING: "changed samples with every mixer control at 0 dB",
    Cause.MEMORY: "flips of one bit only, or none with another card",
    Cause.NOT_REPRODUCED: "one stale line in a run of the same plan",
    Cause.CANNOT_TELL: "a run that meets its conditions",
}

# Kinds and the cause they speak for, once a cache alias is ruled out.
SPEAKS_FOR = {
    Kind.DROP.value: Cause.USB_LOSS,
    Kind.REPEAT.value: Cause.USB_LOSS,
    Kind.ZERO.value: Cause.USB_LOSS,
    Kind.INSERT.value: Cause.USB_LOSS,
    Kind.HOLD.value: Cause.USB_LOSS,
    Kind.STALE.value: Cause.DMA_STALE,
    Kind.MISPLACED.value: Cause.DMA_STALE,
    Kind.RESAMPLE.value: Cause.CLOCK,
    Kind.GAIN.value: Cause.PROCESSING,
    Kind.DITHER.value: Cause.PROCESSING,
    Kind.SWAP.value: Cause.PROCESSING,
    Kind.MUTE.value: Cause.PROCESSING,
    Kind.BYTESHIFT.value: Cause.USB_LOSS,
    Kind.BITFLIP.value: Cause.MEMORY,
}
