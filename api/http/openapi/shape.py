"""Shapes of answers as JSON Schema, each with an example from which the examples of whole answers are made."""

from typing import Any, Final

from api.http.openapi.openapi import ADDRESS, HEX32
from api.http.openapi.terms import REQUEST_EXAMPLE, TERMS_EXAMPLE
from ledger_node.domain.consent_schema import REQUEST_SCHEMA, TERMS_SCHEMA
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import FORMAT

Shape = dict[str, Any]


def shaped(schema: Shape, example: object) -> Shape:
    """Return a schema with an example."""
    return {**schema, "examples": [example]}


def text(example: str, *among: str) -> Shape:
    """Return a text, one of ``among`` if any are named."""
    return shaped({"type": "string", "enum": list(among)} if among else {"type": "string"}, example)


def record(**members: Shape) -> Shape:
    """Return an object whose members are all there; later versions may add some."""
    return {"type": "object", "required": list(members), "properties": members}


def many(items: Shape) -> Shape:
    """Return a list."""
    return {"type": "array", "items": items}


def or_null(shape: Shape, example: object = ...) -> Shape:
    """Return ``shape`` or null; the example is that of ``shape`` unless another is given."""
    return shaped({"anyOf": [shape, {"type": "null"}]}, example_of(shape) if example is ... else example)


def example_of(shape: Shape) -> Any:  # noqa: ANN401 - any JSON
    """Return the example of a shape, made from those of its parts."""
    if "examples" in shape:
        return shape["examples"][0]
    match shape["type"]:
        case "object":
            return {name: example_of(member) for name, member in shape["properties"].items()}
        case "array":
            return [example_of(shape["items"])]
        case kind:
            raise ValueError(f"a {kind} needs an example")


DIGEST: Final = shaped(HEX32, "0x" + "5a" * 32)
ACCOUNT: Final = shaped(ADDRESS, "0x" + "19" * 20)
COUNT: Final = shaped({"type": "integer", "minimum": 0}, 1)
TIME: Final = shaped({"type": "integer", "description": "seconds since 1970-01-01 UTC"}, 1795000000)
DAY: Final = shaped({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}, "2025-12-31")
FLAG: Final = shaped({"type": "boolean"}, True)
REASON: Final = or_null(text("off_ladder", *sorted(Reason)), None)
WORDS: Final = or_null(text("what is wrong"), None)
CURSOR: Final = or_null(text("AAAAAAAAA-g3q0bR1d2TxA"), None)
OPEN: Final = shaped(
    {"type": "object"}, {"kind": "at_least", "head_up": "0x" + "5a" * 32, "tip_down": "0x" + "5a" * 32}
)
SIGNATURE: Final = shaped({"type": ["string", "object"], "description": "of a key, or of a passkey"}, "0x" + "5a" * 65)
CONTROLLERS: Final = shaped(
    {"type": "object"}, {"addresses": ["0x" + "19" * 20], "threshold": 1, "salt": "0x" + "5a" * 32}
)

ANCHOR: Final = record(
    member=DIGEST, stream=COUNT, number=COUNT, root=DIGEST, size=COUNT, start=COUNT, anchored_at=TIME, key=ACCOUNT
)
HEADER: Final = record(
    schema_id=DIGEST,
    fields_root=DIGEST,
    subject_tag=DIGEST,
    issuer=DIGEST,
    issued_at=TIME,
    valid_until=TIME,
    as_of=DAY,
    period_from=DAY,
    period_to=DAY,
    supersedes=DIGEST,
    chain_id=COUNT,
    anchor_registry=ACCOUNT,
)
PROOF: Final = record(opening=OPEN, salt=DIGEST, path=many(DIGEST))
ATTESTATION: Final = record(header=HEADER, anchor=ANCHOR, index=COUNT, path=many(DIGEST), subject_key=DIGEST)
SHOWN_CONSENT: Final = record(
    id=DIGEST, terms=shaped(TERMS_SCHEMA, TERMS_EXAMPLE), signatures=many(SIGNATURE), controllers=CONTROLLERS
)
HELD_CONSENT: Final = {
    **SHOWN_CONSENT,
    "required": [*SHOWN_CONSENT["required"], "state", "refusal", "text", "request", "uses", "changes", "granted_at"],
    "properties": {
        **SHOWN_CONSENT["properties"],
        "state": text("live", "pending", "live", "early", "paused", "expired", "exhausted", "withdrawn", "refused"),
        "refusal": or_null(text("consent_terms_differ"), None),
        "text": text("the words that were shown before signing"),
        "request": or_null(DIGEST, None),
        "uses": COUNT,
        "changes": COUNT,
        "granted_at": or_null(TIME),
    },
}
HELD_REQUEST: Final = record(
    id=DIGEST,
    request=shaped(REQUEST_SCHEMA, REQUEST_EXAMPLE),
    requested_at=TIME,
    state=text("open", "pending", "open", "granted", "refused"),
)
OUTCOME: Final = text("holds", *(outcome.value for outcome in Outcome))
QUESTION: Final = shaped(
    {"type": "object"},
    {"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": 50000000, "period": "2025"},
)
CLAIM: Final = {
    **record(claim=text("tax_payment.paid_amount >= 500000 CNY during 2025"), verdict=OUTCOME),
    "description": "'attestation' and 'proof', or for a combination 'parts'",
}
CLAIM["properties"] |= {
    "question": QUESTION,
    "reason": REASON,
    "message": WORDS,
    "attestation": or_null(DIGEST),
    "proof": or_null(PROOF),
    "per": {**many(PROOF), "description": "where the question names values: that the attestation has them"},
}
PRESENTATION: Final = record(
    claims=many(CLAIM),
    consent=or_null(SHOWN_CONSENT),
    subject=or_null(record(credit_code=text("91990000MABYF3008C"), registration=ATTESTATION, proof=PROOF)),
    attestations=many(ATTESTATION),
)
BLOCK: Final = record(number=COUNT, hash=DIGEST, time=TIME)
ACCESS_ROW: Final = record(
    leaf=DIGEST,
    salt=or_null(DIGEST),
    row=or_null(
        record(
            time=TIME,
            bank=DIGEST,
            operator=or_null(text("credit desk 7")),
            consent=DIGEST,
            purpose=or_null(text("loan_application")),
            question=text("tax_credit_rating.grade in {A, B}"),
            verdict=OUTCOME,
            reason=REASON,
            use=or_null(DIGEST),
        )
    ),
    place=or_null(
        record(
            slot=COUNT,
            path=many(DIGEST),
            checkpoint=record(number=COUNT, since=TIME, until=TIME, root=DIGEST, tally=DIGEST),
            anchor=ANCHOR,
        )
    ),
)
RECEIPT: Final = record(
    format=text(FORMAT),
    chain_id=COUNT,
    consent_registry=ACCOUNT,
    keeper=DIGEST,
    act=text("granted"),
    id=DIGEST,
    transaction=DIGEST,
    block=BLOCK,
    number=COUNT,
    use=or_null(DIGEST),
    basis=shaped({"type": "object"}, {}),
    signature=text("0x" + "5a" * 65),
)
