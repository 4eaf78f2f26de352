# SPDX-License-Identifier: MIT
"""Findings of a burst, and the frames around one that evidence/ keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stress.model import shape
from stress.model.finding import Finding, Kind
from stress.model.wire import LANES


@dataclass(frozen=True)
class LanesRecord:
    """What each view of a finding says: "right", "wrong", or "" where it is not known."""

    user: str = shape.text()
    memory: str = shape.text()
    wire: str = shape.text()
    read: str = shape.text()

    def of(self, lane: str) -> str:
        """Return what the lane of that name says."""
        return {"user": self.user, "memory": self.memory, "wire": self.wire, "read": self.read}[lane]


_DETAILS = {"lanes": shape.of(LanesRecord), "view": shape.read_text, "score": shape.read_number}


def _details(value: Any) -> dict[str, Any]:
    # A finding may say anything; what is read of it by name has its own shape.
    if type(value) is not dict:
        raise shape.Mismatch("is not an object")
    for name, reader in _DETAILS.items():
        if name in value:
            try:
                reader(value[name])
            except shape.Mismatch as error:
                raise error.inside(name) from None
    return value


@dataclass(frozen=True)
class FindingRecord:
    """A finding as it was kept; see `stress.model.finding.Finding`.

    Attributes
    ----------
    details : whatever the kind has to say; the properties read it by name.
    """

    kind: str = shape.field(shape.among(tuple(kind.value for kind in Kind)))
    frame: int = shape.count()
    frames: int = shape.count()
    ring: str | None = shape.nullable(shape.read_text)
    laps: int | None = shape.nullable(shape.within())
    line_bytes: int | None = shape.nullable(shape.within())
    injected: bool = shape.flag()
    details: Mapping[str, Any] = shape.field(_details)
    position: int = shape.count(0)
    lag: int | None = shape.whole(None)
    ring_offset: int | None = shape.whole(None)
    text: str = shape.text("")

    @classmethod
    def of(cls, finding: Finding) -> FindingRecord:
        """Return the record of a finding."""
        values = {name: getattr(finding, name) for name in cls.__dataclass_fields__}
        return cls(**{**values, "kind": finding.kind.value})

    @property
    def transport(self) -> bool:
        """True when lost time explains it (an xrun, a lap skipped)."""
        return "transport" in self.details

    @property
    def real(self) -> bool:
        """True when it counts: neither injected nor explained by lost time."""
        return not self.injected and "transport" not in self.details

    @property
    def view(self) -> str:
        """The view that it first shows in, "" where no tap looked."""
        return str(self.details.get("view", ""))

    @property
    def lanes(self) -> LanesRecord | None:
        """What each view says, None where no tap looked."""
        lanes = self.details.get("lanes")
        return LanesRecord(*(lanes[name] for name in LANES)) if lanes else None

    @property
    def score(self) -> float | None:
        """How far it stands out of the noise [sigmas], None where it is bit-exact."""
        return self.details.get("score")

    def says(self, name: str) -> bool:
        """Return whether the details have the key `name`."""
        return name in self.details


@dataclass(frozen=True)
class EvidenceRecord:
    """One file of evidence/: the frames around a finding.

    Attributes
    ----------
    first_frame : captured frame of the first one kept.
    expected, observed : bytes of whole frames, in hexadecimal.
    """

    finding: FindingRecord = shape.part(FindingRecord)
    first_frame: int = shape.count()
    frame_bytes: int = shape.field(shape.within(1, 512))
    expected: str = shape.text()
    observed: str = shape.text()
    schema: str = shape.text("")
