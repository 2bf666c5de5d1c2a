"""Examples of a request for consent and of terms; their schemas follow from the fields that are signed."""

from typing import Any, Final

from ledger_node.domain.consent import VERSION

REQUEST_EXAMPLE: Final[dict[str, Any]] = {
    "version": VERSION,
    "subject": "0x" + "11" * 32,
    "grantee": "0x" + "22" * 32,
    "grantee_name": "Demo bank",
    "purpose": "loan_application",
    "purpose_text": "Decide on a loan application",
    "questions": ["tax_credit_rating.grade in {A, B}"],
    "departments": [],
    "data_from": "2025-01-01",
    "data_to": "",
    "not_before": 1795000000,
    "expires_at": 1797000000,
    "max_uses": 3,
    "retention_days": 30,
    "salt": "0x" + "44" * 32,
}
TERMS_EXAMPLE: Final[dict[str, Any]] = {
    **REQUEST_EXAMPLE,
    "language": "zh",
    "text_digest": "0x" + "55" * 32,
    "revocation_hash": "0x" + "33" * 32,
}
