# SPDX-License-Identifier: MIT
"""Cards in the form of real devices.

Each has the interfaces, endpoints, formats, channels, rates and synchronisation
that public descriptor dumps (`lsusb -v`) of such devices show; vendor and product
numbers stay ours, so that no quirk of the driver for the real one applies.
"""

from __future__ import annotations

from stress.model.formats import FORMATS
from tools.softcardkit.config import CardConfig, Speed, Sync

_S16, _S24, _S32 = (FORMATS[name] for name in ("S16_LE", "S24_3LE", "S32_LE"))

#: By name. The latency of the implicit one covers what the host queues ahead.
PROFILES = {
    # C-Media CM108 and kin: the commonest dongle, a headphone output and a mono microphone.
    "cmedia": CardConfig(
        name="cmedia", channels=2, capture_channels=1, formats=(_S16,), rates=(44100, 48000), volume=True
    ),
    # TI PCM2900/PCM2902: codec of many mixers, full speed, adaptive playback.
    "pcm29xx": CardConfig(name="pcm29xx", formats=(_S16,), rates=(44100, 48000), sync=Sync.ADAPTIVE),
    # An interface for studios: audio class 2.0, high speed, own clock with explicit feedback.
    "uac2": CardConfig(
        name="uac2",
        channels=10,
        formats=(_S32,),
        rates=(44100, 48000),
        sync=Sync.ASYNCHRONOUS,
        speed=Speed.HIGH,
        uac=2,
    ),
    # The same with the capture packets as feedback.
    "implicit": CardConfig(
        name="implicit",
        formats=(_S32,),
        rates=(44100, 48000),
        sync=Sync.IMPLICIT,
        speed=Speed.HIGH,
        latency=960,
        uac=2,
    ),
    "microphone": CardConfig(
        name="microphone", channels=1, formats=(_S16,), rates=(44100, 48000), plays=False
    ),
    # A headphone DAC: audio class 2.0, explicit feedback, nothing to capture from.
    "dac": CardConfig(
        name="dac",
        formats=(_S16, _S24, _S32),
        rates=(44100, 48000, 96000),
        sync=Sync.ASYNCHRONOUS,
        speed=Speed.HIGH,
        captures=False,
        uac=2,
    ),
}
