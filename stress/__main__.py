# SPDX-License-Identifier: MIT
"""``python -m stress`` is the command ``pcmstress``."""

import sys

from stress.cli.main import main

sys.exit(main())
