# SPDX-License-Identifier: MIT
"""One simulated stream, as a list of NAME=VALUE words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from stress.errors import ConfigError, one_of
from stress.virtual.cache.geometry import CacheGeometry, named_geometry

FRAME_BYTES = 4  # two channels of 16 bits
NOISE_KINDS = ("rand", "ws", "seq")

# How far the address regions of the simulation reach before they wrap [bytes].
NOISE_SPAN_BYTES = 4 << 20
STREAM_SPAN_BYTES = 16 << 20

_GEOMETRY_KEYS = {
    "size": "size_bytes",
    "ways": "ways",
    "line": "line_bytes",
    "wa": "write_allocate",
    "wt": "write_through",
    "repl": "replacement",
    "prefinv": "prefer_invalid",
}
_REPLACEMENT = {"rr": "rr", "rrg": "rrg", "rand": "random", "random": "random"}


@dataclass(frozen=True)
class StreamCase:
    """Describe a simulated stream of 16-bit stereo.

    Parameters
    ----------
    geometry : the cache.
    mode : ``play`` or ``cap``.
    ring, per : ring and period [bytes].
    urb : milliseconds between the kernel's copies [ms].
    rate : [frames/s].
    ms : length [ms of virtual time]; the first ``warm`` of them are not counted.
    fillb : bytes the user keeps queued; 0 means the whole ring [bytes].
    ack : 1 for a kernel copy inside the call that commits a period.
    src : playback source: ``gen``, ``pbuf``, ``imgN`` or ``stream``.
    dst : capture destination: ``none``, ``pbuf`` or ``stream``.
    rmw : 1 when the user loads each ring line before storing to it.
    pre : bytes ahead of hw_ptr that a capture touches [bytes].
    exact : 1 when a capture reads up to hw_ptr, not to the line before it.
    flush : clean+invalidate before each commit or read; 1 also after hw_params.
    uclean : 1 to clean the written range through the user alias.
    xk, xkm : private loads per millisecond, and which lines: ``rand`` uniform
        in 4 MB, ``ws`` one fixed list, ``seq`` the next line.
    xu, xum : the same for each wake of the user.
    csw, cswper : context switches [1/s]; periodic when cswper is 1, else Poisson.
    seed : of everything random.
    kpage : pages by which the kernel's mapping is shifted against the user's.
    """

    geometry: CacheGeometry = CacheGeometry()
    mode: str = "play"
    ring: int = 4096
    per: int = 192
    urb: int = 1
    rate: int = 48000
    ms: int = 8192
    fillb: int = 0
    ack: int = 0
    src: str = "stream"
    dst: str = "none"
    rmw: int = 0
    pre: int = 0
    exact: int = 0
    flush: int = 0
    uclean: int = 0
    xk: int = 0
    xkm: str = "rand"
    xu: int = 0
    xum: str = "rand"
    csw: float = 0.0
    cswper: int = 0
    seed: int = 1
    warm: int = 0
    kpage: int = 0

    def __post_init__(self) -> None:
        for key, allowed in _CHOICES.items():
            if getattr(self, key) not in allowed:
                raise ConfigError(repr(getattr(self, key)), key=key, allowed=one_of(allowed))
        for key, (low, high) in _RANGES.items():
            if not low <= getattr(self, key) <= high:
                raise ConfigError(f"{getattr(self, key):g}", key=key, allowed=f"{low} to {high}")
        if self.src not in ("gen", "pbuf", "stream") and not self.images:
            raise ConfigError(repr(self.src), key="src", allowed="gen, pbuf, stream or img1 to img999")
        self._check_bytes()

    def _check_bytes(self) -> None:
        for key in ("ring", "per", "fillb", "pre"):
            if getattr(self, key) % FRAME_BYTES:
                raise ConfigError(f"{getattr(self, key)}", key=key, allowed="whole frames of 4 bytes")
        if self.per > self.ring:
            raise ConfigError(
                f"{self.per} in a ring of {self.ring} bytes", key="per", allowed="at most the ring"
            )
        if self.fillb > self.ring:
            raise ConfigError(f"{self.fillb}", key="fillb", allowed="at most the ring")
        if self.mode == "cap" and self.ack:
            raise ConfigError("1 with mode=cap", key="ack", allowed="0")

    @property
    def images(self) -> int:
        """Return how many lap images the source alternates, 0 for none."""
        number = self.src[3:] if self.src.startswith("img") else ""
        return int(number) if number.isdigit() and len(number) <= 3 else 0

    @property
    def ring_words(self) -> int:
        """Return the ring's length [words of four bytes]."""
        return self.ring // FRAME_BYTES

    @property
    def queued_bytes(self) -> int:
        """Return how much the user keeps queued at most [bytes]."""
        return self.fillb or self.ring


