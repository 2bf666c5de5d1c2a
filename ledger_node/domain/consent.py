"""Consent tokens: the terms that a subject's controllers sign, and what they allow.

The consent id is the EIP-712 digest of the full terms. Every field is readable when signed. The chain
holds only the id with state, times and uses; the terms carry a random salt, so an id hides them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Self

from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SigningDomain, list_word, text_word, uint_word
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.purpose import purpose_named
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record, to_hex

VERSION: Final = 1
MAX_QUESTIONS: Final = 64
MAX_DEPARTMENTS: Final = 64
_FIELDS: Final = (
    ("version", "uint16"),
    ("subject", "bytes32"),
    ("grantee", "bytes32"),
    ("granteeName", "string"),
    ("purpose", "string"),
    ("purposeText", "string"),
    ("questions", "string[]"),
    ("departments", "bytes32[]"),
    ("notBefore", "uint64"),
    ("expiresAt", "uint64"),
    ("maxUses", "uint32"),
    ("retentionDays", "uint32"),
    ("revocationHash", "bytes32"),
    ("salt", "bytes32"),
)
_TERMS_TYPE: Final = keccak(f"ConsentTerms({','.join(f'{t} {n}' for n, t in _FIELDS)})".encode())
_WITHDRAWAL_TYPE: Final = keccak(b"ConsentWithdrawal(bytes32 consent,string statement)")
WITHDRAWAL_STATEMENT: Final = "I withdraw this consent. 我撤回本授权。"


class ConsentState(IntEnum):
    """The states of the ConsentRegistry; Live may become Withdrawn, nothing else changes."""

    NONE = 0
    LIVE = 1
    WITHDRAWN = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What is granted: one bank, one purpose, listed questions (text form), bounded time and uses.

    Times are seconds since 1970-01-01 UTC: usable from ``not_before`` on and before ``expires_at``.
    """

    subject: bytes
    grantee: bytes
    grantee_name: str
    purpose: str
    purpose_text: str
    questions: tuple[str, ...]
    departments: tuple[bytes, ...]
    not_before: int
    expires_at: int
    max_uses: int
    retention_days: int
    revocation_hash: bytes
    salt: bytes = field(repr=False)

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the consent id: the EIP-712 digest under the ConsentRegistry's domain."""
        return domain.digest(
            keccak(
                _TERMS_TYPE
                + uint_word(VERSION)
                + self.subject
                + self.grantee
                + text_word(self.grantee_name)
                + text_word(self.purpose)
                + text_word(self.purpose_text)
                + list_word([text_word(question) for question in self.questions])
                + list_word(list(self.departments))
                + uint_word(self.not_before)
                + uint_word(self.expires_at)
                + uint_word(self.max_uses)
                + uint_word(self.retention_days)
                + self.revocation_hash
                + self.salt
            )
        )

    def require_within_purpose(self) -> None:
        """Require that the bounds lie under the ceilings of the purpose.

        Raises:
            InvalidInputError: ``purpose_unknown`` or ``purpose_ceiling``, naming the bound.
        """
        purpose_named(self.purpose).require_within(
            seconds=self.expires_at - self.not_before,
            uses=self.max_uses,
            retention_days=self.retention_days,
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "version": VERSION,
            "subject": to_hex(self.subject),
            "grantee": to_hex(self.grantee),
            "grantee_name": self.grantee_name,
            "purpose": self.purpose,
            "purpose_text": self.purpose_text,
            "questions": list(self.questions),
            "departments": [to_hex(member) for member in self.departments],
            "not_before": self.not_before,
            "expires_at": self.expires_at,
            "max_uses": self.max_uses,
            "retention_days": self.retention_days,
            "revocation_hash": to_hex(self.revocation_hash),
            "salt": to_hex(self.salt),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = Record(value, "terms")
        record.integer("version", low=VERSION, high=VERSION)
        terms = cls(
            subject=record.blob("subject"),
            grantee=record.blob("grantee"),
            grantee_name=record.text("grantee_name"),
            purpose=record.text("purpose"),
            purpose_text=record.text("purpose_text"),
            questions=record.texts("questions", max_items=MAX_QUESTIONS),
            departments=_members(record),
            not_before=record.integer("not_before", high=2**40 - 1),
            expires_at=record.integer("expires_at", high=2**40 - 1),
            max_uses=record.integer("max_uses", low=1, high=2**32 - 1),
            retention_days=record.integer("retention_days", high=2**32 - 1),
            revocation_hash=record.blob("revocation_hash"),
            salt=record.blob("salt"),
        )
        record.done()
        if not terms.questions or terms.expires_at <= terms.not_before:
            raise InvalidInputError(
                Reason.REQUEST_INVALID, "a consent lists at least one question and ends after it begins"
            )
        return terms


def _members(record: Record) -> tuple[bytes, ...]:
    members = record.items("departments", max_items=MAX_DEPARTMENTS)
    return tuple(Record({"member": member}, "departments").blob("member") for member in members)


def revocation_hash(secret: bytes) -> bytes:
    """Return H(0x40 || secret); whoever shows the 32-byte secret withdraws the consent."""
    return keccak(b"\x40" + secret)


def withdrawal_digest(consent_id: bytes, domain: SigningDomain) -> bytes:
    """Return what controllers sign to withdraw a consent without its secret (EIP-712)."""
    return domain.digest(keccak(_WITHDRAWAL_TYPE + consent_id + text_word(WITHDRAWAL_STATEMENT)))


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
            "ConsentTerms": [{"name": name, "type": kind} for name, kind in _FIELDS],
        },
        "primaryType": "ConsentTerms",
        "domain": {
            "name": "Credence",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": to_hex(domain.contract),
        },
        "message": dict(zip((name for name, _ in _FIELDS), terms.to_json().values(), strict=True)),
    }


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """What the ConsentRegistry holds of one consent at one block."""

    state: ConsentState
    granted_at: int
    not_before: int
    expires_at: int
    max_uses: int
    uses: int
    revocation_hash: bytes


