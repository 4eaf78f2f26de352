"""Detectors as the judges of a run."""
