"""Compare and search bytes at the speed of the C library.

ctypes calls memcmp without a temporary and without the interpreter lock;
numpy's own comparison writes a byte of result per element first.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]


NEAR_BYTES = 1 << 13


class Memory:
    """The three functions of the C library that the fast path needs."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None)
        self.memcmp: Any = libc.memcmp
        self.memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
        self.memcmp.restype = ctypes.c_int
        self.memmem: Any = libc.memmem
        self.memmem.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t)
        self.memmem.restype = ctypes.c_void_p

    def same(self, a: Bytes, b: Bytes) -> bool:
        """Tell whether two C-contiguous arrays of one size are equal.

        Raises
        ------
        ValueError : the sizes differ; nothing is ever compared in part.
        """
        if a.nbytes != b.nbytes:
            raise ValueError(f"{a.nbytes} bytes cannot equal {b.nbytes} bytes")
        return not self.memcmp(address(a), address(b), a.nbytes)

    def same_at(self, a: int, b: int, size: int) -> bool:
        """Tell whether `size` bytes at two addresses are equal."""
        return not self.memcmp(a, b, size)

    def find(self, where: Bytes, what: Bytes) -> int | None:
        """Return the offset of the first `what` in `where` [bytes], if any."""
        # Right bursts begin within the first few thousand bytes, where bytes.find is quicker.
        early = where[:NEAR_BYTES].tobytes().find(what.tobytes())
        if early >= 0:
            return early
        start = address(where)
        at = self.memmem(start, where.nbytes, address(what), what.nbytes)
        return None if at is None else int(at) - start


@lru_cache(maxsize=1)
def memory() -> Memory:
    """Return the functions, looked up once per process."""
    return Memory()


def address(array: Bytes) -> int:
    """Return the address of the first byte; the caller keeps the array alive."""
    # A third of the time of `array.ctypes.data`, which builds an object first.
    if array.flags.writeable and array.size:
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    return int(array.ctypes.data)
