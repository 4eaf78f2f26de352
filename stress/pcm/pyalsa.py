# SPDX-License-Identifier: MIT
"""The one door to pyalsaaudio: what it hides, the mixer at 0 dB.

pyalsaaudio is optional. Without it the streams work all the same, but nobody
sets the card's volumes, and the independent path for a cross-check is missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any

from stress.errors import BackendUnavailable, DeviceError
from stress.model.pcm import Direction

# Controls that change samples on a path that should be bit exact; they exist
# on USB cards as plain switches (sound/usb/mixer.c, the names of feature units).
# Words of its name, however it goes on ("Mic AGC", "DAC1 EQ", "Headset Sidetone").
# Source: sound/usb/mixer.c (audio_feature_info), sound/pci/ac97 ("3D Control", "Tone Control"), and the
# codecs of sound/soc ("ALC", "DRC", "De-emphasis", "Noise Gate").
PROCESSING = re.compile(
    r"\b(Auto(matic)? Gain|AGC|ALC|Loudness|Bass Boost|Sidetone|3D Control|Tone Control|EQ|Equali[sz]er|DRC"
    r"|Limiter|Compressor|Noise (Gate|Reduction|Suppression)|De-?emphasis|Echo Cancel\w*)\b",
    re.IGNORECASE,
)
# The playback side of an input is its monitoring path. Other elements with both
# sides ("Headset") are an output and an input that share a name.
INPUTS = ("Mic", "Line", "Input", "Aux", "CD", "Digital In")
#: pyalsaaudio speaks hundredths of a decibel.
_PER_DB = 100


@dataclass(frozen=True)
class Setting:
    """One mixer element after an attempt to make it transparent.

    Parameters
    ----------
    gain_db : gain now in force, 0 where samples stay as they are, None without a dB scale [dB].
    note : what was done, or why it could not be.
    """

    element: str
    direction: Direction
    gain_db: float | None
    note: str


class PyAlsa:
    """pyalsaaudio, loaded.

    Parameters
    ----------
    module : a stand-in; None imports the real one.

    Raises
    ------
    BackendUnavailable : it is not installed; names the package.
    """

    def __init__(self, module: Any = None) -> None:
        if module is None:
            try:
                module = import_module("alsaaudio")
            except ImportError as error:
                raise BackendUnavailable(
                    f"pyalsaaudio cannot be used ({error}); install python3-alsaaudio, or pip's pyalsaaudio "
                    "on a machine with a compiler. Without it: no mixer set-up, no independent cross-check"
                ) from None
        self.module: Any = module

    @property
    def version(self) -> str:
        """The version where it is known; distributions may not say it."""
        try:
            return metadata.version("pyalsaaudio")
        except metadata.PackageNotFoundError:
            return "unknown"

    def verdict_refusal(self) -> str | None:
        """Return why this version may not vouch for anything, or None.

        Up to 0.9 write() recovers from an underrun and returns the full count;
        0.10 ignores overruns in read(). 0.11 reports both, and is the first
        whose PCM has `avail`: the module itself carries no version.
        """
        if hasattr(self.module.PCM, "avail"):
            return None
        return (
            f"pyalsaaudio {self.version} hides xruns (0.11 or later reports them): "
            "good for the mixer, not for a verdict"
        )

    def make_transparent(self, card: int) -> tuple[Setting, ...]:
        """Bring every volume of a card to 0 dB and switch processing off.

        Gain other than 0 dB, automatic gain and monitoring paths all change
        samples, and a changed sample is not what was played.

        Raises
        ------
        DeviceError : the card's mixer cannot be opened.
        """
        found: list[Setting] = []
        seen: dict[str, int] = {}
        for name in self._call(f"hw:{card} mixer", self.module.mixers, cardindex=card):
            number = seen[name] = seen.get(name, -1) + 1
            mixer = self._call(f"hw:{card} {name}", self.module.Mixer, name, id=number, cardindex=card)
            try:
                found += self._element(name if number == 0 else f"{name},{number}", mixer)
            finally:
                mixer.close()
        return tuple(found)

    def _element(self, name: str, mixer: Any) -> list[Setting]:
        volumes, switches = set(mixer.volumecap()), set(mixer.switchcap())
        if PROCESSING.search(name):
            return [self._off(name, mixer, switches)]
        found = []
        # "Volume" is one control for both sides, reached through the playback calls.
        common = bool(volumes & {"Volume", "Joined Volume"})
        plays = common or "Playback Volume" in volumes or "Playback Mute" in switches
        records = "Capture Volume" in volumes or "Capture Mute" in switches
        if plays and not common and name.startswith(INPUTS) and "Out" not in name:
            found.append(self._off(name, mixer, switches))
        elif plays:
            if switches & {"Playback Mute", "Mute"}:
                self._switched(mixer.setmute, 0)
            if common or "Playback Volume" in volumes:
                found.append(self._volume(name, mixer, Direction.PLAYBACK))
        if records:
            if "Capture Mute" in switches:
                self._switched(mixer.setrec, 1)
            if "Capture Volume" in volumes:
                found.append(self._volume(name, mixer, Direction.CAPTURE))
        return found

    def _off(self, name: str, mixer: Any, switches: set[str]) -> Setting:
        if "Playback Mute" not in switches or not self._switched(mixer.setmute, 1):
            return Setting(name, Direction.PLAYBACK, None, "cannot be switched off; it may change samples")
        return Setting(name, Direction.PLAYBACK, 0.0, "switched off")

    def _volume(self, name: str, mixer: Any, direction: Direction) -> Setting:
        if not hasattr(self.module, "VOLUME_UNITS_DB"):
            note = f"pyalsaaudio {self.version} knows no dB; use: amixer sset '{name}' 0dB"
            return Setting(name, direction, None, note)
        kind = self.module.PCM_PLAYBACK if direction is Direction.PLAYBACK else self.module.PCM_CAPTURE
        how = {"pcmtype": kind, "units": self.module.VOLUME_UNITS_DB}
        try:
            low, high = mixer.getrange(**how)
        except self.module.ALSAAudioError:
            return Setting(name, direction, None, "has no dB scale; set it to full by hand")
        self._call(name, mixer.setvolume, min(max(0, low), high), **how)
        gains = [value / _PER_DB for value in mixer.getvolume(**how)]
        worst = max(gains, key=abs, default=0.0)
        span = f"{low / _PER_DB:g}..{high / _PER_DB:g} dB"
        return Setting(name, direction, worst, "0 dB" if worst == 0 else f"nearest to 0 dB in {span}")

    def _switched(self, switch: Any, on: int) -> bool:
        # 0.8.4 lists switches that an element does not have.
        try:
            switch(on)
        except self.module.ALSAAudioError:
            return False
        return True

    def _call(self, device: str, function: Any, *arguments: Any, **more: Any) -> Any:
        try:
            return function(*arguments, **more)
        except self.module.ALSAAudioError as error:
            raise DeviceError(f"mixer: {error}", device=device) from None
