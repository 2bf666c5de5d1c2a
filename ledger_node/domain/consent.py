"""Consent tokens: the terms that a subject's controllers sign, and what they allow.

The consent id is the EIP-712 digest of the full terms. Every field is readable when signed. The chain
holds only the id with state, times and uses; the terms carry a random salt, so an id hides them. A bank's
request is what it would like to be granted: the same, without what only the subject can say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Final, Self, TypeAlias, TypedDict

from typing_extensions import override

from ledger_node.domain.canonical import JSON
from ledger_node.domain.eip712 import SigningDomain, list_word, text_word, uint_word
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import keccak
from ledger_node.domain.period import Period
from ledger_node.domain.purpose import Purposes
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record, to_hex
from ledger_node.domain.subject import Signature, signature_from_json
from ledger_node.domain.value import format_date, parse_date

VERSION: Final = 1
MAX_QUESTIONS: Final = 64
MAX_DEPARTMENTS: Final = 64
ANY_DATE: Final = ""
"""In the place of the first or last day of data: no bound."""
NO_REQUEST: Final = bytes(32)
"""In the place of a request's id: the subject grants of its own accord."""
_Fields: TypeAlias = tuple[tuple[str, str], ...]
_ASKED: Final[_Fields] = (
    ("version", "uint16"),
    ("subject", "bytes32"),
    ("grantee", "bytes32"),
    ("granteeName", "string"),
    ("purpose", "string"),
    ("purposeText", "string"),
    ("questions", "string[]"),
    ("departments", "bytes32[]"),
    ("dataFrom", "string"),
    ("dataTo", "string"),
    ("notBefore", "uint64"),
    ("expiresAt", "uint64"),
    ("maxUses", "uint32"),
    ("retentionDays", "uint32"),
    ("salt", "bytes32"),
)
_SAID: Final[_Fields] = (("language", "string"), ("textDigest", "bytes32"), ("revocationHash", "bytes32"))


def _type_hash(name: str, fields: _Fields) -> bytes:
    return keccak(f"{name}({','.join(f'{kind} {member}' for member, kind in fields)})".encode())


_REQUEST_TYPE: Final = _type_hash("ConsentRequest", _ASKED)
_TERMS_TYPE: Final = _type_hash("ConsentTerms", (*_ASKED, *_SAID))
_WITHDRAWAL_TYPE: Final = keccak(b"ConsentWithdrawal(bytes32 consent,string statement)")
_REFUSAL_TYPE: Final = keccak(b"ConsentRefusal(bytes32 request,string statement)")
_CHANGE_TYPE: Final = keccak(b"ConsentChange(bytes32 consent,uint24 number,string statement)")
WITHDRAWAL_STATEMENT: Final = "I withdraw this consent. 我撤回本授权。"
REFUSAL_STATEMENT: Final = "I refuse this request. 我拒绝本申请。"


class ConsentState(IntEnum):
    """The states of the ConsentRegistry; which may follow which stands in IConsentRegistry."""

    NONE = 0
    LIVE = 1
    WITHDRAWN = 2
    PAUSED = 3


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
class ConsentRequest:
    """What a bank asks for: one purpose, listed questions (text form), bounded data, time and uses.

    Times are seconds since 1970-01-01 UTC: usable from ``not_before`` on and before ``expires_at``. Only
    attestations whose period lies between the days ``data_from`` and ``data_to`` count, both included.
    """

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

    def digest(self, domain: SigningDomain) -> bytes:
        """Return the id: the EIP-712 digest under the ConsentRegistry's domain."""
        return domain.digest(keccak(self._type_hash() + b"".join(self._words())))

    def _type_hash(self) -> bytes:
        return _REQUEST_TYPE

    def _words(self) -> list[bytes]:
        return [
            uint_word(VERSION),
            self.subject,
            self.grantee,
            text_word(self.grantee_name),
            text_word(self.purpose),
            text_word(self.purpose_text),
            list_word([text_word(question) for question in self.questions]),
            list_word(list(self.departments)),
            text_word(self.data_from),
            text_word(self.data_to),
            uint_word(self.not_before),
            uint_word(self.expires_at),
            uint_word(self.max_uses),
            uint_word(self.retention_days),
            self.salt,
        ]

    def require_within_purpose(self, purposes: Purposes) -> None:
        """Require that the bounds lie under the ceilings of the purpose.

        Raises:
            InvalidInputError: ``purpose_unknown`` or ``purpose_ceiling``, naming the bound.
        """
        purposes.named(self.purpose).require_within(
            seconds=self.expires_at - self.not_before,
            uses=self.max_uses,
            retention_days=self.retention_days,
        )

    def covers(self, period: Period) -> bool:
        """Return whether an attestation of ``period`` lies within the days of data."""
        first = None if self.data_from == ANY_DATE else parse_date(self.data_from, "data_from")
        last = None if self.data_to == ANY_DATE else parse_date(self.data_to, "data_to")
        return (first is None or first <= period.first) and (last is None or period.last <= last)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, in the order of the signed fields."""
        return {
            "version": VERSION,
            "subject": to_hex(self.subject),
            "grantee": to_hex(self.grantee),
            "grantee_name": self.grantee_name,
            "purpose": self.purpose,
            "purpose_text": self.purpose_text,
            "questions": list(self.questions),
            "departments": [to_hex(member) for member in self.departments],
            "data_from": self.data_from,
            "data_to": self.data_to,
            "not_before": self.not_before,
            "expires_at": self.expires_at,
            "max_uses": self.max_uses,
            "retention_days": self.retention_days,
            "salt": to_hex(self.salt),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        record = Record(value, "terms")
        request = cls._read(record)
        record.done()
        return request

    @classmethod
    def _read(cls, record: Record) -> Self:
        return cls(**_asked(record))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(ConsentRequest):
    """What is granted: a request as the subject accepts it, in which words it was shown, how it is withdrawn.

    ``text_digest``: keccak256 of the text in ``language`` that was shown when it was signed.
    """

    language: str
    text_digest: bytes
    revocation_hash: bytes

    @classmethod
    def accepting(cls, request: ConsentRequest, language: str, text_digest: bytes, revocation_hash: bytes) -> Self:
        """Return the terms that grant exactly what ``request`` asks for."""
        asked = {one.name: getattr(request, one.name) for one in fields(ConsentRequest)}
        return cls(**asked, language=language, text_digest=text_digest, revocation_hash=revocation_hash)

    @override
    def _type_hash(self) -> bytes:
        return _TERMS_TYPE

    @override
    def _words(self) -> list[bytes]:
        said = [text_word(self.language), self.text_digest, self.revocation_hash]
        return ConsentRequest._words(self) + said  # noqa: SLF001 - super() is not for classes with slots

    @override
    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form, in the order of the signed fields."""
        return ConsentRequest.to_json(self) | {
            "language": self.language,
            "text_digest": to_hex(self.text_digest),
            "revocation_hash": to_hex(self.revocation_hash),
        }

    @classmethod
    @override
    def _read(cls, record: Record) -> Self:
        return cls(
            **_asked(record),
            language=record.text("language", max_length=16),
            text_digest=record.blob("text_digest"),
            revocation_hash=record.blob("revocation_hash"),
        )


