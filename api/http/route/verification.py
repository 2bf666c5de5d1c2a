"""Verifications: a bank's questions, answered with verdicts, reasons and proofs, and the evidence of the answers."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from api.catalogue.datatype import schemas
from api.http.model.verification import PastVerificationList, Verification, VerificationRequest
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.http.request.idempotency_key import CurrentAttempt, sealed
from api.instance.wiring import Instance
from api.services.evidence.store import evidence_link
from api.services.idempotency.attempt import SealedResponse
from api.services.verification.answer import Answer
from api.work.batching import FairShare
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.evidence.bundle import MEDIA_TYPE
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.officer import OfficerSignature
from ledger_node.domain.reason import Reason
from ledger_node.domain.ticket_slot import by_department
from ledger_node.domain.verification import Policy

router = APIRouter(tags=["verifications"], route_class=AdmittedRoute)
_LISTED = 200
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


@router.post(
    "/verifications",
    summary="Ask consented questions; get holds, does_not_hold or cannot_tell",
    response_model=Verification,
)
async def verify_claims(
    wanted: VerificationRequest, request: Request, instance: ServingInstance, bank: SignedIn, attempt: CurrentAttempt
) -> Response:
    """Take ``{consent, claims: [question or combination, as text or JSON], use?, purpose?, operator?, policy?}``.

    ``use`` is signed by the consent's spend key for these claims; its ticket is the use's id. A number that is taken is
    answered with 409 ``use_number_taken`` and a ``free_number``: sign anew. The same use sent again costs nothing.
    Without ``use`` this instance signs one, if it holds your seed (``PUT /v1/spend-seed``); else ``field_missing``.
    ``officer``: what an officer of yours signed over the ticket of ``use``, kept in the access log and the receipt.
    Where you have people here, ``officer_missing`` without it, unless two of them allowed programs.

    One use is recorded on the ledger, and every claim in the access log, before anything is answered.
    Claims outside the consent, and all claims of a consent that cannot be used, are answered
    ``cannot_tell`` with their reason.
    """
    if wanted.use is None:
        await run_in_threadpool(instance.spend_seeds.require, bank.id, "use")
    officer = await run_in_threadpool(_kept_officer, instance, bank.id, wanted)
    policy = Policy() if wanted.policy is None else Policy(wanted.policy.max_age_days)

    def store_response(answer: Answer) -> SealedResponse | None:
        return sealed(request, _response(answer), subject=answer.subject, keys=answer.keys)

    fair_share: FairShare = request.app.state.fair_share
    # the time that a caller waits for its slot is part of what it sees
    with instance.metrics.verification() as verified:
        async with fair_share.slot(bank.id):
            answer = await asyncio.wrap_future(
                instance.verifications.verify(
                    bank.id,
                    wanted.consent,
                    wanted.claims,
                    wanted.use,
                    purpose=wanted.purpose,
                    policy=policy,
                    now=clock.now(),
                    operator=wanted.operator,
                    attempt=attempt,
                    store_response=store_response,
                    officer=officer,
                )
            )
        request.state.is_response_stored = True
        verified.results = [(one.verdict, one.reason) for one in answer.results]
    return _response(answer)


def _kept_officer(instance: Instance, bank: bytes, wanted: VerificationRequest) -> OfficerSignature | None:
    instance.officers.require_if_needed(bank, wanted.officer)
    if wanted.officer is None:
        return None
    if wanted.use is None:
        raise InvalidInputError(Reason.FIELD_MISSING, "an officer signs the ticket of a use: send it too", field="use")
    held = instance.consents.find(wanted.consent)
    if held is None or held.shown.terms.grantee != bank:
        # there is no ticket of a consent that is not this bank's, and nothing is answered
        return None
    asked = by_department(wanted.claims, schemas())
    ticket = wanted.use.ticket(consent=wanted.consent, bank=bank, purpose=held.shown.terms.purpose, asked=asked).digest(
        instance.ledger.consent_domain
    )
    return instance.officers.keep(bank, ticket, wanted.officer, now=clock.now())


def _response(answer: Answer) -> Response:
    return Response(answer.body, media_type="application/json")


@router.get("/verifications", summary="What you verified, the newest first", response_model=PastVerificationList)
def list_verifications(instance: ServingInstance, bank: SignedIn) -> JSONResponse:
    """Return the newest two hundred uses; their questions and verdicts stand in the access log."""
    past = [
        {
            "use": to_hex(one.use),
            "consent": to_hex(one.consent),
            "number": one.number,
            "time": one.time,
            "evidence": None if one.evidence is None else evidence_link(one.use, one.evidence),
            "deleted_at": one.deleted_at,
        }
        for one in instance.answer_deletions.history(bank.id, limit=_LISTED)
    ]
    return JSONResponse({"verifications": past})


@router.get(
    "/verifications/{use}/evidence",
    summary="The evidence of an answer: one file that checks offline",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}},
)
def get_evidence(use: str, instance: ServingInstance, bank: SignedIn) -> Response:
    """Return the bundle of an answer of yours, byte for byte as it was stored when the answer was given.

    ``use``: the id of the use that the answer cost. Save it: once a department erases what the answer shows, it is
    ``erased`` (410) here, and only your copy remains.
    """
    bundle = instance.evidence.of_bank(bank.id, from_hex(use, "use"))
    name = f"evidence-{use}.json"
    return Response(bundle, media_type=MEDIA_TYPE, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get(
    "/verifications/{use}/evidence.html",
    summary="The evidence of an answer as one readable page",
    response_class=HTMLResponse,
)
def get_evidence_page(use: str, instance: ServingInstance, bank: SignedIn) -> HTMLResponse:
    """Return the evidence of an answer of yours as one sheet in Chinese and English, to print or to keep as PDF.

    It is made only of evidence that checks, and without scripts. The file is the evidence; the page holds its digest.
    """
    return HTMLResponse(instance.evidence_pages.of_bank(bank.id, from_hex(use, "use")), headers=_HEADERS)
