# SPDX-License-Identifier: MIT
"""Find a configuration by name or path, in a checkout, a wheel or a zipapp."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any

from stress.errors import BackendUnavailable, ConfigError, near, one_of

# Larger than any sensible configuration; keeps a wrong path (/dev/zero) from filling memory.
LARGEST_BYTES = 1 << 20
# TOML is for people; the one file for boards carries JSON, which every Python reads.
_SUFFIXES = (".toml", ".json")


def _home() -> Any:
    # A wheel and a zipapp carry configs/ inside the package; a checkout has it beside.
    packaged = resources.files("stress").joinpath("configs")
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[2] / "configs"


def _shipped(kind: str) -> dict[str, Any]:
    folder = _home().joinpath(kind)
    # What is listed is there: zipfile.Path.is_file of Python 3.9 says so of any name.
    entries = folder.iterdir() if folder.is_dir() else ()
    return {entry.name[:-5]: entry for entry in entries if entry.name.endswith(_SUFFIXES)}


def names(kind: str) -> list[str]:
    """Return the names of the shipped configurations of `kind` ("boards", "plans")."""
    return sorted(_shipped(kind))


def load(kind: str, name: str) -> tuple[dict[str, Any], str]:
    """Return the table called `name`, and where it was found.

    Parameters
    ----------
    kind : "boards" or "plans".
    name : a shipped name ("arm926"), or the path of a .toml or .json file.

    Raises
    ------
    ConfigError : no such name or file, unreadable, or not TOML/JSON.
    """
    shipped = _shipped(kind)
    if name in shipped:
        where = str(shipped[name].name)
        return _parse(shipped[name].read_bytes(), where), where
    if os.sep not in name and not name.endswith((".toml", ".json")):
        known = sorted(shipped)
        raise ConfigError(
            f"no {kind[:-1]} called {name!r}{near(name, known)}",
            allowed=f"{one_of(known)}, or the path of a .toml file",
        )
    return _parse(_read_file(name), name), name


def _read_file(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=path) from None
    if len(data) > LARGEST_BYTES:
        raise ConfigError(f"is larger than {LARGEST_BYTES} bytes", where=path)
    return data


def _parse(data: bytes, where: str) -> dict[str, Any]:
    # Names are listed without it: --help starts fast on a slow board.
    import json

    try:
        text = data.decode("utf-8")
        values = json.loads(text) if where.endswith(".json") else _toml(text)
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", where=where) from None
    except ValueError as error:
        raise ConfigError(f"cannot be parsed: {error}", where=where) from None
    except RecursionError:
        raise ConfigError("is nested too deeply", where=where) from None
    if not isinstance(values, dict):
        raise ConfigError("is not a table", where=where)
    return values


def _toml(text: str) -> dict[str, Any]:
    try:
        import tomllib  # novm
    except ImportError:
        try:
            import tomli as tomllib  # type: ignore[no-redef]
        except ImportError:
            raise BackendUnavailable(
                "reading TOML needs Python 3.11 or the package tomli (python3-tomli); "
                "a .json file of the same content works without"
            ) from None
    return tomllib.loads(text)
