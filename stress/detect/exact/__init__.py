"""The exact detector: the pattern inverted frame by frame."""
