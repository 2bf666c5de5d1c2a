"""Consent tokens: the terms that a subject's controllers sign, and what they allow.

The consent id is the EIP-712 digest of the full terms. Every field is readable when signed. The chain
holds only the id with state, times and uses; the terms carry a random salt, so an id hides them. A bank's
request is what it would like to be granted: the same, without what only the subject can say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.eip712 import (
    ANY_DATE,
    SignedType,
    SigningDomain,
    bytes32,
    bytes32_list,
    day,
    number,
    string_list,
    text,
    text_word,
    uint_word,
)
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import JsonObject, Versioned, to_hex
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature, signature_from_json
from ledger_node.domain.value import Period, parse_date

VERSION: Final = 1
MAX_QUESTIONS: Final = 64
MAX_DEPARTMENTS: Final = 64
NO_REQUEST: Final = bytes(32)
"""In the place of a request's id: the subject grants of its own accord."""
_MOST_SECONDS: Final = 2**40 - 1
_MOST: Final = 2**32 - 1
_REMEMBERED: Final = 1024
"""Terms whose hash is kept: every use of a consent takes it more than once."""
_ASKED: Final = (
    number("version", 16, VERSION, VERSION),
    bytes32("subject"),
    bytes32("grantee"),
    text("granteeName"),
    text("purpose"),
    text("purposeText"),
    string_list("questions", 1, MAX_QUESTIONS),
    bytes32_list("departments", MAX_DEPARTMENTS),
    day("dataFrom"),
    day("dataTo"),
    number("notBefore", 64, 0, _MOST_SECONDS),
    number("expiresAt", 64, 0, _MOST_SECONDS),
    number("maxUses", 32, 1, _MOST),
    number("retentionDays", 32, 0, _MOST),
    bytes32("salt"),
)
REQUEST_TYPE: Final = SignedType("ConsentRequest", _ASKED)
TERMS_TYPE: Final = SignedType(
    "ConsentTerms", (*_ASKED, text("language", 16), bytes32("textDigest"), bytes32("revocationHash"))
)
_WITHDRAWAL_TYPE: Final = keccak(b"ConsentWithdrawal(bytes32 consent,string statement)")
_REFUSAL_TYPE: Final = keccak(b"ConsentRefusal(bytes32 request,string statement)")
_CHANGE_TYPE: Final = keccak(b"ConsentChange(bytes32 consent,uint24 number,string statement)")
WITHDRAWAL_STATEMENT: Final = "I withdraw this consent. 我撤回本授权。"
REFUSAL_STATEMENT: Final = "I refuse this request. 我拒绝本申请。"


class RequestState(IntEnum):
    """The states of a request on the ConsentRegistry."""

    NONE = 0
    OPEN = 1
    GRANTED = 2
    REFUSED = 3


class Change(StrEnum):
    """What a subject does with a running consent, short of withdrawing it."""

    PAUSE = "pause"
    RESUME = "resume"

    @property
    def statement(self) -> str:
        """The sentence that controllers sign."""
        return _CHANGE_STATEMENTS[self]


_CHANGE_STATEMENTS: Final = {
    Change.PAUSE: "I pause this consent. 我暂停本授权。",
    Change.RESUME: "I resume this consent. 我恢复本授权。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest(Versioned):
    """What a bank asks for: one purpose, listed questions (text form), bounded data, time and uses.

    Times are seconds since 1970-01-01 UTC: usable from ``not_before`` on and before ``expires_at``. Only
    attestations whose period lies between the days ``data_from`` and ``data_to`` count, both included.

    Raises:
        InvalidInputError: ``range_empty`` where ``data_to`` is earlier than ``data_from``.
    """

    signed: ClassVar[SignedType] = REQUEST_TYPE
    version_member: ClassVar[str] = "version"
    version: ClassVar[int] = VERSION
    readers: ClassVar[dict[int, Callable[[JSON], Any]]] = {}
    """By version."""

    subject: bytes
    grantee: bytes
    grantee_name: str
    purpose: str
    purpose_text: str
    questions: tuple[str, ...]
    departments: tuple[bytes, ...]
    data_from: str = ANY_DATE
    data_to: str = ANY_DATE
    not_before: int
    expires_at: int
    max_uses: int
    retention_days: int
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        # days in ISO form stand in the order of their texts
        if ANY_DATE not in {self.data_from, self.data_to} and self.data_to < self.data_from:
            raise InvalidInputError(Reason.RANGE_EMPTY, "the days of data end before they begin", field="data_to")

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the id: the EIP-712 digest under the ConsentRegistry's domain."""
        return domain.digest(_struct_hash(self))

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

    def covers(self, period: Period) -> bool:
        """Return whether an attestation of ``period`` lies within the days of data."""
        first = None if self.data_from == ANY_DATE else parse_date(self.data_from, "data_from")
        last = None if self.data_to == ANY_DATE else parse_date(self.data_to, "data_to")
        return (first is None or first <= period.first) and (last is None or period.last <= last)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, in the order of the signed fields."""
        return self.signed.to_json(self)

    @classmethod
    def read(cls, value: JSON) -> Self:
        """Read the JSON form of this version.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        asked = cls.signed.read(JsonObject(value, "terms"))
        del asked["version"]
        if not asked["questions"] or asked["expires_at"] <= asked["not_before"]:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, "a consent lists at least one question and ends after it begins"
            )
        return cls(**asked)


