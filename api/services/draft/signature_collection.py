"""Signatures of several persons over one digest, which come one after the other.

A firm may ask that more than one person signs. What the first ones signed waits here until enough of them did. Persons
count, not keys. When a firm gets other controllers, signatures that wait count no more.
"""

import json
from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from api.services.subject.controller_change import ControllerState
from api.storage import table
from api.storage.database import IDS, Store, rows_among
from ledger_node.domain.canonical import decode
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature, signature_from_json, signature_to_json

_SIGNED: Final = table.collected_signature.c
_OF_DIGESTS: Final = select(table.collected_signature).where(_SIGNED.digest.in_(IDS)).order_by(_SIGNED.person)


class SignatureCollection:
    """Holds signatures until enough persons have signed. Whoever adds one holds the lock of the subject."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def persons(self, digests: Collection[bytes], entry: int) -> Mapping[bytes, tuple[int, ...]]:
        """Return which persons of the controllers with index ``entry`` signed each of ``digests`` so far."""
        signed: dict[bytes, tuple[int, ...]] = dict.fromkeys(digests, ())
        with self._store.connect() as connection:
            for row in rows_among(connection, _OF_DIGESTS, digests):
                if row.entry == entry:
                    signed[row.digest] = (*signed[row.digest], row.person)
        return signed

    def with_new(self, current: ControllerState, digest: bytes, signature: Signature) -> tuple[int, list[Signature]]:
        """Return who made a new signature, and all signatures over its digest with this one.

        Raises:
            VerificationError: ``signer_repeated``, or the signature does not check.
        """
        controllers = current.controllers
        ((place, _),) = controllers.signed_by(digest, [signature], 1)
        person = controllers.keys[place].person
        waiting = self._waiting(digest, current.entry)
        if person in waiting:
            raise VerificationError(
                Reason.SIGNER_REPEATED, "you signed this already, perhaps with another device; another person must sign"
            )
        return person, [*waiting.values(), signature]

    def add(
        self, connection: Connection, current: ControllerState, digest: bytes, person: int, signature: Signature
    ) -> None:
        """Store a signature in a transaction, in the place of one that an earlier set of controllers left there."""
        connection.execute(
            delete(table.collected_signature).where(_SIGNED.digest == digest, _SIGNED.entry != current.entry)
        )
        row = {
            "digest": digest,
            "person": person,
            "subject": current.subject,
            "entry": current.entry,
            "signature": json.dumps(signature_to_json(signature)),
        }
        connection.execute(insert(table.collected_signature).values(row))

    def collect(self, current: ControllerState, digest: bytes, signature: Signature) -> tuple[Signature, ...] | None:
        """Return the signatures if enough persons signed by now; else store this one, and return None.

        Raises:
            VerificationError: as ``with_new``.
        """
        person, signatures = self.with_new(current, digest, signature)
        if len(signatures) >= current.controllers.threshold:
            return tuple(signatures)
        with self._store.begin() as connection:
            self.add(connection, current, digest, person, signature)
        return None

    def _waiting(self, digest: bytes, entry: int) -> dict[int, Signature]:
        query = select(table.collected_signature).where(_SIGNED.digest == digest, _SIGNED.entry == entry)
        return {row.person: signature_from_json(decode(row.signature.encode())) for row in self._store.rows(query)}
