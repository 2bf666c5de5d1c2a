"""Trust files, files of evidence and other documents on disk, where somebody named a place for them."""

from pathlib import Path
from typing import Final

from api.files.own_file import new_file
from ledger_node.domain.canonical import decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.reason import Reason

_MAX_BYTES: Final = 4 * 1024 * 1024


def read_file(path: Path) -> bytes:
    """Return the bytes of a file that somebody named, be it a pipe or a device; never more than the largest of ours.

    Raises:
        InvalidInputError: ``not_found`` or ``too_large``.
    """
    try:
        with path.open("rb") as file:
            # a pipe or a device has no size, so what is read is bounded and not what is said
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(Reason.NOT_FOUND, f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise InvalidInputError(Reason.TOO_LARGE, f"{path} is larger than {_MAX_BYTES} bytes; it is no such file")
    return content


def read_trust_file(path: Path) -> Trust:
    """Return the trust file at ``path``.

    Raises:
        InvalidInputError: it cannot be read, or is no trust file.
    """
    return Trust.from_json(decode(read_file(path)))


def write_file(path: Path, text: str, *, secret: bool = False) -> None:
    """Write a new file in one step; a secret one only its owner may read. The same once more changes nothing.

    Raises:
        InvalidInputError: ``configuration``; something else has the name, or nothing can be written there.
    """
    content = text.encode()
    try:
        with new_file(path, secret=secret) as file:
            file.write(content)
    except FileExistsError as error:
        if not _holds(path, content):
            raise InvalidInputError(
                Reason.CONFIGURATION, f"{path} exists already and is not overwritten; name another file"
            ) from error
    except BlockingIOError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"another process is writing {path}") from error
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"{path} cannot be written: {error.strerror}") from error


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
