"""What firms are called, as their registrar wrote it when it invited them."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from api.services.enrolment.invitation import ArrivedKey, InvitedFirm
from api.storage import table
from api.storage.database import IDS, Store, rows_among
from api.vault.cipher import KeyEncryptionKey, unseal
from api.vault.key_ledger import KeyLedger
from ledger_node.domain.passkey import Passkey

_HELD: Final = table.invitation.c
_OF_SUBJECTS: Final = (
    select(_HELD.id, _HELD.subject, _HELD.data_key, _HELD.sealed)
    .where(_HELD.subject.in_(IDS))
    .order_by(_HELD.registered_at)
)


class FirmNames:
    """Finds the names of firms that a bank deals with. ``kek``: the registrar's."""

    def __init__(self, store: Store, keys: KeyLedger, kek: KeyEncryptionKey) -> None:
        self._store = store
        self._keys = keys
        self._kek = kek

    def of(self, subjects: Iterable[bytes]) -> dict[bytes, str]:
        """Return the names of those of ``subjects`` that were invited, and are not erased."""
        wanted = set(subjects)
        if not wanted:
            return {}
        with self._store.connect() as connection:
            rows = list(rows_among(connection, _OF_SUBJECTS, sorted(wanted)))
        wrapped = self._keys.get({row.data_key for row in rows}) if rows else {}
        return {
            row.subject: InvitedFirm.from_bytes(
                unseal(self._kek.unwrap(wrapped[row.data_key]), row.sealed, row.id)
            ).name
            for row in rows
            if row.data_key in wrapped
        }

    def signers_of(self, subject: bytes) -> dict[Passkey, str]:
        """Return what the signers of a firm are called, by the keys that they brought when they were invited."""
        with self._store.connect() as connection:
            rows = list(rows_among(connection, _OF_SUBJECTS, [subject]))
        wrapped = self._keys.get({row.data_key for row in rows}) if rows else {}
        names: dict[Passkey, str] = {}
        for row in rows:
            if row.data_key in wrapped:
                firm = InvitedFirm.from_bytes(unseal(self._kek.unwrap(wrapped[row.data_key]), row.sealed, row.id))
                brought = select(table.invitation_key).where(
                    table.invitation_key.c.invitation == row.id, table.invitation_key.c.voided_at.is_(None)
                )
                keys = [ArrivedKey.of_row(one) for one in self._store.rows(brought)]
                names |= {key.passkey: firm.signers[key.person - 1] for key in keys}
        return names
