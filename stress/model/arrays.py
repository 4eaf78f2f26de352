# SPDX-License-Identifier: MIT
"""The kinds of array everybody speaks of, each named once; shapes stand in the docstrings.

They are texts, so that naming a kind of array needs no numpy: the type checker reads
them, and numpy before 1.21 has no types of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import TypeAlias

Array: TypeAlias = "NDArray[Any]"  #: of any kind
Bytes: TypeAlias = "NDArray[np.uint8]"  #: audio as it lies in memory, or one small number each
Flags: TypeAlias = "NDArray[np.bool_]"
Int8s: TypeAlias = "NDArray[np.int8]"
Shorts: TypeAlias = "NDArray[np.int16]"
Halves: TypeAlias = "NDArray[np.uint16]"  #: halves of pattern words
Words: TypeAlias = "NDArray[np.uint32]"  #: pattern words, positions modulo 2^32
Samples: TypeAlias = "NDArray[np.int32]"  #: samples of any format
LineNumbers: TypeAlias = "NDArray[np.int32]"  #: numbers of cache lines
Ints: TypeAlias = "NDArray[np.int64]"  #: frames, positions, lags, places, times
Integers: TypeAlias = "NDArray[np.signedinteger[Any]]"  #: signed, of any width
Indices: TypeAlias = "NDArray[np.intp]"
Signal: TypeAlias = "NDArray[np.float32]"  #: audio in floating point, full scale is 1
Floats: TypeAlias = "NDArray[np.float64]"
Spectrum: TypeAlias = "NDArray[np.complexfloating[Any, Any]]"
