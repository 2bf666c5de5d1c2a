"""Proofs of possession (DPoP, RFC 9449): made by the client for one request, checked by the instance.

``Window`` says when a proof counts, and when an assertion does.
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from joserfc.util import urlsafe_b64encode

from api.sign_in.protocol.error import ProofError
from api.sign_in.protocol.jose import (
    MEMBER_ALGORITHMS,
    Key,
    PublicKey,
    public_key,
    public_part,
    read,
    sign,
    time_of,
)
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes

TYPE: Final = "dpop+jwt"
MAX_IDENTIFIER: Final = 256
AHEAD_S: Final = 10
BEHIND_S: Final = 60
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class Window:
    """When something counts, by what it says of itself (RFC 7519, 4.1.4 to 4.1.6)."""

    issued_at: int
    expires_at: int | None = None
    not_before: int | None = None

    @classmethod
    def of(cls, claims: JsonObject) -> Self:
        """Read ``iat``, and ``exp`` and ``nbf`` where they are.

        Raises:
            InvalidInputError: one of them is no time, or ``iat`` is missing.
        """
        return cls(
            math.floor(time_of(claims, "iat")),
            math.floor(time_of(claims, "exp")) if "exp" in claims else None,
            # the next whole second
            math.ceil(time_of(claims, "nbf")) if "nbf" in claims else None,
        )

    @property
    def until(self) -> int:
        """When it is too old, whatever else it says; it is remembered as used up to then."""
        return self.issued_at + BEHIND_S

    def fault_at(self, now: int) -> str | None:
        """Return why this does not count at ``now``, or None: it may be 10 s ahead, and not be 60 s old."""
        if not self.issued_at - AHEAD_S <= now < self.until:
            return (
                f"'iat' must be less than {BEHIND_S} s old and at most {AHEAD_S} s ahead of this instance's clock, "
                f"which says {now}"
            )
        if self.expires_at is not None and now >= self.expires_at:
            return f"it has expired, as its 'exp' says; this instance's clock says {now}"
        if self.not_before is not None and now < self.not_before - AHEAD_S:
            return f"it does not count yet, as its 'nbf' says; this instance's clock says {now}"
        return None


@dataclass(frozen=True, slots=True)
class Target:
    """The request that a proof is for. ``token``: the access token sent with it, if any."""

    method: str
    url: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that checks: by which key, and what keeps it from being used again."""

    key: PublicKey
    identifier: str
    nonce: str | None
    issued_at: int
    until: int


def make_proof(target: Target, key: Key, *, now: int, nonce: str | None = None) -> str:
    """Return the value of the DPoP header for one request."""
    public = public_part(key)
    claims: dict[str, JSON] = {
        "jti": random_bytes(16).hex(),
        "htm": target.method,
        "htu": without_query(target.url),
        "iat": now,
    }
    if target.token is not None:
        claims["ath"] = token_hash(target.token)
    if nonce is not None:
        claims["nonce"] = nonce
    return sign({"typ": TYPE, "alg": public.algorithm, "jwk": dict(public.jwk)}, claims, key)


def check_proof(value: str, target: Target, *, now: int, thumbprint: str | None = None) -> Proof:
    """Check a proof against the request that it came with (RFC 9449, 4.3, in the order of the numbers).

    1. It is a JWT of the right type, signed with an allowed algorithm.
    2. Its header holds a public key; the one that the token is bound to, ``thumbprint``, where there is one.
    3. That key signed it.
    4. It is for this method and this URL.
    5. It is for this token.
    6. It counts now: it is fresh, and neither over (``exp``) nor yet to begin (``nbf``).

    Whether it was used before is for ``ProofMemory`` to say.

    Raises:
        ProofError: ``proof_…`` or ``algorithm_not_allowed``.
    """
    signed = read(value, Reason.PROOF_MALFORMED, ProofError)  # 1
    if signed.header.type != TYPE:  # 1
        raise ProofError(Reason.PROOF_MALFORMED, f"the type of a proof is '{TYPE}'")
    if signed.algorithm not in MEMBER_ALGORITHMS:  # 1
        allowed = ", ".join(sorted(MEMBER_ALGORITHMS))
        raise ProofError(Reason.ALGORITHM_NOT_ALLOWED, f"sign proofs with one of {allowed}")
    try:
        key = public_key(signed.header.jwk)  # 2
        claims = signed.claims
        identifier, method = claims.text("jti", max_length=MAX_IDENTIFIER), claims.text("htm")
        url, window = claims.text("htu", max_length=4096), Window.of(claims)
        bound, nonce = (claims.text(name) if claims.has(name) else None for name in ("ath", "nonce"))
    except InvalidInputError as error:
        raise ProofError(Reason.PROOF_MALFORMED, f"the proof is malformed: {error.message}") from error
    if thumbprint is not None and key.thumbprint != thumbprint:  # 2
        raise ProofError(Reason.PROOF_OTHER_KEY, "the access token belongs to another key than the proof's")
    if not signed.is_by(key):  # 3
        raise ProofError(Reason.PROOF_MALFORMED, "the proof's signature does not check")
    if method != target.method or normal(url) != normal(target.url):  # 4
        raise ProofError(
            Reason.PROOF_OTHER_REQUEST, f"this proof is for another request than {target.method} {target.url}"
        )
    if bound != (None if target.token is None else token_hash(target.token)):  # 5
        raise ProofError(Reason.PROOF_OTHER_TOKEN, "this proof is for another access token: see its 'ath'")
    fault = window.fault_at(now)  # 6
    if fault is not None:
        raise ProofError(Reason.PROOF_TIME, f"the proof does not count: {fault}")
    return Proof(key, identifier, nonce, window.issued_at, window.until)


def token_hash(token: str) -> str:
    """Return the ``ath`` of an access token."""
    return urlsafe_b64encode(sha256_digest(token.encode("utf-8", "replace"))).decode("ascii")


def normal(url: str) -> tuple[str, str, str]:
    """Return scheme, host and path, without query and fragment, by the rules of RFC 3986 (6.2.2 and 6.2.3)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "", ""  # what is no URL is the URL of no request
    scheme, host = parts.scheme.lower(), parts.netloc.lower()
    host = host.removesuffix(_DEFAULT_PORTS.get(scheme, "")).removesuffix(":")
    return scheme, host, _without_dots(_ESCAPE.sub(_shortest, parts.path)) or "/"


def without_query(url: str) -> str:
    """Return an address up to its query or fragment."""
    return url.partition("#")[0].partition("?")[0]


def _shortest(escape: re.Match[str]) -> str:
    """Return the character that needs no escape, or the escape in capitals."""
    character = chr(int(escape.group()[1:], 16))
    return character if character in _UNRESERVED else escape.group().upper()


def _without_dots(path: str) -> str:
    """Return a path without ``.`` and ``..`` (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            # what stands before the first slash stays
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
