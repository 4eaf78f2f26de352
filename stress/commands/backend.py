"""Make the backend that was asked for; nothing is ever chosen by fallback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stress.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from stress.pcm.contract import Pcm


def make(args: argparse.Namespace, seed: int) -> tuple[Pcm, str, dict[str, Any]]:
    """Return the PCM that the arguments ask for, its name, and what is known of its board.

    Raises
    ------
    ConfigError : arguments that do not go together.
    DeviceError : no such card.
    """
    if args.backend == "virtual":
        return _virtual(args, seed)
    if args.board or args.set:
        raise ConfigError("describes a virtual board", where="--board", allowed="with --backend virtual")
    return _alsa(args)


def _virtual(args: argparse.Namespace, seed: int) -> tuple[Pcm, str, dict[str, Any]]:
    from stress.pcm.virtual import VirtualPcm
    from stress.settings import schema
    from stress.virtual.spec import BoardSpec

    if args.card:
        raise ConfigError("a virtual board has no cards", where="--card", allowed="with --backend alsa")
    spec = BoardSpec.load(args.board or "arm926", assignments(args.set))
    pcm = VirtualPcm(spec, seed)
    return pcm, pcm.backend, {"virtual": True, "spec": schema.write(spec)}


def _alsa(args: argparse.Namespace) -> tuple[Pcm, str, dict[str, Any]]:
    from stress.board.cards import cards, pair
    from stress.board.facts import gather
    from stress.pcm.alsa import AlsaPcm

    devices = pair(args.card, cards())
    through = "" if devices.playback == devices.capture else f" -> {devices.capture}"
    name = f"alsa {devices.playback}{through}"
    return AlsaPcm(devices.playback, devices.capture), name, gather().to_json()


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
