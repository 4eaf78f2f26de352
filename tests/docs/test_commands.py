# SPDX-License-Identifier: MIT
"""Every command in README and docs/ is run, or checked as far as this machine can.

`pcmstress` commands that need no card run in document order, in a directory per
page, and must end with the status that their comment names. Those that need a card
(`--card`, or `run` without `--backend virtual`) are read by the parser. Commands of
`tools/` must exist and know the subcommand; what they do needs a guest and is run
by `tools/lab-smoke`. Commands of other programs are not run: SYSTEM lists them.
"""

from __future__ import annotations

import re
import subprocess

import pytest

from stress.cli.main import main
from stress.cli.options import parser
from tests.docs import pages

# Programs of the system, with what running them here would need.
SYSTEM = {
    "sudo": "root",
    "scp": "another machine",
    "git": "a repository that breaks: test_bisect.py has one",
    "aplay": "a card",
    "arecord": "a card",
    ".ci/run": "packages, and the suite itself",
}
# Options that reach a card or a recording that the page cannot bring along.
CARD = {"--card", "--stimulus"}
LONG = {"diagnose": "minutes of CPU: tests/verdict and tools/bench diagnose run it"}


def _needs(words: tuple[str, ...]) -> str:
    """Return what a `pcmstress` command needs that is not here, "" for nothing."""
    if CARD & set(words) and words[0] != "generate":
        return "a card or a recording"
    if words[0] in LONG:
        return LONG[words[0]]
    if words[0] in ("run", "path") and "virtual" not in words:
        return "a card"
    if words[0] == "analyze" and words[1] == "capture.wav":
        return "a capture"
    return ""


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_page_commands_do_what_the_page_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for command in pages.commands(page):
        words = command.words
        if words[0] in SYSTEM:
            continue
        if words[:2] == ("python3", "pcmstress.pyz"):
            words = ("pcmstress", *words[2:])
        if words[0] == "pcmstress":
            _pcmstress(command, words[1:])
            _prints(command, capsys.readouterr().out)
        elif words[0] == "make":
            makefile = (pages.ROOT / "Makefile").read_text(encoding="utf-8")
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), f"{command}: no such target"
        else:
            _tool(command)
    capsys.readouterr()


def _pcmstress(command: pages.Command, words: tuple[str, ...]) -> None:
    try:
        parser().parse_args(words)
    except SystemExit as stop:
        assert stop.code == 0, f"{command}: the parser refuses it"
        return
    if not _needs(words):
        assert main(words) == command.status, str(command)


def _prints(command: pages.Command, printed: str) -> None:
    # Counts follow the clock, and the widths of columns follow the counts.
    def shape(text: str) -> list[str]:
        return [re.sub(r"[\d ,.-]+", " ", line).strip() for line in text.splitlines()]

    if command.printed and printed:
        assert shape(printed)[: command.printed.count("\n")] == shape(command.printed), str(command)


def _tool(command: pages.Command) -> None:
    name = command.words[0]
    assert name.startswith("tools/"), f"{command}: no program of ours, and not in SYSTEM"
    assert (pages.ROOT / name).is_file(), f"{command}: no such program"
    if command.words[1:] and name in ("tools/lab", "tools/softcard", "tools/bench"):
        known = re.findall(r"[\w-]+", _help(name))
        assert command.words[1] in known, f"{command}: {name} --help does not know it"


_HELPED: dict[str, str] = {}


def _help(name: str) -> str:
    if name not in _HELPED:
        done = subprocess.run([pages.ROOT / name, "--help"], capture_output=True, text=True, check=False)
        _HELPED[name] = done.stdout + done.stderr
    return _HELPED[name]
