# SPDX-License-Identifier: MIT
"""Man pages in roff: pcmstress(1) and one page per command, as git has them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import stress
from tools.manualkit.commands import options_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.manualkit.commands import Command, Option


def pages(top: argparse.ArgumentParser, commands: Sequence[Command]) -> dict[str, str]:
    """Return the text of every page by its name."""
    found = {f"pcmstress-{command.name}": _page(command) for command in commands}
    return {"pcmstress": _top(top, commands), **found}


def _top(top: argparse.ArgumentParser, commands: Sequence[Command]) -> str:
    body = [
        *_head("pcmstress", top.description or ""),
        ".SH SYNOPSIS",
        ".B pcmstress",
        ".I COMMAND",
        "[\\fIOPTIONS\\fR]",
        ".SH COMMANDS",
    ]
    for command in commands:
        body += [".TP", f"\\fBpcmstress\\-{_roff(command.name)}\\fR(1)", _roff(command.text)]
    body += [".SH OPTIONS", *_options([option for _, group in options_of(top) for option in group])]
    body += [*_epilog(top.epilog or ""), ".SH SEE ALSO"]
    return "\n".join([*body, *(f".BR pcmstress\\-{_roff(one.name)} (1)" for one in commands), ""])


def _page(command: Command) -> str:
    body = [*_head(f"pcmstress-{command.name}", command.text), ".SH SYNOPSIS", _roff(command.usage)]
    for title, options in command.groups:
        body += [f".SH {_roff(title.upper())}", *_options(options)]
    body += [*_epilog(command.epilog), ".SH SEE ALSO", ".BR pcmstress (1)", ""]
    return "\n".join(body)


def _head(name: str, text: str) -> list[str]:
    title = f'.TH {_roff(name.upper())} 1 "" "pcmstress {stress.__version__}" "User Commands"'
    return [title, ".SH NAME", f"{_roff(name)} \\- {_roff(text.rstrip('.'))}"]


def _options(options: Sequence[Option]) -> list[str]:
    lines = []
    for option in options:
        names = ", ".join(f"\\fB{_roff(name)}\\fR" for name in option.names)
        value = f"\\fI{_roff(option.value)}\\fR" if option.value else ""
        lines += [".TP", " ".join(part for part in (names, value) if part), _roff(option.help)]
    return lines


def _epilog(epilog: str) -> list[str]:
    lines = [".SH NOTES"] if epilog else []
    shown = False
    for line in epilog.splitlines():
        if line.startswith("  ") != shown:
            shown = not shown
            lines.append(".nf" if shown else ".fi")
        if line == "Examples:":
            lines.append(".SH EXAMPLES")
        elif line:
            lines.append(_roff(line))
        else:
            lines += [".PP"]
    return [*lines, *([".fi"] if shown else [])]


def _roff(text: str) -> str:
    # A leading point or quote would be a request.
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
