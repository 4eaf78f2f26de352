# SPDX-License-Identifier: MIT
"""What every page is made of: one style for light, dark and narrow, and tables that scroll."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

# No script runs and nothing is fetched, whatever a record from elsewhere holds.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """
:root{color-scheme:light dark;--page:#fff;--ink:#222;--soft:#5f5f5f;--rule:#ddd;--strip:#ececec;--bad:#c22f27}
@media(prefers-color-scheme:dark){:root{--page:#16181b;--ink:#e4e4e4;--soft:#a3a3a3;--rule:#3a3d42;
--strip:#2b2e33;--bad:#ff8a80}}
body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--page)}
h1{font-size:1.5rem;margin:0}h2{font-size:1.25rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:1.2rem 0 .3rem}
.verdict{padding:1rem 1.2rem;border-radius:.5rem;color:#fff;background:#777}.verdict p{margin:.3rem 0 0}
.verdict.FAIL{background:#b3261e}.verdict.PASS{background:#1b6e3c}.verdict.INCONCLUSIVE{background:#8a5a00}
.verdict.ERROR{background:#5b2a86}td.FAIL,td.ERROR{color:var(--bad);font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.6rem 0}td.name{white-space:nowrap}
td.what{min-width:16rem}
th,td{padding:.25rem .8rem;border-bottom:1px solid var(--rule);text-align:left}
td.n,th.n{text-align:right;white-space:nowrap}
figure{display:inline-block;width:21rem;max-width:100%;margin:.5rem 1rem .5rem 0;vertical-align:top}
figcaption{font-size:.85rem;color:var(--soft);text-align:center}svg{width:100%;display:block}
svg text{fill:var(--soft)}.track{fill:none;stroke:var(--rule)}.arcs path{fill:none;stroke-width:3}
.ticks text{font-size:9.5px;paint-order:stroke;stroke:var(--page);stroke-width:3px}
.strip{fill:var(--strip)}.lap{fill:none;stroke:var(--ink);stroke-dasharray:2 2}
.legend span{margin-right:1rem;font-size:.85rem;white-space:nowrap}.legend i{display:inline-block;width:.8rem;
height:.8rem;margin-right:.3rem;vertical-align:-1px}.note{color:var(--soft);font-size:.9rem}
pre{background:var(--strip);padding:.8rem;overflow-x:auto;font-size:.8rem}summary{cursor:pointer}
pre.prose{white-space:pre-wrap}.bad{color:var(--bad);font-weight:600}
figure.wide{display:block;width:100%;margin:.6rem 0}figure.wide figcaption{text-align:left}
figure.wide text{font-size:11px}.frame{fill:none;stroke:var(--rule)}.tick{stroke:var(--soft);fill:none}
.curve{fill:none;stroke-width:1.6}.mark{stroke-width:.7;stroke-dasharray:2 3;opacity:.55;pointer-events:none}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem 1rem}
dt{font-size:.8rem;color:var(--soft)}dd{margin:0;font-size:1.15rem}
.do{font-size:1.05rem;border-left:.25rem solid var(--ink);padding-left:.8rem}
nav{margin:1rem 0}nav a{margin-right:1rem;color:inherit}
@media print{body{max-width:none;margin:0;font-size:11px;color:#000;background:#fff}nav{display:none}
.verdict{color:#000;background:#fff!important;border:2px solid #000}.scroll,pre,figure.wide{overflow:visible}
pre,pre.prose{white-space:pre-wrap;overflow-wrap:anywhere}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}
details:not([open]){display:none}}
@media(max-width:40rem){body{margin:1rem auto}th,td{padding:.25rem .5rem}.wide svg{min-width:38rem}
figure.wide{overflow-x:auto}}
"""


def document(title: str, body: str) -> str:
    """Return one HTML document that fetches nothing."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


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
    return f'<div class="scroll"><table><tr>{cells}</tr>{"".join(rows)}</table></div>'
