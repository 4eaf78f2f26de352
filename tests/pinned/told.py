# SPDX-License-Identifier: MIT
"""How pins tell an analysis, and the lengths to either side of a limit."""

from __future__ import annotations

from tests.pinned.kit import word


def told(analysis):
    """Lines of an analysis: what it counted, then each finding."""
    yield " ".join(
        f"{name}={word(getattr(analysis, name))}"
        for name in ("locked", "frames", "checked_frames", "first_frame", "first_position", "wrong_frames")
    )
    yield (
        f"episodes={analysis.episodes} bits={analysis.valid_bits} counts={word(analysis.counts)} "
        f"sites={word(analysis.sites)} beyond={word(analysis.beyond)}"
    )
    yield from (f"note {word(' ' + note)}" for note in analysis.notes)
    for one in analysis.findings:
        values = {
            name: value for name, value in one.to_json().items() if name not in ("kind", "text", "injected")
        }
        yield f"{one.kind.value} " + " ".join(f"{name}={word(value)}" for name, value in values.items())


def short(analysis):
    """One line: kinds with place, extent and age."""
    every = (
        f"{one.kind.value} {one.frame}+{one.frames} {one.lag} {one.line_bytes}" for one in analysis.findings
    )
    return f"{analysis.checked_frames} {analysis.valid_bits} {analysis.episodes}: " + ", ".join(every)


def around(*limits):
    """One below, at and one above each limit."""
    return sorted({n + step for n in limits for step in (-1, 0, 1) if n + step > 0})
