"""Streams that run at another sample rate."""