def require_usable(terms: Terms, record: ConsentRecord, *, now: int, uses_already_counted: int = 0) -> None:
    """Require that a consent may be used at block time ``now``.

    ``uses_already_counted``: uses in ``record`` that belong to the verification being checked.

    Raises:
        VerificationError: one reason each for unknown, different, withdrawn, early, expired and exhausted.
    """
    if record.state is ConsentState.NONE:
        raise VerificationError(Reason.CONSENT_UNKNOWN, "the ledger knows no such consent")
    bounds = (record.not_before, record.expires_at, record.max_uses, record.revocation_hash)
    if bounds != (terms.not_before, terms.expires_at, terms.max_uses, terms.revocation_hash):
        raise VerificationError(Reason.CONSENT_TERMS_DIFFER, "the ledger holds other bounds than the terms")
    if record.state is ConsentState.WITHDRAWN:
        raise VerificationError(Reason.CONSENT_WITHDRAWN, "the subject has withdrawn this consent")
    if now < record.not_before:
        raise VerificationError(Reason.CONSENT_NOT_YET_VALID, "this consent is not valid yet")
    if now >= record.expires_at:
        raise VerificationError(Reason.CONSENT_EXPIRED, "this consent has expired")
    if record.uses - uses_already_counted >= record.max_uses:
        raise VerificationError(Reason.CONSENT_EXHAUSTED, "all uses of this consent are spent")


def require_granted_to(terms: Terms, *, grantee: bytes, purpose: str | None) -> None:
    """Require that the asking bank and its purpose are those of the terms.

    Raises:
        VerificationError: ``consent_other_grantee`` or ``consent_other_purpose``.
    """
    if terms.grantee != grantee:
        raise VerificationError(Reason.CONSENT_OTHER_GRANTEE, "this consent was granted to another bank")
    if purpose is not None and terms.purpose != purpose:
        raise VerificationError(
            Reason.CONSENT_OTHER_PURPOSE, f"this consent is for purpose {terms.purpose}", field="purpose"
        )


def require_signed(terms_digest: bytes, consent_id: bytes) -> None:
    """Require that terms lead to the id they are shown for.

    Raises:
        VerificationError: ``consent_id_mismatch``.
    """
    if terms_digest != consent_id:
        raise VerificationError(Reason.CONSENT_ID_MISMATCH, "these terms hash to another consent id")


def lists_question(terms: Terms, question_text: str) -> bool:
    """Return whether exactly this question is consented to."""
    return question_text in terms.questions


def departments_allow(terms: Terms, issuer: bytes) -> bool:
    """Return whether the consent covers attestations of ``issuer``; no list covers all departments."""
    return not terms.departments or issuer in terms.departments


def signatures_from_json(items: Sequence[JSON]) -> tuple[bytes, ...]:
    """Read signatures written as 0x and 130 hexadecimal digits."""
    return tuple(Record({"signature": item}, "signatures").blob("signature", length=65) for item in items)
