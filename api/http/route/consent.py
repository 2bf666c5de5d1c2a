"""Consents: asked for by banks, granted or refused by subjects, changed and withdrawn by them, listed for both."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.consent import (
    ChangedConsent,
    Consent,
    ConsentChange,
    ConsentLine,
    ConsentList,
    ConsentRequest,
    ConsentRequestList,
    ConsentText,
    ConsentTextRequest,
    Grant,
    SecretWithdrawal,
    StewardKey,
    StewardKeyRequest,
    Withdrawal,
    WithdrawnConsent,
)
from api.http.model.consent_request import NewConsentRequest, Refusal, RefusedRequest
from api.http.request.admission import AdmittedRoute, Asker, ServingInstance, SignedIn
from api.http.request.idempotency_key import CurrentAttempt
from api.instance.wiring import Instance
from api.services.consent.stored_consent import StoredConsent
from api.sign_in.server.principal import Kind, Principal
from ledger_node import clock
from ledger_node.domain.consent import NO_REQUEST
from ledger_node.domain.consent import Consent as SignedConsent
from ledger_node.domain.consent import ConsentRequest as AskedTerms
from ledger_node.domain.consent_act import Change
from ledger_node.domain.consent_order import SecretOrder, ShownConsentId
from ledger_node.domain.consent_text import text_of
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import accept
from ledger_node.domain.signature import address_of

router = APIRouter(tags=["consents"], route_class=AdmittedRoute)
_DONE = {Change.PAUSE: Reason.CONSENT_PAUSED, Change.RESUME: Reason.CONSENT_NOT_PAUSED}


@router.post(
    "/consent-requests",
    status_code=HTTPStatus.CREATED,
    summary="Ask a subject for a consent",
    response_model=ConsentRequest,
)
async def request_consent(wanted: NewConsentRequest, instance: ServingInstance, bank: SignedIn) -> JSONResponse:
    """Take ``{request, answer_key}``: what you would like to be granted, and a fresh private key that answers it.

    It binds nobody until the subject signs terms and bounds. ``request`` may lack ``spend_key`` if this instance holds
    your seed (``PUT /v1/spend-seed``); else ``field_missing``. ``officer``: what an officer of yours signed over the
    request's id; where you have people here, ``officer_missing`` without it, unless two of them allowed programs.
    """
    asked = await run_in_threadpool(instance.spend_seeds.with_spend_key, wanted.request, bank.id)
    await run_in_threadpool(_keep_officer, instance, bank.id, asked, wanted)
    held = await run_in_threadpool(
        instance.consent_requests.ask, asked, wanted.answer_key, bank=bank.id, now=clock.now()
    )
    (shown,) = await run_in_threadpool(instance.consent_requests.show, [held])
    return JSONResponse(shown, HTTPStatus.CREATED)


def _keep_officer(instance: Instance, bank: bytes, asked: AskedTerms, wanted: NewConsentRequest) -> None:
    instance.officers.require_if_needed(bank, wanted.officer)
    if wanted.officer is not None:
        request = asked.digest(address_of(wanted.answer_key), instance.ledger.consent_domain)
        instance.officers.keep(bank, request, wanted.officer, now=clock.now())


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


@router.get(
    "/consent-requests/{request_id}", summary="One request, with where it stands", response_model=ConsentRequest
)
def get_consent_request(request_id: str, instance: ServingInstance, principal: SignedIn) -> JSONResponse:
    """Return a request to you (subject) or of yours (bank)."""
    held = instance.consent_requests.find(from_hex(request_id, "request"))
    if principal.id != (held.asked.subject if principal.kind is Kind.SUBJECT else held.asked.grantee):
        raise VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")
    (shown,) = instance.consent_requests.show([held])
    return JSONResponse(shown)


@router.post("/consent-requests/{request_id}/refusal", summary="Refuse a request, by the controllers' signatures")
async def refuse_consent_request(
    request_id: str, refusal: Refusal, instance: ServingInstance, attempt: CurrentAttempt, asker: Asker
) -> RefusedRequest:
    """Take ``{signatures}`` over the refusal statement. Who hears what is wrong: as for a withdrawal."""
    asked = from_hex(request_id, "request")
    refused = RefusedRequest(request=asked)
    with attempt.tolerating(Reason.REQUEST_ANSWERED):
        await run_in_threadpool(instance.consent_requests.refuse, asked, refusal.signatures, asker=asker)
        return refused
    (shown,) = await run_in_threadpool(lambda: instance.consent_requests.show([instance.consent_requests.find(asked)]))
    if shown["state"] != refused.state:
        raise VerificationError(Reason.REQUEST_ANSWERED, "this request was answered otherwise already")
    return refused


@router.post("/consent-texts", summary="The words in which terms are shown before they are signed")
async def get_consent_text(wanted: ConsentTextRequest, instance: ServingInstance) -> ConsentText:
    """Take ``{request, language, grant_before}`` and return the words and what terms say of them; nothing is stored."""
    names = {member.id: member.name for member in await run_in_threadpool(instance.ledger.members)}
    terms, lines = accept(wanted.request, wanted.grant_before, instance.wording.in_language(wanted.language, names))
    return ConsentText(
        text=text_of(lines),
        text_digest=terms.text_digest,
        wording=terms.wording,
        department_names=list(terms.department_names),
        lines=[ConsentLine(key=line.key, text=line.text) for line in lines],
    )


@router.post(
    "/consents",
    status_code=HTTPStatus.CREATED,
    summary="Grant: terms and bounds signed by the subject's controllers",
    response_model=Consent,
)
async def grant_consent(grant: Grant, instance: ServingInstance, attempt: CurrentAttempt) -> JSONResponse:
    """Take ``{terms, bounds, signatures, request?}``; the signatures are the authority, whoever delivers them.

    ``bounds.steward_key`` is the one that ``POST /v1/steward-keys`` gives for these terms.
    """
    consent = SignedConsent(grant.terms, grant.bounds)
    with attempt.tolerating(Reason.CONSENT_EXISTS):
        await run_in_threadpool(
            instance.consents.grant,
            consent,
            grant.signatures,
            now=clock.now(),
            request=grant.request or NO_REQUEST,
        )
    shown = await run_in_threadpool(_show, instance, consent.digest(instance.ledger.consent_domain))
    return JSONResponse(shown, HTTPStatus.CREATED)


@router.post("/steward-keys", summary="The key by which this instance acts for a consent with these terms")
async def get_steward_key(wanted: StewardKeyRequest, instance: ServingInstance, subject: SignedIn) -> StewardKey:
    """Take ``{terms}`` that you are about to sign, and return ``{steward_key}``, which goes into the bounds."""
    if wanted.terms.subject != subject.id:
        raise InvalidInputError(Reason.SUBJECT_UNKNOWN, "no such subject of yours is registered", field="subject")
    secret = await run_in_threadpool(instance.consents.keys.steward, wanted.terms)
    return StewardKey(steward_key=to_hex(address_of(secret)))


@router.get(
    "/consents", summary="Consents that you granted (subject) or were granted (bank)", response_model=ConsentList
)
def list_consents(instance: ServingInstance, principal: SignedIn) -> JSONResponse:
    """Return the newest two hundred."""
    held = (
        instance.consents.of_subject(principal.id)
        if principal.kind is Kind.SUBJECT
        else instance.consents.of_grantee(principal.id)
    )
    return JSONResponse({"consents": instance.consents.show(held, now=clock.now())})


@router.get("/consents/{consent}", summary="One consent with its terms, signatures and state", response_model=Consent)
def get_consent(consent: str, instance: ServingInstance, principal: SignedIn) -> JSONResponse:
    """Return a consent of yours."""
    return JSONResponse(_show(instance, consent_of(instance, consent, principal).shown.id))


def consent_of(instance: Instance, consent: str, principal: Principal) -> StoredConsent:
    """Return the consent with this id if the caller is its subject or its bank.

    Raises:
        VerificationError: ``consent_unknown``, also for a consent of others.
    """
    held = instance.consents.find(from_hex(consent, "consent"))
    if held is not None:
        terms = held.shown.terms
        if principal.id == (terms.subject if principal.kind is Kind.SUBJECT else terms.grantee):
            return held
    raise VerificationError(Reason.CONSENT_UNKNOWN, "there is no such consent of yours")


@router.post("/consents/{consent}/withdrawal", summary="Withdraw, by the secret or by the controllers' signatures")
async def withdraw_consent(
    consent: str, withdrawal: Withdrawal, instance: ServingInstance, attempt: CurrentAttempt, asker: Asker
) -> WithdrawnConsent:
    """Take ``{secret}`` or ``{signatures}`` over the withdrawal statement; it counts for every later use.

    Nobody needs to sign in. Its subject and its bank, where signed in, hear what is wrong; anybody else hears
    ``consent_unknown``, whether there is such a consent or not.
    """
    consent_id = from_hex(consent, "consent")
    with attempt.tolerating(Reason.CONSENT_WITHDRAWN):
        await run_in_threadpool(
            instance.consents.withdraw,
            consent_id,
            secret=withdrawal.secret,
            signatures=withdrawal.signatures,
            asker=asker,
        )
    return WithdrawnConsent(consent=consent_id)


@router.post("/withdrawals", summary="Withdraw any consent by its secret, wherever its subject is served")
async def relay_withdrawal(
    withdrawal: SecretWithdrawal, instance: ServingInstance, attempt: CurrentAttempt
) -> WithdrawnConsent:
    """Take ``{terms_hash, bounds, secret}``; nobody needs to sign in. The consent may be granted, or not yet.

    One that was not granted never will be.
    """
    words = withdrawal.terms_hash, withdrawal.bounds
    order = SecretOrder(ShownConsentId.from_hash(*words, instance.ledger.consent_domain), withdrawal.secret)
    with attempt.tolerating(Reason.CONSENT_WITHDRAWN):
        await run_in_threadpool(instance.consents.relay_withdrawal, order)
    return WithdrawnConsent(consent=order.shown.id)


@router.post("/consents/{consent}/changes", summary="Pause or resume, by the controllers' signatures")
async def change_consent(
    consent: str, wanted: ConsentChange, instance: ServingInstance, attempt: CurrentAttempt, asker: Asker
) -> ChangedConsent:
    """Take ``{change, number, signatures}``; ``number`` is one more than the consent's ``changes``.

    Who hears what is wrong: as for a withdrawal.
    """
    consent_id = from_hex(consent, "consent")
    # odd numbers pause and even ones resume, so a number that is used was used for this very change
    with attempt.tolerating(Reason.CONSENT_CHANGED_ALREADY, _DONE[wanted.change]):
        await run_in_threadpool(
            instance.consents.change,
            consent_id,
            wanted.change,
            wanted.number,
            wanted.signatures,
            now=clock.now(),
            asker=asker,
        )
    return ChangedConsent(consent=consent_id, changes=wanted.number)


def _show(instance: Instance, consent: bytes) -> dict[str, Any]:
    held = instance.consents.find(consent)
    assert held is not None  # noqa: S101 - consents are never deleted
    (shown,) = instance.consents.show([held], now=clock.now())
    return shown
