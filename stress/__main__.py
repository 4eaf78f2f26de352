"""``python -m stress`` is the command ``pcmstress``."""

import sys

from stress.cli import main

sys.exit(main())
