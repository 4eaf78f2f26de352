"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stress.errors import CaptureFileError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole(path: str) -> Iterator[str]:
    """Give the path to write to; what is there appears as `path` when the block ends well.

    A device or a pipe is written to as it is.

    Raises
    ------
    CaptureFileError : it cannot be written; nothing of it is left behind then.
    """
    plain = os.path.isfile(path) or not os.path.lexists(path)
    part = f"{path}.part" if plain else path
    try:
        yield part
        if plain:
            os.replace(part, path)
    except BaseException as error:
        if plain:
            with contextlib.suppress(OSError):
                os.unlink(part)
        if isinstance(error, OSError):
            raise CaptureFileError(path, f"cannot be written: {error.strerror}") from None
        raise
