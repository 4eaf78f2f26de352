# SPDX-License-Identifier: MIT
"""The plugins of alsa-lib between an application and a card, from its own dumps."""

from __future__ import annotations

import pytest

from stress.pcm.alsa.plugins import described

SETUP = """Its setup is:
  stream       : PLAYBACK
  access       : RW_INTERLEAVED
  format       : {}
  subformat    : STD
  channels     : {}
  rate         : {}
  exact rate   : {} ({}/1)
  msbits       : 16
"""


def _setup(fmt="S16_LE", channels=2, rate=48000):
    return SETUP.format(fmt, channels, rate, rate, rate)


# As alsa-lib 1.2.8 prints them.
PLUG = f"""Plug PCM: Route conversion PCM (sformat=S16_LE)
{_setup(rate=44100)}Slave: Rate conversion PCM (48000, sformat=S32_LE)
Converter: linear-interpolation
Protocol version: 10003
{_setup(channels=1, rate=44100)}Slave: Null PCM
{_setup("S32_LE", 1)}"""
SOFTVOL = f"""Soft volume PCM
Control: PCM Playback Volume
min_dB: -50
{_setup()}Slave: Hardware PCM card 0 'Loopback' device 0 subdevice 0
{_setup()}"""
HARDWARE = f"Hardware PCM card 0 'Loopback' device 0 subdevice 0\n{_setup()}"


@pytest.mark.parametrize(
    ("dump", "words"),
    [
        (
            PLUG,
            "through Route conversion, Rate conversion, Null: rate 44100 to 48000, format S16_LE to S32_LE, "
            "channels 2 to 1",
        ),
        (SOFTVOL, "through Soft volume, Hardware: a volume of its own"),
        (HARDWARE, "through Hardware: rate, format and channels stay"),
        ("", ""),
        ("something else\n", ""),
    ],
)
def test_dump_is_told_as_its_plugins_and_what_they_change(dump, words):
    assert described(dump) == words
