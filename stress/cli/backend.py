# SPDX-License-Identifier: MIT
"""Make the backend that was asked for; nothing is ever chosen by fallback."""

from __future__ import annotations

import contextlib
import errno
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from stress.cli.card_offers import offers_of
from stress.errors import BackendUnavailable, ConfigError, DeviceError
from stress.model.transport import USB, TransportRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stress.board.cards import Card
    from stress.cli.run_config import Target
    from stress.experiment.disturber import Disturber
    from stress.model.wire import Tap
    from stress.pcm.contract import Pcm
    from stress.virtual.spec import BoardSpec

# Where nobody knows the cache. Source: every VIVT core but two has 32-byte lines.
USUAL_LINE_BYTES = 32
# The virtual board where none is named: the SoC of the report that this tool is for.
USUAL_BOARD = "arm926"


@dataclass(frozen=True)
class Backend:
    """A PCM with its board.

    Attributes
    ----------
    name : of the backend and its devices, for verdict lines.
    line_bytes : L1 D-cache line of the board [bytes].
    board : facts for board.json.
    plays_only : the card does not capture; only the wire can judge it.
    put_back : puts the mixer back as it was, and returns how many changes that took.
    chosen : which card was taken of several where none was named, else "".
    transport : what carries the sound, for the causes.
    """

    pcm: Pcm
    name: str
    line_bytes: int
    board: dict[str, Any]
    plays_only: bool = False
    put_back: Callable[[], int] = int
    chosen: str = ""
    transport: TransportRecord = TransportRecord()


def make(target: Target, seed: int, mixer: bool = False, source: str = "", *, before: int = 0) -> Backend:
    """Return the backend of a run.

    Parameters
    ----------
    seed : of a virtual board; `before` bursts of this run were made on it in earlier parts.
    mixer : bring the mixer of the card to bit-exact settings.
    source : capture source to choose, "" leaves it.

    Raises
    ------
    ConfigError : a backend that cannot drive this card, or a virtual board that is none.
    BackendUnavailable : a library is missing.
    DeviceError : no such card.
    """
    return _virtual(target, seed, before) if target.backend == "virtual" else _alsa(target, mixer, source)


def _virtual(target: Target, seed: int, before: int) -> Backend:
    from stress.cli.probe_virtual import facts_of
    from stress.pcm.virtual import VirtualPcm
    from stress.settings import schema
    from stress.virtual.transport import transport_of

    spec = virtual_board(target.board, target.set)
    pcm = VirtualPcm(spec, seed, before)
    line_bytes = spec.cache.shape().line_bytes
    board = {"virtual": True, "spec": schema.write(spec), "facts": facts_of(spec).to_json()}
    carries = transport_of(spec)
    return Backend(pcm, pcm.backend, line_bytes, board, transport=carries)


def virtual_board(name: str, overrides: Sequence[str]) -> BoardSpec:
    """Return the virtual board that --board and --set describe; ConfigError where they describe none."""
    from stress.virtual.spec import BoardSpec

    return BoardSpec.load(name or USUAL_BOARD, assignments(overrides))


def _alsa(target: Target, mixer: bool, source: str = "") -> Backend:
    from stress.board.cards import captures, card_of, cards, choice, pair, plays
    from stress.board.facts import gather
    from stress.board.pcm_name import named_pcm
    from stress.board.transport import of_card

    known = cards()
    devices = pair(target.card, known)
    played = card_of(devices.playback, known)
    through = "" if devices.playback == devices.capture else f" -> {devices.capture}"
    # The wire can judge a card that only plays; a loopback cannot.
    if not plays(devices.playback, known):
        raise DeviceError(
            "it only captures: nothing can be played, and without a known source there is nothing to "
            "compare; --card PLAYBACK/CAPTURE names another card to play on",
            errno_=errno.ENODEV,
            device=devices.playback,
        )
    alone = target.loopback in ("none", "auto") and not captures(devices.capture, known)
    name = f"{target.backend} {devices.playback}{' (plays only)' if alone else through}"
    if named_pcm(devices.playback):
        name += ", a PCM of alsa-lib: the ring of the card is not judged"
    facts = gather()
    board = facts.to_json()
    board["offers"] = [offer.to_json() for offer in offers_of(target.card)[0]]
    put_back: Callable[[], int] = int
    if mixer or source:
        board["mixer"], put_back = _transparent({devices.playback, devices.capture}, known, source)
    line_bytes = facts.cpu.line_bytes or USUAL_LINE_BYTES
    pcm = _pcm(target.backend, devices.playback, "" if alone else devices.capture, facts.cpu.line_bytes)
    return Backend(
        pcm,
        name,
        line_bytes,
        board,
        plays_only=alone,
        put_back=put_back,
        chosen=choice(target.card, known, devices),
        transport=of_card(facts, played.number if played else None),
    )


def _pcm(backend: str, playback: str, capture: str, line_bytes: int) -> Pcm:
    if backend == "alsa":
        from stress.pcm.alsa import AlsaPcm

        return AlsaPcm(playback, capture or None, line_bytes=line_bytes or None)
    from stress.pcm.pyalsa_pcm import PyAlsaPcm

    if not capture:
        raise ConfigError(
            "needs a card that captures", where="--backend pyalsaaudio", allowed="--backend alsa"
        )
    return PyAlsaPcm(playback, capture)


