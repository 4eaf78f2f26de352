# SPDX-License-Identifier: MIT
"""The exceptions of pcmstress.

::

    StressError
     |- ConfigError(ValueError)            a configuration or argument is wrong
     |- CaptureFileError(ValueError)       a WAV, raw file or record cannot be read
     |   `- StorageError                   a file cannot be written: disk full, I/O error, no inodes
     |- BackendUnavailable(ImportError)    a library or kernel feature is missing
     |- DeviceError(OSError)               the card or driver refused or failed
     |   |- DeviceBusy                     another program holds the card
     |   |- DeviceGone                     the card went away
     |   `- ParamsRefused                  the driver does not grant the hw_params
     |- StreamStateError                   a call in a state that does not allow it
     `- StreamTimeout                      the device stopped moving

Corruption and xruns are results, not exceptions. Examples: a typing error in a
plan is a ConfigError (exit 64); no such card is a DeviceError with ENODEV at
open (SKIP, exit 4); the same after streaming began is DeviceGone (exit 75); a
driver that hangs is a StreamTimeout (ERROR, exit 70).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence


class StressError(Exception):
    """Base of everything pcmstress raises on purpose."""


class ConfigError(StressError, ValueError):
    """A configuration or argument is wrong: where, which key, what is allowed."""

    def __init__(self, message: str, *, where: str = "", key: str = "", allowed: str = "") -> None:
        self.where, self.key, self.allowed = where, key, allowed
        place = ": ".join(part for part in (where, key) if part)
        text = f"{place}: {message}" if place else message
        super().__init__(f"{text} (allowed: {allowed})" if allowed else text)


class CaptureFileError(StressError, ValueError):
    """A capture file or a record cannot be read: the file and the reason."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


class StorageError(CaptureFileError):
    """A file cannot be written, for a reason of its file system: which one, and why.

    What was written before stays.
    """

    @classmethod
    def of(cls, path: str, error: OSError) -> StorageError:
        """Return the error of writing `path`, the file system named by where it is mounted."""
        place = os.path.dirname(os.path.abspath(path))
        while not os.path.ismount(place):
            place = os.path.dirname(place)
        return cls(path, f"cannot be written: {error.strerror} (file system mounted at {place})")


class BackendUnavailable(StressError, ImportError):
    """A library or kernel feature is missing: what, and what to install."""


class DeviceError(StressError, OSError):
    """The card or driver refused: the call, the device and the errno.

    Parameters
    ----------
    message : what happened and what to try.
    errno_ : the positive errno, or None where there is none.
    device : the PCM's name, e.g. ``hw:1,0 playback``.
    call : the libasound or kernel call that failed.
    """

    def __init__(self, message: str, *, errno_: int | None = None, device: str = "", call: str = "") -> None:
        self.device, self.call = device, call
        self.reason = message
        cause = f" ({call}: {os.strerror(errno_)})" if errno_ and call else ""
        self.text = f"{device}: {message}{cause}" if device else f"{message}{cause}"
        super().__init__(errno_, self.text)

    def __str__(self) -> str:
        return self.text


class DeviceBusy(DeviceError):
    """Another program holds the card."""


class DeviceGone(DeviceError):
    """The card went away."""


class ParamsRefused(DeviceError):
    """The driver does not grant the requested hw_params."""


class StreamStateError(StressError):
    """A call was made in a state that does not allow it."""


class StreamTimeout(StressError):
    """The device stopped moving within the time allowed."""


def near(given: str, known: Iterable[str]) -> str:
    """Return `` (did you mean ...?)`` with the nearest known word, "" where none is near."""
    # Loaded for a mistake only.
    import difflib

    match = difflib.get_close_matches(given, list(known), n=1)
    return f" (did you mean {match[0]}?)" if match else ""


def one_of(values: Sequence[object]) -> str:
    """Return the allowed values as error text: ``a, b or c``."""
    texts = [str(value) for value in values]
    if len(texts) < 2:
        return texts[0] if texts else "nothing"
    return f"{', '.join(texts[:-1])} or {texts[-1]}"
