# SPDX-License-Identifier: MIT
"""The words on the screen: none of those that are gone, and every word of ours is in the glossary."""

from __future__ import annotations

import ast
import re

import pytest

from stress.cli.options import parser
from tests.docs import pages

# Phrases that were read twice, with what stands for them now.
GONE = {
    r"wrong runs?\b": "corrupted stretch",
    r"\bvouch": "say what is proven",
    r"\bspeaks? for\b": "points to",
    r"contradicts itself": "is inconsistent with its checksums",
    r"holds runs and is none": "is a directory of runs, not a run",
    r"is there twice": "duplicate",
    r"lines per line": "1 corrupted line in N",
    r"\bwalked again and again\b": "repeat",
    r"is only ever asked for": "never chosen automatically",
    r"what came of it": "the result",
    r"hot window": "while streaming",
}
# Words a newcomer does not know: where they are printed, the glossary has them.
OURS = (
    "arm", "burst", "lap", "ring", "episode", "exposure", "bound", "self-test", "masked", "RMW", "hw_ptr",
    "VIVT", "PIPT", "VIPT", "softcard", "footprint", "xrun", "VmFlags", "tier", "mix2", "loopback",
    "detector", "plan", "position", "lock", "usbmon", "use_vmalloc", "Loopback", "line", "period",
    "reference", "power",
)  # fmt: skip
ROOMS = ("report", "cli", "verdict", "experiment", "predict", "record")


def _helps():
    top = parser()
    (action,) = top._subparsers._group_actions
    return {
        "pcmstress": top.format_help(),
        **{name: one.format_help() for name, one in action.choices.items()},
    }


def _strings():
    found = {}
    for room in ROOMS:
        for path in sorted((pages.ROOT / "stress" / room).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            docs = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            texts = [
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
            ]
            found[f"{room}/{path.name}"] = "\n".join(texts)
    return found


@pytest.mark.parametrize("phrase", sorted(GONE))
def test_phrase_that_is_gone_is_printed_nowhere(phrase):
    texts = {**_helps(), **_strings()}
    where = [name for name, text in texts.items() if re.search(phrase, " ".join(text.split()), re.IGNORECASE)]
    assert not where, f"say {GONE[phrase]!r}"


def test_words_of_ours_in_the_help_are_in_the_glossary():
    glossary = (pages.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    heads = "\n".join(line.split("|")[1] for line in glossary.splitlines() if line.startswith("|"))
    printed = "\n".join([*_helps().values(), *_strings().values()])
    for word in OURS:
        if re.search(rf"\b{re.escape(word)}s?\b", printed):
            assert re.search(rf"\b{re.escape(word)}\b", heads), word


def test_glossary_explains_each_word_once():
    glossary = (pages.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = [
        word.strip()
        for line in glossary.splitlines()
        if line.startswith("|") and not line.startswith(("| word", "| ---"))
        for word in line.split("|")[1].split(", ")
    ]
    assert sorted(words) == sorted(set(words))
