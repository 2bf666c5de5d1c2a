"""Subjects: registered by a registrar with the controllers who sign for them."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.http import openapi
from api.http.access import Access, ARegistrar, JsonObject
from api.http.body import record_body
from ledger_node import clock
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import to_hex
from ledger_node.domain.signature import parse_address
from ledger_node.domain.subject import MAX_CONTROLLERS

router = APIRouter(tags=["subjects"])


@router.post(
    "/subjects",
    status_code=HTTPStatus.CREATED,
    summary="Register a subject with its controllers",
    openapi_extra=openapi.body(
        {
            "credit_code": openapi.CREDIT_CODE,
            "controllers": {"type": "array", "minItems": 1, "maxItems": MAX_CONTROLLERS, "items": openapi.ADDRESS},
            "threshold": {"type": "integer", "minimum": 1, "maximum": MAX_CONTROLLERS},
        },
        {
            "credit_code": "91990000MABYF3008C",
            "controllers": ["0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"],
            "threshold": 1,
        },
        required=("credit_code", "controllers", "threshold"),
    ),
)
async def register(request: Request, instance: Access, _: ARegistrar) -> JsonObject:
    """Take ``{credit_code, controllers: [address], threshold}``; return the subject id.

    Each of its controllers signs in for it. Asking again with the same controllers returns the same subject.
    """
    record = await record_body(request)
    credit_code = parse_credit_code(record.take("credit_code"))
    addresses = tuple(
        parse_address(item, "controllers") for item in record.items("controllers", max_items=MAX_CONTROLLERS)
    )
    if any(not any(address) for address in addresses):
        raise InvalidInputError(Reason.REQUEST_INVALID, "the zero address is nobody's", field="controllers")
    threshold = record.integer("threshold", low=1, high=MAX_CONTROLLERS)
    record.done()
    subject = await run_in_threadpool(instance.subjects.register, credit_code, addresses, threshold, now=clock.now())
    return {
        "subject": to_hex(subject.id),
        "commitment": to_hex(subject.controllers.commitment),
        "threshold": subject.controllers.threshold,
        "registration": to_hex(subject.registration),
    }