_CHOICES: dict[str, Sequence[Any]] = {
    "mode": ("play", "cap"),
    "dst": ("none", "pbuf", "stream"),
    "xkm": NOISE_KINDS,
    "xum": NOISE_KINDS,
    "flush": (0, 1, 2),
    **dict.fromkeys(("ack", "rmw", "exact", "uclean", "cswper"), (0, 1)),
}
# Addresses are regions of 256 MB; 2**31 ms is beyond any run and within int64.
_RANGES = {
    "ring": (16, NOISE_SPAN_BYTES),
    "per": (4, NOISE_SPAN_BYTES),
    "urb": (1, 1000),
    "rate": (1000, 768000),
    "ms": (1, 2**31),
    "fillb": (0, NOISE_SPAN_BYTES),
    "pre": (0, NOISE_SPAN_BYTES),
    "xk": (0, 65536),
    "xu": (0, 65536),
    "csw": (0, 1000),
    "seed": (0, 2**32 - 1),
    "warm": (0, 2**31),
    "kpage": (0, 255),
}


def parse_case(text: str) -> StreamCase:
    """Return the case a text such as ``geo=926-16-rr ring=4096 xk=8`` names.

    Raises
    ------
    ConfigError : unknown name, or a value that is not allowed.
    """
    given: dict[str, str] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if not equals or key in given:
            raise ConfigError("given twice" if equals else "no =", key=key, allowed="NAME=VALUE once")
        given[key] = value
    shape = _geometry(given)
    return StreamCase(geometry=shape, **{key: _value(key, value) for key, value in given.items()})


def _geometry(given: dict[str, str]) -> CacheGeometry:
    # Takes the words that belong to the geometry out of what was given.
    base = named_geometry(given.pop("geo")) if "geo" in given else CacheGeometry()
    changes: dict[str, Any] = {}
    for key, name in _GEOMETRY_KEYS.items():
        if key in given:
            value = given.pop(key)
            changes[name] = _replacement(value) if key == "repl" else _whole(key, value)
    for key in ("wa", "wt", "prefinv"):
        if changes.get(_GEOMETRY_KEYS[key], 0) not in (0, 1):
            raise ConfigError(f"{changes[_GEOMETRY_KEYS[key]]}", key=key, allowed="0 or 1")
    flags = {name: bool(changes[name]) for name in changes if name.startswith(("write_", "prefer_"))}
    return replace(base, **{**changes, **flags})


def _replacement(value: str) -> str:
    if value not in _REPLACEMENT:
        raise ConfigError(repr(value), key="repl", allowed=one_of(list(_REPLACEMENT)))
    return _REPLACEMENT[value]


def _whole(key: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigError(repr(value), key=key, allowed="a whole number") from None


def _value(key: str, value: str) -> Any:
    kinds = {item.name: item.type for item in fields(StreamCase) if item.name != "geometry"}
    if key not in kinds:
        allowed = one_of(["geo", *_GEOMETRY_KEYS, *kinds])
        raise ConfigError("no such parameter", key=key, allowed=allowed)
    if kinds[key] == "int":
        return _whole(key, value)
    if kinds[key] == "str":
        return value
    try:
        return float(value)
    except ValueError:
        raise ConfigError(repr(value), key=key, allowed="a number") from None
