# SPDX-License-Identifier: MIT
"""On a real driver: no Python runs while both directions stream."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stress.model.pcm import CaptureTouch, Handling
from stress.pcm.alsa.witness import Witness

pytestmark = pytest.mark.lab
RATE = 48000

# Watches from outside: both streams RUNNING means both are inside their calls.
# The interval it names lies well before the end of the burst.
OBSERVER = """
import pathlib, sys, time
files = [pathlib.Path(name) for name in sys.argv[1:]]
def running():
    return all("state: RUNNING" in file.read_text() for file in files)
print("watching", flush=True)
while not running():
    time.sleep(0.001)
begin = time.monotonic_ns()
time.sleep(0.3)
print(begin, time.monotonic_ns(), running(), flush=True)
"""


def _status(stream):
    card, device, sub = stream.where
    return f"/proc/asound/card{card}/pcm{device}{stream.direction.value[0]}/sub{sub}/status"


def _bytecodes_while_streaming(backend, handling):
    with backend.make() as pcm:
        opened = backend.opened(pcm)
        command = [sys.executable, "-c", OBSERVER, _status(pcm._playback), _status(pcm._capture)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as observer:
            assert observer.stdout.readline() == "watching\n"
            with Witness() as witness:
                opened.burst(2 * RATE, handling)
            begin, end, running = observer.stdout.readline().split()
    assert running == "True"
    return sum(witness.between(int(begin), int(end)).values())


def test_no_bytecode_runs_while_both_stream(alsa):
    assert _bytecodes_while_streaming(alsa, Handling()) == 0


def test_observer_sees_the_bytecode_of_a_loop(alsa):
    handling = Handling(capture=CaptureTouch.WHOLE)
    with alsa.make() as pcm:
        pcm.open(alsa.request())
        if pcm.supports(handling) is not None:
            # The other parameter, mmap, has the loop.
            pytest.skip("rw access has no per-period loop to see")
    assert _bytecodes_while_streaming(alsa, handling) > 100


def test_testimony_of_the_pcm_itself_is_clean(alsa):
    with alsa.make(witness=True) as pcm:
        notes = alsa.opened(pcm).burst().exchange.notes
    assert "bytecodes while streaming: 0 in the streaming threads, 0 elsewhere" in notes