def _transparent(devices: set[str], known: list[Card], source: str) -> tuple[list[str], Callable[[], int]]:
    """Bring the mixers of the cards to bit-exact settings.

    Returns what was changed, one line each, and what puts it back. Until then a note tells how, for the
    command that comes after a SIGKILL.
    """
    from stress.board.cards import card_of
    from stress.pcm.alsa.mixer import Mixer

    opened: list[Mixer] = []
    notes = contextlib.ExitStack()

    def put_back() -> int:
        changes = sum(mixer.put_back() for mixer in opened)
        notes.close()
        return changes

    lines: list[str] = []
    try:
        for card in known:
            if card in [card_of(device, known) for device in devices]:
                opened.append(Mixer(card.number))
                found = opened[-1].make_transparent(source)
                lines += [f"card {card.number}, {line}" for line in found]
                if opened[-1].undoing:
                    what = f"the mixer of card {card.number} is set to bit-exact values"
                    _noted(notes, what, opened[-1].undoing)
    except BaseException:
        put_back()
        raise
    return lines, put_back


def _noted(notes: contextlib.ExitStack, what: str, how: str) -> None:
    from stress.board import undo

    # Where no note can be written the mixer is put back all the same, but for a SIGKILL.
    with contextlib.suppress(OSError):
        notes.enter_context(undo.changed(int, int, what, how))


# Asking takes the card from ALSA for a moment: nothing that streams does it by itself.
ASK_DEVICE = (
    "every control of the mixer is at 0 dB; `pcmstress probe --ask-device` reads the volume and mute that "
    "the device itself holds (GET_CUR of its feature units)"
)


def suspects(target: Target) -> list[str]:
    """Return what on this machine may change samples on their way, a line each; none of a virtual board.

    Sound servers, other owners of the card, plugins of alsa-lib, and controls of its mixer that
    are not at 0 dB.
    """
    if target.backend == "virtual":
        return []
    from stress.board.cards import card_of, cards, pair
    from stress.board.sample_changers import changers
    from stress.pcm.alsa.mixer import Mixer

    known = cards()
    devices = pair(target.card, known)
    found = [card_of(name, known) for name in dict.fromkeys((devices.playback, devices.capture))]
    numbers = list(dict.fromkeys(card.number for card in found if card is not None))
    out = []
    for number in numbers:
        try:
            mixer = Mixer(number)
        except (BackendUnavailable, DeviceError):
            continue  # A card without a mixer changes no volume.
        out += mixer.not_transparent()
        mixer.close()
    if not out and any(card is not None and card.driver == "USB-Audio" for card in found):
        # The driver shows what it has set; a unit it does not know, or another host has set, it does not.
        out.append(ASK_DEVICE)
    seen = [changers(number) for number in numbers] or [changers(None)]
    return [*out, *dict.fromkeys(line for lines in seen for line in lines)]


def disturber(pcm: Pcm, target: Target) -> Disturber | None:
    """Return what does life-cycle events to `pcm`, None where nothing can."""
    from stress.cli import disturbers

    if target.backend == "virtual":
        from stress.pcm.virtual import VirtualPcm

        return disturbers.VirtualDisturber(pcm) if isinstance(pcm, VirtualPcm) else None
    from stress.pcm.alsa import AlsaPcm

    if not isinstance(pcm, AlsaPcm):
        return None
    from stress.board.cards import card_of, cards, pair
    from stress.board.lifecycle import Lifecycle

    known = cards()
    card = card_of(pair(target.card, known).playback, known)
    return disturbers.AlsaDisturber(pcm, Lifecycle(card.number), lambda: _played(target)) if card else None


def _played(target: Target) -> list[str]:
    # Formats of the first offer, which is that of playback.
    offers = offers_of(target.card)[0]
    return list(dict.fromkeys(choice.format for choice in offers[0].choices)) if offers else []


def tap(target: Target, found: Backend) -> tuple[Tap | None, str]:
    """Return what can look at the wire of this card, or why nothing can."""
    if target.backend == "virtual":
        from stress.pcm.virtual import VirtualPcm
        from stress.pcm.virtual_tap import VirtualTap

        pcm = found.pcm
        if found.transport.kind != USB:
            return None, f"{found.transport.words} has no bus to look at"
        return (VirtualTap(pcm), "") if isinstance(pcm, VirtualPcm) else (None, "no virtual board")
    from stress.board.cards import cards, pair
    from stress.board.usbmon.tap import open_tap

    known = cards()
    try:
        return open_tap(pair(target.card, known), known), ""
    except (BackendUnavailable, DeviceError) as error:
        return None, str(error)


def assignments(texts: Sequence[str]) -> dict[str, Any]:
    """Return KEY=VALUE texts as a table; values are read as JSON, else as text.

    Raises
    ------
    ConfigError : no KEY=VALUE.
    """
    table: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(
                f"{text!r} is no assignment", where="--set", allowed="for example kernel.use_vmalloc=false"
            )
        try:
            table[key] = json.loads(value)
        except ValueError:
            table[key] = value
    return table
