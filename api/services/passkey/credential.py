"""The passkeys of firms' signers, by the ids that browsers know them by."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.sign_in.server.principal import Kind
from api.storage import table
from api.storage.database import Store
from ledger_node.domain.error import VerificationError
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason

_HELD: Final = table.credential.c


@dataclass(frozen=True, slots=True)
class Credential:
    """A passkey. ``owner``: whose signer has it; ``person``: which of its signers; ``is_synced``: it has copies."""

    id: bytes
    kind: Kind
    owner: bytes
    person: int
    passkey: Passkey
    label: str
    is_synced: bool
    added_at: int
    ended_at: int | None = None

    @classmethod
    def of_row(cls, row: Any) -> "Credential":  # noqa: ANN401 - a row of the table
        """Return the passkey of a row."""
        passkey = Passkey(row.rp_id_hash, row.public_key)
        kind = Kind(row.kind)
        return cls(row.id, kind, row.owner, row.person, passkey, row.label, row.synced, row.added_at, row.ended_at)


class Credentials:
    """Keeps passkeys. Whether one of them still counts is the ledger's to say."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @staticmethod
    def add(connection: Connection, credential: Credential) -> None:
        """Keep a passkey, in the transaction of what it was registered for.

        Raises:
            VerificationError: ``passkey_exists``.
        """
        try:
            connection.execute(
                insert(table.credential).values(
                    id=credential.id,
                    kind=credential.kind.value,
                    owner=credential.owner,
                    person=credential.person,
                    rp_id_hash=credential.passkey.rp_id_hash,
                    public_key=credential.passkey.public_key,
                    label=credential.label,
                    synced=credential.is_synced,
                    added_at=credential.added_at,
                )
            )
        except IntegrityError as error:
            raise VerificationError(Reason.PASSKEY_EXISTS, "this passkey is linked already") from error

    def find(self, credential: bytes) -> Credential | None:
        """Return the passkey of an id, if it has not ended."""
        row = self._store.row(select(table.credential).where(_HELD.id == credential, _HELD.ended_at.is_(None)))
        return None if row is None else Credential.of_row(row)

    def of_owner(self, owner: bytes) -> list[Credential]:
        """Return the passkeys of a firm's signers that have not ended, the oldest first."""
        wanted = select(table.credential).where(_HELD.owner == owner, _HELD.ended_at.is_(None))
        return [Credential.of_row(row) for row in self._store.rows(wanted.order_by(_HELD.added_at, _HELD.id))]

    @staticmethod
    def end(connection: Connection, credential: bytes, *, now: int) -> None:
        """End a passkey, in the transaction of what ends it."""
        same = (_HELD.id == credential) & _HELD.ended_at.is_(None)
        connection.execute(update(table.credential).where(same).values(ended_at=now))
