"""Presentations: claims with their verdicts, and the proofs that show them."""

from typing import Annotated, Any, TypeAlias

from pydantic import ConfigDict, Field

from api.http.model.base import AnswerModel, Count, HexText, absent, opened
from api.http.model.consent import ShownConsent
from api.http.model.proof import FieldProof, ShownAttestation
from ledger_node.domain.proof import Outcome
from ledger_node.domain.reason import Reason

Verdict: TypeAlias = Annotated[Outcome, Field(examples=["holds"])]
ClaimText: TypeAlias = Annotated[str, Field(examples=["tax_payment.paid_amount >= 500000 CNY during 2025"])]


class Question(AnswerModel):
    """A question in JSON form. ``per`` and ``issuer`` say which of several attestations is meant."""

    schema_name: Annotated[str, Field(alias="schema")]
    field: str
    op: str
    per: dict[str, Any] = absent()
    issuer: HexText = absent()
    operand: Annotated[Any, Field(description="a value, a list of values, or a moving threshold")] = absent()
    period: str = absent()

    model_config = ConfigDict(
        json_schema_extra=opened(
            {"schema": "tax_payment", "field": "paid_amount", "op": ">=", "operand": 50000000, "period": "2025"}
        )
    )


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

    claim: ClaimText
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


class Presentation(AnswerModel):
    """What a bank checks, and what checks offline; ``consent`` and ``subject`` are null where nothing may be shown."""

    claims: list[ShownClaim]
    consent: ShownConsent | None
    subject: ShownSubject | None
    attestations: list[ShownAttestation]
