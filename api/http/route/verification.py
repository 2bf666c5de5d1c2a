"""Verifications: a bank's questions, answered with verdicts, reasons and proofs."""

import asyncio
from functools import lru_cache
from typing import Final

from fastapi import APIRouter, Request, Response

from api.catalogue.datatype import schemas
from api.http.middleware.stored_responses import sealed
from api.http.openapi import openapi
from api.http.request.admission import ABank, Access, AdmittedRoute
from api.http.request.body import record_body
from api.http.request.idempotency_key import attempt_of
from api.services.idempotency.stored_response import SealedResponse
from api.services.verification.answer import Answer
from api.work.fair_share import FairShare
from ledger_node import clock
from ledger_node.domain.access import MAX_OPERATOR
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.presentation import MAX_CLAIMS
from ledger_node.domain.reason import Reason
from ledger_node.domain.verification import Policy

router = APIRouter(tags=["verifications"], route_class=AdmittedRoute)
_REMEMBERED: Final = 4096
"""Claims in text form whose meaning is kept: banks ask the same of one firm after another."""


@router.post(
    "/verifications",
    summary="Ask consented questions; get holds, does_not_hold or cannot_tell",
    openapi_extra=openapi.body(
        {
            "consent": openapi.HEX32,
            "claims": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_CLAIMS,
                "items": {
                    "type": ["string", "object"],
                    "description": "a question, or all, any or n of several, in text or JSON form",
                },
            },
            "purpose": {"type": ["string", "null"]},
            "operator": {
                "type": ["string", "null"],
                "minLength": 1,
                "maxLength": MAX_OPERATOR,
                "description": "your own name for the employee or system that asks; the subject sees it",
            },
            "policy": {
                "type": ["object", "null"],
                "properties": {"max_age_days": {"type": "integer", "minimum": 0}},
                "additionalProperties": False,
            },
        },
        {
            "consent": "0x" + "5a" * 32,
            "claims": ["tax_payment.paid_amount >= 500000 CNY during 2025", "tax_credit_rating.grade in {A, B}"],
            "operator": "credit desk 7",
            "policy": {"max_age_days": 90},
        },
        required=("consent", "claims"),
    ),
)
async def verify(request: Request, instance: Access, bank: ABank) -> Response:
    """Take ``{consent, claims: [question or combination, as text or JSON], purpose?, operator?, policy?}``.

    One use is recorded on the ledger, and every claim in the access log, before anything is answered.
    Claims outside the consent, and all claims of a consent that cannot be used, are answered
    ``cannot_tell`` with their reason.
    """
    record = await record_body(request)
    consent = record.blob("consent")
    claims = [_claim(item) for item in record.items("claims", max_items=MAX_CLAIMS)]
    purpose = record.text("purpose") if record.has("purpose") else None
    operator = _operator(record) if record.has("operator") else None
    policy = _policy(record.record("policy")) if record.has("policy") else Policy()
    record.done()

    def store_response(answer: Answer) -> SealedResponse | None:
        return sealed(request, _response(answer), subject=answer.subject, keys=answer.keys)

    slots: FairShare = request.app.state.slots
    # the time that a caller waits for a slot is part of what it sees
    with instance.metrics.verification() as verified:
        async with slots.slot(bank.id):
            answer = await asyncio.wrap_future(
                instance.verifications.verify(
                    bank.id,
                    consent,
                    claims,
                    purpose=purpose,
                    policy=policy,
                    now=clock.now(),
                    operator=operator,
                    attempt=attempt_of(request),
                    store_response=store_response,
                )
            )
        request.state.is_kept = True
        verified.results = [(one.verdict, one.reason) for one in answer.results]
    return _response(answer)


def _claim(item: JSON) -> Claim:
    return _claim_of(item) if isinstance(item, str) else Claim.from_json(item, schemas())


@lru_cache(_REMEMBERED)
def _claim_of(text: str) -> Claim:
    return Claim.parse(text, schemas())


def _response(answer: Answer) -> Response:
    return Response(answer.body, media_type="application/json")


def _operator(record: JsonObject) -> str:
    operator = record.text("operator", max_length=MAX_OPERATOR)
    # subjects read it on their screens, so it holds nothing that a screen would obey
    if not operator.strip() or not operator.isprintable():
        raise InvalidInputError(Reason.VALUE_MALFORMED, "'operator' must be a short printable text", field="operator")
    return operator


def _policy(record: JsonObject) -> Policy:
    policy = Policy(record.integer("max_age_days", high=36_500) if record.has("max_age_days") else None)
    record.done()
    return policy
