"""Consents: granted by signed terms, listed by subject and bank, withdrawn by the subject."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.consent import (
    ChangedConsent,
    Consent,
    ConsentChange,
    ConsentList,
    Grant,
    Withdrawal,
    WithdrawnConsent,
)
from api.http.request.admission import AdmittedRoute, Anybody, ServingInstance, SignedIn
from api.http.request.idempotency_key import CurrentAttempt
from api.instance.wiring import Instance
from api.services.consent.stored_consent import HeldConsent
from api.sign_in.server.principal import Kind, Principal
from ledger_node import clock
from ledger_node.domain.consent import NO_REQUEST, Change
from ledger_node.domain.error import VerificationError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["consents"], route_class=AdmittedRoute)
_DONE = {Change.PAUSE: Reason.CONSENT_PAUSED, Change.RESUME: Reason.CONSENT_NOT_PAUSED}


@router.post(
    "/consents",
    status_code=HTTPStatus.CREATED,
    summary="Grant: terms signed by the subject's controllers",
    response_model=Consent,
)
async def grant_consent(grant: Grant, instance: ServingInstance, attempt: CurrentAttempt) -> JSONResponse:
    """Take ``{terms, signatures, request?}``; the signatures are the authority, whoever delivers them."""
    answers = grant.request or NO_REQUEST
    with attempt.tolerating(Reason.CONSENT_EXISTS):
        await run_in_threadpool(
            instance.consents.grants.grant, grant.terms, grant.signatures, now=clock.now(), request=answers
        )
    shown = await run_in_threadpool(_show, instance, grant.terms.digest(instance.ledger.consent_domain))
    return JSONResponse(shown, HTTPStatus.CREATED)


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


def consent_of(instance: Instance, consent: str, principal: Principal) -> HeldConsent:
    """Return the consent with this id if the caller is its subject or its bank.

    Raises:
        VerificationError: ``consent_unknown``, also for a consent of others.
    """
    held = instance.consents.find(from_hex(consent, "consent"))
    if held is None or not _is_party(held, principal):
        raise VerificationError(Reason.CONSENT_UNKNOWN, "there is no such consent of yours")
    return held


@router.post("/consents/{consent}/withdrawal", summary="Withdraw, by the secret or by the controllers' signatures")
async def withdraw_consent(
    consent: str, withdrawal: Withdrawal, instance: ServingInstance, attempt: CurrentAttempt, anybody: Anybody
) -> WithdrawnConsent:
    """Take ``{secret}`` or ``{signatures}`` over the withdrawal statement; it counts for every later use.

    Nobody needs to sign in. Its subject and its bank, where signed in, hear what is wrong; anybody else hears
    ``consent_unknown``, whether there is such a consent or not.
    """
    consent_id = from_hex(consent, "consent")
    asker = None if anybody is None else anybody.id
    with attempt.tolerating(Reason.CONSENT_WITHDRAWN):
        await run_in_threadpool(
            instance.consents.withdraw,
            consent_id,
            secret=withdrawal.secret,
            signatures=withdrawal.signatures,
            asker=asker,
        )
    return WithdrawnConsent(consent=consent_id)


@router.post("/consents/{consent}/changes", summary="Pause or resume, by the controllers' signatures")
async def change_consent(
    consent: str, wanted: ConsentChange, instance: ServingInstance, attempt: CurrentAttempt, anybody: Anybody
) -> ChangedConsent:
    """Take ``{change, number, signatures}``; ``number`` is one more than the consent's ``changes``.

    Who hears what is wrong: as for a withdrawal.
    """
    consent_id = from_hex(consent, "consent")
    change, number = wanted.change, wanted.number
    asker = None if anybody is None else anybody.id
    # odd numbers pause and even ones resume, so a number that is used was used for this very change
    done = (Reason.CONSENT_CHANGED_ALREADY, _DONE[change])
    with attempt.tolerating(*done):
        await run_in_threadpool(instance.consents.change, consent_id, change, number, wanted.signatures, asker=asker)
    return ChangedConsent(consent=consent_id, changes=number)


def _is_party(held: HeldConsent, principal: Principal) -> bool:
    terms = held.shown.terms
    return principal.id == (terms.subject if principal.kind is Kind.SUBJECT else terms.grantee)


def _show(instance: Instance, consent: bytes) -> dict[str, Any]:
    held = instance.consents.find(consent)
    assert held is not None  # noqa: S101 - consents are never deleted
    (shown,) = instance.consents.show([held], now=clock.now())
    return shown
