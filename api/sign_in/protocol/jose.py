"""JOSE, on joserfc: the algorithms and public keys that count here, and tokens that are read before they are checked.

Four algorithms are known and nothing else, so that ``none`` and the HMACs are not refused but unknown. Tokens are
taken apart here, since a library follows members of the header that we do not know, such as ``b64``.

Members that nobody asks for are passed over, whatever they hold (RFC 7515, RFC 7519). So the JSON of tokens may have
fractions, which nothing else of ours reads.
"""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NoReturn, Self, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from api.sign_in.protocol.error import SignInError
from ledger_node.domain.canonical import JSON, require_shallow
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason

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
_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_KEYS_REMEMBERED: Final = 4096
_LATEST: Final = 2**53


def _algorithms() -> dict[Algorithm, Any]:
    named = {name: copy.copy(JWSRegistry.algorithms[name]) for name in Algorithm}
    # joserfc warns that the name says no curve; the only curve that we read is Ed25519
    named[Algorithm.EDDSA].security_warning = None
    return named


_ALGORITHMS: Final = _algorithms()


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
class Header:
    """What counts of a token's header; other members are passed over (RFC 7515, 4). ``type``: in lower case.

    ``application/`` may be left out of it (RFC 7515, 4.1.9), and is.
    """

    algorithm: str
    type: str | None
    key_id: str | None
    jwk: JSON

    @classmethod
    def of(cls, members: JsonObject) -> Self:
        """Read a header.

        Raises:
            InvalidInputError: a member is missing or of the wrong kind, or extensions are said to be critical.
        """
        if "crit" in members:
            # extensions that must be understood, and we know none; an empty list is wrong (RFC 7515, 4.1.11)
            raise InvalidInputError(Reason.VALUE_MALFORMED, "no critical extension is understood here", field="crit")
        return cls(
            members.text("alg"),
            members.text("typ").lower().removeprefix("application/") if "typ" in members else None,
            members.text("kid") if "kid" in members else None,
            members.optional("jwk"),
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose signature nobody has checked yet."""

    algorithm: Algorithm
    header: Header
    claims: JsonObject
    _signed: bytes = field(repr=False)
    _signature: bytes = field(repr=False)

    def is_by(self, key: PublicKey) -> bool:
        """Return whether ``key`` signed this with the algorithm that the header names."""
        algorithm = _ALGORITHMS[self.algorithm]
        try:
            algorithm.check_key(key.key)
            return bool(algorithm.verify(self._signed, self._signature, key.key))
        except (JoseError, ValueError):
            return False


def read(token: str, malformed: Reason, refused: type[SignInError] = SignInError) -> Signed:
    """Take a compact JWT apart.

    Raises:
        SignInError: of the kind ``refused``: ``malformed``, or ``algorithm_not_allowed``.
    """
    parts = _TOKEN.fullmatch(token) if len(token) <= MAX_TOKEN else None
    if parts is None:
        raise refused(malformed, f"this is no signed JWT in compact form of at most {MAX_TOKEN} characters")
    try:
        header, claims, signature = (urlsafe_b64decode(part.encode("ascii")) for part in parts.groups())
        shown = Header.of(read_object(header, "header"))
        stated = read_object(claims, "claims")
    except InvalidInputError as error:
        raise refused(malformed, f"the JWT is malformed: {error.message}") from error
    except ValueError as error:
        raise refused(malformed, "header and claims of a JWT are JSON objects in base64url") from error
    try:
        algorithm = Algorithm(shown.algorithm)
    except ValueError as error:
        allowed = ", ".join(Algorithm)
        raise refused(Reason.ALGORITHM_NOT_ALLOWED, f"sign with one of {allowed}") from error
    return Signed(algorithm, shown, stated, token.rpartition(".")[0].encode("ascii"), signature)


def sign(header: Mapping[str, JSON], claims: Mapping[str, JSON], key: Key) -> str:
    """Return a compact JWT."""
    parts = (urlsafe_b64encode(json.dumps(part).encode("utf-8")) for part in (dict(header), dict(claims)))
    signed = b".".join(parts)
    signature = _ALGORITHMS[Algorithm(str(header["alg"]))].sign(signed, key)
    return (signed + b"." + urlsafe_b64encode(signature)).decode("ascii")


def _no_key() -> InvalidInputError:
    return InvalidInputError(
        Reason.VALUE_MALFORMED, "a key is a public JWK on P-256, Ed25519 or secp256k1, without its private part"
    )


def read_object(data: bytes, what: str) -> JsonObject:
    """Return the JSON object that a part of a token is.

    Raises:
        InvalidInputError: a JSON reason.
        ValueError: it is no JSON in UTF-8.
    """
    text = data.decode("utf-8")
    require_shallow(text)
    value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    if "\\ud" in text.lower():
        # a lone surrogate is no text: writing it as UTF-8 fails
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return JsonObject(value, what)


def time_of(claims: JsonObject, name: str) -> float:
    """Return a NumericDate (RFC 7519, 2), which may have a part of a second."""
    value: object = claims.take(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST:
        raise InvalidInputError(
            Reason.VALUE_MALFORMED, f"'{name}' must be a time: seconds since 1970-01-01 UTC", field=name
        )
    return value


def _object(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidInputError(Reason.JSON_DUPLICATE_KEY, "a member stands twice in one object")
    return members


def _no_number(_: str) -> NoReturn:
    raise InvalidInputError(Reason.JSON_MALFORMED, "NaN and Infinity are no JSON")
