"""What an answer is made from: attestations in the vaults of this instance's departments, found and unsealed."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from api.services.attestation.stored_attestation import (
    HELD,
    IN_BATCH,
    JOINED,
    AttestationQuery,
    UnsealedAttestation,
    anchor_of,
    header_of,
    path_of,
    signed_batch_of,
)
from api.services.subject.registered_subject import Subject
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import VaultKey, unseal
from api.vault.department import Department
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Period

_BY_DIGESTS: Final = JOINED.where(HELD.digest.in_(bindparam("digests", expanding=True)))


def _newest(*partition: ColumnElement[Any], **also: ColumnElement[Any]) -> Select[Any]:
    """Return the query for the newest live attestation of each kind in each part of what subjects and schemas have.

    ``also``: columns whose values are given as well.
    """
    given = {"indices": HELD.subject_index, "schemas": HELD.schema, **also}
    place = func.row_number().over(
        partition_by=(*partition, HELD.kind_index), order_by=(HELD.period_last.desc(), HELD.as_of.desc())
    )
    ranked = (
        select(HELD.digest, place.label("place"))
        .join(table.batch, IN_BATCH)
        .where(
            HELD.live == 1,
            table.batch.c.start.is_not(None),
            *(column.in_(bindparam(name, expanding=True)) for name, column in given.items()),
        )
        .subquery()
    )
    return JOINED.where(HELD.digest.in_(select(ranked.c.digest).where(ranked.c.place == 1)))


_OF_ANY_PERIOD: Final = _newest(HELD.subject_index, HELD.schema)
_OF_PERIODS: Final = _newest(
    HELD.subject_index,
    HELD.schema,
    HELD.period_first,
    HELD.period_last,
    firsts=HELD.period_first,
    lasts=HELD.period_last,
)


@dataclass(frozen=True, slots=True)
class FoundAttestations:
    """What the vaults hold of a subject.

    ``registration``: the registrar's attestation. ``attestations``: for each query the live attestation that is meant,
    or why there is none.
    """

    registration: UnsealedAttestation | Reason
    attestations: Mapping[AttestationQuery, UnsealedAttestation | Reason]

    @property
    def readable(self) -> list[UnsealedAttestation]:
        """All that there is of them."""
        return [one for one in (self.registration, *self.attestations.values()) if isinstance(one, UnsealedAttestation)]


class AttestationFinder:
    """Looks through the vaults of several departments at once, by their blind indices."""

    def __init__(
        self, store: Store, keys: KeyLedger, departments: Mapping[bytes, Department], domain: SigningDomain
    ) -> None:
        self._store = store
        self._keys = keys
        self._departments = departments
        self._domain = domain

    def find(self, asked: Sequence[tuple[Subject, Collection[AttestationQuery]]]) -> list[FoundAttestations]:
        """Return for each subject what the vaults hold of it, and of what is wanted of it."""
        digests = list({subject.registration for subject, _ in asked})
        # a blind index is a department's own, so it names the department as well
        indices = [self._indices(subject.credit_code) for subject, _ in asked]
        looked_for = {
            _Place(index, one.schema, one.period)
            for own, (_, wanted) in zip(indices, asked, strict=True)
            for one in wanted
            for index in own.values()
        }
        with self._store.connect() as connection:
            registrations = {row.digest: row for row in connection.execute(_BY_DIGESTS, {"digests": digests})}
            held = _newest_of(connection, looked_for)
        chosen = [
            {one: self._choose(subject.credit_code, own, one, held) for one in wanted}
            for (subject, wanted), own in zip(asked, indices, strict=True)
        ]
        rows = registrations | {
            row.digest: row for one in chosen for row in one.values() if not isinstance(row, Reason)
        }
        wrapped = self._keys.get({row.data_key for row in rows.values()})
        lost = {row.data_key for row in rows.values()} - wrapped.keys()
        hidden = self._keys.quarantines.hidden(lost) if lost else set()
        opened = {digest: self._open(row, wrapped, hidden) for digest, row in rows.items()}
        return [
            FoundAttestations(
                opened[subject.registration],
                {one: row if isinstance(row, Reason) else opened[row.digest] for one, row in own.items()},
            )
            for (subject, _), own in zip(asked, chosen, strict=True)
        ]

    def _indices(self, credit_code: str) -> dict[bytes, bytes]:
        return {member: department.kek.blind_index(credit_code) for member, department in self._departments.items()}

    def _choose(
        self,
        credit_code: str,
        indices: Mapping[bytes, bytes],
        one: AttestationQuery,
        held: Mapping["_Place", Sequence[Row[Any]]],
    ) -> Row[Any] | Reason:
        """Return the attestation that is meant, or why there is none; never one of several that may be meant."""
        rows: list[Row[Any]] = []
        for member, index in indices.items():
            if one.among and member not in one.among:
                continue
            of_firm = held.get(_Place(index, one.schema, one.period), ())
            if one.per:
                kind = self._departments[member].kek.kind_index(credit_code, one.schema, one.per)
                of_firm = [row for row in of_firm if row.kind_index == kind]
            rows += of_firm
        if not rows:
            return one.absent
        if len({row.member for row in rows}) > 1:
            return Reason.DEPARTMENT_NOT_NAMED
        last = max(row.period_last for row in rows)
        newest = [row for row in rows if row.period_last == last]
        if len({row.kind_index for row in newest}) > 1:
            return Reason.KIND_NOT_NAMED
        return max(newest, key=lambda row: int(row.as_of))

    def _open(
        self, row: Row[Any], keys: Mapping[bytes, bytes], hidden: AbstractSet[bytes]
    ) -> UnsealedAttestation | Reason:
        wrapped = keys.get(row.data_key)
        if wrapped is None:
            return Reason.QUARANTINED if row.data_key in hidden else Reason.ERASED
        key = self._departments[row.member].kek.unwrap(wrapped)
        return UnsealedAttestation(
            header=header_of(row, self._domain),
            anchor=anchor_of(row),
            index=row.leaf,
            path=path_of(row),
            batch=signed_batch_of(row),
            vault_key=VaultKey(row.member, row.data_key, key),
            content=unseal(key, row.sealed, row.digest),
        )


class _Place(NamedTuple):
    """Where attestations are looked for: a firm's blind index at a department, a type, and a period or any."""

    firm: bytes
    schema: str
    period: Period | None


def _newest_of(connection: Connection, looked_for: AbstractSet[_Place]) -> dict[_Place, list[Row[Any]]]:
    """Return the newest live attestations of each kind by where they were looked for, as far as there are any."""
    found: dict[_Place, list[Row[Any]]] = defaultdict(list)
    of_any = {place for place in looked_for if place.period is None}
    if of_any:
        for row in connection.execute(_OF_ANY_PERIOD, _given(of_any)):
            found[_Place(row.subject_index, row.schema, None)].append(row)
    of_periods = {place for place in looked_for if place.period is not None}
    if of_periods:
        periods = {place.period for place in of_periods if place.period is not None}
        given = _given(of_periods)
        given |= {"firsts": list({one.first for one in periods}), "lasts": list({one.last for one in periods})}
        for row in connection.execute(_OF_PERIODS, given):
            found[_Place(row.subject_index, row.schema, Period(row.period_first, row.period_last))].append(row)
    return found


def _given(places: AbstractSet[_Place]) -> dict[str, Any]:
    return {"indices": list({place.firm for place in places}), "schemas": list({place.schema for place in places})}