class _Asked(TypedDict):
    subject: bytes
    grantee: bytes
    grantee_name: str
    purpose: str
    purpose_text: str
    questions: tuple[str, ...]
    departments: tuple[bytes, ...]
    data_from: str
    data_to: str
    not_before: int
    expires_at: int
    max_uses: int
    retention_days: int
    salt: bytes


def _asked(record: Record) -> _Asked:
    record.integer("version", low=VERSION, high=VERSION)
    asked = _Asked(
        subject=record.blob("subject"),
        grantee=record.blob("grantee"),
        grantee_name=record.text("grantee_name"),
        purpose=record.text("purpose"),
        purpose_text=record.text("purpose_text"),
        questions=record.texts("questions", max_items=MAX_QUESTIONS),
        departments=_members(record),
        data_from=_day(record, "data_from"),
        data_to=_day(record, "data_to"),
        not_before=record.integer("not_before", high=2**40 - 1),
        expires_at=record.integer("expires_at", high=2**40 - 1),
        max_uses=record.integer("max_uses", low=1, high=2**32 - 1),
        retention_days=record.integer("retention_days", high=2**32 - 1),
        salt=record.blob("salt"),
    )
    if not asked["questions"] or asked["expires_at"] <= asked["not_before"]:
        raise InvalidInputError(
            Reason.REQUEST_INVALID, "a consent lists at least one question and ends after it begins"
        )
    return asked


def _day(record: Record, name: str) -> str:
    raw = record.text(name, max_length=10)
    return raw if raw == ANY_DATE else format_date(parse_date(raw, name))


def _members(record: Record) -> tuple[bytes, ...]:
    members = record.items("departments", max_items=MAX_DEPARTMENTS)
    return tuple(Record({"member": member}, "departments").blob("member") for member in members)


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
            "ConsentTerms": [{"name": name, "type": kind} for name, kind in (*_ASKED, *_SAID)],
        },
        "primaryType": "ConsentTerms",
        "domain": {
            "name": "Credence",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": to_hex(domain.contract),
        },
        "message": dict(zip((name for name, _ in (*_ASKED, *_SAID)), terms.to_json().values(), strict=True)),
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
    changes: int
    revocation_hash: bytes


def require_usable(terms: Terms, record: ConsentRecord, *, now: int, uses_already_counted: int = 0) -> None:
    """Require that a consent may be used at block time ``now``.

    ``uses_already_counted``: uses in ``record`` that belong to the verification being checked.

    Raises:
        VerificationError: one reason each for unknown, different, withdrawn, paused, early, expired and exhausted.
    """
    if record.state is ConsentState.NONE:
        raise VerificationError(Reason.CONSENT_UNKNOWN, "the ledger knows no such consent")
    bounds = (record.not_before, record.expires_at, record.max_uses, record.revocation_hash)
    if bounds != (terms.not_before, terms.expires_at, terms.max_uses, terms.revocation_hash):
        raise VerificationError(Reason.CONSENT_TERMS_DIFFER, "the ledger holds other bounds than the terms")
    if record.state is ConsentState.WITHDRAWN:
        raise VerificationError(Reason.CONSENT_WITHDRAWN, "the subject has withdrawn this consent")
    if record.state is ConsentState.PAUSED:
        raise VerificationError(Reason.CONSENT_PAUSED, "the subject has paused this consent")
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


def signatures_from_json(items: Sequence[JSON]) -> tuple[Signature, ...]:
    """Read signatures: 0x and 130 hexadecimal digits, or a passkey's assertion, each."""
    return tuple(signature_from_json(item) for item in items)
