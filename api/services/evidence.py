"""Evidence as it is kept: the bundle of every answer, so that it checks years later whatever the node still knows.

A bundle is sealed under the data keys of all attestations that it shows, the registrar's among them. Erasing any of
them erases the bundle: an erased value must not live on in the evidence of an old answer.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from api.services.member_key import Department
from api.services.vault_search import VaultKey
from api.storage import table
from api.storage.database import Store
from api.vault.cipher import seal, unseal
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import HASH_BYTES, hmac_sha256
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import to_hex

_KEY_ID_BYTES: Final = 16
_ENTRY_BYTES: Final = HASH_BYTES + _KEY_ID_BYTES
_FAST: Final = 1
"""zlib's level: half of a bundle is hashes, which no level makes smaller."""
_LABEL: Final = b"credence/evidence"
_ROW: Final = table.evidence.c
_KEY: Final = table.data_key.c


@dataclass(frozen=True, slots=True)
class SealedEvidence:
    """A bundle that is ready to be stored."""

    use: bytes
    bank: bytes
    digest: bytes
    data_keys: bytes = field(repr=False)
    sealed: bytes = field(repr=False)

    def to_json(self) -> dict[str, JSON]:
        """Return what an answer says of its evidence."""
        return {"href": f"/v1/verifications/{to_hex(self.use)}/evidence", "digest": to_hex(self.digest)}

    def store(self, connection: Connection) -> None:
        """Write it; it is durable when the transaction is."""
        connection.execute(
            insert(table.evidence).values(
                use=self.use, bank=self.bank, digest=self.digest, data_keys=self.data_keys, sealed=self.sealed
            )
        )


def seal_evidence(bundle: bytes, *, digest: bytes, use: bytes, bank: bytes, keys: Sequence[VaultKey]) -> SealedEvidence:
    """Seal the bundle of an answer under the keys of the attestations that it shows."""
    key = _sealing_key([each.key for each in keys])
    names = b"".join(each.member + each.id for each in keys)
    return SealedEvidence(use, bank, digest, names, seal(key, zlib.compress(bundle, _FAST), use))


def _sealing_key(keys: Sequence[bytes]) -> bytes:
    """Return a key that nobody has who lacks one of ``keys``."""
    key = bytes(HASH_BYTES)
    for each in keys:
        key = hmac_sha256(each, _LABEL + key)
    return key


class EvidenceReader:
    """Opens the evidence of a bank's own answers."""

    def __init__(self, store: Store, departments: Mapping[bytes, Department]) -> None:
        self._store = store
        self._departments = departments

    def of_bank(self, bank: bytes, use: bytes) -> bytes:
        """Return the bundle of the answer that cost ``use``, byte for byte as it was when it was answered.

        Raises:
            InvalidInputError: ``not_found``, the same for an answer of another bank and for none; ``erased``.
        """
        with self._store.connect() as connection:
            row = connection.execute(select(table.evidence).where(_ROW.use == use, _ROW.bank == bank)).first()
            wrapped = {} if row is None else _wrapped(connection, row)
        if row is None:
            raise InvalidInputError(Reason.NOT_FOUND, "there is no evidence of an answer of yours with this use")
        names = _names(row.data_keys)
        if any(key not in wrapped for _, key in names):
            raise InvalidInputError(
                Reason.ERASED,
                "a department has erased what this answer showed, and with it the evidence that was kept here; "
                "a copy that you saved still checks",
            )
        keys = [self._departments[member].kek.unwrap(wrapped[key]) for member, key in names]
        return zlib.decompress(unseal(_sealing_key(keys), row.sealed, use))


def _names(data_keys: bytes) -> list[tuple[bytes, bytes]]:
    starts = range(0, len(data_keys), _ENTRY_BYTES)
    return [(data_keys[at : at + HASH_BYTES], data_keys[at + HASH_BYTES : at + _ENTRY_BYTES]) for at in starts]


def _wrapped(connection: Connection, row: Any) -> dict[bytes, bytes]:  # noqa: ANN401 - a row of the table
    wanted = [key for _, key in _names(row.data_keys)]
    found = connection.execute(select(_KEY.id, _KEY.wrapped).where(_KEY.id.in_(wanted)))
    return {each.id: each.wrapped for each in found}
