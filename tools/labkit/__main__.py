# SPDX-License-Identifier: MIT
"""The command line of tools/lab."""

from __future__ import annotations

import sys

from tools.labkit import command

if __name__ == "__main__":
    sys.exit(command.main(sys.argv[1:]))