@lru_cache(_REMEMBERED)
def _struct_hash(asked: ConsentRequest) -> bytes:
    return asked.signed.struct_hash(asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(ConsentRequest):
    """What is granted: a request as the subject accepts it, in which words it was shown, how it is withdrawn.

    ``text_digest``: keccak256 of the text in ``language`` that was shown when it was signed.
    """

    signed: ClassVar[SignedType] = TERMS_TYPE
    readers: ClassVar[dict[int, Callable[[JSON], Any]]] = {}
    """By version."""

    language: str
    text_digest: bytes
    revocation_hash: bytes

    @classmethod
    def accepting(cls, request: ConsentRequest, language: str, text_digest: bytes, revocation_hash: bytes) -> Self:
        """Return the terms that grant exactly what ``request`` asks for."""
        asked = {one.name: getattr(request, one.name) for one in fields(ConsentRequest)}
        return cls(**asked, language=language, text_digest=text_digest, revocation_hash=revocation_hash)


ConsentRequest.readers[VERSION] = ConsentRequest.read
Terms.readers[VERSION] = Terms.read


def revocation_hash(secret: bytes) -> bytes:
    """Return H(0x40 || secret); whoever shows the 32-byte secret withdraws the consent."""
    return keccak(b"\x40" + secret)


def withdrawal_digest(consent_id: bytes, domain: SigningDomain) -> bytes:
    """Return what controllers sign to withdraw a consent without its secret (EIP-712)."""
    return domain.digest(keccak(_WITHDRAWAL_TYPE + consent_id + text_word(WITHDRAWAL_STATEMENT)))


def refusal_digest(request_id: bytes, domain: SigningDomain) -> bytes:
    """Return what controllers sign to refuse a request (EIP-712)."""
    return domain.digest(keccak(_REFUSAL_TYPE + request_id + text_word(REFUSAL_STATEMENT)))


def change_digest(consent_id: bytes, change: Change, number: int, domain: SigningDomain) -> bytes:
    """Return what controllers sign to pause or resume a consent (EIP-712); ``number`` makes it count once."""
    return domain.digest(keccak(_CHANGE_TYPE + consent_id + uint_word(number) + text_word(change.statement)))


def typed_data(terms: Terms, domain: SigningDomain) -> dict[str, JSON]:
    """Return the terms as EIP-712 typed data, for any wallet to show and sign."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            terms.signed.name: terms.signed.listed(),
        },
        "primaryType": terms.signed.name,
        "domain": {
            "name": "Credence",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": to_hex(domain.contract),
        },
        "message": terms.signed.message(terms),
    }


def require_signed(terms_digest: bytes, consent_id: bytes) -> None:
    """Require that terms lead to the id they are shown for.

    Raises:
        VerificationError: ``consent_id_mismatch``.
    """
    if terms_digest != consent_id:
        raise VerificationError(Reason.CONSENT_ID_MISMATCH, "these terms hash to another consent id")


def signatures_from_json(items: Sequence[JSON]) -> tuple[Signature, ...]:
    """Read signatures: 0x and 130 hexadecimal digits, or a passkey's assertion, each."""
    return tuple(signature_from_json(item) for item in items)
