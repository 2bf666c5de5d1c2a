"""Consents: terms, bounds, and what the chain binds of signatures (clauses 8 and 17)."""

from dataclasses import dataclass
from typing import Any

from . import controllers, values
from .controllers import Controllers
from .crypto import hashed_text, keccak, struct_hash, tagged, typed_digest
from .errors import need
from .passkey import Assertion
from .strict import canonical, integer, items, members, octets, text

TERMS = (
    "Terms(uint16 version,bytes32 subject,bytes32 grantee,string granteeName,string purpose,string purposeText,"
    "string[] questions,bytes32[] departments,string dataFrom,string dataTo,uint32 retentionDays,bytes32 salt,"
    "string language,bytes32 textDigest,bytes32 wording,string[] departmentNames)"
)
BOUNDS = (
    "Bounds(uint64 notBefore,uint64 expiresAt,uint32 maxUses,uint64 grantBefore,address spendKey,address stewardKey,"
    "bytes32 withdrawalHash)"
)
CONSENT = f"Consent(Terms terms,Bounds bounds){BOUNDS}{TERMS}"
RESUMED = "ConsentChange(bytes32 consent,uint24 number,string statement)"
RESUMES = "I resume this consent. 我恢复本授权。"
SCOPE = "version subject grantee grantee_name purpose purpose_text questions departments data_from data_to"
TERMS_NAMES = f"{SCOPE} retention_days salt language text_digest wording department_names"
BOUNDS_NAMES = "not_before expires_at max_uses grant_before spend_key steward_key withdrawal_hash"
MAX_TIME = 2**40 - 1
MAX_U32 = 2**32 - 1
MAX_USES = 96
MINUTE = 60
VERSION = 2


@dataclass(frozen=True)
class Terms:
    """What is granted, in words."""

    subject: bytes
    grantee: bytes
    grantee_name: str
    purpose: str
    purpose_text: str
    questions: list[str]
    departments: list[bytes]
    data_from: str
    data_to: str
    retention_days: int
    salt: bytes
    language: str
    text_digest: bytes
    wording: bytes
    department_names: list[str]

    def struct(self) -> bytes:
        """hashStruct."""
        return struct_hash(
            TERMS,
            *scope_words(self),
            self.retention_days,
            self.salt,
            hashed_text(self.language),
            self.text_digest,
            self.wording,
            keccak(*(hashed_text(name) for name in self.department_names)),
        )

    def covers(self, first: int, last: int) -> bool:
        """Whether a whole period lies within the days of data; empty is no bound."""
        low = not self.data_from or values.day(self.data_from) <= first
        return low and (not self.data_to or last <= values.day(self.data_to))


@dataclass(frozen=True)
class Bounds:
    """What the chain holds of a consent."""

    not_before: int
    expires_at: int
    max_uses: int
    grant_before: int
    spend_key: bytes
    steward_key: bytes
    withdrawal_hash: bytes

    def struct(self) -> bytes:
        """hashStruct."""
        times = self.not_before, self.expires_at, self.max_uses, self.grant_before
        return struct_hash(BOUNDS, *times, self.spend_key, self.steward_key, self.withdrawal_hash)


@dataclass(frozen=True)
class Consent:
    """A consent as a bundle shows it; `raw` is its JSON."""

    id: bytes
    terms: Terms
    bounds: Bounds
    signatures: list[bytes | Assertion]
    controllers: Controllers
    raw: dict[str, Any]

    def digest(self, chain_id: int, contract: bytes) -> bytes:
        """The id that terms and bounds have."""
        return consent_id(self.terms, self.bounds, chain_id, contract)

    def grant_digest(self) -> bytes:
        """What the chain binds when a grant is recorded."""
        return granted(self.bounds.withdrawal_hash, self.raw["signatures"])


@dataclass(frozen=True)
class Resumption:
    """What controllers signed so that a consent goes on; `raw` is its JSON."""

    controllers: Controllers
    signatures: list[bytes | Assertion]
    raw: dict[str, Any]

    def digest(self) -> bytes:
        """What the chain binds of it."""
        return word_digest(self.raw)


def scope_words(scope: Any) -> list[int | bytes]:
    """The words that terms and requests begin with."""
    return [
        VERSION,
        scope.subject,
        scope.grantee,
        *(hashed_text(t) for t in (scope.grantee_name, scope.purpose, scope.purpose_text)),
        keccak(*(hashed_text(question) for question in scope.questions)),
        keccak(*scope.departments),
        hashed_text(scope.data_from),
        hashed_text(scope.data_to),
    ]


