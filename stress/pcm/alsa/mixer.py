# SPDX-License-Identifier: MIT
"""Bring a card's mixer to bit-exact settings through libasound, and put it back.

Gain other than 0 dB, automatic gain, boosts and monitoring paths all change
samples, and a changed sample is not what was played.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Callable

from stress.errors import ConfigError, DeviceError, one_of
from stress.pcm.alsa._lib import MixerLib
from stress.pcm.pyalsa import INPUTS, PROCESSING

BOOST = "Boost"
_SIDES = ("playback", "capture")
# Of a line of shell that puts the mixer back [characters]. Source: a note of stress.board.undo holds 4096
# bytes. Higher: it cannot be read; lower: of a card with very many controls some are left out.
LONGEST_UNDOING = 3500
# libasound speaks hundredths of a decibel.
_PER_DB = 100


@dataclass
class Mixer:
    """The simple mixer of one card.

    Parameters
    ----------
    card : its number.
    lib : a stand-in for libasound; None loads the real one.

    Threads: one caller.

    Raises
    ------
    BackendUnavailable : no libasound.
    DeviceError : the card's mixer cannot be opened.
    """

    card: int
    lib: MixerLib | None = None
    _undo: list[Callable[[], object]] = field(default_factory=list)
    _was: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lib = self.lib or MixerLib()
        error, self._handle = self._lib.open(self.card)
        if error < 0:
            raise DeviceError(
                f"mixer: {os.strerror(-error)}",
                errno_=-error,
                device=f"hw:{self.card}",
                call="snd_mixer_open",
            )

    def make_transparent(self, source: str = "") -> list[str]:
        """Set volumes to 0 dB, switch processing off; return what was changed, one line each.

        Parameters
        ----------
        source : capture source to choose, "" leaves it as it is.

        Raises
        ------
        ConfigError : the card has no such capture source.
        """
        lines = [line for element in self._lib.elements(self._handle) for line in self._element(*element)]
        return lines + self._source(source)

    def not_transparent(self) -> list[str]:
        """Return the controls that change samples now, with their values and the command to set; no change.

        Controls are named as `amixer` names them.
        """
        out = []
        for element, name, index in self._lib.elements(self._handle):
            shown = f"{name},{index}" if index else name
            for side in _SIDES:
                said = self._off_zero(element, side)
                if said:
                    what, value = said
                    command = f"amixer -c {self.card} sset '{shown}' {side} {value}"
                    out.append(
                        f"control '{shown}' of card {self.card}, {side}: {what}; set it with: {command}"
                    )
        return out

    def _off_zero(self, element: int, side: str) -> tuple[str, str] | None:
        # What a control of one side does to samples, and the value that ends it.
        channels = self._lib.channels(element, side)
        switch = f"{side}_switch"
        gain = self._lib.has(element, f"{side}_volume")
        switched = gain and self._lib.has(element, switch)
        if switched and any(self._lib.get(element, switch, one) == 0 for one in channels):
            return "switched off", "unmute" if side == "playback" else "cap"
        if not gain or self._lib.db_range(element, side) is None:
            return None
        gains = [self._lib.get(element, f"{side}_dB", one) or 0 for one in channels]
        if not any(gains):
            return None
        return " and ".join(f"{one / _PER_DB:+.2f} dB" for one in dict.fromkeys(gains)), "0dB"

    def volumes(self) -> list[tuple[int, str]]:
        """Return (element, name) of every playback volume with a dB scale."""
        return [
            (element, f"{name},{index}" if index else name)
            for element, name, index in self._lib.elements(self._handle)
            if self._lib.has(element, "playback_volume") and self._lib.db_range(element, "playback")
        ]

    def ramp(self, element: int, steps: int) -> None:
        """Run the playback volume of an element from its least to its most and leave it there."""
        low, high = self._lib.db_range(element, "playback") or (0, 0)
        for step in range(steps + 1):
            self._lib.set_db(element, "playback", low + (high - low) * step // steps)

    def playback_volume(self, element: int) -> dict[int, int | None]:
        """Return the raw playback volume of each channel."""
        channels = self._lib.channels(element, "playback")
        return {one: self._lib.get(element, "playback_volume", one) for one in channels}

    def set_playback_volume(self, element: int, values: dict[int, int | None]) -> None:
        """Set the raw playback volume of each channel that has one in `values`."""
        for channel, value in values.items():
            if value is not None:
                self._lib.set(element, "playback_volume", channel, value)

    def close(self) -> None:
        """Close the mixer and leave what was changed."""
        if self._handle:
            self._lib.close(self._handle)
            self._handle = 0

    def put_back(self) -> int:
        """Put back what was changed, the last change first, and close; return how many changes."""
        undo, self._undo, self._was = self._undo, [], {}
        for step in reversed(undo):
            step()
        self.close()
        return len(undo)

    @property
    def undoing(self) -> str:
        """A line of shell that puts back what was changed, "" where nothing was."""
        commands = list(reversed(self._was))
        while len("; ".join(commands)) > LONGEST_UNDOING:
            commands.pop()
        return "; ".join(commands)

    def _note(self, element: int, words: str) -> None:
        # As amixer takes it: volumes in steps of the driver.
        name, index = next((name, at) for one, name, at in self._lib.elements(self._handle) if one == element)
        shown = shlex.quote(f"{name},{index}" if index else name)
        self._was[f"amixer -q -c {self.card} -- sset {shown} {words}"] = None

    def _element(self, element: int, name: str, index: int) -> Iterator[str]:
        shown = f"{name},{index}" if index else name
        if PROCESSING.search(name) or (BOOST in name and not self._has_gain(element)):
            yield from self._all_off(element, shown)
            return
        common = self._lib.has(element, "common_volume")
        monitor = name.startswith(INPUTS) and "Out" not in name and not common and self._records(element)
        for side in _SIDES:
            if side == "playback" and monitor:
                yield from self._switch(element, shown, side, 0)
                continue
            if not (side == "capture" and self._lib.has(element, "capture_switch_exclusive")):
                yield from self._switch(element, shown, side, 1)
            if self._lib.has(element, f"{side}_volume") and not (common and side == "capture"):
                yield from self._volume(element, shown, side)

    def _has_gain(self, element: int) -> bool:
        return any(
            self._lib.db_range(element, side) for side in _SIDES if self._lib.has(element, f"{side}_volume")
        )

    def _records(self, element: int) -> bool:
        return any(self._lib.has(element, f"capture_{what}") for what in ("volume", "switch"))

    def _all_off(self, element: int, name: str) -> Iterator[str]:
        for side in _SIDES:
            yield from self._switch(element, name, side, 0)

    def _switch(self, element: int, name: str, side: str, on: int) -> Iterator[str]:
        what = f"{side}_switch"
        if not self._lib.has(element, what):
            return
        before = {one: self._lib.get(element, what, one) for one in self._lib.channels(element, side)}
        changed = [one for one, value in before.items() if value is not None and bool(value) != bool(on)]
        done = [one for one in changed if self._keep(element, what, one, before[one], on)]
        if done:
            off, was_on = ("nocap", "cap") if side == "capture" else ("off", "on")
            self._note(element, f"{side} {off if on else was_on}")
            yield f"{name}, {side}: switched {'on' if on else 'off'}"
        elif changed:
            yield f"{name}, {side}: cannot be switched {'on' if on else 'off'}; it may change samples"

    def _keep(self, element: int, what: str, channel: int, before: int | None, value: int) -> bool:
        if self._lib.set(element, what, channel, value) < 0 or before is None:
            return False
        self._undo.append(partial(self._lib.set, element, what, channel, before))
        return True

    def _volume(self, element: int, name: str, side: str) -> Iterator[str]:
        span = self._lib.db_range(element, side)
        if span is None:
            yield f"{name}, {side}: has no dB scale; set it to full by hand"
            return
        what, channels = f"{side}_volume", self._lib.channels(element, side)
        before = {one: self._lib.get(element, what, one) for one in channels}
        gains = [self._lib.get(element, f"{side}_dB", one) for one in channels]
        if gains and all(gain == 0 for gain in gains):
            return
        self._lib.set_db(element, side, min(max(0, span[0]), span[1]))
        after = [self._lib.get(element, f"{side}_dB", one) or 0 for one in channels]
        for one, value in before.items():
            if value is not None:
                self._undo.append(partial(self._lib.set, element, what, one, value))
        self._note(
            element, f"{side} {','.join(str(value) for value in before.values() if value is not None)}"
        )
        worst = max(after, key=abs, default=0)
        was = max((gain or 0 for gain in gains), key=abs, default=0)
        text = f"{name}, {side}: {was / _PER_DB:g} dB -> {worst / _PER_DB:g} dB"
        limits = f"{span[0] / _PER_DB:g}..{span[1] / _PER_DB:g} dB"
        yield text if worst == 0 else f"{text}, the nearest to 0 dB in {limits}"

    def _exclusive(self, wanted: str) -> tuple[list[str], list[str]]:
        """Return inputs of which the card records one at a time, and lines about them.

        Parameters
        ----------
        wanted : the one to choose, "" leaves the choice as it is.
        """
        inputs = {
            name: element
            for element, name, _ in self._lib.elements(self._handle)
            if self._lib.has(element, "capture_switch_exclusive")
        }

        def on(element: int) -> bool:
            channels = self._lib.channels(element, "capture")
            return any(self._lib.get(element, "capture_switch", one) for one in channels)

        now = [name for name, element in inputs.items() if on(element)]
        shown = ", ".join(now) or "none"
        if not inputs or (wanted and wanted not in inputs):
            return list(inputs), []
        if not wanted:
            every = ", ".join(inputs)
            return list(inputs), [f"capture source: {shown} (of {every}; --capture-source chooses)"]
        if now == [wanted]:
            return list(inputs), [f"capture source: {wanted} -> {wanted}"]
        for name in now:
            # Choosing another one switches it off, so it is put back by being chosen.
            element = inputs[name]
            for channel in self._lib.channels(element, "capture"):
                self._undo.append(partial(self._lib.set, element, "capture_switch", channel, 1))
            self._note(element, "capture cap")
        for channel in self._lib.channels(inputs[wanted], "capture"):
            self._lib.set(inputs[wanted], "capture_switch", channel, 1)
        return list(inputs), [f"capture source: {shown} -> {wanted}"]

    def _source(self, wanted: str) -> list[str]:
        offered, lines = self._exclusive(wanted)
        if wanted and lines:
            return lines
        for element, name, _ in self._lib.elements(self._handle):
            items, now = self._lib.choices(element), self._lib.chosen(element)
            if not items or now is None or not 0 <= now < len(items):
                continue
            offered += items
            if not wanted:
                lines.append(f"{name}: {items[now]} (of {', '.join(items)}; --capture-source chooses)")
            elif wanted in items:
                if items[now] != wanted and self._lib.choose(element, items.index(wanted)) >= 0:
                    self._undo.append(partial(self._lib.choose, element, now))
                    self._note(element, shlex.quote(items[now]))
                return [f"{name}: {items[now]} -> {wanted}"]
        if wanted:
            raise ConfigError(
                f"{wanted!r} is no capture source of card {self.card}",
                where="--capture-source",
                allowed=one_of(offered) if offered else "none: the card has no choice of sources",
            )
        return lines
