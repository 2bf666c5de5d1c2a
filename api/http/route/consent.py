"""Consents: granted by signed terms, listed by subject and bank, withdrawn by the subject."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.http.openapi import openapi
from api.http.openapi.terms import TERMS_EXAMPLE
from api.http.request.admission import Access, AdmittedRoute, Anybody, ASubjectOrBank, JsonAnswer
from api.http.request.body import record_body
from api.http.request.credential import Kind, Principal
from api.http.request.idempotency_key import attempt_of
from api.services.consent.stored_consent import HeldConsent
from ledger_node import clock
from ledger_node.domain.consent import NO_REQUEST, Change, Terms, signatures_from_json
from ledger_node.domain.consent_schema import TERMS_SCHEMA
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["consents"], route_class=AdmittedRoute)
MAX_SIGNATURES = 16
_DONE = {Change.PAUSE: Reason.CONSENT_PAUSED, Change.RESUME: Reason.CONSENT_NOT_PAUSED}


@router.post(
    "/consents",
    status_code=HTTPStatus.CREATED,
    summary="Grant: terms signed by the subject's controllers",
    openapi_extra=openapi.body(
        {
            "terms": TERMS_SCHEMA,
            "signatures": openapi.SIGNATURES,
            "request": {**openapi.HEX32, "type": ["string", "null"]},
        },
        {"terms": TERMS_EXAMPLE, "signatures": ["0x" + "5a" * 65]},
        required=("terms", "signatures"),
    ),
)
async def grant(request: Request, instance: Access) -> JsonAnswer:
    """Take ``{terms, signatures, request?}``; the signatures are the authority, whoever delivers them."""
    record = await record_body(request)
    terms = Terms.from_json(record.take("terms"))
    signatures = signatures_from_json(record.items("signatures", max_items=MAX_SIGNATURES))
    answers = record.blob("request") if record.has("request") else NO_REQUEST
    record.done()
    with attempt_of(request).tolerating(Reason.CONSENT_EXISTS):
        await run_in_threadpool(instance.consents.grants.grant, terms, signatures, now=clock.now(), request=answers)
    return await run_in_threadpool(_show, instance, terms.digest(instance.ledger.consent_domain))


@router.get("/consents", summary="Consents that you granted (subject) or were granted (bank)")
def list_consents(instance: Access, principal: ASubjectOrBank) -> JsonAnswer:
    """Return the newest two hundred."""
    held = (
        instance.consents.of_subject(principal.id)
        if principal.kind is Kind.SUBJECT
        else instance.consents.of_grantee(principal.id)
    )
    return {"consents": instance.consents.show(held, now=clock.now())}


@router.get("/consents/{consent}", summary="One consent with its terms, signatures and state")
def show_consent(consent: str, instance: Access, principal: ASubjectOrBank) -> JsonAnswer:
    """Return a consent of yours."""
    return _show(instance, consent_of(instance, consent, principal).shown.id)


def consent_of(instance: Access, consent: str, principal: Principal) -> HeldConsent:
    """Return the consent with this id if the caller is its subject or its bank.

    Raises:
        VerificationError: ``consent_unknown``, also for a consent of others.
    """
    held = instance.consents.find(from_hex(consent, "consent"))
    if held is None or not _is_party(held, principal):
        raise VerificationError(Reason.CONSENT_UNKNOWN, "there is no such consent of yours")
    return held


@router.post(
    "/consents/{consent}/withdrawal",
    summary="Withdraw, by the secret or by the controllers' signatures",
    openapi_extra=openapi.body(
        {"secret": openapi.HEX32, "signatures": openapi.SIGNATURES}, {"secret": "0x" + "5a" * 32}, required=()
    ),
)
async def withdraw(consent: str, request: Request, instance: Access, anybody: Anybody) -> JsonAnswer:
    """Take ``{secret}`` or ``{signatures}`` over the withdrawal statement; it counts for every later use.

    Nobody needs to sign in. Its subject and its bank, where signed in, hear what is wrong; anybody else hears
    ``consent_unknown``, whether there is such a consent or not.
    """
    record = await record_body(request)
    consent_id = from_hex(consent, "consent")
    secret = record.blob("secret") if record.has("secret") else None
    signatures = () if secret else signatures_from_json(record.items("signatures", max_items=MAX_SIGNATURES))
    record.done()
    asker = None if anybody is None else anybody.id
    with attempt_of(request).tolerating(Reason.CONSENT_WITHDRAWN):
        await run_in_threadpool(
            instance.consents.withdraw, consent_id, secret=secret, signatures=signatures, asker=asker
        )
    return {"consent": consent, "state": "withdrawn"}


@router.post(
    "/consents/{consent}/changes",
    summary="Pause or resume, by the controllers' signatures",
    openapi_extra=openapi.body(
        {
            "change": {"enum": [change.value for change in Change]},
            "number": {"type": "integer", "minimum": 1},
            "signatures": openapi.SIGNATURES,
        },
        {"change": "pause", "number": 1, "signatures": ["0x" + "5a" * 65]},
        required=("change", "number", "signatures"),
    ),
)
async def change_consent(consent: str, request: Request, instance: Access, anybody: Anybody) -> JsonAnswer:
    """Take ``{change, number, signatures}``; ``number`` is one more than the consent's ``changes``.

    Who hears what is wrong: as for a withdrawal.
    """
    record = await record_body(request)
    consent_id = from_hex(consent, "consent")
    change = _change(record.text("change"))
    number = record.integer("number", low=1, high=2**24 - 1)
    signatures = signatures_from_json(record.items("signatures", max_items=MAX_SIGNATURES))
    record.done()
    asker = None if anybody is None else anybody.id
    # odd numbers pause and even ones resume, so a number that is used was used for this very change
    done = (Reason.CONSENT_CHANGED_ALREADY, _DONE[change])
    with attempt_of(request).tolerating(*done):
        await run_in_threadpool(instance.consents.change, consent_id, change, number, signatures, asker=asker)
    return {"consent": consent, "changes": number}


def _change(raw: str) -> Change:
    try:
        return Change(raw)
    except ValueError as error:
        raise InvalidInputError(
            Reason.REQUEST_INVALID, f"a change is one of {', '.join(Change)}", field="change"
        ) from error


def _is_party(held: HeldConsent, principal: Principal) -> bool:
    terms = held.shown.terms
    return principal.id == (terms.subject if principal.kind is Kind.SUBJECT else terms.grantee)


def _show(instance: Access, consent: bytes) -> JsonAnswer:
    held = instance.consents.find(consent)
    assert held is not None  # noqa: S101 - consents are never deleted
    (shown,) = instance.consents.show([held], now=clock.now())
    return shown
