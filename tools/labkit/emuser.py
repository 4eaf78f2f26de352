"""A userland of another architecture without a kernel: qemu-user."""

from __future__ import annotations

from collections.abc import Sequence


def run(userland: str, argv: Sequence[str]) -> int:
    """Run `argv` in a userland of another architecture."""
    raise NotImplementedError
