"""The JSON Schema (draft 2020-12) of requests, terms and bounds of consents, made from the fields that are signed."""

from collections.abc import Mapping
from typing import Final

from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import ASKED_TYPE, BOUNDS_TYPE, TERMS_TYPE
from ledger_node.domain.consent_scope import VERSION
from ledger_node.domain.consent_text import Language

SCHEMA_ID: Final = f"urn:credence:consent-terms:{VERSION}"
_NOTES: Final[Mapping[str, Mapping[str, JSON]]] = {
    "subject": {"description": "id of the subject, as the registrar gave it out"},
    "grantee": {"description": "member id of the bank"},
    "grantee_name": {"description": "the bank's name as the ledger holds it"},
    "purpose": {"description": "code of a purpose: GET /v1/purposes"},
    "purpose_text": {"description": "the words of the purpose in the language of the text"},
    "questions": {"description": "each in its one canonical text form"},
    "departments": {"description": "ids of the members that may answer; empty: all"},
    "data_from": {"description": "first day that data may be about; empty: no bound"},
    "data_to": {"description": "last day that data may be about; empty: no bound"},
    "not_before": {"description": "seconds since 1970-01-01 UTC, a whole minute; usable from then on"},
    "expires_at": {
        "description": "seconds since 1970-01-01 UTC, a whole minute later than not_before; usable before then"
    },
    "max_uses": {"description": "each verification costs one"},
    "grant_before": {
        "description": "seconds since 1970-01-01 UTC, a whole minute; the ledger records no grant from then on"
    },
    "spend_key": {"description": "address of the bank's fresh key for this consent, which signs each use"},
    "steward_key": {"description": "address of the firm's fresh key for this consent, which words what is recorded"},
    "retention_days": {"description": "how long the bank may keep what it got"},
    "salt": {"description": "32 random bytes, so that nobody guesses the terms from their id"},
    "language": {"enum": [language.value for language in Language], "description": "of the text that was shown"},
    "text_digest": {"description": "keccak256 of the UTF-8 text that was shown: POST /v1/consent-texts"},
    "wording": {"description": "digest of the document of words that the text was made with: GET /v1/wording"},
    "department_names": {"description": "what the departments are called that terms and questions name, by rising id"},
    "withdrawal_hash": {"description": "keccak256(0x40 || secret); whoever shows the secret withdraws"},
}
REQUEST_SCHEMA: Final = ASKED_TYPE.schema(_NOTES)
TERMS_SCHEMA: Final = TERMS_TYPE.schema(_NOTES)
BOUNDS_SCHEMA: Final = BOUNDS_TYPE.schema(_NOTES)


def consent_schema() -> dict[str, JSON]:
    """Return the one schema that a request, terms and bounds are valid under, each under its own definition."""
    types = {ASKED_TYPE.name: REQUEST_SCHEMA, TERMS_TYPE.name: TERMS_SCHEMA, BOUNDS_TYPE.name: BOUNDS_SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Credence consents",
        "description": "What a bank asks for, and the terms and bounds that controllers sign as EIP-712 typed data. "
        "The members stand in the order in which they are signed.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in types],
        "$defs": dict(types),
    }
