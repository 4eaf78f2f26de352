# SPDX-License-Identifier: MIT
"""C functions by name for `stress.pcm.alsa._lib`: every call is kept, and answered as a test says."""

from __future__ import annotations

import ctypes


class Library:
    """C functions by name: each call is kept, and answers what the test says.

    An answer is a number, or a function of the arguments. Out-parameters are kept as "out", structures
    as their size.
    """

    def __init__(self, **answers):
        self.answers, self.calls = answers, []

    def __getitem__(self, symbol):
        def function(*arguments):
            self.calls.append((symbol, *map(_plain, arguments)))
            answer = self.answers.get(symbol, 0)
            return answer(*arguments) if callable(answer) else answer

        return function


def _plain(argument):
    if hasattr(argument, "_obj"):
        return "out"
    if isinstance(argument, ctypes.Array):
        return f"block of {len(argument)}"
    return argument.value if isinstance(argument, ctypes._SimpleCData) else argument


def writes(error, *values, at=0):
    # A C function that fills its out-parameters from the argument `at` on.
    def function(*arguments):
        for argument, value in zip(arguments[at:], values):
            argument._obj.value = value
        return error

    return function


def made(kind, **answers):
    library = kind.__new__(kind)
    library._c = Library(**answers)
    return library, library._c.calls
