# SPDX-License-Identifier: MIT
"""The spectral detector: stale lines through an analog cable."""

from stress.detect.spectral.analyzer import analyze
from stress.detect.spectral.device import DeviceAnalysis, analyze_on_device
from stress.detect.spectral.periodic import Alarm, PeriodicDifference
from stress.detect.spectral.result import Channel, Second, SpectralAnalysis
from stress.detect.spectral.view import Spectrogram, View
from stress.detect.spectral.walk import Options

__all__ = [
    "Alarm",
    "Channel",
    "DeviceAnalysis",
    "Options",
    "PeriodicDifference",
    "Second",
    "SpectralAnalysis",
    "Spectrogram",
    "View",
    "analyze",
    "analyze_on_device",
]
