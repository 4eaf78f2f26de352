# SPDX-License-Identifier: MIT
"""What ends a lab command early, with its exit code."""

from __future__ import annotations

EX_SKIP = 4
EX_USAGE = 64
EX_BROKEN = 70
EX_TIMEOUT = 124


class LabError(Exception):
    """The lab itself is broken: a build, a download or the emulator failed."""

    code = EX_BROKEN


class BuildKilled(LabError):
    """A signal ended a step of a build: what is built is not at fault."""


class MissingPrograms(LabError):
    """Something that must be installed on this machine is not there."""

    code = EX_SKIP


class LabUsage(LabError):
    """The command line asks for something that does not exist."""

    code = EX_USAGE
