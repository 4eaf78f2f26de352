# SPDX-License-Identifier: MIT
"""The parser as plain values: commands, their options, and what each takes."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

# What completes an argument that is not a fixed choice, by its metavar.
FILES = ("FILE", "DIR", "OUT", "BUNDLE", "CAPTURE", "NAME|FILE")


@dataclass(frozen=True)
class Option:
    """One option or argument.

    Attributes
    ----------
    names : option strings, empty for a positional argument.
    value : what it takes, "" for a switch.
    choices : the values it allows, empty where any will do.
    files : whether its value is a path.
    """

    names: tuple[str, ...]
    value: str
    choices: tuple[str, ...]
    files: bool
    help: str


@dataclass(frozen=True)
class Command:
    """One command with its groups of options."""

    name: str
    text: str
    epilog: str
    usage: str
    groups: tuple[tuple[str, tuple[Option, ...]], ...]

    @property
    def options(self) -> tuple[Option, ...]:
        """Every option and argument."""
        return tuple(option for _, options in self.groups for option in options)


def commands_of(top: argparse.ArgumentParser) -> tuple[Command, ...]:
    """Return the commands in their order."""
    action = next(one for one in top._actions if isinstance(one, argparse._SubParsersAction))
    return tuple(_command(name, command) for name, command in action.choices.items())


def options_of(parser: argparse.ArgumentParser) -> tuple[tuple[str, tuple[Option, ...]], ...]:
    """Return the groups of a parser, those without options left out."""
    found = []
    for group in parser._action_groups:
        options = tuple(
            _option(action)
            for action in group._group_actions
            if not isinstance(action, argparse._SubParsersAction)
        )
        if options:
            found.append((group.title or "", options))
    return tuple(found)


def _command(name: str, command: argparse.ArgumentParser) -> Command:
    usage = " ".join(command.format_usage().partition(":")[2].split())
    return Command(name, command.description or "", command.epilog or "", usage, options_of(command))


def _option(action: argparse.Action) -> Option:
    takes = action.nargs != 0
    value = str(action.metavar or action.dest.upper()) if takes else ""
    choices = tuple(str(choice) for choice in action.choices) if action.choices else ()
    files = any(value.upper().startswith(name) for name in FILES)
    text = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
    return Option(tuple(action.option_strings), "|".join(choices) or value, choices, files, text)
