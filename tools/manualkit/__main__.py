# SPDX-License-Identifier: MIT
"""tools/manual [DIR]: write man pages and completion into DIR (default build/manual)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from stress.cli.options import parser
from tools.manualkit import completion, man
from tools.manualkit.commands import commands_of


def files() -> dict[str, str]:
    """Return every file by its path below the output directory."""
    top = parser()
    commands = commands_of(top)
    pages = {f"man/man1/{name}.1": text for name, text in man.pages(top, commands).items()}
    return {
        **pages,
        "bash-completion/completions/pcmstress": completion.bash(top, commands),
        "zsh/site-functions/_pcmstress": completion.zsh(commands),
        "fish/vendor_completions.d/pcmstress.fish": completion.fish(commands),
    }


def main() -> int:
    """Write the files; return 0."""
    options = argparse.ArgumentParser(prog="tools/manual", description=__doc__)
    options.add_argument("directory", nargs="?", default="build/manual", help="like /usr/share")
    folder = Path(options.parse_args().directory)
    for name, text in files().items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {len(files())} files below {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
