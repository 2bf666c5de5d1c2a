"""Making a backup of an instance, whether it runs or not.

Whatever the copy of the chain holds has its precursor in the copy of the store. Every transaction of this instance is
committed to the outbox before it is sent. So: (1) take the store's turn to write: nothing is committed from here on;
(2) begin to read the store: this is the state that is copied; (3) begin to read the chain: all that it holds was sent
before now, so kept before (1), so it is in (2); (4) let the others write again; (5) copy both from what was begun.
The chain may miss what the store has sent already; the outbox of the copy sends it again.

The copy of the key ledger is refreshed after (2), and keys are durable before what is sealed under them: it opens
everything in (2) that was not erased.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyrage
from sqlalchemy import select

from api.backup.archive import ArchiveEntry, digest_of, pieces_of, write_archive
from api.backup.content import CHAIN, MAC, MANIFEST, Manifest, format_entry, home_entries
from api.backup.table_dump import dump_tables
from api.files.own_file import new_file, partial_of
from api.home.home import Home
from api.instance.chain_copy import Head, OpenMoment
from api.storage import table
from api.storage.database import Store
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_CHAIN_COPY: Final = ".chain"


@dataclass(frozen=True, slots=True)
class Source:
    """What to copy. ``open_chain``: begins to read the embedded chain, or None where the nodes are elsewhere."""

    home: Home
    store: Store
    keys: KeyLedger
    open_chain: OpenMoment | None
    refresh_keys: Callable[[], None]


def make_backup(source: Source, path: Path, recipients: list[pyrage.x25519.Recipient], *, now: int) -> Manifest:
    """Write a backup to ``path``, whole or not at all, and return what it is of.

    Raises:
        InvalidInputError: ``configuration``; there is something at this path, or it cannot be written.
        CredenceError: ``key_copy_failed``; there is no backup without the copy of the keys that opens it.
    """
    made = _BackupWriter(source, now)
    chain_copy = partial_of(path.with_name(path.name + _CHAIN_COPY))
    try:
        with new_file(path) as file:
            try:
                # a rest of one that was killed
                chain_copy.unlink(missing_ok=True)
                write_archive(file, made.entries(chain_copy), recipients)
            finally:
                chain_copy.unlink(missing_ok=True)
    except FileExistsError as error:
        raise InvalidInputError(
            Reason.CONFIGURATION, f"{path} exists already; give every backup a name of its own"
        ) from error
    except BlockingIOError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"another backup is being written to {path}") from error
    except OSError as error:
        raise InvalidInputError(Reason.CONFIGURATION, f"cannot write {path}: {error.strerror}") from error
    return made.manifest()


class _BackupWriter:
    def __init__(self, source: Source, now: int) -> None:
        self._source = source
        self._now = now
        self._digests: dict[str, bytes] = {}
        self._rows: dict[str, int] = {}
        self._chain: Head | None = None
        self._key_ledger, self._keys_version = b"", 0

    def entries(self, chain_copy: Path) -> Iterator[ArchiveEntry]:
        yield self._noted(format_entry())
        for entry in home_entries(self._source.home):
            yield self._noted(entry)
        with ExitStack() as held:
            moment, connection = None, held.enter_context(self._source.store.connect())
            with self._source.store.begin():  # (1)
                connection.execute(select(table.key_link)).all()  # (2)
                if self._source.open_chain is not None:
                    moment = held.enter_context(self._source.open_chain())  # (3)
            with self._source.keys.snapshot() as keys:  # (4) is behind us
                self._key_ledger, self._keys_version = keys.ledger, keys.version
            self._source.refresh_keys()
            for entry in dump_tables(connection, self._rows):
                yield self._noted(entry)
            if moment is not None:
                self._chain = Head(moment.block, moment.block_hash)
                moment.copy_to(chain_copy)
        if moment is not None:
            chain_copy.chmod(0o600)
            self._digests[CHAIN] = digest_of(pieces_of(chain_copy))
            yield ArchiveEntry(CHAIN, chain_copy.stat().st_size, pieces_of(chain_copy))
        manifest = self.manifest()
        yield ArchiveEntry.of(MANIFEST, manifest.to_bytes())
        yield ArchiveEntry.of(MAC, manifest.mac(self._source.home))

    def manifest(self) -> Manifest:
        return Manifest(
            created_at=self._now,
            genesis=self._source.home.address_book().genesis,
            key_ledger=self._key_ledger,
            keys_version=self._keys_version,
            chain=self._chain,
            rows=self._rows,
            members=self._digests,
        )

    def _noted(self, entry: ArchiveEntry) -> ArchiveEntry:
        self._digests[entry.name] = digest_of(entry.pieces)
        return entry
