# SPDX-License-Identifier: MIT
"""pcmstress probe --kernel-config: what a kernel lacks, and the lines to add."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stress.board import kernel
from stress.board.kernel_options import lacking
from stress.board.text import text_of
from stress.errors import ConfigError
from stress.model.words import counted
from stress.report.console import Console

if TYPE_CHECKING:
    import argparse

RUNNING = "running"


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
    for title, options in (("lacks", missing), ("a bench would add", more)):
        if options:
            console.line(f"{where} {title} {counted(len(options), 'option')}:")
        for option in options:
            console.line(f"    {option.line:32}  # without: {option.why}")
    return 0


def _text(asked: str) -> tuple[str, str]:
    release = os.uname().release
    text = kernel.config_text(release) if asked == RUNNING else text_of(Path(asked))
    where = f"the running kernel {release}" if asked == RUNNING else asked
    if "CONFIG_" not in text:
        raise ConfigError(
            "holds no kernel configuration",
            where=f"/proc/config.gz and /boot/config-{release}" if asked == RUNNING else asked,
            key="--kernel-config",
            allowed="a kernel with CONFIG_IKCONFIG_PROC, or the path of its .config",
        )
    return text, where
