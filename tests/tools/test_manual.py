# SPDX-License-Identifier: MIT
"""Man pages and completion are made of the parser, and their own programs read them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stress.cli.options import parser
from tools.manualkit.__main__ import files
from tools.manualkit.commands import commands_of

ROOT = Path(__file__).resolve().parents[2]
BASH = "bash-completion/completions/pcmstress"
ZSH = "zsh/site-functions/_pcmstress"
FISH = "fish/vendor_completions.d/pcmstress.fish"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual")
    for name, text in files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"no {program} here")


def test_every_command_and_option_is_in_page_and_completion():
    texts = files()
    for command in commands_of(parser()):
        page = texts[f"man/man1/pcmstress-{command.name}.1"]
        for name in (name for option in command.options for name in option.names):
            assert name.replace("-", "\\-") in page
            assert name in texts[BASH] and name in texts[ZSH]
            assert f"-l {name[2:]}" in texts[FISH] or f"-s {name[1:]}" in texts[FISH]


@_needs("groff")
def test_pages_format_without_a_warning(made):
    for page in sorted((made / "man/man1").iterdir()):
        done = subprocess.run(
            ["groff", "-man", "-Tascii", "-ww", page], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        assert "pcmstress" in done.stdout


@_needs("bash")
@pytest.mark.parametrize(
    ("words", "reply"),
    [
        (("pcmstress", "diag"), "diagnose"),
        (("pcmstress", "run", "--pl"), "--plan"),
        (("pcmstress", "run", "--loopback", "an"), "analog"),
        (("pcmstress", "run", "--board", "xs"), "xscale"),
    ],
)
def test_bash_completes(made, tmp_path, words, reply):
    program = tmp_path / "pcmstress"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m stress "$@"\n')
    program.chmod(0o755)
    set_up = f'. "{made / BASH}"; COMP_WORDS=({" ".join(words)}); COMP_CWORD={len(words) - 1}'
    script = f'{set_up}; _pcmstress; echo "${{COMPREPLY[@]}}"'
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env, check=True)
    assert (done.stdout.split(), done.stderr) == ([reply], "")


@_needs("zsh")
def test_zsh_reads_its_script(made):
    subprocess.run(["zsh", "-n", made / ZSH], check=True)


@_needs("fish")
def test_fish_completes(made):
    script = f"source {made / FISH}; complete -C 'pcmstress run --loopback '"
    done = subprocess.run(["fish", "-c", script], capture_output=True, text=True, check=True)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["analog", "auto", "digital", "none"]
