"""Finding attestations of a firm in the vaults of this instance's departments, and unsealing their secrets."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from api.services.held import HELD, IN_BATCH, JOINED, anchor_of, header_of, path_of, signed_batch_of
from api.services.member_key import Department
from api.services.source import Source, Wanted
from api.services.subject import Subject
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import unseal
from api.vault.joint_key import VaultKey
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.period import Period
from ledger_node.domain.reason import Reason

_BY_DIGESTS: Final = JOINED.where(HELD.digest.in_(bindparam("digests", expanding=True)))


def _newest(*partition: ColumnElement[Any], **also: ColumnElement[Any]) -> Select[Any]:
    """Return the query for the newest live attestation in each part of what there is of subjects and schemas.

    ``also``: columns whose values are given as well.
    """
    given = {"indices": HELD.subject_index, "schemas": HELD.schema, **also}
    place = func.row_number().over(partition_by=partition, order_by=(HELD.period_last.desc(), HELD.as_of.desc()))
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
class Found:
    """What the vaults hold of a subject.

    ``registration``: the registrar's attestation, and ``sources``: for everything wanted the newest live attestation,
    or why there is none.
    """

    registration: Source | Reason
    sources: Mapping[Wanted, Source | Reason]


class VaultSearch:
    """Looks through the vaults of several departments at once, by their blind indices."""

    def __init__(
        self, store: Store, keys: KeyLedger, departments: Mapping[bytes, Department], domain: SigningDomain
    ) -> None:
        self._store = store
        self._keys = keys
        self._departments = departments
        self._domain = domain

    def find(self, asked: Sequence[tuple[Subject, Collection[Wanted]]]) -> list[Found]:
        """Return for each subject what the vaults hold of it, and of what is wanted of it."""
        digests = list({subject.registration for subject, _ in asked})
        # a blind index is a department's own, so it names the department as well
        indices = [self._indices(subject.credit_code) for subject, _ in asked]
        looked_for = {
            (index, one) for own, (_, wanted) in zip(indices, asked, strict=True) for one in wanted for index in own
        }
        with self._store.connect() as connection:
            registrations = {row.digest: row for row in connection.execute(_BY_DIGESTS, {"digests": digests})}
            newest = _newest_of(connection, looked_for)
        rows = {row.digest: row for row in (*registrations.values(), *newest.values())}
        wrapped = self._keys.get({row.data_key for row in rows.values()})
        lost = {row.data_key for row in rows.values()} - wrapped.keys()
        hidden = self._keys.quarantines.hidden(lost) if lost else set()
        opened = {digest: self._open(row, wrapped, hidden) for digest, row in rows.items()}
        return [
            Found(
                opened[subject.registration],
                {
                    one: _source([newest[index, one] for index in own if (index, one) in newest], opened)
                    for one in wanted
                },
            )
            for (subject, wanted), own in zip(asked, indices, strict=True)
        ]

    def _indices(self, credit_code: str) -> list[bytes]:
        code = credit_code.encode()
        return [department.kek.index(code) for department in self._departments.values()]

    def _open(self, row: Row[Any], keys: Mapping[bytes, bytes], hidden: AbstractSet[bytes]) -> Source | Reason:
        wrapped = keys.get(row.data_key)
        if wrapped is None:
            return Reason.QUARANTINED if row.data_key in hidden else Reason.ERASED
        key = self._departments[row.member].kek.unwrap(wrapped)
        return Source(
            schema=row.schema,
            header=header_of(row, self._domain),
            anchor=anchor_of(row),
            index=row.leaf,
            path=path_of(row),
            batch=signed_batch_of(row),
            vault_key=VaultKey(row.member, row.data_key, key),
            record=unseal(key, row.sealed, row.digest),
        )


def _source(rows: Sequence[Row[Any]], opened: Mapping[bytes, Source | Reason]) -> Source | Reason:
    """Return the newest of what departments hold, or why there is none."""
    if not rows:
        return Reason.NO_ATTESTATION
    newest = max(rows, key=lambda row: (row.period_last, row.as_of))
    return opened[newest.digest]


def _newest_of(
    connection: Connection, looked_for: AbstractSet[tuple[bytes, Wanted]]
) -> dict[tuple[bytes, Wanted], Row[Any]]:
    """Return the newest live attestations by blind index and what is wanted, as far as there are any."""
    found: dict[tuple[bytes, Wanted], Row[Any]] = {}
    of_any = {(index, schema) for index, (schema, period) in looked_for if period is None}
    if of_any:
        rows = connection.execute(_OF_ANY_PERIOD, _given(of_any))
        found |= {(row.subject_index, (row.schema, None)): row for row in rows}
    of_periods = {(index, schema, period) for index, (schema, period) in looked_for if period is not None}
    if of_periods:
        periods = {period for *_, period in of_periods}
        given = _given({(index, schema) for index, schema, _ in of_periods})
        given |= {"firsts": list({one.first for one in periods}), "lasts": list({one.last for one in periods})}
        rows = connection.execute(_OF_PERIODS, given)
        found |= {(row.subject_index, (row.schema, Period(row.period_first, row.period_last))): row for row in rows}
    return found


def _given(pairs: AbstractSet[tuple[bytes, str]]) -> dict[str, Any]:
    return {"indices": list({index for index, _ in pairs}), "schemas": list({schema for _, schema in pairs})}
