"""Folders that this program makes and may clear: a mark in them says what for. What bears no mark is never touched."""

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.files.own_file import sync
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

MARK: Final = ".credence-folder"


@contextmanager
def cleared_folder(path: Path, use: str, *, own: Collection[str] | None = None) -> Iterator[None]:
    """Make a folder, or clear the one that was made for this ``use``, and hold it while it is worked in.

    ``own``: the names of all that we put in it; if it holds anything else, nothing is removed.

    Raises:
        InvalidInputError: ``configuration``; something is there that is not ours, or another process works in it.
            Nothing was touched.
    """
    descriptor = None
    try:
        try:
            descriptor = _hold(path, f"made by credence, which removes all that is in here: {use}\n".encode(), own)
            _clear(path)
        except OSError as error:
            raise InvalidInputError(Reason.CONFIGURATION, f"cannot work in {path}: {error.strerror}") from error
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill that bears the name ``path`` only when it is whole and on the disk; else it is removed.

    A kill leaves ``NAME.partial``, which the next try clears.

    Raises:
        InvalidInputError: ``configuration``; something has the name, or something that is not ours is at
            ``NAME.partial``. Nothing was touched.
    """
    _require_free(path)
    draft = path.with_name(path.name + ".partial")
    with cleared_folder(draft, f"what becomes {path.name}"):
        try:
            yield draft
            for one in (*draft.rglob("*"), draft):
                sync(one)
            _require_free(path)
            draft.rename(path)
        except BaseException:
            shutil.rmtree(draft)
            raise
        (path / MARK).unlink()
        sync(path)
        sync(path.parent)


def _require_free(path: Path) -> None:
    if os.path.lexists(path):
        raise InvalidInputError(Reason.CONFIGURATION, f"{path} exists already; choose another folder or remove it")


def _hold(path: Path, mark: bytes, own: Collection[str] | None) -> int:
    if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
        raise InvalidInputError(Reason.CONFIGURATION, f"{path} is not a folder that credence made; choose another one")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    others = _others(path)
    if others and not _is_marked(path, mark):
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"{path} holds something that credence did not make for this, so it is left alone; "
            "choose another folder or empty it",
        )
    strange = sorted(others - set(own)) if own is not None else []
    if strange:
        raise InvalidInputError(
            Reason.CONFIGURATION, f"{path} holds {strange[0]}, which credence did not make; move it away first"
        )
    descriptor = os.open(path / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not others:
            # a kill may have come between making it and writing it
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, mark, 0)
            os.fsync(descriptor)
    except BlockingIOError as error:
        os.close(descriptor)
        raise InvalidInputError(Reason.CONFIGURATION, f"another process works in {path}") from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _clear(path: Path) -> None:
    for name in _others(path):
        one = path / name
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one)
        else:
            one.unlink()


def _others(path: Path) -> set[str]:
    return set(os.listdir(path)) - {MARK}  # noqa: PTH208 - the names, not paths


def _is_marked(path: Path, mark: bytes) -> bool:
    file = path / MARK
    return not file.is_symlink() and file.is_file() and file.read_bytes() == mark
