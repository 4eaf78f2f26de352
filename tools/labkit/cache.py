# SPDX-License-Identifier: MIT
"""The cache outside the checkout: atomic builds under a lock, shared use."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.labkit.errors import LabError


def root() -> Path:
    """Return the cache directory, made when absent."""
    base = os.environ.get("PCMSTRESS_CACHE")
    if not base:
        home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        base = str(Path(home) / "pcmstress")
    path = Path(base).absolute() / "lab"
    path.mkdir(parents=True, exist_ok=True)
    return path


def key(*parts: object) -> str:
    """Return eight hex digits over everything a build depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:8]


def say(text: str) -> None:
    """Print one progress line on stderr."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Print what takes long, before and after, with the elapsed time [s]."""
    say(f"{text} ...")
    begin = time.monotonic()
    yield
    say(f"{text}: {time.monotonic() - begin:.1f} s")


@contextlib.contextmanager
def locked(name: str, *, shared: bool = False, wait: bool = True) -> Iterator[None]:
    """Hold the lock of an artifact: shared while a guest uses it, else alone.

    Raises LabError when `wait` is false and somebody else holds it.
    """
    path = root() / "locks" / name
    path.parent.mkdir(exist_ok=True)
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, mode | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not wait:
                raise LabError(f"{name} is in use by another tools/lab") from error
            say(f"waiting for another tools/lab to finish with {name}")
            fcntl.flock(handle, mode)
        yield


def artifact(name: str, build: Callable[[Path], None], *, force: bool = False) -> Path:
    """Return the directory `name`, built by `build(empty directory)` when absent.

    A build that fails leaves nothing, and one that is killed nothing that looks
    built: it happens in a directory of another name, which is renamed at the end.
    """
    path = root() / name
    if path.is_dir() and not force:
        return path
    with locked(name):
        if path.is_dir() and not force:
            return path
        for old in path.parent.glob(f"{name}.tmp*"):
            remove(old)
        fresh = path.with_name(f"{name}.tmp")
        fresh.mkdir()
        try:
            build(fresh)
        except BaseException:
            remove(fresh)
            raise
        if path.is_dir():
            path.rename(path.with_name(f"{name}.tmp-old"))
        fresh.rename(path)
        remove(path.with_name(f"{name}.tmp-old"))
    return path


def remove(path: Path) -> None:
    """Delete a tree when it exists, read-only directories included."""
    if not path.is_dir():
        return
    for folder, _, _ in os.walk(path):
        os.chmod(folder, 0o755)
    shutil.rmtree(path)


def size_bytes(path: Path) -> int:
    """Return what a tree occupies on disk [bytes]."""
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            total += os.lstat(os.path.join(folder, name)).st_blocks * 512
    return total
