# SPDX-License-Identifier: MIT
"""A mixer in memory, by the calls of the library."""

from __future__ import annotations


class FakeMixer:
    """A card in memory, by the calls of the library."""

    def __init__(self, card, error=0):
        self.card, self.error, self.closed = card, error, 0

    def open(self, card):
        return self.error, 1

    def close(self, handle):
        self.closed += 1

    def elements(self, handle):
        return [(name, name, 0) for name in self.card]

    def has(self, element, what):
        return what in self.card[element]

    def channels(self, element, side):
        for what in (f"{side}_volume", f"{side}_switch"):
            if what in self.card[element]:
                return list(range(len(self.card[element][what])))
        return []

    def get(self, element, what, channel):
        if what.endswith("_dB"):
            low, high = self.card[element]["range"]
            share = self.card[element][what.replace("dB", "volume")][channel] / self.card[element]["top"]
            return round(low + share * (high - low))
        return self.card[element][what][channel]

    def set(self, element, what, channel, value):
        self.card[element][what][channel] = value
        return 0

    def db_range(self, element, side):
        return self.card[element].get("range")

    def set_db(self, element, side, value):
        low, high = self.card[element]["range"]
        steps = self.card[element][f"{side}_volume"]
        steps[:] = [round((value - low) / (high - low) * self.card[element]["top"])] * len(steps)
        return 0

    def choices(self, element):
        return self.card[element].get("items", [])

    def chosen(self, element):
        return self.card[element].get("item")

    def choose(self, element, item):
        self.card[element]["item"] = item
        return 0
