"""The one copy of the key ledger: JSON lines, replaced as a whole, so that no key outlives its erasure in it.

    {"format": "credence-keys/2", "ledger": id, "version": n, "quarantines": […]}
    [id, wrapped key]                      in hexadecimal, one line a key
    [id, wrapped key, number]              a key that is in that quarantine
    [id]                                   a tombstone: a key that was erased
    {"lines": how many of these, "mac": HMAC-SHA256 of all that is above}   under a key that comes from the passphrase

The keys are wrapped by the departments' own keys, so the copy opens nothing without the keystores and the passphrase.
"""

import fcntl
import hmac
import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from api.files.own_file import new_file
from api.vault.key_ledger import KeyLedger, KeySnapshot
from api.vault.quarantine import Quarantine, QuarantineState
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

FORMAT: Final = "credence-keys/2"
MAC_LABEL: Final = b"credence/key-copy"
_FAMILY: Final = "credence-keys/"
_MAX_HEAD: Final = 200
_HEAD: Final = re.compile(rb'\{"format": "credence-keys/[0-9]+", "ledger": "([0-9a-f]{32})", ')
"""How a copy of any format begins: what follows in its first line may be long."""


class KeyCopy:
    """Keeps the copy at ``path`` in step. ``mac_key``: ``Home.derived_key`` of ``MAC_LABEL``."""

    def __init__(self, path: Path, keys: KeyLedger, mac_key: bytes) -> None:
        self.path = path
        self._keys = keys
        self._mac_key = mac_key
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Replace the copy by what the ledger holds now.

        Raises:
            CredenceError: ``key_copy_failed``; the old copy is still there, or what is there is none of this ledger.
        """
        try:
            # read within the lock, so that no older state replaces a newer one
            with self._lock, _locked(self.path.with_name(self.path.name + ".lock")), self._keys.snapshot() as held:
                self._require_own(held.ledger)
                self._write(held)
        except OSError as error:
            raise CredenceError(
                Reason.KEY_COPY_FAILED, f"the copy of the key ledger at {self.path} is not written: {error.strerror}"
            ) from error

    def _write(self, held: KeySnapshot) -> None:
        with new_file(self.path, replace=True, forget=True) as file:
            mac = hmac.new(self._mac_key, digestmod=sha256)
            count = 0
            for count, line in enumerate(_lines(held)):  # noqa: B007 - the last one is how many keys there were
                mac.update(line)
                file.write(line)
            file.write(_line({"lines": count, "mac": mac.hexdigest()}))

    def _require_own(self, ledger: bytes) -> None:
        """Require that what would be overwritten is nothing, or a copy of this ledger."""
        if not os.path.lexists(self.path):
            return
        with self.path.open("rb") as file:
            head = file.read(_MAX_HEAD)
        named = _HEAD.match(head)
        if head and (named is None or named[1] != ledger.hex().encode()):
            raise CredenceError(
                Reason.KEY_COPY_FAILED,
                f"{self.path} is no copy of this key ledger, so it is not overwritten; name another file",
            )


@dataclass(frozen=True, slots=True)
class CopiedKeys:
    """A copy whose every byte was checked. ``lines``: how many keys and tombstones it holds."""

    ledger: bytes
    version: int
    lines: int
    quarantines: Sequence[Quarantine]
    _path: Path

    def rows(self) -> Iterator[tuple[bytes, bytes, int | None]]:
        """Yield id, wrapped key and the number of its quarantine, or None, of each key."""
        for key_id, *held in self._lines():
            if held:
                yield bytes.fromhex(key_id), bytes.fromhex(held[0]), held[1] if len(held) > 1 else None

    def erased(self) -> Iterator[bytes]:
        """Yield the ids of keys that were erased."""
        yield from (bytes.fromhex(key_id) for key_id, *held in self._lines() if not held)

    def _lines(self) -> Iterator[Any]:
        with self._path.open("rb") as file:
            next(file)
            for _ in range(self.lines):
                yield json.loads(next(file))


def read_key_copy(path: Path, mac_key: bytes) -> CopiedKeys:
    """Check a copy from its first byte to its last.

    Raises:
        InvalidInputError: ``configuration`` if there is none, ``backup_newer_format``, or ``key_copy_malformed``.
    """
    mac, last, head, count = hmac.new(mac_key, digestmod=sha256), b"", b"", -1
    try:
        with path.open("rb") as file:
            for line in file:
                mac.update(last)
                head, last, count = head or line, line, count + 1
        opening, closing = json.loads(head), json.loads(last)
        known = opening["format"]
        if known != FORMAT and str(known).startswith(_FAMILY):
            raise InvalidInputError(Reason.BACKUP_NEWER_FORMAT, f"{path} is of format {known}; use a newer version")
        whole = known == FORMAT and closing["lines"] == count - 1
        if not whole or not hmac.compare_digest(str(closing["mac"]), mac.hexdigest()):
            raise _malformed(path)
        quarantines = [_quarantine(one) for one in opening["quarantines"]]
        return CopiedKeys(bytes.fromhex(opening["ledger"]), int(opening["version"]), count - 1, quarantines, path)
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot read {path}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(path) from error


def _malformed(path: Path) -> InvalidInputError:
    return InvalidInputError(
        Reason.KEY_COPY_MALFORMED, f"{path} is no whole copy of a key ledger, or not under this passphrase"
    )


def _lines(held: KeySnapshot) -> Iterator[bytes]:
    quarantines = [
        {name: value.hex() if isinstance(value, bytes) else value for name, value in one.columns().items()}
        for one in held.quarantines
    ]
    opening = {"format": FORMAT, "ledger": held.ledger.hex(), "version": held.version, "quarantines": quarantines}
    yield _line(opening)
    for key_id, wrapped, quarantine in held.keys:
        kept = "" if quarantine is None else f", {quarantine}"
        yield f'["{key_id.hex()}", "{wrapped.hex()}"{kept}]\n'.encode()
    for key_id in held.erased:
        yield f'["{key_id.hex()}"]\n'.encode()


def _quarantine(noted: Any) -> Quarantine:  # noqa: ANN401 - JSON
    return Quarantine(
        int(noted["number"]),
        bytes.fromhex(noted["member"]),
        bytes.fromhex(noted["transaction"]),
        int(noted["block"]),
        int(noted["block_time"]),
        None if noted["key"] is None else bytes.fromhex(noted["key"]),
        QuarantineState(noted["state"]),
    )


def _line(value: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(value).encode() + b"\n"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
