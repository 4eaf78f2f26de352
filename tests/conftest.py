"""Options and settings that reach beyond one folder of tests."""

from __future__ import annotations

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # the modules that need it say so themselves
    pass
else:
    # How long an example takes says nothing: emulated ARM is many times slower.
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption(
        "--lab", default="", metavar="BOARDS", help="boot these boards for tests/lab, e.g. x86_64,armv7"
    )
