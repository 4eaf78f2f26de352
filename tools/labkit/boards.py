# SPDX-License-Identifier: MIT
"""Board descriptions: one small TOML file per virtual board.

``base = "other"`` takes every key of another board; the file's own keys win.
"""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Any, TypeVar

from stress.errors import ConfigError, one_of
from stress.settings import find

PROJECT = Path(__file__).resolve().parents[2]
CONFIGS = PROJECT / "configs" / "lab"


@dataclasses.dataclass(frozen=True)
class Emulator:
    """The QEMU binary: `program` on PATH, or what `builder` makes.

    `builder` is an import path ``package.module:function``; the function gets the
    cache directory and a force flag and returns the path of the binary.
    `virtual_time` are the arguments that make the guest's clock follow the
    instructions it executes: a busy host then causes no xrun.
    """

    program: str = ""
    package: str = ""
    builder: str = ""
    args: tuple[str, ...] = ()
    virtual_time: tuple[str, ...] = ()
    env: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A distribution kernel (`package`) or one built from a `source` package.

    `release` names the Debian release of the source package where it is not the
    userland's. `fragments` are files of configuration after `fragment`, `patches`
    files for ``patch -p1``, applied in this order; both are paths from the checkout.
    """

    package: str = ""
    source: str = ""
    arch: str = ""
    cross: str = ""
    defconfig: str = ""
    fragment: str = ""
    image: str = ""
    dtb: str = ""
    append: str = ""
    release: str = ""
    fragments: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Userland:
    """A Debian release, architecture and packages; `trim`: globs an initramfs omits."""

    release: str = ""
    arch: str = ""
    packages: tuple[str, ...] = ()
    trim: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Boot:
    """How the guest starts; with root ``initramfs`` it has serial ports only.

    `bus` is where virtio devices sit; `drivers` are loaded before the root is
    mounted, `modules` before the command runs; `timeout_s` limits a whole run [s].
    """

    root: str = "9p"
    bus: str = "pci"
    console: str = "ttyAMA0"
    drivers: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    timeout_s: int = 600


@dataclasses.dataclass(frozen=True)
class Board:
    """One virtual board."""

    name: str
    title: str = ""
    emulator: Emulator = Emulator()
    kernel: Kernel = Kernel()
    userland: Userland = Userland()
    boot: Boot = Boot()


_SECTIONS = {"emulator": Emulator, "kernel": Kernel, "userland": Userland, "boot": Boot}
_ALLOWED = {"root": ("9p", "initramfs"), "bus": ("pci", "mmio")}
# Without these no guest can start; one_of() would need a default that means "unset".
_REQUIRED = {"userland": ("release", "arch"), "boot": ("console",)}
_T = TypeVar("_T")


def names(configs: Path = CONFIGS) -> list[str]:
    """Return the names of all described boards, sorted."""
    return sorted(path.stem for path in configs.glob("*.toml"))


def load(name: str, configs: Path = CONFIGS) -> Board:
    """Read a board description; ConfigError names file, key and what is allowed."""
    data = _merged(name, configs, ())
    where = str(configs / f"{name}.toml")
    _known(data, ["title", *_SECTIONS], where, "")
    parts: dict[str, Any] = {
        key: _section(cls, data.get(key, {}), where, key) for key, cls in _SECTIONS.items()
    }
    board = Board(name=name, title=_typed(data.get("title", ""), "str", where, "title"), **parts)
    _complete(board, where)
    return board


def _merged(name: str, configs: Path, seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise ConfigError(f"boards inherit in a circle: {' -> '.join((*seen, name))}", key="base")
    if name not in names(configs):
        raise ConfigError(
            f"no board {name!r}{_meant(name, names(configs))}",
            where=str(configs),
            allowed=one_of(names(configs) or ["none described"]),
        )
    data, _ = find.load("lab", str(configs / f"{name}.toml"))
    base = data.pop("base", None)
    if base is None:
        return data
    merged = _merged(_typed(base, "str", str(configs / f"{name}.toml"), "base"), configs, (*seen, name))
    for key, value in data.items():
        inherits = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if inherits else value
    return merged


def _section(cls: type[_T], data: object, where: str, name: str) -> _T:
    if not isinstance(data, dict):
        raise ConfigError("must be a table", where=where, key=name)
    kinds = {field.name: str(field.type) for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    _known(data, list(kinds), where, name)
    return cls(**{key: _typed(value, kinds[key], where, f"{name}.{key}") for key, value in data.items()})


def _known(data: dict[str, Any], allowed: list[str], where: str, prefix: str) -> None:
    for key in data:
        if key not in allowed:
            full = f"{prefix}.{key}" if prefix else key
            raise ConfigError(
                f"unknown key{_meant(key, allowed)}", where=where, key=full, allowed=one_of(allowed)
            )


def _meant(word: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(word, allowed, 1)
    return f", did you mean {close[0]!r}?" if close else ""


def _typed(value: Any, kind: str, where: str, key: str) -> Any:
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    table = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    good = {
        "str": isinstance(value, str),
        "int": type(value) is int and value > 0,
        "tuple[str, ...]": texts,
        "dict[str, str]": table,
    }[kind]
    if not good:
        wanted = {
            "str": "a text",
            "int": "a whole number above 0",
            "tuple[str, ...]": "a list of texts",
            "dict[str, str]": "a table of texts",
        }[kind]
        raise ConfigError(f"is {value!r}", where=where, key=key, allowed=wanted)
    choices = _ALLOWED.get(key.partition(".")[2])
    if choices and value not in choices:
        raise ConfigError(f"is {value!r}", where=where, key=key, allowed=one_of(choices))
    return tuple(value) if texts else value


def _complete(board: Board, where: str) -> None:
    for section, keys in _REQUIRED.items():
        for key in keys:
            if not getattr(getattr(board, section), key):
                raise ConfigError("is missing", where=where, key=f"{section}.{key}")
    for section, pair in {"emulator": ("program", "builder"), "kernel": ("package", "source")}.items():
        given = [key for key in pair if getattr(getattr(board, section), key)]
        if len(given) != 1:
            raise ConfigError(
                f"has {len(given)} of them",
                where=where,
                key=section,
                allowed=f"exactly one of {one_of(pair)}",
            )
