# SPDX-License-Identifier: MIT
"""Run the softcard command line."""

from __future__ import annotations

import sys

from tools.softcardkit.cli import main

sys.exit(main())
