# SPDX-License-Identifier: MIT
"""What was sent on the wire, kept for faults that bring it back."""

from __future__ import annotations

#: 10 s of two channels of S24_3LE at 96 kHz and more; older data reads as zeros.
KEPT_BYTES = 8 << 20


class History:
    """The last `kept` bytes of a stream, by absolute position; below 0 lie the streams before it.

    Threads: one.
    """

    def __init__(self, kept: int = KEPT_BYTES) -> None:
        self._kept = kept
        self._data = bytearray()
        self._base = 0

    def restart(self) -> None:
        """Begin another stream; its first byte has position 0."""
        excess = max(0, len(self._data) - self._kept)
        del self._data[:excess]
        self._base = -len(self._data)

    def append(self, data: bytes) -> None:
        """Add what was sent."""
        self._data += data
        # Trimmed at twice the size, so that the move is paid once in `kept` bytes.
        if len(self._data) > 2 * self._kept:
            excess = len(self._data) - self._kept
            del self._data[:excess]
            self._base += excess

    def read(self, start: int, count: int, earlier: bool = False) -> bytes:
        """Return `count` bytes from position `start`; zeros where nothing is kept.

        Parameters
        ----------
        earlier : the streams before this one count as well.
        """
        first = self._base if earlier else max(self._base, 0)
        missing = min(max(first - start, 0), count)
        at = start + missing - self._base
        found = bytes(self._data[at : at + count - missing])
        return bytes(missing) + found + bytes(count - missing - len(found))
