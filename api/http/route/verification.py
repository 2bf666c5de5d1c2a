"""Verifications: a bank's questions, answered with verdicts, reasons and proofs."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.catalogue.datatype import schemas
from api.http import openapi
from api.http.access import ABank, Access, JsonObject
from api.http.body import record_body
from ledger_node.domain.claim import Claim
from ledger_node.domain.presentation import MAX_CLAIMS
from ledger_node.domain.record import Record
from ledger_node.domain.verification import Policy

router = APIRouter(tags=["verifications"])


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
            "policy": {
                "type": ["object", "null"],
                "properties": {"max_age_days": {"type": "integer", "minimum": 0}},
                "additionalProperties": False,
            },
        },
        {
            "consent": "0x" + "5a" * 32,
            "claims": ["tax_payment.paid_amount >= 500000 CNY during 2025", "tax_credit_rating.grade in {A, B}"],
            "policy": {"max_age_days": 90},
        },
        required=("consent", "claims"),
    ),
)
async def verify(request: Request, instance: Access, bank: ABank) -> JsonObject:
    """Take ``{consent, claims: [question or combination, as text or JSON], purpose?, policy?: {max_age_days}}``.

    One use is recorded on the ledger before anything is answered. Claims outside the consent, and all
    claims of a consent that cannot be used, are answered ``cannot_tell`` with their reason.
    """
    record = await record_body(request)
    consent = record.blob("consent")
    claims = [Claim.from_json(item, schemas()) for item in record.items("claims", max_items=MAX_CLAIMS)]
    purpose = record.text("purpose") if record.has("purpose") else None
    policy = _policy(record.record("policy")) if record.has("policy") else Policy()
    record.done()
    answer = await run_in_threadpool(
        instance.verifications.verify, bank.id, consent, claims, purpose=purpose, policy=policy
    )
    return answer.to_json()


def _policy(record: Record) -> Policy:
    policy = Policy(record.integer("max_age_days", high=36_500) if record.has("max_age_days") else None)
    record.done()
    return policy
