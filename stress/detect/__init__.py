# SPDX-License-Identifier: MIT
"""What came back: exact compare, classification, checksums, spectral analysis."""
