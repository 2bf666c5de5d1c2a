"""Why a question cannot be told, what that means for the bank, and who can change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from api.language.reason_words import Reader, reason_words
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason


class Who(StrEnum):
    """Who can change that something cannot be told. ``BANK``: by asking in another way; ``TIME``: by trying later."""

    FIRM = "firm"
    BANK = "bank"
    DEPARTMENT = "department"
    TIME = "time"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Advice:
    """What a reason means, and what to do, in the language of the page."""

    meaning: str
    next_step: str
    who: Who

    @property
    def asks_firm(self) -> bool:
        """Whether a new request to the firm is the next step."""
        return self.who in {Who.FIRM, Who.BANK}


def advice_on(reason: Reason, language: Language) -> Advice:
    """Return what a reason means for a bank, and what it can do; there is something for every reason."""
    words = reason_words(reason, language, Reader.STAFF)
    return Advice(words.meaning, words.next_step, _WHO.get(reason, Who.OPERATOR))


_BY_WHO: Final[Mapping[Who, tuple[Reason, ...]]] = {
    Who.FIRM: (
        Reason.QUESTION_NOT_CONSENTED,
        Reason.CONSENT_UNKNOWN,
        Reason.CONSENT_WITHDRAWN,
        Reason.CONSENT_EXPIRED,
        Reason.CONSENT_EXHAUSTED,
        Reason.CONSENT_OTHER_GRANTEE,
        Reason.CONSENT_OTHER_PURPOSE,
        Reason.CONSENT_OTHER_DEPARTMENT,
        Reason.CONSENT_OTHER_PERIOD,
        Reason.NEEDS_DISCLOSURE,
        Reason.CONTROLLERS_CHANGED,
    ),
    Who.BANK: (
        Reason.KIND_NOT_NAMED,
        Reason.DEPARTMENT_NOT_NAMED,
        Reason.OFF_LADDER,
        Reason.OPERATOR_UNSUPPORTED,
        Reason.KIND_MISMATCH,
        Reason.DEPARTMENT_MISMATCH,
        Reason.CURRENCY_DIFFERS,
    ),
    Who.DEPARTMENT: (
        Reason.NO_ATTESTATION,
        Reason.VALUE_ABSENT,
        Reason.ATTESTATION_EXPIRED,
        Reason.ATTESTATION_TOO_OLD,
        Reason.PERIOD_MISMATCH,
        Reason.REVOKED,
        Reason.ERASED,
        Reason.KEY_COMPROMISED,
        Reason.SCHEMA_VERSION_DIFFERS,
        Reason.SCHEMA_MISMATCH,
        Reason.OTHER_NETWORK,
        Reason.NOT_IN_BATCH,
        Reason.NOT_ANCHORED,
        Reason.ISSUER_MISMATCH,
        Reason.ISSUER_NOT_ALLOWED,
        Reason.KEY_NOT_VALID,
        Reason.KEY_PURPOSE_WRONG,
    ),
    Who.TIME: (
        Reason.CONSENT_PAUSED,
        Reason.CONSENT_NOT_YET_VALID,
        Reason.SUBJECT_ON_HOLD,
        Reason.SUPERSEDED,
        Reason.ANSWER_LOST,
        Reason.LEDGER_UNAVAILABLE,
        Reason.LEDGER_STALE,
        Reason.STORE_UNAVAILABLE,
        Reason.OVERLOADED,
        Reason.WORKER_DIED,
    ),
}
"""All others are for the operator."""
_WHO: Final = {reason: who for who, reasons in _BY_WHO.items() for reason in reasons}
