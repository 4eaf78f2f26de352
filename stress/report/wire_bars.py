# SPDX-License-Identifier: MIT
"""The USB bus against memory: how much was wrong on the wire, and how much was read wrong."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from stress.model.words import count
from stress.report.document import table

if TYPE_CHECKING:
    from stress.verdict.summary import Summary
    from stress.verdict.tally import Tally

# Arms in the table. Source: the longest shipped plan has 24. Higher: a longer page.
MOST_ROWS = 40
# Width of a full bar [units of the SVG].
WIDTH = 160


def section(run: Summary) -> str:
    """Return wire against read by arm, as HTML, "" where no tap looked at the bus."""
    parts = [part for part in run.parts if part.wire.get("bursts")]
    if not parts:
        return ""
    heads = (
        "arm",
        "sent wrong (OUT against what was written)",
        "",
        "read wrong (what was read against IN)",
        "",
    )
    body = table(heads, (_row(part) for part in parts[:MOST_ROWS]))
    rest = len(parts) - MOST_ROWS
    more = f'<p class="note">and {rest} more arms</p>' if rest > 0 else ""
    note = (
        "Wrong on OUT: the playback ring of the host is to blame. Right on IN and wrong where it was read: "
        "the capture ring of the host is. Wrong in neither: it happened beyond the bus."
    )
    return f'<h2 id="wire">Wire against read</h2>{body}{more}<p class="note">{note}</p>'


def _row(part: Tally) -> str:
    cells = _share(part, "out") + _share(part, "in")
    return f'<tr><td class="name">{escape(part.arm)}</td>{cells}</tr>'


def _share(part: Tally, side: str) -> str:
    wrong, frames = part.wire[f"{side}_wrong"], part.wire[f"{side}_frames"]
    if not frames:
        return "<td>not seen</td><td></td>"
    share = min(1.0, wrong / frames)
    bar = (
        f'<svg class="share" viewBox="0 0 {WIDTH} 10" role="img" aria-label="{100 * share:.3g} %">'
        f'<rect class="strip" width="{WIDTH}" height="10"/>'
        f'<rect class="stale" width="{max(WIDTH * share, 1.5 if wrong else 0):.1f}" height="10"/></svg>'
    )
    return f'<td class="n">{count(wrong)} of {count(frames)} ({100 * share:.3g} %)</td><td>{bar}</td>'
