# SPDX-License-Identifier: MIT
"""Faults as they are asked for: ``KIND@key=value,...``, TOML files, seeded rates."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from stress.errors import BackendUnavailable, ConfigError, near, one_of
from stress.model.fault import FaultKind
from tools.softcardkit.lifecycle import SEEN

BYTE_KINDS = {
    FaultKind.STALE,
    FaultKind.ZERO,
    FaultKind.HOLD,
    FaultKind.BITFLIP,
    FaultKind.BYTESHIFT,
    FaultKind.SWAP,
    FaultKind.ROTATE,
    FaultKind.GAIN,
}
STATE_KINDS = {FaultKind.FREEZE, FaultKind.UNPLUG, FaultKind.PPM}

_FRAMES = {
    FaultKind.STALE: 8,
    FaultKind.ZERO: 48,
    FaultKind.GAIN: 48,
    FaultKind.SWAP: 48,
    FaultKind.ROTATE: 0,
    FaultKind.BYTESHIFT: 48,
    FaultKind.HOLD: 8,
}
KEYS = {
    FaultKind.STALE: {"frames", "laps", "ring", "lag"},
    FaultKind.ZERO: {"frames"},
    FaultKind.HOLD: {"frames"},
    FaultKind.BITFLIP: {"frames", "bit", "channel"},
    FaultKind.BYTESHIFT: {"frames", "shift"},
    FaultKind.SWAP: {"frames", "channel", "other"},
    FaultKind.ROTATE: {"frames", "channel"},
    FaultKind.GAIN: {"frames", "db"},
    FaultKind.DROP: {"packets"},
    FaultKind.REPEAT: {"packets"},
    FaultKind.ZEROPACKET: {"packets"},
    FaultKind.SHORT: {"frames", "dir"},
    FaultKind.MISSING: {"packets"},
    FaultKind.ERROR: {"packets", "dir"},
    FaultKind.FREEZE: {"ms"},
    FaultKind.UNPLUG: set(),
    FaultKind.PPM: {"ppm"},
}
_KINDS = {kind.value: kind for kind in KEYS}
_PLACE_KEYS = {"frame", "packet", "every", "stream", "rate", "after", "until"}


@dataclass(frozen=True)
class Fault:
    """One fault and its place.

    Parameters
    ----------
    frame : playback frame [frames] from the first OUT packet of the stream; -1 for
        "the next packet".
    packet : number of the OUT packet instead of a frame; -1 for none.
    every : [frames] distance to the next repetition, 0 for once.
    stream : the playback stream it happens in, counted from 1; 0 for every one.
    rate : the sample rate it happens at [Hz], 0 for every one.
    after : only in the playback stream behind this life-cycle event, as the card sees it
        (`tools.softcardkit.lifecycle`); "" for any.
    until : with `after`: in every stream from there on, until this event.
    frames : [frames] extent; 0 for "until the stream ends".
    lag : [frames] age of stale data; `laps` times `ring` when `ring` is given.
    dir : which endpoint's packet, ``out`` or ``in``.
    """

    kind: FaultKind
    frame: int = -1
    packet: int = -1
    every: int = 0
    rate: int = 0
    stream: int = 0
    frames: int = 1
    packets: int = 1
    laps: int = 1
    ring: int = 0
    lag: int = 0
    bit: int = 0
    channel: int = 0
    other: int = 1
    shift: int = 1
    db: float = -6.0
    ppm: float = 0.0
    ms: int = 0
    dir: str = "out"
    after: str = ""
    until: str = ""

    def details(self) -> dict[str, Any]:
        """Return the keys that describe this kind, for the log."""
        skip = {"frames", "packets", "laps", "ring", "lag"}
        keys = {name: getattr(self, name) for name in sorted(KEYS[self.kind] - skip)}
        keys.update({name: getattr(self, name) for name in ("after", "until") if getattr(self, name)})
        if self.kind is FaultKind.STALE:
            keys.update(lag=self.lag, **({"laps": self.laps, "ring": self.ring} if self.ring else {}))
        return keys


@dataclass(frozen=True)
class FaultRate:
    """Faults like `fault` at random places, `per_second` on average [1/s]."""

    fault: Fault
    per_second: float


_TYPES: dict[str, type] = {field.name: int for field in fields(Fault)}
_TYPES.update({"db": float, "ppm": float, "dir": str, "after": str, "until": str})


def fault_from(kind: str, values: Mapping[str, Any], where: str) -> Fault:
    """Build a fault from its kind and key-value pairs.

    Raises
    ------
    ConfigError : an unknown kind or key, or a value out of range.
    """
    named = _KINDS.get(kind)
    if named is None:
        message = f"unknown fault {kind!r}{near(kind, _KINDS)}"
        raise ConfigError(message, where=where, key="kind", allowed=one_of(list(_KINDS)))
    allowed_keys = KEYS[named] | _PLACE_KEYS
    given = {key: _convert(key, value, allowed_keys, f"{where}: {kind}") for key, value in values.items()}
    given.setdefault("frames", _FRAMES.get(named, 1))
    if named is FaultKind.ERROR:
        given.setdefault("dir", "in")
    if named is FaultKind.ROTATE:
        given.setdefault("channel", 1)
    if named is FaultKind.MISSING:
        given["dir"] = "in"
    return _checked(Fault(kind=named, **given), f"{where}: {kind}")


def _convert(key: str, value: Any, allowed: set[str], where: str) -> Any:
    if key not in allowed:
        raise ConfigError("unknown key", where=where, key=key, allowed=one_of(sorted(allowed)))
    try:
        return _TYPES[key](value)
    except (TypeError, ValueError):
        raise ConfigError(f"{value!r} is not a number", where=where, key=key) from None


def _checked(fault: Fault, where: str) -> Fault:
    if fault.kind is FaultKind.STALE:
        lag = fault.laps * fault.ring if fault.ring else fault.lag
        if lag < 1 or fault.laps < 1:
            raise ConfigError("no age", where=where, key="lag", allowed="lag=FRAMES or ring=FRAMES[,laps=K]")
        fault = replace(fault, lag=lag)
    if fault.dir not in ("in", "out"):
        raise ConfigError(f"{fault.dir!r}", where=where, key="dir", allowed="in or out")
    if fault.kind is FaultKind.BYTESHIFT and not 1 <= fault.shift <= 3:
        raise ConfigError(f"{fault.shift}", where=where, key="shift", allowed="1..3")
    if fault.kind is FaultKind.SHORT and fault.frames < 1:
        raise ConfigError(f"{fault.frames}", where=where, key="frames", allowed="1 or more")
    if fault.kind is FaultKind.PPM and abs(fault.ppm) > 100000:
        raise ConfigError(f"{fault.ppm}", where=where, key="ppm", allowed="-100000..100000")
    for key in ("after", "until"):
        if getattr(fault, key) not in ("", *SEEN):
            raise ConfigError(f"{getattr(fault, key)!r}", where=where, key=key, allowed=one_of(list(SEEN)))
    if fault.until and not fault.after:
        raise ConfigError("needs the event that it begins behind", where=where, key="until", allowed="after")
    if fault.kind is FaultKind.ROTATE and not fault.channel:
        raise ConfigError("moves nothing", where=where, key="channel", allowed="1 or more")
    if 0 < fault.every < max(fault.frames if fault.kind in BYTE_KINDS else 1, 1):
        raise ConfigError("shorter than the fault", where=where, key="every")
    for key in ("every", "frames", "packets", "stream", "bit", "channel", "other", "ms"):
        if getattr(fault, key) < 0:
            raise ConfigError("negative", where=where, key=key, allowed="0 or more")
    return fault


def parse_fault(text: str, where: str = "--fault") -> Fault:
    """Parse ``KIND[@key=value,...]``, e.g. ``stale@frame=24000,frames=8,ring=4800``."""
    kind, _, rest = text.partition("@")
    return fault_from(kind.strip(), _pairs(rest, where), where)


def parse_rate(text: str, where: str = "--fault-rate") -> FaultRate:
    """Parse ``KIND=N/s[,key=value,...]``, e.g. ``stale=1/s,ring=4800``."""
    head, _, rest = text.partition(",")
    kind, _, rate = head.partition("=")
    return rate_from(kind.strip(), rate.strip(), _pairs(rest, where), where)


def rate_from(kind: str, rate: str, values: Mapping[str, Any], where: str) -> FaultRate:
    """Build a fault rate; `rate` is ``N/s``."""
    try:
        per_second = float(rate[:-2] if rate.endswith("/s") else rate)
    except ValueError:
        raise ConfigError(f"{rate!r} is not a rate", where=where, key=kind, allowed="N/s") from None
    if not 0 < per_second <= 10000:
        raise ConfigError(f"{per_second} per second", where=where, key=kind, allowed="above 0, to 10000")
    fault = fault_from(kind, values, where)
    if fault.kind in STATE_KINDS:
        raise ConfigError(f"{kind} has no rate", where=where, key=kind, allowed="the other faults")
    return FaultRate(fault, per_second)


def _pairs(text: str, where: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(f"{part!r} is not key=value", where=where)
        pairs[key.strip()] = value.strip()
    return pairs


def read_faults(path: str) -> tuple[list[Fault], list[FaultRate]]:
    """Read a TOML file of ``[[fault]]`` and ``[[rate]]`` tables.

    Each has ``kind`` and the keys of that kind; a rate has ``per_second`` too.

    Raises
    ------
    ConfigError : the file cannot be read or says something unknown.
    BackendUnavailable : Python older than 3.11 without tomli.
    """
    tables = _load(path)
    unknown = sorted(set(tables) - {"fault", "rate"})
    if unknown:
        raise ConfigError("unknown table", where=path, key=unknown[0], allowed="fault or rate")
    faults = [fault_from(*_kind_of(table, path), path) for table in tables.get("fault", [])]
    rates = []
    for table in tables.get("rate", []):
        kind, values = _kind_of(table, path)
        rates.append(rate_from(kind, str(values.pop("per_second", "")), values, path))
    return faults, rates


def _kind_of(table: Mapping[str, Any], path: str) -> tuple[str, dict[str, Any]]:
    values = dict(table)
    try:
        return str(values.pop("kind")), values
    except KeyError:
        raise ConfigError("missing", where=path, key="kind") from None


def _load(path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib  # novm
    else:
        try:
            import tomli as tomllib
        except ImportError:
            raise BackendUnavailable("TOML needs Python 3.11 or the package python3-tomli") from None
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(error), where=path) from None
