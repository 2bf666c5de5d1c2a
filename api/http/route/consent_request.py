"""Requests for consent: made by banks, shown to subjects, granted or refused by them."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.catalogue.wording import wording
from api.http.model.consent_request import (
    ConsentRequest,
    ConsentRequestList,
    ConsentText,
    ConsentTextRequest,
    NewConsentRequest,
    Refusal,
    RefusedRequest,
)
from api.http.request.admission import AdmittedRoute, Anybody, ServingInstance, SignedIn
from api.http.request.idempotency_key import CurrentAttempt
from api.sign_in.server.principal import Kind
from ledger_node import clock
from ledger_node.domain.consent_text import consent_text, text_digest
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["consents"], route_class=AdmittedRoute)


@router.post(
    "/consent-requests",
    status_code=HTTPStatus.CREATED,
    summary="Ask a subject for a consent",
    response_model=ConsentRequest,
)
async def request_consent(wanted: NewConsentRequest, instance: ServingInstance, bank: SignedIn) -> JSONResponse:
    """Take ``{request}``: what you would like to be granted. It binds nobody until the subject signs terms."""
    held = await run_in_threadpool(instance.consent_requests.ask, wanted.request, bank=bank.id, now=clock.now())
    (shown,) = await run_in_threadpool(instance.consent_requests.show, [held])
    return JSONResponse(shown, HTTPStatus.CREATED)


@router.get(
    "/consent-requests",
    summary="Requests that were made to you (subject) or that you made (bank)",
    response_model=ConsentRequestList,
)
def list_consent_requests(instance: ServingInstance, principal: SignedIn) -> JSONResponse:
    """Return the newest two hundred; ``state``: pending, open, granted or refused.

    A request is pending until the ledger holds it.
    """
    held = (
        instance.consent_requests.of_subject(principal.id)
        if principal.kind is Kind.SUBJECT
        else instance.consent_requests.of_grantee(principal.id)
    )
    return JSONResponse({"requests": instance.consent_requests.show(held)})


@router.post("/consent-requests/{request_id}/refusal", summary="Refuse a request, by the controllers' signatures")
async def refuse_consent_request(
    request_id: str, refusal: Refusal, instance: ServingInstance, attempt: CurrentAttempt, anybody: Anybody
) -> RefusedRequest:
    """Take ``{signatures}`` over the refusal statement. Who hears what is wrong: as for a withdrawal."""
    asked = from_hex(request_id, "request")
    refused = RefusedRequest(request=asked)
    asker = None if anybody is None else anybody.id
    with attempt.tolerating(Reason.REQUEST_ANSWERED):
        await run_in_threadpool(instance.consent_requests.refuse, asked, refusal.signatures, asker=asker)
        return refused
    (shown,) = await run_in_threadpool(lambda: instance.consent_requests.show([instance.consent_requests.find(asked)]))
    if shown["state"] != refused.state:
        raise VerificationError(Reason.REQUEST_ANSWERED, "this request was answered otherwise already")
    return refused


@router.post("/consent-texts", summary="The words in which terms are shown before they are signed")
async def get_consent_text(wanted: ConsentTextRequest, instance: ServingInstance) -> ConsentText:
    """Take ``{request, language}`` and return ``{text, text_digest}``; nothing is stored."""
    names = {member.id: member.name for member in await run_in_threadpool(instance.ledger.members)}
    text = consent_text(wanted.request, wording(wanted.language, names))
    return ConsentText(text=text, text_digest=text_digest(text))
