# SPDX-License-Identifier: MIT
"""For pytest: write which functions of stress each test calls. ``-p tools.mutatekit.recorder``.

A call that several tests share counts for each of them: what a module calls while it is
imported, a fixture of wider scope while it is set up, and a cached function the first time.
Processes that a test starts are not looked into.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

# The file that is written, and the folder whose functions are recorded.
REACH, FOLDER = "MUTATE_REACH", "MUTATE_FOLDER"


class _Calls:
    """Code that was called, by its identity: to hash code is slow."""

    def __init__(self) -> None:
        self.now: dict[int, CodeType] = {}

    def trace(self, frame: FrameType, event: str, arg: Any) -> None:
        """Take one call; lines are not traced."""
        code = frame.f_code
        self.now[id(code)] = code

    def apart(self, bag: dict[int, CodeType], call: Callable[[], Any]) -> Any:
        """Make a call; what it calls is added to `bag` as well."""
        outer, self.now = self.now, {}
        try:
            return call()
        finally:
            bag.update(self.now)
            outer.update(self.now)
            self.now = outer


_CALLS = _Calls()
_real_cache = functools.lru_cache


def _told(function: Callable[..., Any], cached: Callable[[Callable[..., Any]], Any]) -> Any:
    # Each caller of a cached function reaches what its first caller reached.
    bag: dict[int, CodeType] = {}

    @functools.wraps(function)
    def first(*args: Any, **named: Any) -> Any:
        return _CALLS.apart(bag, lambda: function(*args, **named))

    inner = cached(first)

    @functools.wraps(function)
    def outer(*args: Any, **named: Any) -> Any:
        found = inner(*args, **named)
        _CALLS.now.update(bag)
        return found

    outer.cache_info, outer.cache_clear = inner.cache_info, inner.cache_clear  # type: ignore[attr-defined]
    return outer


def _lru_cache(maxsize: Any = 128, typed: bool = False) -> Any:
    if callable(maxsize):
        return _told(maxsize, _real_cache(128, typed))
    return lambda function: _told(function, _real_cache(maxsize, typed))


class Recorder:
    """Collects the calls of each test.

    Parameters
    ----------
    target : file that is written at the end.
    folder : whose functions are recorded.
    """

    def __init__(self, target: Path, folder: str) -> None:
        self._target, self._folder = target, folder
        self._imported: dict[int, CodeType] = {}
        self._fixtures: dict[str, dict[int, CodeType]] = {}
        self._tests: dict[str, dict[str, Any]] = {}

    def pytest_collection_finish(self) -> None:
        """Keep what the import of the tests called."""
        self._imported, _CALLS.now = _CALLS.now, {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Keep what a fixture of wider scope calls, for each test that asks for it."""
        outer, _CALLS.now = _CALLS.now, {}
        yield
        if fixturedef.scope != "function":
            self._fixtures.setdefault(fixturedef.argname, {}).update(_CALLS.now)
        outer.update(_CALLS.now)
        _CALLS.now = outer

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Keep what one test calls, and how long it takes."""
        _CALLS.now, began = {}, time.monotonic()
        yield
        called = dict(_CALLS.now)
        for name in item.fixturenames:
            called.update(self._fixtures.get(name, {}))
        entry = self._tests.setdefault(item.nodeid, {"passed": True})
        entry["seconds"] = round(time.monotonic() - began, 3)
        entry["calls"] = _places({**self._imported, **called}, self._folder)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep whether a test fails as the tree is: such a one proves nothing."""
        if report.failed:
            self._tests.setdefault(report.nodeid, {})["passed"] = False

    def pytest_sessionfinish(self) -> None:
        """Write what was kept."""
        sys.settrace(None)
        self._target.write_text(json.dumps(self._tests), encoding="utf-8")


def _places(called: dict[int, CodeType], folder: str) -> dict[str, list[int]]:
    # First lines of what was called, by module below the folder.
    out: dict[str, set[int]] = {}
    root = f"{folder}{os.sep}"
    for code in called.values():
        if code.co_filename.startswith(root):
            out.setdefault(code.co_filename[len(root) :], set()).add(code.co_firstlineno)
    return {module: sorted(lines) for module, lines in out.items()}


if REACH in os.environ:
    functools.lru_cache = _lru_cache
    functools.cache = lambda function: _lru_cache(None)(function)
    threading.settrace(_CALLS.trace)
    sys.settrace(_CALLS.trace)


def pytest_configure(config: Any) -> None:
    """Register the recorder where it is asked for."""
    if REACH in os.environ:
        config.pluginmanager.register(
            Recorder(Path(os.environ[REACH]), os.environ[FOLDER]), "mutate-recorder"
        )
