"""The consent terms as OpenAPI describes them."""

from typing import Any, Final

from api.http.openapi import HEX32
from ledger_node.domain.consent import MAX_DEPARTMENTS, MAX_QUESTIONS, VERSION
from ledger_node.domain.consent_text import Language

_TIME: Final = {"type": "integer", "description": "seconds since 1970-01-01 UTC"}
_DAY: Final = {"type": "string", "pattern": "^$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "empty: no bound"}
_MEMBERS: Final[dict[str, Any]] = {
    "version": {"const": VERSION},
    "subject": HEX32,
    "grantee": HEX32,
    "grantee_name": {"type": "string"},
    "purpose": {"type": "string"},
    "purpose_text": {"type": "string"},
    "questions": {"type": "array", "minItems": 1, "maxItems": MAX_QUESTIONS, "items": {"type": "string"}},
    "departments": {"type": "array", "maxItems": MAX_DEPARTMENTS, "items": HEX32, "description": "empty: all"},
    "data_from": _DAY,
    "data_to": _DAY,
    "not_before": _TIME,
    "expires_at": _TIME,
    "max_uses": {"type": "integer", "minimum": 1},
    "retention_days": {"type": "integer", "minimum": 0},
    "salt": HEX32,
}
_SAID: Final[dict[str, Any]] = {
    "language": {"enum": [language.value for language in Language]},
    "text_digest": {
        **HEX32,
        "description": "keccak256 of the UTF-8 text shown: POST /v1/consent-texts",
    },
    "revocation_hash": HEX32,
}
REQUEST: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": list(_MEMBERS),
    "properties": _MEMBERS,
}
TERMS: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": [*_MEMBERS, *_SAID],
    "properties": {**_MEMBERS, **_SAID},
}
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
