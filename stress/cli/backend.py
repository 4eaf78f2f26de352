"""Make the backend that was asked for; nothing is ever chosen by fallback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stress.errors import BackendUnavailable, ConfigError, DeviceError

if TYPE_CHECKING:
    import argparse

    from stress.board.cards import Card
    from stress.model.wire import Tap
    from stress.pcm.contract import Pcm


# Where nobody knows the cache. Source: every VIVT core but two has 32-byte lines.
USUAL_LINE_BYTES = 32


@dataclass(frozen=True)
class Backend:
    """A PCM with its board.

    Attributes
    ----------
    name : of the backend and its devices, for verdict lines.
    line_bytes : L1 D-cache line of the board [bytes].
    board : facts for board.json.
    """

    pcm: Pcm
    name: str
    line_bytes: int
    board: dict[str, Any]


def make(args: argparse.Namespace, seed: int) -> Backend:
    """Return the backend that the arguments ask for.

    Raises
    ------
    ConfigError : arguments that do not go together.
    DeviceError : no such card.
    """
    check(args)
    return _virtual(args, seed) if args.backend == "virtual" else _alsa(args)


def check(args: argparse.Namespace) -> None:
    """Refuse a card for a virtual board, and a virtual board for a card; ConfigError."""
    if args.backend != "virtual" and (args.board or args.set):
        raise ConfigError("describes a virtual board", where="--board", allowed="with --backend virtual")
    if args.backend == "virtual" and args.card:
        raise ConfigError("a virtual board has no cards", where="--card", allowed="with --backend alsa")


def _virtual(args: argparse.Namespace, seed: int) -> Backend:
    from stress.pcm.virtual import VirtualPcm
    from stress.settings import schema
    from stress.virtual.spec import BoardSpec

    spec = BoardSpec.load(args.board or "arm926", assignments(args.set))
    pcm = VirtualPcm(spec, seed)
    line_bytes = spec.cache.shape().line_bytes
    return Backend(pcm, pcm.backend, line_bytes, {"virtual": True, "spec": schema.write(spec)})


def _alsa(args: argparse.Namespace) -> Backend:
    from stress.board.cards import captures, cards, pair
    from stress.board.facts import gather

    known = cards()
    devices = pair(args.card, known)
    through = "" if devices.playback == devices.capture else f" -> {devices.capture}"
    # The wire can judge a card that only plays; a loopback cannot.
    alone = args.loopback == "none" and not captures(devices.capture, known)
    name = f"{args.backend} {devices.playback}{' (plays only)' if alone else through}"
    facts = gather()
    board = facts.to_json()
    if args.mixer:
        board["mixer"] = _transparent({devices.playback, devices.capture}, known)
    line_bytes = facts.cpu.line_bytes or USUAL_LINE_BYTES
    pcm = _pcm(args.backend, devices.playback, "" if alone else devices.capture, facts.cpu.line_bytes)
    return Backend(pcm, name, line_bytes, board)


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


def _transparent(devices: set[str], known: list[Card]) -> list[str]:
    """Bring the volumes of the cards to 0 dB and return what was done, one line each."""
    from stress.board.cards import card_of
    from stress.pcm.pyalsa import PyAlsa

    mixer = PyAlsa()
    used = [card.number for card in known if card in [card_of(device, known) for device in devices]]
    return [
        f"card {number}, {setting.element} {setting.direction.value}: {setting.note}"
        for number in used
        for setting in mixer.make_transparent(number)
    ]


def tap(args: argparse.Namespace, found: Backend) -> tuple[Tap | None, str]:
    """Return what can look at the wire of this card, or why nothing can."""
    if args.backend == "virtual":
        from stress.pcm.virtual import VirtualPcm
        from stress.pcm.virtual_tap import VirtualTap

        pcm = found.pcm
        return (VirtualTap(pcm), "") if isinstance(pcm, VirtualPcm) else (None, "no virtual board")
    from stress.board.cards import cards, pair
    from stress.board.usbmon.tap import open_tap

    known = cards()
    try:
        return open_tap(pair(args.card, known), known), ""
    except (BackendUnavailable, DeviceError) as error:
        return None, str(error)


def assignments(texts: list[str]) -> dict[str, Any]:
    """Return KEY=VALUE texts as a table; values are read as JSON, else as text."""
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
