"""Client assertions (RFC 7523, private_key_jwt): what a client signs to get an access token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.sign_in.jose import Key, Signed, public_part, read, sign
from api.sign_in.principal import SignInError
from api.sign_in.proof import MAX_IDENTIFIER
from api.sign_in.window import BEHIND_S, require_fresh
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex
from ledger_node.randomness import random_bytes

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TYPE: Final = "client-authentication+jwt"
_TYPES: Final = frozenset({None, "JWT", _TYPE})


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion that nobody has checked yet; ``client``: the 32-byte id of who it is said to be from."""

    signed: Signed
    client: bytes
    audience: JSON
    identifier: str
    issued_at: int
    expires_at: int

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
        if now >= self.expires_at:
            raise SignInError(Reason.ASSERTION_TIME, f"the assertion has expired; this instance's clock says {now}")
        return require_fresh(self.issued_at, now, Reason.ASSERTION_TIME)


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
    if signed.header.get("typ") not in _TYPES:
        raise SignInError(Reason.ASSERTION_MALFORMED, f"the type of an assertion is '{_TYPE}' or 'JWT'")
    claims = signed.claims
    try:
        client = claims.text("sub")
        if claims.text("iss") != client:
            raise InvalidInputError(Reason.VALUE_MALFORMED, "'iss' and 'sub' are both the client's id", field="iss")
        return Assertion(
            signed,
            from_hex(client, "sub"),
            claims.take("aud"),
            claims.text("jti", max_length=MAX_IDENTIFIER),
            claims.integer("iat"),
            claims.integer("exp"),
        )
    except InvalidInputError as error:
        raise SignInError(Reason.ASSERTION_MALFORMED, f"the assertion is malformed: {error.message}") from error