def consent_id(terms: Terms, bounds: Bounds, chain_id: int, contract: bytes) -> bytes:
    """The EIP-712 digest of both."""
    return typed_digest(chain_id, contract, struct_hash(CONSENT, terms.struct(), bounds.struct()))


def signatures_digest(signatures: list[Any]) -> bytes:
    """H(0x41 ‖ canonical JSON), of signatures as JSON."""
    return tagged(0x41, canonical(signatures))


def granted(withdrawal_hash: bytes, signatures: list[Any]) -> bytes:
    """keccak(abi.encode(withdrawalHash, signaturesDigest))."""
    return keccak(withdrawal_hash, signatures_digest(signatures))


def word_digest(said: dict[str, Any]) -> bytes:
    """H(0x42 ‖ canonical JSON), of controllers and signatures as JSON."""
    return tagged(0x42, canonical({name: said[name] for name in ("controllers", "signatures")}))


def resume_digest(consent: bytes, number: int, chain_id: int, contract: bytes) -> bytes:
    """What controllers sign to resume a consent, by the number of the change."""
    return typed_digest(chain_id, contract, struct_hash(RESUMED, consent, number, hashed_text(RESUMES)))


def _bound(value: Any) -> str:
    if text(value):
        values.day(value)
    return value


def read_scope(value: Any) -> dict[str, Any]:
    """The members that terms and requests begin with, within their bounds (clause 17)."""
    need(value["questions"] != [], "request_invalid")
    integer(value["version"], VERSION, VERSION)
    scope = {
        "subject": octets(value["subject"], 32),
        "grantee": octets(value["grantee"], 32),
        **{name: text(value[name]) for name in ("grantee_name", "purpose", "purpose_text")},
        "questions": [text(question) for question in items(value["questions"], 64)],
        "departments": [octets(member, 32) for member in items(value["departments"], 64)],
        "data_from": _bound(value["data_from"]),
        "data_to": _bound(value["data_to"]),
        "retention_days": integer(value["retention_days"], 0, MAX_U32),
        "salt": octets(value["salt"], 32),
    }
    days = scope["data_from"], scope["data_to"]
    need("" in days or days[0] <= days[1], "range_empty")
    return scope


def read_terms(value: Any) -> Terms:
    """The JSON of the terms."""
    members(value, TERMS_NAMES)
    return Terms(
        **read_scope(value),
        language=text(value["language"], 16),
        text_digest=octets(value["text_digest"], 32),
        wording=octets(value["wording"], 32),
        department_names=[text(name) for name in items(value["department_names"], 64)],
    )


def read_limits(value: Any) -> tuple[int, int, int]:
    """Two times and a number of uses."""
    begins, ends = (integer(value[name], 0, MAX_TIME) for name in ("not_before", "expires_at"))
    uses = integer(value["max_uses"], 1, MAX_USES)
    need(begins % MINUTE == ends % MINUTE == 0, "value_malformed")
    need(begins < ends, "request_invalid")
    return begins, ends, uses


def read_bounds(value: Any) -> Bounds:
    """The JSON of the bounds."""
    members(value, BOUNDS_NAMES)
    limits, late = read_limits(value), integer(value["grant_before"], 0, MAX_TIME)
    need(late % MINUTE == 0, "value_malformed")
    keys = [octets(value[name], 20) for name in ("spend_key", "steward_key")]
    withdrawal = octets(value["withdrawal_hash"], 32)
    need(all(any(one) for one in (*keys, withdrawal)), "request_invalid")
    return Bounds(*limits, late, *keys, withdrawal)


def read(value: Any) -> Consent:
    """The JSON of a consent."""
    members(value, "id terms bounds signatures controllers")
    signatures = controllers.read_signatures(value["signatures"])
    terms, bounds = read_terms(value["terms"]), read_bounds(value["bounds"])
    identity = octets(value["id"], 32)
    return Consent(identity, terms, bounds, signatures, controllers.read(value["controllers"]), value)


def read_resumption(value: Any) -> Resumption | None:
    """The JSON of a resumption, or null."""
    if value is None:
        return None
    members(value, "controllers signatures")
    need(isinstance(value["signatures"], list), "type_wrong")
    need(len(value["signatures"]) <= controllers.MAX_KEYS, "too_large")
    signatures = controllers.read_signatures(value["signatures"])
    return Resumption(controllers.read(value["controllers"]), signatures, value)
