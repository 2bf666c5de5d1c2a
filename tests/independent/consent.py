"""The terms of a consent and their digest (clauses 8 and 17)."""

from dataclasses import dataclass
from typing import Any

from . import controllers, values
from .controllers import Controllers
from .crypto import hashed_text, keccak, struct_hash, typed_digest
from .errors import need
from .passkey import Assertion
from .strict import integer, items, members, octets, text

TERMS = (
    "ConsentTerms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint64 notBefore,uint64 expiresAt,"
    "uint32 maxUses,uint32 retentionDays,bytes32 salt,string language,bytes32 textDigest,bytes32 revocationHash)"
)
NAMES = (
    "version subject grantee grantee_name purpose purpose_text questions departments data_from data_to not_before "
    "expires_at max_uses retention_days salt language text_digest revocation_hash"
)
MAX_TIME = 2**40 - 1
MAX_U32 = 2**32 - 1


@dataclass(frozen=True)
class Terms:
    """ConsentTerms."""

    version: int
    subject: bytes
    grantee: bytes
    grantee_name: str
    purpose: str
    purpose_text: str
    questions: list[str]
    departments: list[bytes]
    data_from: str
    data_to: str
    not_before: int
    expires_at: int
    max_uses: int
    retention_days: int
    salt: bytes
    language: str
    text_digest: bytes
    revocation_hash: bytes

    def id(self, chain_id: int, contract: bytes) -> bytes:
        """The consent id."""
        struct = struct_hash(
            TERMS,
            self.version,
            self.subject,
            self.grantee,
            *(hashed_text(t) for t in (self.grantee_name, self.purpose, self.purpose_text)),
            keccak(*(hashed_text(question) for question in self.questions)),
            keccak(*self.departments),
            hashed_text(self.data_from),
            hashed_text(self.data_to),
            *(self.not_before, self.expires_at, self.max_uses, self.retention_days, self.salt),
            hashed_text(self.language),
            self.text_digest,
            self.revocation_hash,
        )
        return typed_digest(chain_id, contract, struct)

    def covers(self, first: int, last: int) -> bool:
        """Whether a whole period lies within the days of data; empty is no bound."""
        low = not self.data_from or values.day(self.data_from) <= first
        return low and (not self.data_to or last <= values.day(self.data_to))


@dataclass(frozen=True)
class Consent:
    """A consent as a bundle shows it."""

    id: bytes
    terms: Terms
    signatures: list[bytes | Assertion]
    controllers: Controllers


def _bound(value: Any) -> str:
    if text(value):
        values.day(value)
    return value


def read_terms(value: Any) -> Terms:
    """The JSON of the terms, within their bounds (clause 17)."""
    members(value, NAMES)
    need(value["questions"] != [], "request_invalid")
    terms = Terms(
        integer(value["version"], 1, 1),
        octets(value["subject"], 32),
        octets(value["grantee"], 32),
        *(text(value[name]) for name in ("grantee_name", "purpose", "purpose_text")),
        [text(question) for question in items(value["questions"], 64)],
        [octets(member, 32) for member in items(value["departments"], 64)],
        _bound(value["data_from"]),
        _bound(value["data_to"]),
        integer(value["not_before"], 0, MAX_TIME),
        integer(value["expires_at"], 0, MAX_TIME),
        integer(value["max_uses"], 1, MAX_U32),
        integer(value["retention_days"], 0, MAX_U32),
        octets(value["salt"], 32),
        text(value["language"], 16),
        octets(value["text_digest"], 32),
        octets(value["revocation_hash"], 32),
    )
    need(terms.not_before < terms.expires_at, "request_invalid")
    need("" in (terms.data_from, terms.data_to) or terms.data_from <= terms.data_to, "range_empty")
    return terms


def read(value: Any) -> Consent:
    """The JSON of a consent."""
    members(value, "id terms signatures controllers")
    signatures = controllers.read_signatures(value["signatures"])
    return Consent(
        octets(value["id"], 32), read_terms(value["terms"]), signatures, controllers.read(value["controllers"])
    )
