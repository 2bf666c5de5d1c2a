"""Subjects: registered by a registrar, handed to other controllers by rotation or recovery, and held."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.subject import (
    MAX_ENTRY,
    Cancellation,
    CancelledRecovery,
    CompletedRecovery,
    Completion,
    HeldSubject,
    NewHold,
    NewRecovery,
    NewSubject,
    RecoveryList,
    RegisteredSubject,
    RequestedRecovery,
    RotatedSubject,
    Rotation,
)
from api.http.model.subject import Subject as SubjectAnswer
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn, without_signatures
from api.instance.wiring import Instance
from api.services.subject.registered_subject import Subject
from api.sign_in.server.principal import Kind, Principal
from ledger_node import clock
from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import Rotation as RotationAct
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Controllers
from ledger_node.randomness import random_bytes

router = APIRouter(tags=["subjects"], route_class=AdmittedRoute)
RecoveryNumber = Annotated[int, Path(ge=1, le=MAX_ENTRY)]


@router.post("/subjects", status_code=HTTPStatus.CREATED, summary="Register a subject with its controllers")
async def register_subject(firm: NewSubject, instance: ServingInstance) -> RegisteredSubject:
    """Take ``{credit_code, controllers: [{person, address or passkey}], threshold}``; return the subject id.

    Each of its controllers signs in for it. Asking again with the same controllers returns the same subject. A firm
    that is new grants nothing for a day. ``register_address``: where the business register tells it of that.
    """
    now = clock.now()
    if firm.register_address is not None:
        instance.contacts.require_reachable(firm.register_address)
    subject = await run_in_threadpool(
        partial(instance.subjects.register, firm.credit_code, firm.controllers, firm.threshold, now=now, waits=True)
    )
    if firm.register_address is not None:
        await run_in_threadpool(
            instance.contacts.add_of_register, subject.id, firm.register_address, Language.CHINESE, now=now
        )
    present = await run_in_threadpool(instance.controllers.current, subject.id)
    return RegisteredSubject(
        subject=subject.id,
        commitment=present.controllers.commitment,
        threshold=present.controllers.threshold,
        registration=subject.registration,
    )


@router.get(
    "/subjects/{subject}",
    summary="Who controls a subject, and who did: for itself and the registrar",
    response_model=SubjectAnswer,
)
def get_subject(subject: str, instance: ServingInstance, principal: SignedIn) -> JSONResponse:
    """Return the present controllers, their predecessors, and the recovery that is pending, if one is.

    ``controllers`` is null where this instance does not know the set in force: a rotation or recovery that others
    sent. Send that rotation here to show it.
    """
    subject_id = from_hex(subject, "subject")
    found = _found(instance, subject_id, principal)
    entry, controllers = instance.controllers.shown(subject_id)
    threshold = None if controllers is None else controllers.threshold
    return JSONResponse(
        {
            "subject": subject,
            "registration": to_hex(found.registration),
            **entry,
            "next_entry": instance.ledger.entry_count(subject_id),
            "history": [one.to_json() for one in instance.controllers.of(subject_id) if one.since is not None],
            "pending_recovery": instance.recoveries.pending(subject_id, threshold, now=clock.now()),
            **instance.holds.shown(subject_id),
            "refused": instance.controllers.refused(subject_id),
        }
    )


@router.post(
    "/subjects/{subject}/rotations",
    status_code=HTTPStatus.CREATED,
    summary="Hand a subject to new controllers, by the signatures of the present ones",
)
async def rotate_controllers(subject: str, rotation: Rotation, instance: ServingInstance) -> RotatedSubject:
    """Take ``{controllers, threshold, salt, entry, deadline, signatures}``; the signatures are the authority.

    It cancels a pending recovery, and whoever was signed in for the subject is so no longer. Asking the same
    again changes nothing. Who rotated at another node shows this one the new set so.
    """
    subject_id = from_hex(subject, "subject")
    controllers = Controllers(rotation.controllers, rotation.threshold, rotation.salt)
    wanted = RotationAct(subject_id, rotation.entry, controllers, rotation.deadline)
    await run_in_threadpool(_found, instance, subject_id)
    present = await run_in_threadpool(instance.rotations.rotate, wanted, rotation.signatures, now=clock.now())
    await run_in_threadpool(instance.signers.take_in, subject_id, controllers, now=clock.now())
    await run_in_threadpool(instance.sign_in.end_tokens, subject_id)
    return RotatedSubject(
        subject=subject_id, entry=present.entry, since=present.since, commitment=present.controllers.commitment
    )


@router.post(
    "/subjects/{subject}/recoveries",
    status_code=HTTPStatus.CREATED,
    summary="Request other controllers for a firm that lost its keys; it takes effect in 72 hours at the earliest",
)
async def request_recovery(subject: str, wanted: NewRecovery, instance: ServingInstance) -> RequestedRecovery:
    """Take ``{controllers, threshold}``: check the firm's papers first, for nothing else vouches for it.

    Asking again for the same keys while it is pending returns the same recovery.
    """
    subject_id = from_hex(subject, "subject")
    controllers = Controllers(wanted.controllers, wanted.threshold, random_bytes(32))
    await run_in_threadpool(_found, instance, subject_id)
    held = await run_in_threadpool(instance.recoveries.request, subject_id, controllers)
    return RequestedRecovery(
        subject=subject_id,
        number=held.number,
        commitment=held.controllers.commitment,
        completable_at=held.completable_at,
    )


@router.get("/recoveries", summary="Recoveries that wait", response_model=RecoveryList)
def list_recoveries(instance: ServingInstance) -> JSONResponse:
    """Return those that were requested here and that the ledger holds as pending, by when they can be completed."""
    found = []
    for subject_id in instance.recoveries.subjects():
        _, controllers = instance.controllers.shown(subject_id)
        threshold = None if controllers is None else controllers.threshold
        pending = instance.recoveries.pending(subject_id, threshold, now=clock.now())
        if pending is not None:
            found.append({**pending, "subject": to_hex(subject_id)})
    return JSONResponse({"recoveries": sorted(found, key=lambda one: int(str(one["completable_at"])))})


@router.post(
    "/subjects/{subject}/recoveries/{number}/cancellation",
    summary="Cancel a recovery, by the signatures of as many present controllers as it takes",
)
async def cancel_recovery(
    subject: str,
    number: RecoveryNumber,
    cancellation: Cancellation,
    request: Request,
    instance: ServingInstance,
) -> CancelledRecovery:
    """Take ``{signatures, deadline}``; or ``{}`` from the registrar, which calls off what it requested itself.

    One signature is enough for the first cancellation in a year; ``needed_to_cancel`` of the subject says how many.
    """
    subject_id, signed = from_hex(subject, "subject"), cancellation.signed()
    if signed is None:
        without_signatures(request, instance)
    await run_in_threadpool(_found, instance, subject_id)
    if signed is None:
        await run_in_threadpool(instance.recoveries.abandon, subject_id, number)
    else:
        await run_in_threadpool(instance.recoveries.cancel, subject_id, number, *signed, now=clock.now())
    return CancelledRecovery(subject=subject_id, number=number)


@router.post(
    "/subjects/{subject}/recoveries/{number}/completion",
    summary="Put the controllers of a recovery in force, once its wait is over",
)
async def complete_recovery(
    subject: str, number: RecoveryNumber, _: Completion, instance: ServingInstance
) -> CompletedRecovery:
    """Take ``{}``; return the new entry. Whoever was signed in for the subject is so no longer.

    Asking again changes nothing.
    """
    subject_id = from_hex(subject, "subject")
    await run_in_threadpool(_found, instance, subject_id)
    control = await run_in_threadpool(instance.recoveries.complete, subject_id, number)
    await run_in_threadpool(instance.sign_in.end_tokens, subject_id)
    return CompletedRecovery(
        subject=subject_id,
        number=number,
        entry=control.entry,
        since=control.since,
        commitment=control.controllers.commitment,
    )


@router.post(
    "/subjects/{subject}/holds",
    status_code=HTTPStatus.CREATED,
    summary="Hold a subject for 14 days, by the signature of any one present controller",
)
async def hold_subject(subject: str, hold: NewHold, request: Request, instance: ServingInstance) -> HeldSubject:
    """Take ``{number, deadline, signatures}``, one is enough; or ``{}`` from the registrar, which was called.

    Until it is over, or a recovery completes, only withdrawals and recoveries go on. Each of the two may call one in
    60 days.
    """
    subject_id = from_hex(subject, "subject")
    act = hold.act(subject_id)
    if act is None:
        without_signatures(request, instance)
    await run_in_threadpool(_found, instance, subject_id)
    if act is None:
        held = await run_in_threadpool(instance.holds.hold_by_registrar, subject_id, now=clock.now())
    else:
        held = await run_in_threadpool(instance.holds.hold, *act, now=clock.now())
    return HeldSubject(subject=subject_id, number=held.number, until=held.until)


def _found(instance: Instance, subject_id: bytes, principal: Principal | None = None) -> Subject:
    """Return a registered subject; to a subject as ``principal`` it shows itself alone."""
    is_others = principal is not None and principal.kind is Kind.SUBJECT and principal.id != subject_id
    found = None if is_others else instance.subjects.find(subject_id)
    if found is None:
        raise InvalidInputError(Reason.NOT_FOUND, "there is no such subject of yours")
    return found
