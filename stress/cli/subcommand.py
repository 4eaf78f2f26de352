# SPDX-License-Identifier: MIT
"""One subcommand of the parser: its sentence, its examples, its last lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

USAGE_CODES = "64 usage or an unreadable file"
EXIT_CODES = (
    f"Exit status: 0 PASS, 1 FAIL (corruption), 4 SKIP, 5 INCONCLUSIVE, {USAGE_CODES}, 70 ERROR, "
    "75 device lost; 129, 130, 143 after SIGHUP, SIGINT, SIGTERM."
)


def examples(*lines: str) -> str:
    """Return the lines under "Examples:"."""
    return "\n".join(["Examples:", *(f"  {line}" for line in lines)])


def add(
    commands: Any, name: str, text: str, shown: tuple[str, ...], epilog: str = ""
) -> argparse.ArgumentParser:
    """Add a command to the parser and return its own."""
    more = "\n\n".join(part for part in (examples(*shown), epilog) if part)
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text, epilog=more)
    return command
