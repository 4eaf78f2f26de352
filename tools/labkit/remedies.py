# SPDX-License-Identifier: MIT
"""The remedies of configs/lab/remedies: one patched kernel, one boot argument each."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tools.labkit.boards import CONFIGS, Board
from tools.labkit.errors import LabError

FOLDER = CONFIGS / "remedies"
ARGUMENT = "snd_remedy"


#: Arms of plan `remedy` that say what an application meets; the others are contrasts.
PLAYBACK = ("player", "mixer")
CAPTURE = ("recorder", "ahead")
CARDS = ("aloop", "usb")


@dataclasses.dataclass(frozen=True)
class Remedy:
    """A way to map or maintain a PCM ring.

    `kernel` and `user` say what each side's mapping is, `append` are arguments of the
    kernel, `patched` whether they need the patch; `clean` are the arms that are
    expected to be clean on a VIVT cache that allocates on read, on the `cards` it
    reaches: on another card the kernel is as it was. `rare` are arms in which only
    stale lines of the kernel's own mapping are left (P1) while their ring is as large
    as the cache: half a second may be clean or not.
    """

    name: str
    kernel: str
    user: str
    append: tuple[str, ...] = ()
    clean: tuple[str, ...] = ()
    patched: bool = True
    cards: tuple[str, ...] = CARDS
    rare: tuple[str, ...] = ()

    def mends(self, card: str, arm: str) -> bool:
        """Return whether this arm is expected to be clean on this card."""
        return card in self.cards and arm in self.clean


def _of(name: str, kernel: str, user: str, clean: tuple[str, ...] = (), rare: tuple[str, ...] = ()) -> Remedy:
    return Remedy(name, kernel, user, (f"{ARGUMENT}={name}",), clean, rare=rare)


#: Stock first; the thread's five; then maintenance by the interfaces of today's kernels.
REMEDIES = (
    Remedy("stock", "cached", "cached", patched=False),
    _of("user-uncached", "cached", "uncached", CAPTURE, ("mixer",)),
    _of("both-uncached", "uncached", "uncached", (*PLAYBACK, *CAPTURE)),
    _of("both-writecombine", "write-combining", "write-combining", (*PLAYBACK, *CAPTURE)),
    _of("ordinary-pages", "cached, linear", "cached"),
    Remedy(
        "use_vmalloc=0",
        "coherent",
        "coherent",
        ("snd_usb_audio.use_vmalloc=0",),
        (*PLAYBACK, *CAPTURE),
        patched=False,
        cards=("usb",),
    ),
    # A store-only player leaves no dirty line; a mixer's are cleaned by nobody here.
    _of("kernel-maintained", "maintained", "cached", ("player",)),
    _of("user-maintained", "cached", "maintained", CAPTURE, ("mixer",)),
    _of("both-maintained", "maintained", "maintained", (*PLAYBACK, *CAPTURE)),
    _of("kernel-maintained-user-uncached", "maintained", "uncached", (*PLAYBACK, *CAPTURE)),
)


def has_patch(board: Board) -> bool:
    """Return whether the remedies are written for this board's kernel."""
    return _patch(board).is_file()


def _patch(board: Board) -> Path:
    return FOLDER / f"linux-{board.kernel.source.rpartition('-')[2]}.patch"


def patch_for(board: Board) -> Path:
    """Return the patch that holds all remedies for this board's kernel; LabError without one."""
    path = _patch(board)
    if not path.is_file():
        have = ", ".join(sorted(found.stem for found in FOLDER.glob("linux-*.patch")))
        raise LabError(f"no remedies are written for {board.kernel.source} ({have} there are)")
    return path


def patched(board: Board, given: list[Path], fragments: list[Path] | None = None) -> Board:
    """Return the board with these patches and configuration fragments on its kernel."""
    kernel = dataclasses.replace(
        board.kernel,
        patches=(*board.kernel.patches, *map(str, given)),
        fragments=(*board.kernel.fragments, *(str(path.absolute()) for path in fragments or [])),
    )
    return dataclasses.replace(board, kernel=kernel)
