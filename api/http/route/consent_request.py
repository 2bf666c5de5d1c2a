"""Requests for consent: made by banks, shown to subjects, granted or refused by them."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.catalogue.wording import wording
from api.http.openapi import openapi
from api.http.openapi.terms import REQUEST_EXAMPLE
from api.http.request.admission import ABank, Access, AdmittedRoute, Anybody, ASubjectOrBank, JsonAnswer
from api.http.request.body import record_body
from api.http.request.credential import Kind
from api.http.request.idempotency_key import attempt_of
from api.http.route.consent import MAX_SIGNATURES
from ledger_node import clock
from ledger_node.domain.consent import ConsentRequest, signatures_from_json
from ledger_node.domain.consent_schema import REQUEST_SCHEMA
from ledger_node.domain.consent_text import Language, consent_text, language_named, text_digest
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["consents"], route_class=AdmittedRoute)


@router.post(
    "/consent-requests",
    status_code=HTTPStatus.CREATED,
    summary="Ask a subject for a consent",
    openapi_extra=openapi.body({"request": REQUEST_SCHEMA}, {"request": REQUEST_EXAMPLE}, required=("request",)),
)
async def ask(request: Request, instance: Access, bank: ABank) -> JsonAnswer:
    """Take ``{request}``: what you would like to be granted. It binds nobody until the subject signs terms."""
    record = await record_body(request)
    asked = ConsentRequest.from_json(record.take("request"))
    record.done()
    held = await run_in_threadpool(instance.consent_requests.ask, asked, bank=bank.id, now=clock.now())
    (shown,) = await run_in_threadpool(instance.consent_requests.show, [held])
    return shown


@router.get("/consent-requests", summary="Requests that were made to you (subject) or that you made (bank)")
def list_requests(instance: Access, principal: ASubjectOrBank) -> JsonAnswer:
    """Return the newest two hundred; ``state``: open, granted or refused."""
    held = (
        instance.consent_requests.of_subject(principal.id)
        if principal.kind is Kind.SUBJECT
        else instance.consent_requests.of_grantee(principal.id)
    )
    return {"requests": instance.consent_requests.show(held)}


@router.post(
    "/consent-requests/{request_id}/refusal",
    summary="Refuse a request, by the controllers' signatures",
    openapi_extra=openapi.body(
        {"signatures": openapi.SIGNATURES}, {"signatures": ["0x" + "5a" * 65]}, required=("signatures",)
    ),
)
async def refuse(request_id: str, request: Request, instance: Access, anybody: Anybody) -> JsonAnswer:
    """Take ``{signatures}`` over the refusal statement. Who hears what is wrong: as for a withdrawal."""
    record = await record_body(request)
    asked = from_hex(request_id, "request")
    signatures = signatures_from_json(record.items("signatures", max_items=MAX_SIGNATURES))
    record.done()
    asker = None if anybody is None else anybody.id
    with attempt_of(request).tolerating(Reason.REQUEST_ANSWERED):
        await run_in_threadpool(instance.consent_requests.refuse, asked, signatures, asker=asker)
        return {"request": request_id, "state": "refused"}
    (shown,) = await run_in_threadpool(lambda: instance.consent_requests.show([instance.consent_requests.find(asked)]))
    if shown["state"] != "refused":
        raise VerificationError(Reason.REQUEST_ANSWERED, "this request was answered otherwise already")
    return {"request": request_id, "state": "refused"}


@router.post(
    "/consent-texts",
    summary="The words in which terms are shown before they are signed",
    openapi_extra=openapi.body(
        {"request": REQUEST_SCHEMA, "language": {"enum": [language.value for language in Language]}},
        {"request": REQUEST_EXAMPLE, "language": "zh"},
        required=("request", "language"),
    ),
)
async def show_text(request: Request, instance: Access) -> JsonAnswer:
    """Take ``{request, language}`` and return ``{text, text_digest}``; nothing is stored."""
    record = await record_body(request)
    asked = ConsentRequest.from_json(record.take("request"))
    language = language_named(record.text("language"))
    record.done()
    names = {member.id: member.name for member in await run_in_threadpool(instance.ledger.members)}
    text = consent_text(asked, wording(language, names))
    return {"text": text, "text_digest": to_hex(text_digest(text))}
