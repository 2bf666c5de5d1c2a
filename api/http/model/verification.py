"""Verifications: a bank's questions, and their answers: verdicts, and the proofs that show them."""

from functools import lru_cache
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field

from api.catalogue.datatype import schemas
from api.http.model.base import (
    Address,
    AnswerModel,
    Count,
    Hex32,
    HexText,
    RequestModel,
    SignatureText,
    Strict,
    Time,
    absent,
    example,
    opened,
    text,
    whole,
)
from api.http.model.consent import ShownConsent
from api.http.model.controllers import OfficerAssertion
from api.http.model.proof import Block, FieldProof, ShownAttestation
from api.http.model.receipt import Receipt, SignedAct
from ledger_node.domain.access import MAX_OPERATOR
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.presentation import MAX_CLAIMS
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket import UseOrder

Verdict: TypeAlias = Annotated[Outcome, Field(examples=["holds"])]


class Question(
    AnswerModel,
    json_schema_extra=example(
        {"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": "500000", "period": "2025"}, opened
    ),
):
    """A question in JSON form. ``per`` and ``issuer`` say which of several attestations is meant."""

    schema_name: Annotated[str, Field(alias="schema")]
    field: str
    op: str
    per: dict[str, Any] = absent()
    issuer: HexText = absent()
    operand: Annotated[Any, Field(description="a value, a list of values, or a moving threshold")] = absent()
    period: str = absent()


class Combination(AnswerModel):
    """Several questions of which ``needed`` must hold."""

    needed: Count
    of: list[Question]


class ShownPart(AnswerModel):
    """What answers one question. ``per``: where the question names values, that the attestation has them."""

    part: Count
    attestation: HexText | None
    proof: FieldProof | None
    per: list[FieldProof] = absent()


class ShownClaim(AnswerModel):
    """A claim and its verdict: ``attestation`` and ``proof``, or for a combination ``parts``."""

    claim: Annotated[str, Field(examples=["tax_payment.paid_amount >= 500000 CNY during 2025"])]
    question: Question | Combination
    verdict: Verdict
    reason: Annotated[Reason | None, Field(description="why it cannot be told")]
    message: str | None
    attestation: HexText | None = absent()
    proof: FieldProof | None = absent()
    per: list[FieldProof] = absent()
    parts: list[ShownPart] = absent()


class ShownSubject(AnswerModel):
    """The firm that the claims are about, by its registration."""

    credit_code: Annotated[str, Field(examples=["91990000MABYF3008C"])]
    registration: ShownAttestation
    proof: FieldProof


class CountedUse(AnswerModel):
    """A use that the ledger counted, and when."""

    number: Count
    ticket: HexText
    time: Time


class ShownUse(AnswerModel):
    """What the ticket of an answer follows from, beside its claims, and all uses of the consent until then."""

    number: Count
    answered_by: HexText
    not_after: Time
    nonce: HexText
    seed: HexText
    signature: SignatureText
    uses: list[CountedUse]


class Presentation(AnswerModel):
    """What a bank checks, and what checks offline. What is not about claims is null where nothing may be shown.

    ``resumption``: of a consent that was paused, what the controllers signed so that it goes on; else null.
    """

    claims: list[ShownClaim]
    consent: ShownConsent | None
    resumption: SignedAct | None
    use: ShownUse | None
    subject: ShownSubject | None
    attestations: list[ShownAttestation]


_REMEMBERED: Final = 4096
"""Claims in text form whose meaning is kept: banks ask the same of one firm after another."""


@lru_cache(_REMEMBERED)
def _claim_of(words: str) -> Claim:
    return Claim.parse(words, schemas())


def _claim(item: JSON) -> Claim:
    return _claim_of(item) if isinstance(item, str) else Claim.from_json(item, schemas())


def _claims(record: JsonObject, name: str) -> tuple[Claim, ...]:
    return tuple(_claim(item) for item in record.items(name, max_items=MAX_CLAIMS))


def _operator(record: JsonObject, name: str) -> str:
    operator = record.text(name, max_length=MAX_OPERATOR)
    # subjects read it on their screens, so it holds nothing that a screen would obey
    if not operator.strip() or not operator.isprintable():
        raise InvalidInputError(Reason.VALUE_MALFORMED, "'operator' must be a short printable text", field=name)
    return operator


