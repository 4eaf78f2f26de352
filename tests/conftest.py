"""Options that reach beyond one folder of tests."""

from __future__ import annotations


def pytest_addoption(parser):
    parser.addoption(
        "--lab", default="", metavar="BOARDS", help="boot these boards for tests/lab, e.g. x86_64,armv7"
    )
