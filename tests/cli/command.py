# SPDX-License-Identifier: MIT
"""A command as a user gives it, in this process: its exit status and what it printed."""

from __future__ import annotations

from stress.cli import main


def told(capsys, *argv):
    """Return exit status, stdout and stderr of one command; what was printed before is left out."""
    capsys.readouterr()
    try:
        status = main.main([str(part) for part in argv])
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def printed(capsys, *argv):
    """Return exit status and stdout of one command."""
    return told(capsys, *argv)[:2]
