"""Files that appear whole or not at all, that survive a crash once they are there, and that take no other file's place.

Before it bears its name a file is written beside it as ``.NAME.credence.partial``. Only this program gives such names,
so what is found there is a rest of ours.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

_ZEROS: Final = bytes(1 << 20)
_SECRET: Final = 0o600
_PUBLIC: Final = 0o644


def partial_of(path: Path) -> Path:
    """Return where a file is written before it bears its name."""
    return path.with_name(f".{path.name}.credence.partial")


@contextmanager
def new_file(
    path: Path, *, replace: bool = False, forget: bool = False, secret: bool = True, wait: bool = False
) -> Iterator[BinaryIO]:
    """Give a file to write that bears the name ``path`` only when it is whole and on the disk.

    Whatever ends the process before leaves ``path`` as it was, and a rest that the next try removes.

    Args:
        path: the name that the file gets.
        replace: what has the name is ours, as the caller has seen, and goes.
        forget: it is overwritten with zeros when it has the name no longer.
        secret: only the owner may read the new one.
        wait: wait for another process that writes it.

    Raises:
        OSError: it cannot be written; ``FileExistsError`` without ``replace``, ``BlockingIOError`` while another
            process writes it.
    """
    if not replace and os.path.lexists(path):
        raise FileExistsError(path)
    partial = partial_of(path)
    with os.fdopen(_open_alone(partial, _SECRET if secret else _PUBLIC, wait=wait), "r+b") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            old = path.open("r+b") if forget and path.exists() else None
            if replace:
                partial.replace(path)
            else:
                _give_name(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
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


def _open_alone(partial: Path, mode: int, *, wait: bool) -> int:
    """Make the file and lock it; a rest that a process left behind which is gone is removed first."""
    how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    while True:
        is_new = False
        with suppress(FileExistsError):
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            is_new = True
        if not is_new:
            try:
                descriptor = os.open(partial, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                continue
        try:
            fcntl.flock(descriptor, how)
            # between making and locking it, whoever found it could take it for a rest
            is_here = _is_at(descriptor, partial)
            if is_here and is_new:
                return descriptor
            if is_here:
                # not emptied: a kill while it got its name may have left it as a second name of a whole file
                partial.unlink()
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _give_name(partial: Path, path: Path) -> None:
    """Rename a file unless something has the name: a rename of the system would replace it."""
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        raise
    except OSError:
        # there are file systems without hard links; there the name is taken first
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _SECRET))
        partial.rename(path)
    else:
        partial.unlink()


def _overwrite(file: BinaryIO) -> None:
    left = os.fstat(file.fileno()).st_size
    while left > 0:
        left -= file.write(_ZEROS[:left])
    file.flush()
    os.fsync(file.fileno())
