"""Client assertions (RFC 7523, private_key_jwt): what a client signs to get an access token, and the keys that sign."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from joserfc.jwk import ECKey

from api.sign_in.protocol.error import SignInError
from api.sign_in.protocol.jose import MEMBER_ALGORITHMS, Key, Signed, public_key, public_part, read, sign
from api.sign_in.protocol.proof import BEHIND_S, MAX_IDENTIFIER, Window
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.sign_in_key import SignInKeys
from ledger_node.randomness import random_bytes

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TYPE: Final = "client-authentication+jwt"
_TYPES: Final = frozenset({None, "jwt", _TYPE})


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion that nobody has checked yet; ``client``: the 32-byte id of who it is said to be from.

    ``claimed``: what the claim ``client_id`` holds, which nobody needs to make.
    """

    signed: Signed
    client: bytes
    audience: JSON
    identifier: str
    window: Window
    claimed: JSON = None

    def require_for(self, audience: str, now: int) -> int:
        """Require that this was made for ``audience`` and counts now; return until when it counts.

        The audience is this instance's address alone: an assertion that names several could be used at each.

        Raises:
            SignInError: ``assertion_other_audience`` or ``assertion_time``.
        """
        if self.audience not in (audience, [audience]):
            raise SignInError(
                Reason.ASSERTION_OTHER_AUDIENCE, f"the assertion's 'aud' must be this instance alone: {audience}"
            )
        fault = self.window.fault_at(now)
        if fault is not None:
            raise SignInError(Reason.ASSERTION_TIME, f"the assertion does not count: {fault}")
        return self.window.until

    def require_client(self, named: str | None) -> None:
        """Require that ``named``, which the request calls its client, and the claim ``client_id`` are who signed.

        Both may be left out (RFC 7521, 4.2).

        Raises:
            SignInError: ``assertion_other_client``.
        """
        for client in (named, self.claimed):
            if client is not None and client != to_hex(self.client):
                raise SignInError(
                    Reason.ASSERTION_OTHER_CLIENT, "'client_id' is another client than the assertion's 'sub'"
                )


def make_assertion(client: str, audience: str, key: Key, header: Mapping[str, JSON], *, now: int) -> str:
    """Return a client assertion. ``header``: what tells the instance the key, ``kid`` or ``jwk``."""
    claims: dict[str, JSON] = {
        "iss": client,
        "sub": client,
        "aud": audience,
        "jti": random_bytes(16).hex(),
        "iat": now,
        "exp": now + BEHIND_S,
    }
    return sign({"typ": _TYPE, "alg": public_part(key).algorithm, **header}, claims, key)


def read_assertion(value: str) -> Assertion:
    """Take a client assertion apart.

    Raises:
        SignInError: ``assertion_malformed`` or ``algorithm_not_allowed``.
    """
    signed = read(value, Reason.ASSERTION_MALFORMED)
    if signed.header.type not in _TYPES:
        raise SignInError(Reason.ASSERTION_MALFORMED, f"the type of an assertion is '{_TYPE}' or 'JWT'")
    claims = signed.claims
    try:
        client = claims.text("sub")
        if claims.text("iss") != client:
            raise InvalidInputError(Reason.VALUE_MALFORMED, "'iss' and 'sub' are both the client's id", field="iss")
        if "exp" not in claims:
            raise InvalidInputError(Reason.FIELD_MISSING, "claims lacks 'exp'", field="exp")
        return Assertion(
            signed,
            from_hex(client, "sub"),
            claims.take("aud"),
            claims.text("jti", max_length=MAX_IDENTIFIER),
            Window.of(claims),
            claims.optional("client_id"),
        )
    except InvalidInputError as error:
        raise SignInError(Reason.ASSERTION_MALFORMED, f"the assertion is malformed: {error.message}") from error


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
