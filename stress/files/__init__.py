# SPDX-License-Identifier: MIT
"""Audio files: WAV and raw captures, read and written as streams of frames."""
