"""Numbers in sentences: thousands apart, and a noun that agrees."""

from __future__ import annotations


def count(number: int) -> str:
    """Return a whole number with its thousands apart: 12 345."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, noun: str) -> str:
    """Return so many of a noun that takes an s: 1 run, 12 345 runs."""
    return f"{count(number)} {noun}{'' if abs(number) == 1 else 's'}"
