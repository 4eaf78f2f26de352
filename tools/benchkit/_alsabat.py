# SPDX-License-Identifier: MIT
"""Run the installed alsabat on a WAV file, in its FFT and in its SNR mode."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

from stress.model.arrays import Floats


def available() -> str | None:
    """Return the path of alsabat, None when it is not installed."""
    return shutil.which("alsabat")


def verdicts(y: Floats, rate: int, tone_hz: float) -> tuple[int, int]:
    """Return the exit codes of the FFT mode and of ``--snr-db 26``.

    Parameters
    ----------
    y : one channel, full scale 1, written as S16.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tone.wav"
        samples = np.clip(np.rint(y * 32767), -32768, 32767).astype("<i2")
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(samples.tobytes())
        common = ["alsabat", "--local", "--file", str(path), "-r", str(rate), "-c", "1", "-f", "S16_LE"]
        common += ["-F", f"{tone_hz:g}"]
        modes = [["-k", "3"], ["--standalone", "--snr-db", "26"]]
        fft, snr = (
            subprocess.run(common + mode, cwd=folder, capture_output=True, timeout=60, check=False).returncode
            for mode in modes
        )
    return fft, snr
