"""The one form in which a set of sign-in keys is signed."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from joserfc.jwk import ECKey

from api.sign_in.protocol.jose import MEMBER_ALGORITHMS, Key, public_key
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.sign_in_key import SignInKeys

MAX_KEYS: Final = 8


def stated_keys(client: bytes, number: int, keys: Sequence[JSON]) -> SignInKeys:
    """Return a set in the one form that is signed.

    Raises:
        InvalidInputError: a key is no public key, or is of a kind that is not published.
    """
    read = [public_key(key) for key in keys]
    different = len({key.thumbprint for key in read})
    if not 1 <= len(read) <= MAX_KEYS or different != len(read):
        raise InvalidInputError(
            Reason.REQUEST_INVALID, f"a client has 1 to {MAX_KEYS} different sign-in keys", field="keys"
        )
    if not all(key.algorithm in MEMBER_ALGORITHMS for key in read):
        raise InvalidInputError(Reason.ALGORITHM_NOT_ALLOWED, "sign-in keys are on P-256 or Ed25519", field="keys")
    shown: list[Mapping[str, JSON]] = [dict(key.jwk) for key in read]
    return SignInKeys(client, number, tuple(shown))


def new_key_file() -> tuple[str, Key]:
    """Return the text of a file with a new private key on P-256 (JWK), and the key."""
    key = ECKey.generate_key("P-256")
    return json.dumps({**key.as_dict(private=True), "kid": key.thumbprint()}, indent=2) + "\n", key
