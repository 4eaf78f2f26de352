"""The run directory: append, read back, evidence, resume."""
