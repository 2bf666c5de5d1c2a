"""JOSE, on joserfc: the algorithms and public keys that count here, and tokens that are read before they are checked.

The registry holds four algorithms and nothing else, so that ``none`` and the HMACs are not refused but unknown.
"""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeAlias

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import CompactSignature, JWSRegistry
from joserfc.util import urlsafe_b64decode

from api.sign_in.principal import SignInError
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record

Key: TypeAlias = ECKey | OKPKey


class Algorithm(StrEnum):
    """Signatures that count: P-256, Ed25519 under its two names (RFC 8037, RFC 9864), and secp256k1 for subjects."""

    ES256 = "ES256"
    EDDSA = "EdDSA"
    ED25519 = "Ed25519"
    ES256K = "ES256K"


MEMBER_ALGORITHMS: Final = frozenset({Algorithm.ES256, Algorithm.EDDSA, Algorithm.ED25519})
MAX_TOKEN: Final = 4096
_CURVE_ALGORITHMS: Final = {
    "P-256": Algorithm.ES256,
    "Ed25519": Algorithm.ED25519,
    "secp256k1": Algorithm.ES256K,
}
_COORDINATE: Final = re.compile("[A-Za-z0-9_-]{43}")
_KEYS_REMEMBERED: Final = 4096


def _algorithms() -> dict[str, Any]:
    named = {name.value: copy.copy(JWSRegistry.algorithms[name]) for name in Algorithm}
    # joserfc warns that the name says no curve; the only curve that we read is Ed25519
    named[Algorithm.EDDSA].security_warning = None
    return named


class _Registry(JWSRegistry):
    algorithms = _algorithms()
    max_header_length = 1024
    max_payload_length = MAX_TOKEN


_REGISTRY: Final = _Registry(algorithms=[name.value for name in Algorithm])


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key with its RFC 7638 thumbprint."""

    jwk: Mapping[str, str]
    thumbprint: str
    algorithm: Algorithm
    key: Key = field(repr=False)

    @property
    def point(self) -> bytes:
        """X || y of a key on an elliptic curve."""
        return b"".join(urlsafe_b64decode(self.jwk[name].encode()) for name in ("x", "y"))


def public_key(value: JSON) -> PublicKey:
    """Read a public JWK. Members that only describe it are left out; one that holds a private part is refused.

    Raises:
        InvalidInputError: ``value_malformed``.
    """
    if not isinstance(value, Mapping) or "d" in value or "k" in value:
        raise _no_key()
    names = ("kty", "crv", "x", "y") if value.get("kty") == "EC" else ("kty", "crv", "x")
    members = {name: value.get(name) for name in names}
    texts = {name: text for name, text in members.items() if isinstance(text, str)}
    if len(texts) != len(names) or texts["crv"] not in _CURVE_ALGORITHMS:
        raise _no_key()
    if not all(_COORDINATE.fullmatch(texts[name]) for name in names[2:]):
        raise _no_key()
    return _imported(tuple(texts.items()))


@lru_cache(_KEYS_REMEMBERED)
def _imported(members: tuple[tuple[str, str], ...]) -> PublicKey:
    jwk = dict(members)
    if jwk["kty"] not in {"EC", "OKP"} or (jwk["kty"] == "OKP") is not (jwk["crv"] == "Ed25519"):
        raise _no_key()
    try:
        key: Key = ECKey.import_key(dict(jwk)) if jwk["kty"] == "EC" else OKPKey.import_key(dict(jwk))
    except (JoseError, ValueError) as error:
        raise _no_key() from error
    return PublicKey(jwk, key.thumbprint(), _CURVE_ALGORITHMS[jwk["crv"]], key)


def public_part(key: Key) -> PublicKey:
    """Return the public part of a private key.

    Raises:
        InvalidInputError: ``value_malformed``; it is on another curve than we read.
    """
    return public_key({name: str(value) for name, value in key.as_dict(private=False).items()})


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose signature nobody has checked yet."""

    algorithm: Algorithm
    header: Mapping[str, Any]
    claims: Record
    _signature: CompactSignature = field(repr=False)

    def is_by(self, key: PublicKey) -> bool:
        """Return whether ``key`` signed this with the algorithm that the header names."""
        try:
            return jws.validate_compact(self._signature, key.key, registry=_REGISTRY)
        except (JoseError, ValueError):
            return False


def read(token: str, malformed: Reason) -> Signed:
    """Take a compact JWT apart.

    Raises:
        SignInError: ``malformed``, or ``algorithm_not_allowed``.
    """
    if len(token) > MAX_TOKEN:
        raise SignInError(malformed, f"a token has at most {MAX_TOKEN} characters")
    try:
        signature = jws.extract_compact(token.encode("utf-8", "replace"), registry=_REGISTRY)
        header = signature.headers()
        claims = Record(decode(signature.payload), "claims")
    # joserfc takes the header's JSON for an object before it has looked
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError, InvalidInputError) as error:
        raise SignInError(malformed, "this is no signed JWT in compact form with JSON claims") from error
    try:
        algorithm = Algorithm(header["alg"])
    except (ValueError, TypeError) as error:
        allowed = ", ".join(Algorithm)
        raise SignInError(Reason.ALGORITHM_NOT_ALLOWED, f"sign with one of {allowed}") from error
    return Signed(algorithm, header, claims, signature)


def sign(header: Mapping[str, JSON], claims: Mapping[str, JSON], key: Key) -> str:
    """Return a compact JWT."""
    return jws.serialize_compact(dict(header), json.dumps(claims), key, registry=_REGISTRY)


def _no_key() -> InvalidInputError:
    return InvalidInputError(
        Reason.VALUE_MALFORMED, "a key is a public JWK on P-256, Ed25519 or secp256k1, without its private part"
    )
