"""The seeds of spend keys that banks hand over, so that this instance signs their uses.

A bank does so by its own act: where its officers ask through an instance's pages, or its programs cannot sign. A seed
lies sealed under a data key of its own. When the bank takes it back, that key is erased, and no copy brings it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, insert, select

from api.storage import table
from api.storage.database import Store
from api.vault.cipher import KeyEncryptionKey, seal, unseal
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from api.vault.key_removal import KeyRemovals
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.spending import SpendSeed
from ledger_node.randomness import random_bytes

_SEED = table.spend_seed.c


@dataclass(frozen=True, slots=True)
class KeylessRequest:
    """What a bank asks for, and for whose consent this instance makes the spend key. That of ``asked`` says nothing."""

    asked: ConsentRequest


class SpendSeeds:
    """Holds the seeds of banks, one each. ``kek``: the registrar's."""

    def __init__(self, store: Store, keys: KeyLedger, removals: KeyRemovals, kek: KeyEncryptionKey) -> None:
        self._store = store
        self._keys = keys
        self._removals = removals
        self._kek = kek

    def hand_over(self, bank: bytes, seed: SpendSeed) -> None:
        """Hold a bank's seed in the place of the one before it; nothing gives it out again."""
        key_id, (key, wrapped) = random_bytes(KEY_ID_BYTES), self._kek.new_data_key()
        self._keys.put({key_id: wrapped})
        with self._removals.removing() as connection:
            self._forget(connection, bank)
            row = {"bank": bank, "data_key": key_id, "sealed": seal(key, seed.secret, bank)}
            connection.execute(insert(table.spend_seed).values(row))

    def take_back(self, bank: bytes) -> None:
        """Forget a bank's seed for good, if there is one."""
        with self._removals.removing() as connection:
            self._forget(connection, bank)

    def is_held(self, bank: bytes) -> bool:
        """Return whether this instance can sign for a bank."""
        return self.find(bank) is not None

    def find(self, bank: bytes) -> SpendSeed | None:
        """Return a bank's seed, or None: it handed none over, or took it back."""
        row = self._store.row(select(table.spend_seed).where(_SEED.bank == bank))
        # a copy of the store may bring a row back, and never its key
        wrapped = None if row is None else self._keys.get([row.data_key]).get(row.data_key)
        if row is None or wrapped is None:
            return None
        return SpendSeed(unseal(self._kek.unwrap(wrapped), row.sealed, bank))

    def require(self, bank: bytes, member: str) -> SpendSeed:
        """Return a bank's seed, without which its request has to have ``member``.

        Raises:
            InvalidInputError: ``field_missing``.
        """
        seed = self.find(bank)
        if seed is None:
            raise seed_missing(member)
        return seed

    def with_spend_key(self, request: ConsentRequest | KeylessRequest, bank: bytes) -> ConsentRequest:
        """Return what a bank asks for, with the spend key that follows from its seed where it names none.

        Raises:
            InvalidInputError: ``field_missing``.
        """
        if isinstance(request, ConsentRequest):
            return request
        seed = self.require(bank, "spend_key")
        return replace(request.asked, spend_key=address_of(seed.spend_key(request.asked.salt)))

    def _forget(self, connection: Connection, bank: bytes) -> None:
        held: Sequence[bytes] = connection.execute(select(_SEED.data_key).where(_SEED.bank == bank)).scalars().all()
        connection.execute(delete(table.spend_seed).where(_SEED.bank == bank))
        self._removals.schedule(connection, held, erases=True)


def seed_missing(member: str) -> InvalidInputError:
    """Return the refusal of a request that lacks what only a bank's seed can give."""
    return InvalidInputError(
        Reason.FIELD_MISSING,
        f"request lacks '{member}', and this instance does not hold the seed of your spend keys",
        field=member,
    )
