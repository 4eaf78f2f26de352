# SPDX-License-Identifier: MIT
"""One picture for a ticket: verdict, cause, facts and what says most, as an SVG file of its own."""

from __future__ import annotations

import re
import textwrap
from html import escape, unescape
from typing import TYPE_CHECKING

from stress.model.words import in_xml, plain
from stress.report import first, found, text
from stress.report.document import PALETTE_DARK, PALETTE_LIGHT, SHAPES

if TYPE_CHECKING:
    from stress.report.facts import Facts
    from stress.verdict.summary import Summary

WIDTH, PAD, LINE = 960, 20, 18
# Letters of a line. Source: 13 px sans serif are some 6.5 px wide on average; higher: lines run out of the
# picture where a font is wide.
COLUMNS = 128
# Lines of the reasons, and of the caption. Higher: a ticket is mostly text.
MOST_LINES = 6
_COLOURS = {"PASS": "#1b6e3c", "FAIL": "#b3261e", "INCONCLUSIVE": "#8a5a00", "ERROR": "#5b2a86"}
_DRAWN = re.compile(r'<svg (?P<rest>[^>]*viewBox="(?P<box>[-0-9. ]+)"[^>]*)>(?P<body>.*?)</svg>', re.DOTALL)
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)


def svg(run: Summary, facts: Facts) -> str:
    """Return the picture as an SVG document that fetches nothing and runs nothing."""
    drawn = first.picture(run)
    head = text.head(run)[0]
    lines = _lines(run, facts)
    body, height = _picture(drawn.figure, PAD + 40 + LINE * len(lines))
    caption = _caption(drawn.figure)
    parts = [_text(PAD, PAD + 18, head, "head"), *_block(lines, PAD + 44)]
    parts += [body, *_block(caption, height + 6, "soft")]
    height += LINE * len(caption) + PAD
    desc = " ".join([*lines, drawn.title])
    colour = _COLOURS.get(run.judgement.verdict.value, "#777")
    made = in_xml(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" role="img" aria-labelledby="t d"><title id="t">{escape(head)}</title>'
        f'<desc id="d">{escape(desc)}</desc><style>{_STYLE}</style>'
        '<rect class="page" width="100%" height="100%"/>'
        f'<rect width="8" height="100%" fill="{colour}"/>{"".join(parts)}</svg>\n'
    )
    return plain(made)


_STYLE = (
    f"svg{{{PALETTE_LIGHT};font:13px system-ui,sans-serif}}"
    f"@media(prefers-color-scheme:dark){{svg{{{PALETTE_DARK}}}}}"
    ".page{fill:var(--page)}text{fill:var(--ink);font-size:13px}.head{font-size:19px;font-weight:600}"
    f".soft{{fill:var(--soft)}}.drawn text{{fill:var(--soft);font-size:11px}}{SHAPES}"
)


def _lines(run: Summary, facts: Facts) -> list[str]:
    named = run.diagnosis
    told = found.sentences(run.whole, run.start.transport) if run.failed else []
    reasons = told or list(run.judgement.reasons)
    lines = [f"Cause: {named.headline()}", f"Do: {named.advice}."] if named else []
    wrapped = [part for line in (*lines, *reasons) for part in textwrap.wrap(line, COLUMNS)]
    more = [] if len(wrapped) <= MOST_LINES else ["..."]
    known = [part for line in facts.short(run.device) for part in textwrap.wrap(line, COLUMNS)[:2]]
    return [*wrapped[:MOST_LINES], *more, *known]


def _picture(figure: str, top: float) -> tuple[str, float]:
    # The figure's own drawing, as an inner SVG of the width of the ticket.
    found_svg = _DRAWN.search(figure)
    if found_svg is None:
        return "", top
    left, upper, width, height = (float(number) for number in found_svg.group("box").split())
    inner = WIDTH - 2 * PAD
    tall = inner * height / width
    box = f'viewBox="{left:g} {upper:g} {width:g} {height:g}"'
    place = f'x="{PAD}" y="{top:.0f}" width="{inner}" height="{tall:.0f}"'
    return f'<svg class="drawn" {place} {box}>{found_svg.group("body")}</svg>', top + tall + 14


def _caption(figure: str) -> list[str]:
    told = _CAPTION.search(figure)
    plain = unescape(re.sub(r"<[^>]*>", "", told[1])) if told else ""
    return textwrap.wrap(plain, COLUMNS)[:MOST_LINES]


def _block(lines: list[str], top: float, name: str = "") -> list[str]:
    return [_text(PAD, top + LINE * number, line, name) for number, line in enumerate(lines)]


def _text(x: float, y: float, line: str, name: str = "") -> str:
    return f'<text x="{x:g}" y="{y:.0f}" class="{name}">{escape(line)}</text>'
