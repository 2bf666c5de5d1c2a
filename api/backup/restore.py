"""Restoring an instance from a backup and the copy of its key ledger: whole or not at all.

Everything is written to HOME.partial, a folder of ours, and moved to its name when every byte was checked and is on
the disk; a store in a database is loaded in one transaction, which ends last. Only keys that the restored store names
are taken over: a key that nothing here names could only open what a newer copy of the store holds, and an erasure here
would not find it.
Tombstones of erased keys are all taken over: an older store names them, and they stay erased.
"""

import hmac
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyrage
from sqlalchemy import Connection

from api.backup.archive import ArchiveEntry, read_archive
from api.backup.content import CHAIN, FILE_LABEL, FORMAT_FILE, HOME, MAC, MANIFEST, SEALED, Manifest, require_format
from api.backup.table_dump import FOLDER, load_portion, newer, restart_numbers, store_tables
from api.files.own_folder import new_folder
from api.home.home import Home, write_private
from api.instance.chain_copy import Head
from api.instance.store_place import write_place
from api.services.erasure.erasure import unlink_erased
from api.storage.database import Store, chunks
from api.vault.cipher import key_ids_of, unseal
from api.vault.key_copy import MAC_LABEL, CopiedKeys, read_key_copy
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

_GENERATION: Final = 1 << 32
_MAX_SMALL: Final = 16 << 20
_SAFE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


@dataclass(frozen=True, slots=True)
class Copies:
    """What to restore from. ``chain``: a chain that survived and went on; ``old_keys``: take an older key copy."""

    backup: Path
    identities: list[pyrage.x25519.Identity] = field(repr=False)
    keys: Path
    passphrase: str = field(repr=False)
    chain: Path | None = None
    old_keys: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where to restore to.

    ``open_store``: opens the empty store of a home; ``open_keys``: its empty key ledger, under the id and version
    given; ``place_chain``: checks a chain file that survived, (file, genesis, newest block of the backup), and copies
    it to its place.
    """

    home: Home
    open_store: Callable[[Home], Store]
    open_keys: Callable[[Home, bytes, int], KeyLedger]
    place_chain: Callable[[Path, Path, bytes, Head | None], Head]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored. ``erased``: how many keys the store names that the copy lacks."""

    manifest: Manifest
    chain: Head | None
    keys: int
    erased: int


def restore(copies: Copies, target: Target) -> RestoreReport:
    """Make the home of ``target`` from ``copies``.

    Raises:
        InvalidInputError: ``configuration`` if there is something already, or why a copy cannot be used.
    """
    home = target.home
    if home.path.exists():
        raise InvalidInputError(Reason.CONFIGURATION, f"{home.path} exists already; restore to a new folder")
    with new_folder(home.path) as path:
        draft = Home(path)
        write_private(draft.path / "passphrase", copies.passphrase + "\n", secret=True)
        return _Restorer(copies, target, draft).run()


