# SPDX-License-Identifier: MIT
"""Completion scripts for bash, zsh and fish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.manualkit.commands import options_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tools.manualkit.commands import Command, Option

# Values that the program itself lists, by the option that takes them: names in the first column.
_LISTED = {"--plan": "plans", "--board": "boards"}


def bash(top: argparse.ArgumentParser, commands: Sequence[Command]) -> str:
    """Return the script for bash."""
    general = " ".join(name for _, group in options_of(top) for option in group for name in option.names)
    cases = "\n".join(
        f"        {command.name}) words='{' '.join(_names(command.options))}' ;;" for command in commands
    )
    values = "\n".join(
        f'        {name}) COMPREPLY=($(compgen -W "{words}" -- "$cur")); return ;;'
        for name, words in _values(commands)
    )
    return f"""# bash completion for pcmstress; made by tools/manual from the parser
_pcmstress() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} words
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{" ".join(command.name for command in commands)} {general}" -- "$cur"))
        return
    fi
    case $prev in
{values}
    esac
    case ${{COMP_WORDS[1]}} in
{cases}
    esac
    case $cur in
        -*) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
        *) COMPREPLY=($(compgen -f -- "$cur")) ;;
    esac
}}
complete -o filenames -F _pcmstress pcmstress
"""


def _names(options: Sequence[Option]) -> list[str]:
    return [name for option in options for name in option.names]


def _values(commands: Sequence[Command]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for option in (option for command in commands for option in command.options):
        for name in option.names:
            if name in _LISTED:
                # The first column, and no other line: bash expands what it is given once more.
                names = "awk 'NR > 2 && $1 ~ /^[a-z0-9_-]+$/ { print $1 }'"
                found[name] = f"$(pcmstress {_LISTED[name]} 2>/dev/null | {names})"
            elif option.choices:
                found[name] = " ".join(option.choices)
    return list(found.items())


def zsh(commands: Sequence[Command]) -> str:
    """Return the script for zsh."""
    listed = "\n".join(f"    '{_one(command.name)}:{_one(command.text)}'" for command in commands)
    cases = "\n".join(
        f"    {command.name}) _arguments {' '.join(_zsh(option) for option in command.options)} ;;"
        for command in commands
    )
    return f"""#compdef pcmstress
# made by tools/manual from the parser
local -a commands
commands=(
{listed}
)
if (( CURRENT == 2 )); then
    _describe command commands
    return
fi
local command=$words[2]
shift words
(( CURRENT-- ))
case $command in
{cases}
esac
"""


def _zsh(option: Option) -> str:
    value = f":{_zsh_word(option.value)}:{_zsh_action(option)}" if option.value else ""
    if not option.names:
        return f"'*{value or ':argument:_files'}'"
    return " ".join(f"'{name}[{_one(option.help)}]{value}'" for name in option.names)


def _zsh_action(option: Option) -> str:
    return f"({' '.join(option.choices)})" if option.choices else "_files" if option.files else " "


def _zsh_word(text: str) -> str:
    return text.replace("|", " or ").replace(":", "").replace("'", "")


def fish(commands: Sequence[Command]) -> str:
    """Return the script for fish."""
    lines = ["# made by tools/manual from the parser", "complete -c pcmstress -f"]
    for command in commands:
        lines.append(
            f"complete -c pcmstress -n __fish_use_subcommand -a {command.name} -d '{_quoted(command.text)}'"
        )
    for command in commands:
        here = f"complete -c pcmstress -n '__fish_seen_subcommand_from {command.name}'"
        lines += [f"{here} {_fish(option)}" for option in command.options if option.names]
        if any(not option.names and option.files for option in command.options):
            lines.append(f"{here} -F")
    return "\n".join([*lines, ""])


def _fish(option: Option) -> str:
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
    value = f" -xa '{' '.join(option.choices)}'" if option.choices else " -r" + " -F" * option.files
    return f"{names}{value if option.value else ''} -d '{_quoted(option.help)}'"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _one(text: str) -> str:
    # Within single quotes and square brackets.
    return text.replace("'", "'\\''").replace("[", "(").replace("]", ")").replace(":", "\\:")
