"""Consents: what a bank asks for, the terms that a subject's controllers sign, and the bounds that the ledger holds.

A consent is terms and bounds; its id is their EIP-712 digest, which the ConsentRegistry computes itself. Every field
is readable when signed. The chain holds the id, the bounds, and which uses were counted; the terms carry a random salt,
so an id hides them. A bank's request is what it would like to be granted: the same, without what only the subject can
say. Its id binds the answer key as well, which travels with the request, off the chain.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, ClassVar, Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_scope import (
    LIMIT_FIELDS,
    MAX_DEPARTMENTS,
    MAX_SECONDS,
    RETENTION_FIELD,
    SCOPE_FIELDS,
    VERSION,
    Scope,
    require_limits,
)
from ledger_node.domain.eip712 import (
    DOMAIN_FIELDS,
    SignedType,
    SigningDomain,
    address,
    address_word,
    bytes32,
    minute,
    string_list,
    text,
)
from ledger_node.domain.error import VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature, signature_from_json

NO_REQUEST: Final = bytes(32)
"""In the place of a request's id: the subject grants of its own accord."""
ASKED_TYPE: Final = SignedType(
    "Asked", (*SCOPE_FIELDS, *LIMIT_FIELDS, RETENTION_FIELD, address("spendKey"), bytes32("salt"))
)
TERMS_TYPE: Final = SignedType(
    "Terms",
    (
        *SCOPE_FIELDS,
        RETENTION_FIELD,
        bytes32("salt"),
        text("language", 16),
        bytes32("textDigest"),
        bytes32("wording"),
        string_list("departmentNames", 0, MAX_DEPARTMENTS),
    ),
)
BOUNDS_TYPE: Final = SignedType(
    "Bounds",
    (
        *LIMIT_FIELDS,
        minute("grantBefore", MAX_SECONDS),
        address("spendKey"),
        address("stewardKey"),
        bytes32("withdrawalHash"),
    ),
)
_CONSENT_TYPE: Final = keccak(f"Consent(Terms terms,Bounds bounds){BOUNDS_TYPE.text}{TERMS_TYPE.text}".encode())
_REQUEST_TYPE: Final = keccak(f"Request(Asked asked,address answerKey){ASKED_TYPE.text}".encode())


class RequestState(IntEnum):
    """The states of a request on the ConsentRegistry."""

    NONE = 0
    OPEN = 1
    GRANTED = 2
    REFUSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest(Scope):
    """What a bank asks for (``Asked`` on the chain).

    Times are seconds since 1970-01-01 UTC: usable from ``not_before`` on and before ``expires_at``. ``spend_key``: the
    address of the bank's fresh key for this consent, which spends its uses.
    """

    signed: ClassVar[SignedType] = ASKED_TYPE
    readers: ClassVar[dict[int, Callable[[JSON], Any]]] = {}
    """By version."""

    not_before: int
    expires_at: int
    max_uses: int
    spend_key: bytes

    def digest(self, answer_key: bytes, domain: SigningDomain) -> bytes:
        """Return the request's id under the ConsentRegistry's domain; ``answer_key``: the address of its answer key."""
        return domain.digest(keccak(_REQUEST_TYPE + self.struct_hash + address_word(answer_key)))

    def require_within_purpose(self, purposes: Purposes, claims: Sequence[Claim]) -> None:
        """Require that the bounds and ``claims``, which are the questions, lie under the ceilings of the purpose.

        Raises:
            InvalidInputError: ``purpose_unknown`` or ``purpose_ceiling``, naming the bound.
        """
        purpose = purposes.named(self.purpose)
        purpose.require_within(
            seconds=self.expires_at - self.not_before,
            uses=self.max_uses,
            retention_days=self.retention_days,
        )
        purpose.require_questions(claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Scope):
    """What is granted, in readable words, and in which words it was shown.

    ``text_digest``: keccak256 of the text in ``language`` that was shown when it was signed. ``wording``: the digest of
    the document of words that it was made with. ``department_names``: what the departments are called that are named,
    by rising id.
    """

    signed: ClassVar[SignedType] = TERMS_TYPE
    readers: ClassVar[dict[int, Callable[[JSON], Any]]] = {}
    """By version."""

    language: str
    text_digest: bytes
    wording: bytes
    department_names: tuple[str, ...] = ()

    @classmethod
    def accepting(
        cls,
        request: ConsentRequest,
        language: str,
        text_digest: bytes,
        wording: bytes,
        department_names: tuple[str, ...] = (),
    ) -> Self:
        """Return the terms that grant exactly what ``request`` asks for; ``shown_text.accept`` finds the words."""
        asked = {one.name: getattr(request, one.name) for one in fields(Scope)}
        return cls(
            **asked, language=language, text_digest=text_digest, wording=wording, department_names=department_names
        )


