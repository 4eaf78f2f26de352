# SPDX-License-Identifier: MIT
"""Options and settings that reach beyond one folder of tests."""

from __future__ import annotations

import os

# As the command does, before numpy is loaded: idle algebra threads spin, and take from whoever
# shares the machine four times what a test needs itself.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Results are written as wide as they are: some runners set a width of their own.
os.environ.pop("COLUMNS", None)

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the modules that need it say so themselves
    pass
else:
    # How long an example takes says nothing: emulated ARM is many times slower. CI tries the
    # same examples every time; whoever develops meets new ones.
    settings.register_profile(
        "untimed",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=bool(os.environ.get("CI")),
    )
    settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption(
        "--lab", default="", metavar="BOARDS", help="boot these boards for tests/lab, e.g. x86_64,armv7"
    )
    parser.addoption(
        "--every-profile", action="store_true", help="with --lab: each profile of a device on each board"
    )
