"""What came back: exact compare, classification, checksums, spectral analysis."""