ConsentRequest.readers[VERSION] = ConsentRequest.read
Terms.readers[VERSION] = Terms.read


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a grant may not leave, as the chain holds it; times are seconds since 1970-01-01 UTC.

    Usable from ``not_before`` on and before ``expires_at``, recorded before ``grant_before``, used at most ``max_uses``
    times. ``spend_key`` is the bank's, ``steward_key`` the firm's; whoever shows the secret of ``withdrawal_hash``
    withdraws.
    """

    not_before: int
    expires_at: int
    max_uses: int
    grant_before: int
    spend_key: bytes
    steward_key: bytes
    withdrawal_hash: bytes

    @classmethod
    def accepting(
        cls, request: ConsentRequest, *, grant_before: int, steward_key: bytes, withdrawal_hash: bytes
    ) -> Self:
        """Return the bounds that grant exactly what ``request`` asks for."""
        return cls(
            not_before=request.not_before,
            expires_at=request.expires_at,
            max_uses=request.max_uses,
            grant_before=grant_before,
            spend_key=request.spend_key,
            steward_key=steward_key,
            withdrawal_hash=withdrawal_hash,
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, in the order of the signed fields."""
        return BOUNDS_TYPE.to_json(self)

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed, or the ledger would refuse these bounds.
        """
        said = BOUNDS_TYPE.read(JsonObject(value, "bounds"))
        require_limits(said)
        return cls(**said)


@dataclass(frozen=True, slots=True)
class Consent:
    """Terms and bounds: what controllers sign, and what stands on the chain under one id."""

    terms: Terms
    bounds: Bounds

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the id: the EIP-712 digest under the ConsentRegistry's domain."""
        return consent_digest(self.terms.struct_hash, self.bounds, domain)

    @property
    def asked(self) -> ConsentRequest:
        """The request that this consent grants exactly."""
        scope = {one.name: getattr(self.terms, one.name) for one in fields(Scope)}
        limits = {one.member: getattr(self.bounds, one.member) for one in LIMIT_FIELDS}
        return ConsentRequest(**scope, **limits, spend_key=self.bounds.spend_key)

    def to_typed_data(self, domain: SigningDomain) -> dict[str, JSON]:
        """Return the consent as EIP-712 typed data, for any wallet to show and sign."""
        return {
            "types": {
                "EIP712Domain": DOMAIN_FIELDS,
                "Consent": [{"name": "terms", "type": "Terms"}, {"name": "bounds", "type": "Bounds"}],
                "Terms": TERMS_TYPE.listed(),
                "Bounds": BOUNDS_TYPE.listed(),
            },
            "primaryType": "Consent",
            "domain": domain.to_typed_data(),
            "message": {"terms": TERMS_TYPE.message(self.terms), "bounds": BOUNDS_TYPE.message(self.bounds)},
        }


def consent_digest(terms_hash: bytes, bounds: Bounds, domain: SigningDomain) -> bytes:
    """Return the id of the consent whose terms have this struct hash."""
    return domain.digest(keccak(_CONSENT_TYPE + terms_hash + BOUNDS_TYPE.struct_hash(bounds)))


def require_signed(digest: bytes, shown_id: bytes) -> None:
    """Require that a consent or a request leads to the id it is shown for.

    Raises:
        VerificationError: ``consent_id_mismatch``.
    """
    if digest != shown_id:
        raise VerificationError(Reason.CONSENT_ID_MISMATCH, "these terms and bounds hash to another consent id")


def signatures_from_json(items: Sequence[JSON]) -> tuple[Signature, ...]:
    """Read signatures: 0x and 130 hexadecimal digits, or a passkey's assertion, each."""
    return tuple(signature_from_json(item) for item in items)
