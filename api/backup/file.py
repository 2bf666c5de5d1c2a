"""Files that appear whole or not at all, for their owner alone, and that survive a crash once they are there."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_ZEROS: Final = bytes(1 << 20)


@contextmanager
def new_file(path: Path, *, replace: bool = False) -> Iterator[BinaryIO]:
    """Give a file to write that bears the name ``path`` only when it is whole and on the disk.

    Whatever ends the process before leaves ``path`` as it was, and a file ``NAME.partial`` that the next try
    overwrites. ``replace``: what had the name before is overwritten with zeros when it has it no longer.

    Raises:
        OSError: it cannot be written; ``FileExistsError`` without ``replace``, ``BlockingIOError`` while another
            process writes it.
    """
    if not replace and path.exists():
        raise FileExistsError(path)
    partial = path.with_name(path.name + ".partial")
    with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate()
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            partial.unlink()
            raise
        old = path.open("r+b") if replace and path.exists() else None
        partial.rename(path)
        sync(path.parent)
    if old is not None:
        with old:
            _overwrite(old)


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _overwrite(file: BinaryIO) -> None:
    left = os.fstat(file.fileno()).st_size
    while left > 0:
        left -= file.write(_ZEROS[:left])
    file.flush()
    os.fsync(file.fileno())