class VerificationPolicy(RequestModel):
    """What the bank asks for beyond the rules. ``max_age_days``: how old data may be."""

    max_age_days: Annotated[int, whole(high=36_500)] | None = None


_EXAMPLE: Final[dict[str, Any]] = {
    "consent": "0x" + "5a" * 32,
    "claims": ["tax_payment.paid_amount >= 500000 CNY during 2025", "tax_credit_rating.grade in {A, B}"],
    "use": {
        "number": 1,
        "answered_by": "0x" + "22" * 32,
        "not_after": 1795000600,
        "nonce": "0x" + "33" * 32,
        "seed": "0x" + "44" * 32,
        "signature": "0x" + "66" * 64 + "1b",
    },
    "operator": "credit desk 7",
    "policy": {"max_age_days": 90},
}


class UseWord(AnswerModel):
    """A use that the consent's spend key signed for just these claims. Nonce and seed are 32 random bytes each."""

    number: Annotated[Count, Field(description="any number from 1 on that is not used yet")]
    answered_by: Annotated[HexText, Field(description="the member that answers: GET /v1/ledger")]
    not_after: Annotated[Time, Field(description="at most ten minutes from now")]
    nonce: HexText
    seed: HexText
    signature: SignatureText


class VerificationRequest(RequestModel, json_schema_extra=example(_EXAMPLE)):
    """Questions under a consent, and the use that they cost."""

    consent: Hex32
    claims: Annotated[
        tuple[Claim, ...],
        Strict(
            _claims,
            Annotated[
                list[str | dict[str, Any]],
                Field(
                    min_length=1,
                    max_length=MAX_CLAIMS,
                    description="questions, or all, any or n of several, in text or JSON form",
                ),
            ],
        ),
    ]
    use: (
        Annotated[
            UseOrder,
            Strict(lambda record, name: UseOrder.from_json(record.take(name)), UseWord),
            Field(description="may be left out only if this instance holds your seed: PUT /v1/spend-seed"),
        ]
        | None
    ) = None
    officer: OfficerAssertion | None = None
    purpose: Annotated[str, text()] | None = None
    operator: (
        Annotated[
            str,
            Strict(
                _operator,
                Annotated[str, Field(min_length=1, max_length=MAX_OPERATOR)],
            ),
            Field(description="your own name for the employee or system that asks; the subject sees it"),
        ]
        | None
    ) = None
    policy: VerificationPolicy | None = None


class RecordedUse(AnswerModel):
    """The use that an answer cost, and the transaction that recorded it."""

    id: HexText
    transaction: HexText


class ControllerKey(AnswerModel):
    """A registrar and its key, which asked for controllers of the subject."""

    member: HexText
    key: Address


class ControllerQuery(AnswerModel):
    """Which entries of the subject's controllers, and which holds, tell who controlled it at the times that count."""

    entries: list[Count]
    begins: list[Count]
    holds: list[Count]
    keys: list[ControllerKey]


class EvidenceLink(AnswerModel):
    """Where the evidence of an answer lies, and what it must hash to."""

    href: Annotated[str, Field(examples=["/v1/verifications/0x" + "5a" * 32 + "/evidence"])]
    digest: HexText


class Verification(AnswerModel):
    """Verdicts, and what checks them. Where nothing was recorded, ``block``, ``use`` and what follows are null."""

    block: Annotated[Block | None, Field(description="the block that the facts are those of")]
    use: RecordedUse | None
    uses: Annotated[Count | None, Field(description="how many uses of the consent are spent")]
    max_uses: Count | None
    controllers: ControllerQuery | None
    evidence: Annotated[EvidenceLink | None, Field(description="a file that checks offline; save it")]
    presentation: Presentation
    receipt: Annotated[Receipt | None, Field(description="that of the use")]


class PastVerification(AnswerModel):
    """A use of a consent of yours. ``evidence`` is null where it is not here (any more)."""

    use: HexText
    consent: HexText
    number: Count
    time: Time
    evidence: EvidenceLink | None
    deleted_at: Annotated[Time | None, Field(description="when you said that you deleted the answer")]


class PastVerificationList(AnswerModel):
    """What you verified, the newest first."""

    verifications: list[PastVerification]
