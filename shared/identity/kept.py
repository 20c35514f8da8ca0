"""Small files that are made once and then kept: secrets and keys of a development machine."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a file that only its owner may read; made at first use, the same for all who race to make it."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # somebody else was first: theirs counts
            os.link(temporary, path)  # unlike a rename, never replaces
    finally:
        Path(temporary).unlink()
    return path.read_bytes()
