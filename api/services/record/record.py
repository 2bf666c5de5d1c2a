"""The records of a firm in the vaults of this instance's departments: what there is, and on its wish the values."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from api.services.attestation.commitment_pool import committer_of
from api.services.attestation.stored_attestation import HELD, IN_BATCH
from api.services.record.look import BegunLook, LoggedLook, OwnLooks
from api.services.subject.registered_subject import Subject, SubjectReader
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import VaultRecord, unseal
from api.vault.department import Department
from api.vault.key_ledger import KeyLedger
from ledger_node.domain import schema_field
from ledger_node.domain.error import VerificationError
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.reason import Reason
from ledger_node.domain.schema import Schema
from ledger_node.domain.subject import Signature
from ledger_node.domain.value import Period, Value

MAX_RECORDS: Final = 2_000
FILE_KEPT_S: Final = 7 * 86_400
"""How long a file can be fetched, from when it is ready on."""
_IN_FORCE: Final = (
    select(
        HELD.digest,
        HELD.member,
        HELD.schema,
        HELD.schema_id,
        HELD.period_first,
        HELD.period_last,
        HELD.as_of,
        HELD.issued_at,
        HELD.valid_until,
        HELD.data_key,
        HELD.sealed,
    )
    .join(table.batch, IN_BATCH)
    .where(HELD.live == 1, table.batch.c.start.is_not(None))
    .order_by(HELD.member, HELD.schema, HELD.period_last.desc(), HELD.as_of.desc())
    .limit(MAX_RECORDS)
)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One value of a record, and the field that it is of."""

    field: schema_field.Field
    value: Value = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """One attestation about a firm. Days count from 1970-01-01, ``valid_until`` in seconds.

    ``values``: in the order of the schema; empty unless a look was signed, or where the record cannot be opened.
    """

    digest: bytes
    member: bytes
    schema: str
    period: Period
    as_of: int
    issued_at: int
    valid_until: int
    values: tuple[FieldValue, ...] = dataclasses.field(repr=False, default=())

    def is_over(self, now: int) -> bool:
        """Return whether no answer is made from it any more."""
        return self.valid_until <= now


class OwnRecords:
    """Lists a firm's records, and opens them after a signed look. ``file_wait_s``: from the wish for a file to it."""

    def __init__(
        self,
        store: Store,
        keys: KeyLedger,
        departments: Mapping[bytes, Department],
        subjects: SubjectReader,
        looks: OwnLooks,
        *,
        file_wait_s: int,
    ) -> None:
        self._store = store
        self._keys = keys
        self._departments = departments
        self._subjects = subjects
        self._looks = looks
        self._file_wait_s = file_wait_s

    def listed(self, subject: bytes) -> list[OwnRecord]:
        """Return what there is about a firm, by department, without any value.

        Raises:
            VerificationError: ``erased``, or why else there is no such firm.
        """
        return [_record(row) for row in self._rows(self._subject(subject))]

    def begin(self, subject: bytes, kind: LookKind, *, now: int) -> BegunLook:
        """Return a look at the values, or at the file of them, to sign."""
        return self._looks.begin(subject, kind, now=now)

    def of_subject(self, subject: bytes, nonce: bytes, signature: Signature, *, now: int) -> list[OwnRecord]:
        """Return a firm's records with their values, once a controller signed this look at them.

        Raises:
            VerificationError: as ``OwnLooks.complete``, or as ``listed``.
            ChainError: the ledger does not answer.
        """
        self._looks.complete(subject, LookKind.RECORDS, nonce, signature, now=now)
        return self._opened(subject)

    def wish_file(self, subject: bytes, nonce: bytes, signature: Signature, *, now: int) -> int:
        """Note that a firm wishes for its records as a file, and return from when on it can be fetched.

        The wait is for whoever is pressed to hand the file out: everybody who signs for the firm sees the wish.

        Raises:
            VerificationError: as ``OwnLooks.complete``.
            ChainError: the ledger does not answer.
        """
        return self._looks.complete(subject, LookKind.FILE_WISH, nonce, signature, now=now).time + self._file_wait_s

    def file_ready_at(self, subject: bytes, *, now: int) -> int | None:
        """Return from when on a file that was wished for can be fetched; None where there is none, or no more."""
        since = now - self._file_wait_s - FILE_KEPT_S
        wishes = [look.time for look in self._looks.of_subject(subject, since=since) if look.kind is LookKind.FILE_WISH]
        return min(wishes) + self._file_wait_s if wishes else None

    def file(self, subject: bytes, nonce: bytes, signature: Signature, *, now: int) -> list[OwnRecord]:
        """Return what the file holds, which is no proof of anything: only the values.

        Raises:
            VerificationError: ``file_early``, or as ``of_subject``.
            ChainError: the ledger does not answer.
        """
        ready_at = self.file_ready_at(subject, now=now)
        if ready_at is None or now < ready_at:
            raise VerificationError(Reason.FILE_EARLY, "a file comes a day after it was wished for")
        self._looks.complete(subject, LookKind.FILE, nonce, signature, now=now)
        return self._opened(subject)

    def looks(self, subject: bytes, *, since: int = 0) -> list[LoggedLook]:
        """Return the looks that the firm itself took, the newest first."""
        return self._looks.of_subject(subject, since=since)

    def _opened(self, subject: bytes) -> list[OwnRecord]:
        rows = self._rows(self._subject(subject))
        wrapped = self._keys.get({row.data_key for row in rows})
        return [_record(row, self._values(row, wrapped.get(row.data_key))) for row in rows]

    def _subject(self, subject: bytes) -> Subject:
        found = self._subjects.find(subject)
        if found is None:
            raise VerificationError(self._subjects.why_unknown(subject), "there is no such firm any more")
        return found

    def _rows(self, subject: Subject) -> list[Any]:
        # a blind index is a department's own
        indices = [department.kek.blind_index(subject.credit_code) for department in self._departments.values()]
        rows = self._store.rows(_IN_FORCE.where(HELD.subject_index.in_(indices)))
        return [row for row in rows if row.digest != subject.registration]

    def _values(self, row: Any, wrapped: bytes | None) -> Iterable[FieldValue]:  # noqa: ANN401 - a row of _IN_FORCE
        if wrapped is None:
            return ()
        key = self._departments[row.member].kek.unwrap(wrapped)
        opened = VaultRecord.from_bytes(unseal(key, row.sealed, row.digest))
        schema: Schema = committer_of(row.schema_id).schema
        return [FieldValue(one, value) for one, value in zip(schema.fields, opened.values, strict=True)]


def _record(row: Any, values: Iterable[FieldValue] = ()) -> OwnRecord:  # noqa: ANN401 - a row of _IN_FORCE
    return OwnRecord(
        row.digest,
        row.member,
        row.schema,
        Period(row.period_first, row.period_last),
        row.as_of,
        row.issued_at,
        row.valid_until,
        tuple(values),
    )
