# SPDX-License-Identifier: MIT
"""What every page is made of: one style for light, dark, narrow and paper, and tables that scroll."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from stress.model.words import plain

# No script runs and nothing is fetched, whatever a record from elsewhere holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
# Colours for light and dark. Stale, silent, moved, changed: told apart without red and green as well.
PALETTE_LIGHT = (
    "--shade:#0004;--page:#fff;--ink:#222;--soft:#5f5f5f;--rule:#ddd;--strip:#ececec;--bad:#c22f27;--good:#1b6e3c;"
    "--stale:#c4281c;--silent:#1769c2;--moved:#a86f00;--changed:#7b3fa0"
)
PALETTE_DARK = (
    "--shade:#fff5;--page:#16181b;--ink:#e4e4e4;--soft:#a3a3a3;--rule:#3a3d42;--strip:#2b2e33;--bad:#ff8a80;--good:#5fc487;"
    "--stale:#ff6b5e;--silent:#63aaff;--moved:#f0b43c;--changed:#c58ae8"
)
# What the drawings share; a picture for a ticket takes the same.
SHAPES = (
    ".frame{fill:none;stroke:var(--rule)}.tick{stroke:var(--soft);fill:none}.strip{fill:var(--strip)}"
    ".curve{fill:none!important;stroke-width:1.6}"
    ".dots{fill:var(--bad);stroke:none}.fitted{fill:var(--silent);stroke:var(--silent)}"
    ".changing{fill:var(--bad);stroke:var(--bad)}text.fitted,text.changing{stroke:none}"
    ".mark{stroke-width:.7;stroke-dasharray:2 3;opacity:.55;pointer-events:none}"
    ".way{stroke:var(--soft);stroke-dasharray:5 4;fill:none}.period{stroke:var(--soft);fill:none}"
    ".cells path{stroke-width:1;fill:none;shape-rendering:crispEdges}.bar{fill:var(--soft);opacity:.75}"
    ".cells .stale{stroke:var(--stale)}.cells .silent{stroke:var(--silent)}"
    ".cells .moved{stroke:var(--moved)}.cells .changed{stroke:var(--changed)}"
    ".s1{opacity:.3}.s2{opacity:.45}.s3{opacity:.62}.s4{opacity:.8}.s5{opacity:1}"
    ".reach{stroke:var(--good);stroke-width:3;opacity:.35}.good{fill:var(--good)}"
    "rect.stale{fill:var(--stale)}"
)
# A table that goes on beyond its edge has a shade there; no script, the page scrolls over it.
_SHADES = (
    "background:linear-gradient(to right,var(--page) 30%,transparent) 0 0/2.5rem 100%,"
    "linear-gradient(to left,var(--page) 30%,transparent) 100% 0/2.5rem 100%,"
    "linear-gradient(to right,var(--shade),transparent) 0 0/.9rem 100%,"
    "linear-gradient(to left,var(--shade),transparent) 100% 0/.9rem 100%;"
    "background-repeat:no-repeat;background-attachment:local,local,scroll,scroll"
)
_STYLE = f"""
:root{{color-scheme:light dark;{PALETTE_LIGHT}}}
@media(prefers-color-scheme:dark){{:root{{{PALETTE_DARK}}}}}
body{{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--page);overflow-wrap:break-word}}
h1{{font-size:1.5rem;margin:0}}h2{{font-size:1.25rem;margin:2rem 0 .5rem}}
h3{{font-size:1rem;margin:1.2rem 0 .3rem}}
.verdict{{padding:1rem 1.2rem;border-radius:.5rem;color:#fff;background:#777}}.verdict p{{margin:.3rem 0 0}}
.verdict.FAIL{{background:#b3261e}}.verdict.PASS{{background:#1b6e3c}}
.verdict.INCONCLUSIVE{{background:#8a5a00}}
.verdict.ERROR{{background:#5b2a86}}td.FAIL,td.ERROR{{color:var(--bad);font-weight:600}}
.scroll,.shade{{overflow-x:auto;{_SHADES}}}
*+.verdict{{margin-top:2.5rem}}.narrow{{display:none}}table{{border-collapse:collapse;
margin:.6rem 0}}td.name{{white-space:nowrap}}
td.what{{min-width:16rem}}
th,td{{padding:.25rem .8rem;border-bottom:1px solid var(--rule);text-align:left}}
td.n,th.n{{text-align:right;white-space:nowrap}}
figure{{display:inline-block;width:21rem;max-width:100%;margin:.5rem 1rem .5rem 0;vertical-align:top}}
figcaption{{font-size:.85rem;color:var(--soft);text-align:center}}svg{{width:100%;display:block}}
svg text{{fill:var(--soft)}}.track{{fill:none;stroke:var(--rule)}}.arcs path{{fill:none;stroke-width:3}}
.ticks text{{font-size:9.5px;paint-order:stroke;stroke:var(--page);stroke-width:3px}}
.lap{{fill:none;stroke:var(--ink);stroke-dasharray:2 2}}
.legend span{{margin-right:1rem;font-size:.85rem;white-space:nowrap}}
.legend i{{display:inline-block;width:.8rem;
height:.8rem;margin-right:.3rem;vertical-align:-1px}}.note{{color:var(--soft);font-size:.9rem}}
.legend .stale{{background:var(--stale)}}.legend .silent{{background:var(--silent)}}
.legend .moved{{background:var(--moved)}}.legend .changed{{background:var(--changed)}}
pre{{background:var(--strip);padding:.8rem;overflow-x:auto;font-size:.8rem}}summary{{cursor:pointer}}
pre.prose{{white-space:pre-wrap}}.bad{{color:var(--bad);font-weight:600}}
figure.wide{{display:block;width:100%;margin:.6rem 0}}figure.wide figcaption{{text-align:left}}
figure.wide text{{font-size:11px}}svg.share{{width:10rem;height:.7rem}}{SHAPES}
dl{{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.5rem 1rem}}
dt{{font-size:.8rem;color:var(--soft)}}dd{{margin:0;font-size:1.02rem}}
.do{{font-size:1.05rem;border-left:.25rem solid var(--ink);padding-left:.8rem}}
.curves{{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(27rem,100%),1fr));gap:0 1.5rem}}
.curves text{{font-size:16px!important}}.curves svg{{overflow:visible;min-width:0!important}}
.curves .shade{{overflow:visible;background:none}}
.paper{{display:none}}nav{{margin:1rem 0}}nav a{{margin-right:1rem;color:inherit;display:inline-block}}
input[name=only]{{margin:0 .3rem 0 0}}label{{margin-right:1rem}}
@media print{{@page{{margin:14mm}}:root{{color-scheme:light;{PALETTE_LIGHT}}}
html{{font-size:10px}}body{{max-width:none;margin:0;padding:0;font-size:1rem;color:#000;background:#fff}}
nav,input[name=only],input[name=only]+label{{display:none}}h1{{font-size:1.3rem}}
.verdict{{color:#000;background:#fff!important;border:2px solid #000}}
.scroll,pre,figure.wide{{overflow:visible}}
pre,pre.prose{{white-space:pre-wrap;overflow-wrap:anywhere}}figure,tr{{break-inside:avoid}}
h2,h3{{break-after:avoid}}td.what{{min-width:0}}td.name,td.n{{white-space:normal}}

th,td{{padding:.06rem .4rem;font-size:.88rem}}
.rest,.screen{{display:none}}
.verdict{{break-inside:avoid;break-after:avoid}}thead{{display:table-header-group;break-after:avoid}}
.scroll,.shade{{background:none}}.paper{{display:block!important}}
.curves{{grid-template-columns:1fr 1fr}}.curves text{{font-size:19px!important}}
.curves svg{{max-height:24mm!important}}
figure.wide svg{{max-height:50mm}}.places figure.wide svg{{max-height:40mm}}h2{{margin:1rem 0 .3rem}}
dl{{grid-template-columns:repeat(4,1fr)}}p{{margin:.4rem 0}}
*{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}}}
@media(max-width:40rem){{body{{margin:1rem auto}}th,td{{padding:.25rem .5rem}}.shade svg{{min-width:44rem}}
figure.wide text{{font-size:14px}}.curves text{{font-size:22px!important}}
figure.wide .narrow{{display:block}}figure.wide .narrow text{{font-size:14px;
paint-order:stroke;stroke:var(--page);stroke-width:4px}}.broad{{display:none}}}}
@media print{{figure.wide .narrow{{display:none}}.broad{{display:block}}.shade svg{{min-width:0}}}}
"""


def document(title: str, body: str, style: str = "") -> str:
    """Return one HTML document that fetches nothing.

    Parameters
    ----------
    style : rules of this page, behind those of every page.
    """
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(plain(title))}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}{style}</style></head><body>{plain(body)}</body></html>\n"
    )


@dataclass(frozen=True)
class RowLayout:
    """Where a picture of rows puts what [units of its SVG].

    Parameters
    ----------
    width, left, right : of the picture, and of what stands left and right of the scale.
    row : height of a row.
    above : the name of a row stands above it, for a narrow screen.
    """

    width: int
    left: int
    right: int
    row: int
    above: bool = False

    @property
    def inner(self) -> int:
        """Width of the scale."""
        return self.width - self.left - self.right

    def name(self, text: str, middle: float, most: int) -> str:
        """Return the name of a row whose line is at `middle`, cut to `most` letters."""
        shown = text if len(text) <= most else f"{text[: most - 1]}…"
        y = middle - 10 if self.above else middle + 4
        return f'<text x="0" y="{y:.1f}">{escape(shown)}</text>'


def two_widths(broad: str, narrow: str) -> str:
    """Return both drawings of a picture: the page shows the one that fits its screen, paper the broad one."""
    return f'<div class="broad">{broad}</div><div class="narrow">{narrow}</div>'


def contents(body: str) -> str:
    """Return a list of links to the headings of `body` that have an id."""
    parts = body.split('<h2 id="')[1:]
    pairs = [part.split("</h2>", 1)[0].split('">', 1) for part in parts]
    links = "".join(f'<a href="#{name}">{head.split(":", 1)[0]}</a>' for name, head in pairs)
    return f"<nav>{links}</nav>" if len(pairs) > 2 else ""


def table(heads: Sequence[str], rows: Iterable[str], right: str = "") -> str:
    """Return a table that scrolls where the page is narrow.

    Parameters
    ----------
    rows : finished `<tr>` elements.
    right : one letter per column, "r" aligns its head to the right.
    """
    cells = "".join(
        f"<th{' class=n' if right[col : col + 1] == 'r' else ''}>{escape(head)}</th>"
        for col, head in enumerate(heads)
    )
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead>{"".join(rows)}</table></div>'
