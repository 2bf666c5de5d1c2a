"""Invitations: a registrar's programs open them, signers bring keys by their codes, and two of its people sign."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.home.portal_host import portal_origin
from api.http.model.invitation import (
    ArrivedKey,
    CodeWish,
    Confirmation,
    Invitation,
    InvitationList,
    NewInvitation,
    NewSignerKey,
    ShownSignerCode,
    SignerCode,
    Welcome,
)
from api.http.model.subject import Completion
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn, public_url
from api.services.enrolment.enrolment import NewKey
from api.services.enrolment.invitation import Invitation as HeldInvitation
from api.services.enrolment.invitation import InvitationState
from api.services.passkey.registration import Registration
from api.services.staff.person import program_of
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.staff_release import content_digest

router = APIRouter(tags=["subjects"], route_class=AdmittedRoute)
_ID_BYTES: Final = 16
_CHALLENGE: Final = "v1 enrol"


@router.post(
    "/invitations", status_code=HTTPStatus.CREATED, summary="Invite a firm's signers", response_model=Invitation
)
async def open_invitation(wanted: NewInvitation, instance: ServingInstance, registrar: SignedIn) -> JSONResponse:
    """Take whom you invite, and return the invitation; each signer gets a code of its own.

    What a program alone prepared, a clerk signs beside the approver.
    """
    opened = await run_in_threadpool(
        instance.invitations.open, program_of(registrar.id), **dict(wanted), now=clock.now()
    )
    return JSONResponse(_shown(opened), HTTPStatus.CREATED)


@router.get("/invitations", summary="Your invitations, the newest first", response_model=InvitationList)
def list_invitations(instance: ServingInstance, registrar: SignedIn) -> JSONResponse:
    """Return the newest five hundred."""
    held = instance.invitations.of(registrar.id, now=clock.now())
    return JSONResponse({"invitations": [_shown(one) for one in held]})


@router.post("/invitations/{invitation}/codes", summary="A fresh code for a signer who has brought no key yet")
async def issue_signer_code(
    invitation: str, wanted: CodeWish, instance: ServingInstance, registrar: SignedIn
) -> SignerCode:
    """Take ``{person}``. The code before ends."""
    words = program_of(registrar.id), _id(invitation), wanted.person
    return SignerCode(code=await run_in_threadpool(instance.invitations.issue_code, *words, now=clock.now()))


@router.post("/invitations/welcome", summary="Whose code this is, and what to make a passkey for")
async def show_welcome(shown: ShownSignerCode, request: Request, instance: ServingInstance) -> Welcome:
    """Take ``{code}``; nothing is spent. Wrong codes count against the address that they come from."""
    now = clock.now()
    found = await run_in_threadpool(instance.enrolments.look, shown.code, now=now, origin=_address(request))
    challenge = instance.challenges.make(_CHALLENGE, now=now)
    return Welcome(
        firm=found.firm,
        signer=found.signer,
        device=found.device,
        rp_id=instance.portal_host,
        origin=portal_origin(instance.portal_host, public_url(request)),
        challenge=to_hex(challenge.digest),
        token=challenge.token,
    )


@router.post("/invitations/passkeys", summary="Bring a signer's passkey by its code")
async def bring_passkey(made: NewSignerKey, request: Request, instance: ServingInstance) -> ArrivedKey:
    """Take the parts of a new passkey, and return its digits. The same key again is answered the same.

    Another key by the same code voids both.
    """
    now, rp_id = clock.now(), instance.portal_host
    digest, _ = instance.challenges.look(_CHALLENGE, made.token, now=now)
    parts = Registration(made.credential_id, made.attestation_object, made.client_data_json)
    read = parts.read(digest, rp_id=rp_id, origin=portal_origin(rp_id, public_url(request)))
    key = NewKey(read.credential_id, read.passkey, read.is_synced)
    came = await run_in_threadpool(instance.enrolments.arrive, made.code, key, now=now, origin=_address(request))
    return ArrivedKey(digits=came.digits, second_code=came.second_code)


@router.post(
    "/invitations/{invitation}/confirmation",
    summary="Register the firm, on the word of an approver who compared the digits",
    response_model=Invitation,
)
async def confirm_invitation(
    invitation: str, words: Confirmation, instance: ServingInstance, registrar: SignedIn
) -> JSONResponse:
    """Take assertions over ``StaffRelease``: of an approver, and of a clerk where no person handled it yet."""
    confirmed = await run_in_threadpool(
        instance.confirmations.confirm,
        registrar.id,
        _id(invitation),
        words.number,
        words.signature,
        prepared=words.prepared,
        now=clock.now(),
    )
    return JSONResponse(_shown(confirmed))


@router.post("/invitations/{invitation}/cancellation", summary="End an invitation that is not released")
async def end_invitation(
    invitation: str, _: Completion, instance: ServingInstance, registrar: SignedIn
) -> InvitationList:
    """End it; its codes are over, and what it said of the firm is erased. The answer lists nothing."""
    await run_in_threadpool(instance.invitations.end, program_of(registrar.id), _id(invitation), now=clock.now())
    return InvitationList(invitations=[])


def _id(text: str) -> bytes:
    return from_hex(text, "invitation", length=_ID_BYTES)


def _address(request: Request) -> bytes:
    return (request.client.host if request.client else "").encode()


def _shown(held: HeldInvitation) -> dict[str, JSON]:
    firm, names = held.firm, () if held.firm is None else held.firm.signers
    signers: list[JSON] = []
    for person, name in enumerate(names, start=1):
        keys: list[JSON] = [
            {"device": key.device, "passkey": key.passkey.to_json(), "digits": key.digits, "synced": key.synced}
            for key in held.keys
            if key.person == person
        ]
        signers.append({"person": person, "name": name, "keys": keys})
    is_ready = firm is not None and held.state is InvitationState.READY
    return {
        "id": to_hex(held.id),
        "credit_code": None if firm is None else firm.credit_code,
        "name": None if firm is None else firm.name,
        "signers": signers,
        "threshold": held.threshold,
        "by_post": held.by_post,
        "state": held.state.value,
        "opened_at": held.opened_at,
        "expires_at": held.expires_at,
        "subject": None if held.subject is None else to_hex(held.subject),
        "recovers": None if held.recovers is None else to_hex(held.recovers),
        "content": to_hex(content_digest(held.document())) if is_ready else None,
    }
