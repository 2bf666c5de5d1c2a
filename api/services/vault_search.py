"""Finding attestations of a firm in the vaults of this instance's departments, and unsealing their secrets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam

from api.services.held import HELD, JOINED, anchor_of, header_of, path_of, signed_batch_of
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

_ANCHORED: Final = JOINED.where(
    # a blind index is a department's own, so it names the department as well
    HELD.subject_index.in_(bindparam("indices", expanding=True)),
    HELD.schema == bindparam("schema"),
    HELD.live == 1,
    table.batch.c.start.is_not(None),
)
_REGISTRATIONS: Final = JOINED.where(HELD.digest.in_(bindparam("digests", expanding=True)))
_NEWEST: Final = _ANCHORED.order_by(HELD.period_last.desc(), HELD.as_of.desc()).limit(1)
_NEWEST_OF_PERIOD: Final = (
    _ANCHORED.where(HELD.period_first == bindparam("first"), HELD.period_last == bindparam("last"))
    .order_by(HELD.as_of.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Found:
    """What the vaults hold of a subject.

    ``registration``: the registrar's attestation, or None if it is erased. ``sources``: for everything wanted the
    newest live attestation, or why there is none.
    """

    registration: Source | None
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
        with self._store.connect() as connection:
            registrations = {row.digest: row for row in connection.execute(_REGISTRATIONS, {"digests": digests})}
            newest = [
                {one: self._newest(connection, subject.credit_code, *one) for one in wanted}
                for subject, wanted in asked
            ]
        rows = [*registrations.values(), *(row for each in newest for row in each.values() if row is not None)]
        wrapped = self._keys.get({row.data_key for row in rows})
        return [
            Found(
                self._open(registrations[subject.registration], wrapped),
                {
                    one: Reason.NO_ATTESTATION if row is None else self._open(row, wrapped) or Reason.ERASED
                    for one, row in each.items()
                },
            )
            for (subject, _), each in zip(asked, newest, strict=True)
        ]

    def _newest(self, connection: Connection, credit_code: str, schema: str, period: Period | None) -> Row[Any] | None:
        index = credit_code.encode()
        parameters: dict[str, Any] = {
            "indices": [department.kek.index(index) for department in self._departments.values()],
            "schema": schema,
        }
        query = _NEWEST
        if period is not None:
            query = _NEWEST_OF_PERIOD
            parameters |= {"first": period.first, "last": period.last}
        return connection.execute(query, parameters).first()

    def _open(self, row: Row[Any], keys: Mapping[bytes, bytes]) -> Source | None:
        wrapped = keys.get(row.data_key)
        if wrapped is None:
            return None
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
