# SPDX-License-Identifier: MIT
"""What was sent on the wire, kept for faults that bring it back."""

from __future__ import annotations

#: 10 s of two channels of S24_3LE at 96 kHz and more; older data reads as zeros.
KEPT_BYTES = 8 << 20


class History:
    """The last `kept` bytes of a stream, by absolute position.

    Threads: one.
    """

    def __init__(self, kept: int = KEPT_BYTES) -> None:
        self._kept = kept
        self._data = bytearray()
        self._base = 0

    def clear(self) -> None:
        """Forget everything; the next byte has position 0."""
        self._data.clear()
        self._base = 0

    def append(self, data: bytes) -> None:
        """Add what was sent."""
        self._data += data
        # Trimmed at twice the size, so that the move is paid once in `kept` bytes.
        if len(self._data) > 2 * self._kept:
            excess = len(self._data) - self._kept
            del self._data[:excess]
            self._base += excess

    def read(self, start: int, count: int) -> bytes:
        """Return `count` bytes from position `start`; zeros where nothing is kept."""
        missing = min(max(self._base - start, 0), count)
        at = start + missing - self._base
        found = bytes(self._data[at : at + count - missing])
        return bytes(missing) + found + bytes(count - missing - len(found))
