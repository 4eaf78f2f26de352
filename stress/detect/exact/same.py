"""Compare and search bytes at the speed of the C library.

ctypes calls memcmp without a temporary and without the interpreter lock;
numpy's own comparison writes a byte of result per element first.
"""

from __future__ import annotations

import ctypes
from ctypes import addressof
from functools import lru_cache
from typing import Any

from stress.model.arrays import Bytes

from_buffer: Any = ctypes.c_char.from_buffer


class Memory:
    """The two functions of the C library that the fast path needs."""

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


@lru_cache(maxsize=1)
def memory() -> Memory:
    """Return the functions, looked up once per process."""
    return Memory()


def address(array: Bytes) -> int:
    """Return the address of the first byte; the caller keeps the array alive."""
    try:
        # A fifth of the time of `array.ctypes.data`, which builds an object first.
        return addressof(from_buffer(array))
    except (TypeError, ValueError):  # read-only or empty
        if not array.flags.c_contiguous:
            raise ValueError("frames must lie in one piece") from None
        return int(array.ctypes.data)
