# SPDX-License-Identifier: MIT
"""Findings as a list that folds, and that the reader can filter by kind: without a script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from stress.model.finding import Kind
from stress.model.words import count, counted
from stress.report.document import table
from stress.report.wire import lane_words

if TYPE_CHECKING:
    from stress.verdict.samples import Example, Samples

# Rows of the list. Source: a row takes some 300 bytes, and a page of any run stays below 400 KB.
# Higher: mails refuse the page; lower: rare kinds are not shown.
MOST_ROWS = 200
# Of one kind and ring, before the rest are filled up: each sort that was found is in the list.
LEAST_OF_A_SORT = 5
# Letters of a sentence shown. Source: ours have up to 160. Higher: a record made by hand fills the page.
LONGEST = 300
# Rows up to which the list stands open.
OPEN_ROWS = 40


def section(samples: Samples) -> str:
    """Return the findings kept as a table with a filter, "" without any."""
    shown = chosen(samples)
    if not shown:
        return ""
    number = sum(sort.number for sort in samples.sorts.values())
    kinds = [kind.value for kind in Kind if any(one.finding.kind == kind.value for one in shown)]
    heads = ("burst", "arm", "kind", "ring", "what", "views")
    body = table(heads, (_row(one) for one in shown))
    state = " open" if len(shown) <= OPEN_ROWS else ""
    head = f"{counted(len(shown), 'finding')} of {count(number)} that the record keeps, some of each sort"
    return (
        f'<h2 id="findings">Findings</h2>{_inputs(kinds)}<details{state}><summary>{head}</summary>'
        f'<div class="list">{body}</div></details>'
    )


def chosen(samples: Samples) -> list[Example]:
    """Return the findings to list: some of each sort, then as many as there is room for, in order of time."""
    sorts = sorted(samples.sorts.values(), key=lambda sort: -sort.number)
    first = [one for sort in sorts for one in sort.first[:LEAST_OF_A_SORT]]
    rest = [one for sort in sorts for one in sort.first[LEAST_OF_A_SORT:]]
    return sorted((first + rest)[:MOST_ROWS], key=lambda one: (one.number, one.finding.frame))


def rules() -> str:
    """Return the style of the filter: what is not of the chosen kind is not displayed."""
    pairs = ((f"#only-{kind.value}:checked~details tr[class]:not(.k-{kind.value})") for kind in Kind)
    return f"{','.join(pairs)}{{display:none}}"


def _inputs(kinds: Sequence[str]) -> str:
    if len(kinds) < 2:
        return ""
    # The inputs stand before the list, so that a rule of style reaches it from them.
    names = [("all", "all kinds"), *((kind, kind) for kind in kinds)]
    return "".join(
        f'<input type="radio" name="only" id="only-{name}"{" checked" if name == "all" else ""}>'
        f'<label for="only-{name}">{label}</label>'
        for name, label in names
    )


def _row(one: Example) -> str:
    finding = one.finding
    kind, ring = escape(finding.kind), escape(finding.ring or "-")
    return (
        f'<tr class="k-{kind}"><td class="n">{one.number}</td><td class="name">{escape(one.arm)}</td>'
        f'<td>{kind}</td><td>{ring}</td><td class="what">{escape(finding.text[:LONGEST])}</td>'
        f"<td>{escape(lane_words(finding) or '-')}</td></tr>"
    )
