"""Published sign-in keys: each set is signed by who speaks for the client, its registry key or a controller."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import insert, select, update

from api.sign_in.protocol.jose import PublicKey, public_key
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.fact import KeyPurpose
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.sign_in_key import SignInKeys
from ledger_node.domain.signature import recover
from ledger_node.domain.subject import DECOY, Controllers, Signature, signature_to_json

ADDRESS_BYTES: Final = 20
NO_SIGNER: Final = bytes(ADDRESS_BYTES)


@dataclass(frozen=True, slots=True)
class KeySet:
    """A client's sign-in keys in force. ``authority``: on whose word, as the table has it."""

    stated: SignInKeys
    authority: bytes
    signature: JSON = field(repr=False)

    def key(self, thumbprint: object) -> PublicKey | None:
        """Return the key of this thumbprint, or None."""
        keys = [public_key(key) for key in self.stated.keys]
        return next((key for key in keys if key.thumbprint == thumbprint), None)

    @property
    def signer(self) -> bytes:
        """The address of the member's registry key; for a subject one that nobody has."""
        return self.authority if len(self.authority) == ADDRESS_BYTES else NO_SIGNER

    def to_json(self) -> dict[str, JSON]:
        """Return what anybody may see and check: public keys and the signature on them."""
        return {
            "client": to_hex(self.stated.client),
            "number": self.stated.number,
            "keys": list(self.stated.keys),
            "signature": self.signature,
        }


class KeySets:
    """Keeps the newest set of every client. ``controllers`` finds those of a subject, by its id."""

    def __init__(self, store: Store, ledger: Ledger, controllers: Callable[[bytes], Controllers | None]) -> None:
        self._store = store
        self._ledger = ledger
        self._controllers = controllers

    def publish(self, stated: SignInKeys, signature: Signature) -> None:
        """Put a set in force in the place of the one before it.

        Who signed comes first, so that only who speaks for the client learns where its numbers stand.

        Raises:
            VerificationError: ``key_not_valid``; the signature is by nobody who speaks for the client now.
            InvalidInputError: ``sign_in_keys_outdated``; the number is not the next one.
            ChainError: the ledger does not answer.
        """
        row = {
            "number": stated.number,
            "keys": json.dumps([dict(key) for key in stated.keys]),
            "authority": self._authority(stated, signature),
            "signature": json.dumps(signature_to_json(signature)),
        }
        held = table.sign_in_keys
        with self._store.begin() as connection:
            last = connection.execute(select(held.c.number).where(held.c.client == stated.client)).scalar_one_or_none()
            if stated.number != (last or 0) + 1:
                raise InvalidInputError(
                    Reason.SIGN_IN_KEYS_OUTDATED, f"the next set has number {(last or 0) + 1}", field="number"
                )
            if last is None:
                connection.execute(insert(held).values(client=stated.client, **row))
            else:
                connection.execute(update(held).where(held.c.client == stated.client).values(**row))

    def find(self, client: bytes) -> KeySet | None:
        """Return the set in force."""
        held = table.sign_in_keys
        with self._store.connect() as connection:
            row = connection.execute(select(held).where(held.c.client == client)).first()
        if row is None:
            return None
        keys = json.loads(row.keys)
        return KeySet(SignInKeys(client, row.number, tuple(keys)), row.authority, json.loads(row.signature))

    def _authority(self, stated: SignInKeys, signature: Signature) -> bytes:
        """Return on whose word a set is; the same is done for ids that are nobody's."""
        signer = _signer(stated.digest(self._ledger.member_domain), signature)
        standing = self._ledger.standing(stated.client, signer)
        controllers = self._controllers(stated.client) or DECOY
        with suppress(VerificationError):
            controllers.require_any_signature(stated.digest(self._ledger.subject_domain), [signature])
            return controllers.commitment
        if standing.key.fault_at(standing.time, KeyPurpose.SIGN_IN) is not None:
            raise VerificationError(Reason.KEY_NOT_VALID, "these keys are signed by nobody who speaks for the client")
        return signer


def _signer(digest: bytes, signature: Signature) -> bytes:
    with suppress(VerificationError):
        if isinstance(signature, bytes):
            return recover(digest, signature)
    return NO_SIGNER
