# SPDX-License-Identifier: MIT
"""pcmstress probe --kernel-config: what a kernel lacks, and the lines to add."""

from __future__ import annotations

import json
import os
import re
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from stress.board import kernel
from stress.board.kernel_options import lacking
from stress.errors import ConfigError
from stress.model.words import counted
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse

RUNNING = "running"
# [bytes]. Source: those of distributions have 0.3 MB. Higher: a device without an end is read for long;
# lower: a real one is cut, and what stands behind the cut seems to be missing.
_LIMIT = 8 << 20
# What Kconfig writes at the top of a whole configuration; `make savedefconfig` and fragments have none.
_WHOLE = re.compile(r"^# (Automatically generated|Linux/.* Kernel Configuration)", re.MULTILINE)


def execute(args: argparse.Namespace) -> int:
    """Print the options that a kernel lacks; return 0.

    Raises
    ------
    ConfigError : there is no configuration to read, or the file is none.
    """
    text, where = _text(args.kernel_config)
    missing, more = lacking(text), [option for option in lacking(text, extra=True) if option.extra]
    console = Console(sys.stdout, sys.stderr)
    if args.json:
        named = [
            {"line": option.line, "without": option.why, "extra": option.extra} for option in missing + more
        ]
        console.line(json.dumps({"schema": "pcmstress/kernel-config/1", "from": where, "lacks": named}))
        return 0
    if not missing:
        console.line(f"{where}: has every option that a run uses")
    for title, options in (
        (f"lacks {counted(len(missing), 'option')}", missing),
        (f"lacks {counted(len(more), 'option')} that a bench adds", more),
    ):
        if options:
            console.line(f"{where} {title}:")
        for option in options:
            console.line(f"    {option.line:32}  # without: {option.why}")
    if not _WHOLE.search(text):
        console.line(f"{where} is a part of a configuration: what it does not name may be on by default")
    return 0


def _text(asked: str) -> tuple[str, str]:
    release = os.uname().release
    text = kernel.config_text(release) if asked == RUNNING else _text_of(Path(asked))
    where = f"the running kernel {release}" if asked == RUNNING else asked
    if "CONFIG_" not in text:
        raise ConfigError(
            "holds no kernel configuration",
            where=f"/proc/config.gz and /boot/config-{release}" if asked == RUNNING else asked,
            key="--kernel-config",
            allowed="a kernel with CONFIG_IKCONFIG_PROC, or the path of its .config or config.gz",
        )
    return text, where


def _text_of(path: Path) -> str:
    # A pipe or a device as well: --kernel-config <(ssh board cat /proc/config.gz)
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(path), key="--kernel-config"
        ) from error
    if data.startswith(b"\x1f\x8b"):
        data = _inflated(data, path)
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def _inflated(data: bytes, path: Path) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    try:
        text = inflate.decompress(data, _LIMIT)
    except zlib.error:
        return b""
    if not inflate.eof:
        # What stands behind the cut would seem to be missing from the kernel.
        raise ConfigError("ends before its end: copy it again", where=str(path), key="--kernel-config")
    return text
