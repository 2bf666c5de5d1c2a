"""The container of a backup: a gzipped tar inside an age file, written and read as a stream.

Anybody opens one without us: ``age -d -i IDENTITY FILE | tar xz``. The last member is a manifest of the SHA-256 of all
others; age's own tags let no byte be changed or cut off.
"""

import os
import tarfile
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, BinaryIO, Final

import pyrage

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_PIECE: Final = 1 << 16
_LEVEL: Final = 1
_GZIP: Final = 31
_BLOCK: Final = tarfile.BLOCKSIZE


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A file to pack: its name in the archive, its size, and its bytes in pieces."""

    name: str
    size: int
    pieces: Iterable[bytes]

    @classmethod
    def of(cls, name: str, content: bytes) -> "ArchiveEntry":
        """Return an entry of some bytes."""
        return cls(name, len(content), (content,))


def recipient_of(text: str) -> pyrage.x25519.Recipient:
    """Read the public half of an identity.

    Raises:
        InvalidInputError: ``configuration``.
    """
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise InvalidInputError(
            Reason.CONFIGURATION, "a recipient is the age1… line that credence backup-identity printed"
        ) from error


def identities_of(text: str) -> list[pyrage.x25519.Identity]:
    """Read an identity file of age: lines AGE-SECRET-KEY-1…, and comments.

    Raises:
        InvalidInputError: ``configuration``; the words show nothing of the file.
    """
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise InvalidInputError(
            Reason.CONFIGURATION, "the identity file holds no AGE-SECRET-KEY-1… line, or something else beside it"
        ) from None
    return found


def new_identity() -> tuple[str, str]:
    """Return the text of a new identity file, and its recipient."""
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    return f"# recipient: {recipient}\n{identity}\n", recipient


def write_archive(
    file: BinaryIO, entries: Iterable[ArchiveEntry], recipients: Sequence[pyrage.x25519.Recipient]
) -> None:
    """Pack ``entries`` for ``recipients``; what an entry raises comes out as it is."""
    reader = _Reader(_gzipped(_tarred(entries)))
    try:
        pyrage.encrypt_io(reader, file, recipients)
    except Exception:
        if reader.error is not None:
            raise reader.error from None
        raise


@contextmanager
def read_archive(path: Path, identities: Sequence[pyrage.x25519.Identity]) -> Iterator[Iterator[ArchiveEntry]]:
    """Give the entries of an archive one after the other; each must be read before the next.

    Raises:
        InvalidInputError: ``configuration`` if there is none, ``backup_other_recipient`` or ``backup_malformed``.
    """
    try:
        source = path.open("rb")
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot read {path}: {error.strerror}") from error
    reading, writing = os.pipe()
    failed: list[Exception] = []

    def decrypt() -> None:
        try:
            with os.fdopen(writing, "wb") as sink:
                pyrage.decrypt_io(source, sink, identities)
        except Exception as error:  # noqa: BLE001 - whoever reads at the other end raises it
            failed.append(error)

    thread = threading.Thread(target=decrypt, name="decrypt", daemon=True)
    thread.start()
    try:
        with source, os.fdopen(reading, "rb") as plain, tarfile.open(fileobj=plain, mode="r|gz") as tar:
            yield _entries(tar)
            # age says only at its end that nothing was cut off
            while plain.read(_PIECE):
                pass
    except (tarfile.TarError, EOFError, zlib.error) as error:
        thread.join()
        raise _refusal(path, failed) from error
    finally:
        thread.join()
    if failed:
        raise _refusal(path, failed)


def _refusal(path: Path, failed: Sequence[Exception]) -> InvalidInputError:
    if failed and isinstance(failed[0], pyrage.DecryptError) and "No matching keys" in str(failed[0]):
        return InvalidInputError(
            Reason.BACKUP_OTHER_RECIPIENT, f"{path} was made for another identity than the one given"
        )
    return InvalidInputError(Reason.BACKUP_MALFORMED, f"{path} is no backup, or was cut off or altered")


def _entries(tar: tarfile.TarFile) -> Iterator[ArchiveEntry]:
    for member in tar:
        content = tar.extractfile(member)
        if content is None:
            raise tarfile.TarError
        yield ArchiveEntry(member.name, member.size, _pieces(content))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes in pieces."""
    with path.open("rb") as file:
        yield from _pieces(file)


def _tarred(entries: Iterable[ArchiveEntry]) -> Iterator[bytes]:
    for entry in entries:
        info = tarfile.TarInfo(entry.name)
        info.size, info.mode = entry.size, 0o600
        yield info.tobuf(tarfile.PAX_FORMAT)
        yield from entry.pieces
        yield bytes(-entry.size % _BLOCK)
    yield bytes(2 * _BLOCK)


def _gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


class _Reader:
    """An iterator of bytes as a file that ``read`` takes from; ``error``: what it raised."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, and none at the end."""
        try:
            while not self._held:
                self._held = next(self._pieces)
        except StopIteration:
            return b""
        except BaseException as error:
            self.error = error
            raise
        piece, self._held = self._held[:size], self._held[size:]
        return piece


def digest_of(pieces: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of some pieces."""
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()
