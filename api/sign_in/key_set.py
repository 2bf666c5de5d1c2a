"""Members' sign-in keys at this instance: each set is signed by a key of the member on the MemberRegistry."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import insert, select, update

from api.sign_in.jose import MEMBER_ALGORITHMS, PublicKey, public_key
from api.storage import table
from api.storage.database import Store
from ledger_node.chain.port import Ledger
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import to_hex
from ledger_node.domain.sign_in_key import SignInKeys
from ledger_node.domain.signature import recover

MAX_KEYS: Final = 8


@dataclass(frozen=True, slots=True)
class KeySet:
    """A member's sign-in keys in force, and the registry key (an address) that signed for them."""

    stated: SignInKeys
    signer: bytes
    signature: bytes = field(repr=False)

    def key(self, thumbprint: object) -> PublicKey | None:
        """Return the key of this thumbprint, or None."""
        keys = [public_key(key) for key in self.stated.keys]
        return next((key for key in keys if key.thumbprint == thumbprint), None)

    def to_json(self) -> dict[str, JSON]:
        """Return what anybody may see and check: public keys and the member's signature on them."""
        return {
            "member": to_hex(self.stated.member),
            "number": self.stated.number,
            "keys": list(self.stated.keys),
            "signature": to_hex(self.signature),
        }


def stated_keys(member: bytes, number: int, keys: Sequence[JSON]) -> SignInKeys:
    """Return a set in the one form that is signed.

    Raises:
        InvalidInputError: a key is no public key, or is of a kind that members do not sign in with.
    """
    read = [public_key(key) for key in keys]
    different = len({key.thumbprint for key in read})
    if not 1 <= len(read) <= MAX_KEYS or different != len(read):
        raise InvalidInputError(
            Reason.REQUEST_INVALID, f"a member has 1 to {MAX_KEYS} different sign-in keys", field="keys"
        )
    if not all(key.algorithm in MEMBER_ALGORITHMS for key in read):
        raise InvalidInputError(
            Reason.ALGORITHM_NOT_ALLOWED, "members sign in with keys on P-256 or Ed25519", field="keys"
        )
    shown: list[Mapping[str, JSON]] = [dict(key.jwk) for key in read]
    return SignInKeys(member, number, tuple(shown))


class KeySets:
    """Keeps the newest set of every member."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def publish(self, stated: SignInKeys, signature: bytes) -> None:
        """Put a set in force in the place of the one before it.

        Raises:
            InvalidInputError: ``sign_in_keys_outdated``; the number is not the next one.
            VerificationError: the signature is by no key that is the member's now.
            ChainError: the ledger does not answer.
        """
        signer = recover(stated.digest(self._ledger.member_domain), signature)
        standing = self._ledger.standing(stated.member, signer)
        fault = standing.key.fault_at(standing.time)
        if fault is not None:
            raise VerificationError(fault, "these keys are signed by no key that is the member's now")
        row = {
            "number": stated.number,
            "keys": json.dumps([dict(key) for key in stated.keys]),
            "signer": signer,
            "signature": signature,
        }
        held = table.sign_in_keys
        with self._store.begin() as connection:
            last = connection.execute(select(held.c.number).where(held.c.member == stated.member)).scalar_one_or_none()
            if stated.number != (last or 0) + 1:
                raise InvalidInputError(
                    Reason.SIGN_IN_KEYS_OUTDATED, f"the next set has number {(last or 0) + 1}", field="number"
                )
            if last is None:
                connection.execute(insert(held).values(member=stated.member, **row))
            else:
                connection.execute(update(held).where(held.c.member == stated.member).values(**row))

    def find(self, member: bytes) -> KeySet | None:
        """Return the set in force."""
        held = table.sign_in_keys
        with self._store.connect() as connection:
            row = connection.execute(select(held).where(held.c.member == member)).first()
        if row is None:
            return None
        keys = decode(row.keys.encode())
        return KeySet(SignInKeys(member, row.number, tuple(keys)), row.signer, row.signature)  # type: ignore[arg-type]
