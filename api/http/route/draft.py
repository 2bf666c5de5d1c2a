"""Drafts: a firm's persons grant, or change who signs, one after the other, as they do on pages."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.draft import (
    Draft,
    DraftList,
    DraftRequest,
    DraftSignature,
    NewDraft,
    NewRotationDraft,
    RotationDraft,
    RotationDraftList,
    RotationSignature,
)
from api.http.model.subject import Completion
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.services.draft.draft import Draft as ConsentDraft
from api.services.draft.draft import ShownDraft
from api.services.signer.rotation_draft import NamedController
from api.services.signer.rotation_draft import RotationDraft as WaitingRotation
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent import Consent
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["drafts"], route_class=AdmittedRoute)
_ID_BYTES: Final = 16


@router.post("/drafts", summary="Draw up the consent that grants a request", response_model=Draft)
async def start_draft(wanted: NewDraft, instance: ServingInstance, subject: SignedIn) -> JSONResponse:
    """Take ``{request, language}`` and return the draft that a person signed already, or one drawn up now.

    One that nobody signed is stored nowhere, and can be signed for a quarter of an hour.
    """
    words = wanted.request, subject.id, wanted.language
    return JSONResponse(_shown(await run_in_threadpool(instance.drafts.start, *words, now=clock.now())))


@router.get("/drafts", summary="Drafts that a person signed and that wait for others", response_model=DraftList)
def list_drafts(instance: ServingInstance, subject: SignedIn) -> JSONResponse:
    """Return those of requests that are open still."""
    return JSONResponse({"drafts": [_shown(one) for one in instance.drafts.of(subject.id, now=clock.now())]})


# before the one draft that a path names: it has its own methods
@router.post("/drafts/cancellation", summary="Close the draft of a request for good", status_code=HTTPStatus.OK)
async def cancel_draft(wanted: DraftRequest, instance: ServingInstance, subject: SignedIn) -> DraftRequest:
    """Take ``{request}``. What was signed of it can be recorded no more; the request stays open."""
    await run_in_threadpool(instance.drafts.cancel, wanted.request, subject.id, now=clock.now())
    return wanted


@router.get("/drafts/{draft}", summary="A draft that waits for signatures", response_model=Draft)
def get_draft(draft: str, instance: ServingInstance, subject: SignedIn) -> JSONResponse:
    """Return one that a person signed. What nobody signed is stored nowhere, and so is not found."""
    wanted = from_hex(draft, "draft")
    for one in instance.drafts.of(subject.id, now=clock.now()):
        if one.id == wanted:
            return JSONResponse(_shown(one))
    raise InvalidInputError(Reason.NOT_FOUND, "no such draft of yours waits for signatures")


@router.post("/drafts/{draft}/signatures", summary="Sign a draft as one person", response_model=Draft)
async def sign_draft(draft: str, signed: DraftSignature, instance: ServingInstance, subject: SignedIn) -> JSONResponse:
    """Take the draft as it was shown, and a person's signature over its id; enough of them grant it.

    Signing what is granted already changes nothing.
    """
    shown = ShownDraft(signed.terms, signed.bounds, signed.drawn_up_at)
    if Consent(signed.terms, signed.bounds).digest(instance.ledger.consent_domain) != from_hex(draft, "draft"):
        raise InvalidInputError(Reason.CONSENT_TERMS_DIFFER, "these terms and bounds are of another draft")
    words = signed.request, subject.id, shown, signed.signature
    return JSONResponse(_shown(await run_in_threadpool(instance.drafts.sign, *words, now=clock.now())))


@router.post("/rotation-drafts", summary="Draw up a change of signers", response_model=RotationDraft)
async def start_rotation_draft(wanted: NewRotationDraft, instance: ServingInstance, subject: SignedIn) -> JSONResponse:
    """Take the wanted set with the names of its keys and of those in force; one that nobody signed goes."""

    def start() -> WaitingRotation:
        present = instance.controllers.current(subject.id).controllers
        if len(wanted.names) != len(wanted.controllers) or len(wanted.present_names) != len(present.keys):
            raise InvalidInputError(Reason.REQUEST_INVALID, "each key has one name", field="names")
        named = [NamedController(*each) for each in zip(wanted.controllers, wanted.names, strict=True)]
        retiring = {one.key: name for one, name in zip(present.keys, wanted.present_names, strict=True)}
        return instance.rotation_drafts.start(
            subject.id, named, wanted.threshold, retiring, wanted.language, now=clock.now()
        )

    return JSONResponse(_shown_rotation(await run_in_threadpool(start)))


@router.get("/rotation-drafts", summary="The change of signers that waits", response_model=RotationDraftList)
def list_rotation_drafts(instance: ServingInstance, subject: SignedIn) -> JSONResponse:
    """Return one, or none."""
    found = instance.rotation_drafts.find(subject.id, now=clock.now())
    return JSONResponse({"drafts": [] if found is None else [_shown_rotation(found)]})


@router.post("/rotation-drafts/{draft}/signatures", summary="Sign a change of signers", response_model=RotationDraft)
async def sign_rotation_draft(
    draft: str, signed: RotationSignature, instance: ServingInstance, subject: SignedIn
) -> JSONResponse:
    """Take a person's signature over ``digest``; with enough of them the new signers are in force."""
    words = subject.id, from_hex(draft, "draft", length=_ID_BYTES), signed.signature
    done = await run_in_threadpool(instance.rotation_drafts.sign, *words, now=clock.now())
    if done.is_done:
        await run_in_threadpool(instance.sign_in.end_tokens, subject.id)
    return JSONResponse(_shown_rotation(done.draft, is_done=done.is_done))


@router.post("/rotation-drafts/{draft}/cancellation", summary="Call a change of signers off")
async def cancel_rotation_draft(
    draft: str, _: Completion, instance: ServingInstance, subject: SignedIn
) -> RotationDraftList:
    """Call it off; any signer may. What is called off can be signed no more."""
    words = subject.id, from_hex(draft, "draft", length=_ID_BYTES)
    await run_in_threadpool(instance.rotation_drafts.cancel, *words, now=clock.now())
    return RotationDraftList(drafts=[])


def _shown(draft: ConsentDraft) -> dict[str, JSON]:
    return {
        "id": to_hex(draft.id),
        "request": to_hex(draft.request),
        "terms": draft.consent.terms.to_json(),
        "bounds": draft.consent.bounds.to_json(),
        "lines": [{"key": line.key, "text": line.text} for line in draft.lines],
        "drawn_up_at": draft.drawn_up_at,
        "good_until": draft.good_until,
        "needed": draft.needed,
        "signed": list(draft.signed),
        "granted": draft.is_granted,
    }


def _shown_rotation(draft: WaitingRotation, *, is_done: bool = False) -> dict[str, JSON]:
    return {
        "id": to_hex(draft.id),
        "controllers": draft.rotation.controllers.to_json(),
        "entry": draft.rotation.entry,
        "deadline": draft.rotation.deadline,
        "names": [{"person": one.person, "device": one.device} for one in draft.names],
        "lines": [{"text": line.text, "place": line.place} for line in draft.lines],
        "language": draft.language.value,
        "digest": to_hex(draft.digest),
        "needed": draft.needed,
        "signed": list(draft.signed),
        "done": is_done,
    }
