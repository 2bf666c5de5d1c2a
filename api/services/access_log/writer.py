"""The access log: every question a bank asks becomes a durable row before its answer leaves."""

import threading
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeAlias

from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_new

from api.services.access_log.use_lease import UseLeases
from api.services.evidence.store import SealedEvidence, store_evidence
from api.services.idempotency.attempt import SealedResponse, store_responses
from api.storage import table
from api.storage.database import IDS, Store
from api.vault.cipher import seal
from api.vault.department import Department
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.access import NO_HEAD, AccessRow, next_head, row_leaf
from ledger_node.domain.canonical import encode
from ledger_node.domain.error import StoreError
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.status import WORD_BITS
from ledger_node.domain.ticket import CountedUse
from ledger_node.randomness import random_bytes

_OWN_KEY_ID: Final = b"own access rows."
"""The data key of rows about consents that nobody knows, and about subjects that were erased before."""
_ROW: Final = table.access_row.c
_INTERVAL: Final = table.access_interval.c
_ADD: Final = insert(table.access_row)
_ADD_RELIANCE: Final = insert(table.reliance)
_NO_RELIANCE: Final = delete(table.reliance).where(table.reliance.c.use.in_(IDS))
_KEEP_USE: Final = insert_new(table.counted_use).on_conflict_do_nothing()
_NEXT_BLOCK: Final = select(table.chain_cursor.c.next_block)
_LAST_ROW: Final = select(_ROW.head, _ROW.time).order_by(_ROW.number.desc()).limit(1)
_LAST_UNTIL: Final = select(_INTERVAL.until).order_by(_INTERVAL.number.desc()).limit(1)
_KEYS_OF: Final = select(table.subject.c.id, table.subject.c.data_key).where(
    table.subject.c.id.in_(bindparam("subjects", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Reliance:
    """One attestation that an answer relied on. ``block``: the block that the answer holds at."""

    use: bytes
    consent: bytes
    bank: bytes
    attestation: bytes
    member: bytes
    position: int
    block: int

    @classmethod
    def by(cls, presentation: Presentation, use: bytes | None, block: int) -> list[Self]:
        """Return what a presentation relies on: the attestations that it shows, and the subject's registration."""
        consent, subject = presentation.consent, presentation.subject
        if consent is None or subject is None or use is None:
            return []
        return [
            cls(
                use=use,
                consent=consent.id,
                bank=consent.terms.grantee,
                attestation=shown.header.digest,
                member=shown.anchor.member,
                position=shown.position,
                block=block,
            )
            for shown in (subject.registration, *presentation.attestations.values())
        ]


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row to write, and whose it is: the consent's subject, or nobody's. The log sets the time."""

    subject: bytes | None
    row: AccessRow


@dataclass(frozen=True, slots=True)
class KeptUse:
    """A use that the ledger counted, as the ``place``th of its consent from 0."""

    consent: bytes
    place: int
    use: CountedUse


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """What is written in one piece: rows, the attestations that the answer relies on, what proves it, and itself.

    ``uses``: what is kept of the uses that the ledger counted.
    """

    rows: Sequence[AskedRow]
    relied: Sequence[Reliance] = ()
    evidence: SealedEvidence | None = None
    answer: Callable[[], SealedResponse | None] = lambda: None
    uses: Sequence[KeptUse] = ()


class AccessLog:
    """Writes rows. ``registrar`` holds the data keys of subjects; ``now``: the clock, in seconds."""

    def __init__(self, store: Store, keys: KeyLedger, registrar: Department, now: Callable[[], int]) -> None:
        self._store = store
        self._key_ledger = keys
        self._kek = registrar.kek
        self._now = now
        self._writing = threading.Lock()

    def write(self, entry: AccessEntry) -> None:
        """Write rows durably."""
        for error in self.write_all([entry]):
            if error is not None:
                raise error

    def write_all(self, entries: Sequence[AccessEntry]) -> list[Exception | None]:
        """Write entries durably, in one transaction, and return for each None or why it is not written."""
        with self._writing:
            return self._try(entries)

    def _try(self, entries: Sequence[AccessEntry]) -> list[Exception | None]:
        try:
            self._write(entries)
        except StoreError as error:
            # the rows may be there, if the connection broke as they were committed; they must not be there twice
            return [StoreError(error.reason, error.message) for _ in entries]
        except Exception as error:  # noqa: BLE001 - each is tried alone, so that nobody gets the error of another
            return [error] if len(entries) == 1 else [one for entry in entries for one in self._try([entry])]
        return [None for _ in entries]

    def _write(self, entries: Sequence[AccessEntry]) -> None:
        rows = [asked for entry in entries for asked in entry.rows]
        answers = [answer for entry in entries if (answer := entry.answer()) is not None]
        # looked up before the transaction, which others wait for
        keys = self._keys({asked.subject for asked in rows})
        with self._store.begin() as connection:
            self._insert(connection, rows, keys)
            UseLeases(self._store).release(connection, {asked.row.use for asked in rows if asked.row.use is not None})
            keep_uses(connection, [use for entry in entries for use in entry.uses])
            store_reliance(connection, [one for entry in entries for one in entry.relied])
            store_evidence(connection, [entry.evidence for entry in entries if entry.evidence is not None])
            store_responses(connection, answers)

    def _insert(self, connection: Connection, rows: Sequence[AskedRow], keys: "_Keys") -> None:
        head, earliest = _end(connection)
        at = max(self._now(), earliest)
        records = []
        for asked in rows:
            row, salt = replace(asked.row, time=at), random_bytes(HASH_BYTES)
            leaf = row_leaf(salt, row)
            head = next_head(head, leaf)
            key_id, key = keys[asked.subject]
            records.append(
                {
                    "subject": asked.subject,
                    "bank": row.bank,
                    "time": at,
                    "use": row.use,
                    "leaf": leaf,
                    "head": head,
                    "data_key": key_id,
                    "sealed": seal(key, salt + encode(row.to_json()), leaf),
                }
            )
        connection.execute(_ADD, records)

    def _keys(self, subjects: AbstractSet[bytes | None]) -> "_Keys":
        """Return (id, key) of the data keys that rows of ``subjects`` are sealed under: their own, where there is one.

        Erasing a firm deletes its key, so that its rows say nothing any more.
        """
        wanted = [subject or b"" for subject in subjects]
        named = {row.id: row.data_key for row in self._store.rows(_KEYS_OF, {"subjects": wanted})}
        # one for each subject and the own one, needed or not, so that a consent of others takes the way of one that is
        # not there
        wrapped = self._key_ledger.get([_OWN_KEY_ID, *(named.get(subject, b"") for subject in wanted)])
        own = wrapped.get(_OWN_KEY_ID)
        if own is None:
            own = self._key_ledger.ensure(_OWN_KEY_ID, self._kek.new_data_key()[1])
        found = {
            subject: (key_id, self._kek.unwrap(wrapped[key_id]))
            for subject, key_id in named.items()
            if key_id in wrapped
        }
        nobodys = (_OWN_KEY_ID, self._kek.unwrap(own))
        return {subject: nobodys if subject is None else found.get(subject, nobodys) for subject in subjects}


_Keys: TypeAlias = Mapping[bytes | None, tuple[bytes, bytes]]


def _end(connection: Connection) -> tuple[bytes, int]:
    """Return the head of the chain of rows, and the earliest time that the next row may have."""
    row: Any = connection.execute(_LAST_ROW).first()
    until = connection.execute(_LAST_UNTIL).scalar_one_or_none()
    return (NO_HEAD, until or 0) if row is None else (row.head, max(row.time, until or 0))


def keep_uses(connection: Connection, uses: Sequence[KeptUse]) -> None:
    """Keep uses that the ledger counted, but for those that are kept already."""
    rows = [
        {
            "consent": one.consent,
            "number": one.use.number,
            "ticket": one.use.ticket,
            "time": one.use.time,
            "place": one.place,
        }
        for one in uses
    ]
    if rows:
        connection.execute(_KEEP_USE, rows)


def store_reliance(connection: Connection, relied: Sequence[Reliance]) -> None:
    """Write what answers rely on, before they leave.

    A change of status between an answer's block and this transaction may be behind the cursor already; such a
    row is ``late``, and the follower looks its status up.
    """
    if not relied:
        return
    next_block = connection.execute(_NEXT_BLOCK).scalar_one_or_none() or 0
    rows = [
        {
            "use": one.use,
            "attestation": one.attestation,
            "consent": one.consent,
            "bank": one.bank,
            "member": one.member,
            "word": one.position // WORD_BITS,
            "bit": one.position % WORD_BITS,
            "late": int(next_block > one.block + 1),
        }
        for one in {(one.use, one.attestation): one for one in relied}.values()
    ]
    # a use that is answered once more relies on what its newest answer shows
    connection.execute(_NO_RELIANCE, {"ids": list({one.use for one in relied})})
    connection.execute(_ADD_RELIANCE, rows)
