# SPDX-License-Identifier: MIT
"""pcmstress: prove or rule out corruption of an mmapped ALSA PCM ring."""

__version__ = "1.0.0rc1"
