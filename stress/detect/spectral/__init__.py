"""The spectral detector: stale lines through an analog cable."""

from stress.detect.spectral.analyzer import analyze
from stress.detect.spectral.result import Channel, Second, SpectralAnalysis
from stress.detect.spectral.walk import Options

__all__ = ["Channel", "Options", "Second", "SpectralAnalysis", "analyze"]
