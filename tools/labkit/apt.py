# SPDX-License-Identifier: MIT
"""Debian packages of any release and architecture, extracted without running them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.labkit import need
from tools.labkit.errors import LabError

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_BACKPORTS = "-backports"


def mirror() -> str:
    """Return the archive this machine's own apt uses (or PCMSTRESS_MIRROR).

    Raises LabError when apt knows no Debian archive.
    """
    given = os.environ.get("PCMSTRESS_MIRROR")
    if given:
        return given
    command = [
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI) $(SUITE) $(CODENAME)",
        "Created-By: Packages",
        "Origin: Debian",
        "Label: Debian",
        "Component: main",
    ]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"cannot ask apt for its archive: {error}") from error
    # Point releases only: an updates suite has the same address anyway.
    sites = [line.split()[0] for line in listed.splitlines() if line.strip()]
    if not sites:
        raise LabError("apt knows no Debian archive: run apt-get update, or set PCMSTRESS_MIRROR to one")
    return sites[0]


def sources(release: str) -> str:
    """Return the lines of sources.list: the main suite, and nothing that moves.

    A security suite in the middle of a synchronisation fails the whole call. What a
    package of "NAME-backports" depends on is in NAME: both have a line.
    """
    signed = f" [signed-by={_KEYRING}]" if Path(_KEYRING).exists() else ""
    suites = dict.fromkeys((release.removesuffix(_BACKPORTS), release))
    return "".join(f"deb{signed} {mirror()} {suite} main\n" for suite in suites)


def extract(release: str, arch: str, packages: Sequence[str], into: Path) -> None:
    """Unpack packages with all they depend on into a directory.

    No maintainer script runs, so no foreign code and no binfmt is needed. Files
    belong to the caller. Raises LabError with the reason apt gave.
    """
    need.require(need.USERLAND)
    slim = '--aptopt=APT::Install-Recommends "false"'
    command = [
        "mmdebstrap",
        "--variant=extract",
        "--format=tar",
        f"--architectures={arch}",
        f"--include={','.join(packages)}",
        slim,
        release,
        "-",
        "-",
    ]
    # Device nodes need root, and apt's own directories a user that may not exist later.
    untar = ["tar", "-x", "-C", str(into), "--no-same-owner", "--exclude=./dev/*", "--exclude=./var/cache"]
    log = into.with_name(into.name + ".apt.log")
    with log.open("w+b") as errors:
        maker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        unpacker = subprocess.Popen(untar, stdin=maker.stdout, stderr=errors)
        if maker.stdin is None or maker.stdout is None:
            raise LabError("no pipe to mmdebstrap")
        maker.stdout.close()
        maker.stdin.write(sources(release).encode())
        maker.stdin.close()
        failed = (unpacker.wait() != 0) | (maker.wait() != 0)
    text = log.read_text(errors="replace")
    log.unlink()
    if failed:
        raise LabError(f"Debian {release}/{arch} from {mirror()}: {reason(text)}")


def reason(log: str) -> str:
    """Return the lines of apt's and mmdebstrap's log that say what failed."""
    bad = [line.strip() for line in log.splitlines() if line.startswith(("E:", "Err:"))]
    return "; ".join(dict.fromkeys(bad)) or log.strip()[-400:] or "no message"