class _Restorer:
    def __init__(self, copies: Copies, target: Target, draft: Home) -> None:
        self._copies = copies
        self._target = target
        self._draft = draft
        self._digests: dict[str, bytes] = {}
        self._rows: Counter[str] = Counter()
        self._tables = {table.name: table for table in store_tables()}
        self._manifest: Manifest | None = None
        self._mac = b""
        self._opened = False

    def run(self) -> RestoreReport:
        with ExitStack() as held:
            scratch = held.enter_context(closing(sqlite3.connect(self._draft.path / "named.partial")))
            scratch.execute("CREATE TABLE named (id BLOB PRIMARY KEY) WITHOUT ROWID")
            store = self._target.open_store(self._draft)
            held.callback(store.dispose)
            with store.begin() as connection:
                self._require_empty(connection)
                try:
                    with read_archive(self._copies.backup, self._copies.identities) as entries:
                        for entry in entries:
                            self._take(entry, connection, scratch)
                    manifest = self._checked()
                except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
                    raise self._malformed() from error
                restart_numbers(connection, self._tables.values())
                chain, survived = manifest.chain, self._copies.chain
                if survived is not None:
                    chain = self._target.place_chain(survived, self._draft.chain, manifest.genesis, chain)
                keys = self._checked_keys(manifest)
                version = next_generation(max(keys.version, manifest.keys_version))
                ledger = self._target.open_keys(self._draft, keys.ledger, version)
                held.callback(ledger.dispose)
                # all of it: the key ledger never goes back, whatever the store goes back to
                for erased in chunks(keys.erased()):
                    ledger.add_tombstones(erased)
                taken = _take_keys(keys, ledger, scratch)
                unlink_erased(connection, ledger)
                write_place(self._draft, store, ledger)
                (named,) = scratch.execute("SELECT count(*) FROM named").fetchone()
        (self._draft.path / "named.partial").unlink()
        return RestoreReport(manifest, chain, taken, named - taken)

    def _take(self, entry: ArchiveEntry, connection: Connection, scratch: sqlite3.Connection) -> None:
        name, digest = entry.name, sha256()

        def pieces() -> Iterator[bytes]:
            for piece in entry.pieces:
                digest.update(piece)
                yield piece

        if not self._digests and name != FORMAT_FILE:
            raise ValueError(name)
        if name == CHAIN and self._copies.chain is None:
            with (self._draft.path / CHAIN).open("xb") as file:
                file.writelines(pieces())
        elif name == CHAIN:
            for _ in pieces():
                pass
        else:
            self._take_small(name, _joined(pieces()), connection, scratch)
        if name not in {MANIFEST, MAC}:
            self._digests[name] = digest.digest()

    def _take_small(self, name: str, content: bytes, connection: Connection, scratch: sqlite3.Connection) -> None:
        if name == FORMAT_FILE:
            require_format(content)
        elif name == MANIFEST:
            self._manifest = Manifest.from_bytes(content)
        elif name == MAC:
            self._mac = content
        elif name.startswith(HOME):
            self._write(name.removeprefix(HOME), content)
        elif name.startswith(SEALED):
            self._require_passphrase()
            own = name.removeprefix(SEALED)
            self._write(own, unseal(self._draft.derived_key(FILE_LABEL), content, own.encode()))
        elif name.startswith(FOLDER):
            self._require_passphrase()
            table_name = name.removeprefix(FOLDER).partition("/")[0]
            if table_name not in self._tables:
                raise newer(f"the backup has a table {table_name}")
            rows = load_portion(connection, self._tables[table_name], content)
            self._rows[table_name] += len(rows)
            named = [(key,) for row in rows for key in _named(row)]
            scratch.executemany("INSERT OR IGNORE INTO named VALUES (?)", named)
        else:
            raise newer(f"the backup holds {name}")

    def _write(self, name: str, content: bytes) -> None:
        folder, _, file = name.rpartition("/")
        if folder not in {"", "keys"} or not file.strip(".") or not set(file) <= _SAFE:
            raise ValueError(name)
        path = self._draft.path / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(content)

    def _require_passphrase(self) -> None:
        """Require that the passphrase opens the keystores: they come before all that is sealed."""
        if self._opened:
            return
        keystores = sorted(
            path.stem for path in (self._draft.path / "keys").glob("*.json") if not path.name.endswith(".hsm.json")
        )
        try:
            self._draft.read_key(keystores[0])
        except (CredenceError, IndexError) as error:
            raise InvalidInputError(
                Reason.PASSPHRASE_WRONG, "this passphrase does not open the keystores of the backup"
            ) from error
        self._opened = True

    def _checked(self) -> Manifest:
        manifest = self._manifest
        if manifest is None or dict(manifest.members) != self._digests or self._rows != Counter(manifest.rows):
            raise self._malformed()
        # whoever knows the recipient could have made the file; only who has the passphrase makes this
        if not hmac.compare_digest(self._mac, manifest.mac(self._draft)):
            raise self._malformed()
        return manifest

    def _checked_keys(self, manifest: Manifest) -> CopiedKeys:
        path = self._copies.keys
        keys = read_key_copy(path, self._draft.derived_key(MAC_LABEL))
        if keys.ledger != manifest.key_ledger:
            raise InvalidInputError(
                Reason.KEY_COPY_OTHER_INSTANCE, f"{path} is the copy of another instance's key ledger"
            )
        if keys.version < manifest.keys_version and not self._copies.old_keys:
            raise InvalidInputError(
                Reason.KEY_COPY_OUTDATED,
                f"{path} is older than the backup, so keys are missing; find the newest copy of the key ledger, or "
                "accept with --old-keys that what they sealed is lost",
            )
        return keys

    def _require_empty(self, connection: Connection) -> None:
        for table in self._tables.values():
            if connection.execute(table.select().limit(1)).first() is not None:
                raise InvalidInputError(
                    Reason.CONFIGURATION, "the database is not empty; restore to one that nothing was written to"
                )

    def _malformed(self) -> InvalidInputError:
        return InvalidInputError(
            Reason.BACKUP_MALFORMED, f"{self._copies.backup} is no backup of this passphrase's owner, or was altered"
        )


def _take_keys(keys: CopiedKeys, ledger: KeyLedger, scratch: sqlite3.Connection) -> int:
    """Take over the keys that the restored store names (the table ``named``), and return how many there are.

    A key that nothing here names could only open what a newer copy of the store holds.
    """
    ledger.quarantines.restore(keys.quarantines)
    named = (row for row in keys.rows() if scratch.execute("SELECT 1 FROM named WHERE id=?", row[:1]).fetchone())
    taken = 0
    for rows in chunks(named):
        ledger.put({key_id: wrapped for key_id, wrapped, _ in rows})
        ledger.quarantines.restore_keys({key_id: change for key_id, _, change in rows if change is not None})
        taken += len(rows)
    return taken


def next_generation(version: int) -> int:
    """Return a version that no copy of before the restoring reaches, so that none passes for a newer one after it."""
    return (version // _GENERATION + 1) * _GENERATION


def _named(row: dict[str, Any]) -> Iterator[bytes]:
    """Yield the ids of the data keys that a row needs; an upload that is over needs none any more."""
    if row.get("data_key") is not None and row.get("state") not in {"done", "failed"}:
        yield row["data_key"]
    if row.get("data_keys") is not None:
        yield from key_ids_of(row["data_keys"])


def _joined(pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > _MAX_SMALL:
            raise ValueError(len(content))
    return bytes(content)
