"""Evidence as it is stored: the bundle of every answer, so that it checks years later without the node.

A bundle is sealed under the data keys of all attestations that it shows, the registrar's among them. Erasing any of
them erases the bundle: an erased value must not live on in the evidence of an old answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from isal import isal_zlib
from sqlalchemy import Connection, delete, insert, select

from api.storage import table
from api.storage.database import IDS, Store
from api.vault.cipher import KeyRing, VaultKey, joint_key, names_of, seal, unseal
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

_FAST: Final = 1
"""The level: half of a bundle is hashes, which no level makes smaller."""
_LABEL: Final = b"credence/evidence"
_ROW: Final = table.evidence.c
_ADD: Final = insert(table.evidence)
_DROP: Final = delete(table.evidence).where(_ROW.use.in_(IDS))


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
        return evidence_link(self.use, self.digest)


def evidence_link(use: bytes, digest: bytes) -> dict[str, JSON]:
    """Return where the evidence of a use is, and its digest."""
    return {"href": f"/v1/verifications/{to_hex(use)}/evidence", "digest": to_hex(digest)}


def store_evidence(connection: Connection, bundles: Sequence[SealedEvidence]) -> None:
    """Write bundles; they are durable when the transaction is.

    A use that is answered once more has the evidence of its newest answer.
    """
    wanted = {one.use: one for one in bundles}
    if wanted:
        rows = [
            {"use": one.use, "bank": one.bank, "digest": one.digest, "data_keys": one.data_keys, "sealed": one.sealed}
            for one in wanted.values()
        ]
        connection.execute(_DROP, {"ids": list(wanted)})
        connection.execute(_ADD, rows)


def seal_evidence(bundle: bytes, *, digest: bytes, use: bytes, bank: bytes, keys: Sequence[VaultKey]) -> SealedEvidence:
    """Seal the bundle of an answer under the keys of the attestations that it shows."""
    key = joint_key([each.key for each in keys], _LABEL)
    return SealedEvidence(use, bank, digest, names_of(keys), seal(key, isal_zlib.compress(bundle, _FAST), use))


class EvidenceReader:
    """Opens the evidence of a bank's own answers."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    def has(self, bank: bytes, use: bytes) -> bool:
        """Return whether there is evidence of an answer of this bank, whether it can still be opened or not."""
        return self._store.row(select(_ROW.use).where(_ROW.use == use, _ROW.bank == bank)) is not None

    def of_bank(self, bank: bytes, use: bytes) -> bytes:
        """Return the bundle of the answer that cost ``use``, byte for byte as it was when it was answered.

        Raises:
            InvalidInputError: ``not_found``, the same for an answer of another bank and for none; ``erased``;
                ``quarantined``.
        """
        row = self._store.row(select(table.evidence).where(_ROW.use == use, _ROW.bank == bank))
        if row is None:
            raise InvalidInputError(Reason.NOT_FOUND, "there is no evidence of an answer of yours with this use")
        keys = self._ring.find(row.data_keys)
        if keys is None and self._ring.is_quarantined(row.data_keys):
            raise InvalidInputError(
                Reason.QUARANTINED,
                "the ledger calls what this answer showed erased, and the operator has not said yet whether it is; "
                "a copy that you saved still checks",
            )
        if keys is None:
            raise InvalidInputError(
                Reason.ERASED,
                "a department has erased what this answer showed, and with it the evidence that was kept here; "
                "a copy that you saved still checks",
            )
        return isal_zlib.decompress(unseal(joint_key(keys, _LABEL), row.sealed, use))
