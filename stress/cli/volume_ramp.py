# SPDX-License-Identifier: MIT
"""The life-cycle event `mixer`: every playback volume of a card from its least to its most, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.board import undo

if TYPE_CHECKING:
    from stress.pcm.alsa.mixer import Mixer

# Steps of a ramp. Source: a volume knob that is turned sends about as many.
_STEPS = 20


def volumes(card: int) -> list[str]:
    """Return the names of the card's playback volumes with a dB scale.

    Raises
    ------
    BackendUnavailable, DeviceError : no libasound, or the card has no mixer.
    """
    from stress.pcm.alsa.mixer import Mixer

    mixer = Mixer(card)
    try:
        return [name for _, name in mixer.volumes()]
    finally:
        mixer.close()


def ramp(card: int) -> None:
    """Run every playback volume up once; each is put back, and a note says so until then.

    Raises
    ------
    BackendUnavailable, DeviceError : as `volumes`.
    """
    from stress.pcm.alsa.mixer import Mixer

    mixer = Mixer(card)
    try:
        for element, name in mixer.volumes():
            _ramp(mixer, element, name, card)
    finally:
        mixer.close()


def _ramp(mixer: Mixer, element: int, name: str, card: int) -> None:
    before = mixer.playback_volume(element)
    values = ",".join(str(value) for value in before.values())
    with undo.changed(
        lambda: None,
        lambda: mixer.set_playback_volume(element, before),
        f"the volume '{name}' of card {card} is being run up and down",
        f"amixer -c {card} -- sset '{name}' playback {values}",
    ):
        mixer.ramp(element, _STEPS)
