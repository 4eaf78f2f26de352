# SPDX-License-Identifier: MIT
"""tools/lab try and tools/lab remedies: what a change of the kernel mends."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.labkit import (
    boards,
    cache,
    emulator,
    kernel_tree,
    patches,
    remedies,
    remedy_run,
    remedy_table,
    runner,
    sections,
)
from tools.labkit.boards import Board
from tools.labkit.errors import EX_BROKEN, LabUsage
from tools.labkit.experiments import Booted
from tools.labkit.remedy_run import CardResult


def run_try(args: argparse.Namespace) -> int:
    """Boot the board's kernel without and with patches, and print one table.

    Returns 0 when the patched kernel is clean in every arm, 1 when one is wrong.
    """
    given = patches.checked([*args.patch])
    fragments = [_fragment(path) for path in args.config]
    if not given and not fragments and not args.append:
        raise LabUsage("nothing to try: --patch FILE, --config FRAGMENT or --append ARGUMENTS")
    stock = _judged(boards.load(args.board), args.cache, changed=bool(given or fragments))
    changed = remedies.patched(stock, given, fragments)
    base, _ = runner.directories(args.out)
    append = tuple(args.append.split())
    cards = args.card or list(remedies.CARDS)
    # The patched kernel first: what does not apply or compile is told before anything is booted.
    after = _walked(changed, cards, append, base / "after", args)
    before = _walked(stock, cards, (), base / "before", args)
    lines = remedy_table.comparison(before, after)
    print("\n".join(lines), flush=True)
    wrong = any(after[card].arms[arm].wrong for card in cards for arm in remedies.PLAYBACK + remedies.CAPTURE)
    return 1 if wrong else 0


def _fragment(path: Path) -> Path:
    if path.is_dir():
        raise LabUsage(f"--config {path}: is a folder, not a fragment of a configuration")
    if not path.is_file():
        raise LabUsage(f"--config {path}: there is no such file")
    if not kernel_tree.effective(path.read_text(encoding="utf-8", errors="replace")):
        raise LabUsage(f"--config {path}: no line CONFIG_NAME=VALUE or # CONFIG_NAME is not set")
    return path.absolute()


def _judged(board: Board, setting: str, *, changed: bool) -> Board:
    """Return the board; LabUsage where the question cannot be answered on it with this cache."""
    emulator.check_options(board, [setting])
    if changed and not board.kernel.source:
        raise LabUsage(
            f"board {board.name} boots {board.kernel.package}, which is not built here from source"
        )
    return board


def _walked(
    board: Board, cards: list[str], append: tuple[str, ...], base: Path, args: argparse.Namespace
) -> dict[str, CardResult]:
    return {
        card: remedy_run.measured(board, card, Booted(args.cache, append), base, again=args.again)
        for card in cards
    }


def run_remedies(args: argparse.Namespace) -> int:
    """Boot every remedy of the thread and print which mends which direction, and its price.

    Returns 0 when each does what was expected of it and the log explains every wrong frame.
    """
    names = [remedy.name for remedy in remedies.REMEDIES]
    unknown = [name for name in args.remedy if name not in names]
    if unknown:
        raise LabUsage(f"there is no remedy {unknown[0]} ({', '.join(names)})")
    stock = _judged(boards.load(args.board), args.cache, changed=False)
    if args.write:
        sections.check(f"remedies {args.board}")
    wanted = remedy_table.known(args.remedy)
    written = remedies.has_patch(stock)
    if not args.remedy and not written:
        # Stock and use_vmalloc=0 need none: what they give is what a newer kernel is asked.
        wanted = [remedy for remedy in wanted if not remedy.patched]
    patched = any(remedy.patched for remedy in wanted)
    changed = remedies.patched(stock, [remedies.patch_for(stock)]) if patched else stock
    base, _ = runner.directories(args.out)
    rows, surprises, beyond = [], [], 0
    for remedy in wanted:
        board = changed if remedy.patched else stock
        # A card that the remedy does not reach has the row of the stock kernel.
        cards = [card for card in args.card or remedies.CARDS if card in remedy.cards]
        found = _walked(board, cards, remedy.append, base / remedy.name, args)
        rows.append(remedy_table.Row(remedy, found))
        for card, result in found.items():
            wrong = remedy_table.surprises(remedy, card, result)
            surprises += [f"{remedy.name} on {card}: {arm}" for arm in wrong]
            beyond += sum(arm.missed + arm.unexplained for arm in result.arms.values())
    lines = remedy_table.remedies(rows)
    print("\n".join(lines), flush=True)
    if args.write:
        asked = [args.board, *args.remedy, *(f"--card {card}" for card in args.card or ())]
        asked += [f"--cache {args.cache}"] if args.cache else []
        sections.write(f"remedies {args.board}", f"tools/lab remedies {' '.join(asked)}", lines)
    for place in surprises:
        cache.say(f"not as expected: {place}")
    return EX_BROKEN if surprises or beyond else 0
