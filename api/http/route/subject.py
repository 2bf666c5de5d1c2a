"""Subjects: registered by a registrar, and handed to other controllers by rotation or recovery."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool

from api.http.openapi import openapi
from api.http.request.admission import (
    Access,
    AdmittedRoute,
    ARegistrar,
    ASubjectOrRegistrar,
    JsonAnswer,
    Presented,
    without_signatures,
)
from api.http.request.body import record_body
from api.http.request.credential import Kind
from api.http.route.consent import MAX_SIGNATURES
from api.instance.wiring import Instance
from api.services.subject.registered_subject import Subject
from ledger_node import clock
from ledger_node.chain.port import RECOVERY_DELAY_S
from ledger_node.domain.consent import signatures_from_json
from ledger_node.domain.credit_code import parse_credit_code
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject, from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import MAX_CONTROLLERS, ControllerKey, Controllers, keys_from_json
from ledger_node.randomness import random_bytes

router = APIRouter(tags=["subjects"], route_class=AdmittedRoute)
_MAX_ENTRY = 2**32 - 1
RecoveryNumber = Annotated[int, Path(ge=1, le=_MAX_ENTRY)]
_CONTROLLERS = {"controllers": openapi.CONTROLLERS, "threshold": openapi.THRESHOLD}
_EXAMPLE = {"controllers": openapi.CONTROLLERS_EXAMPLE, "threshold": 2}


@router.post(
    "/subjects",
    status_code=HTTPStatus.CREATED,
    summary="Register a subject with its controllers",
    openapi_extra=openapi.body(
        {"credit_code": openapi.CREDIT_CODE, **_CONTROLLERS},
        {"credit_code": "91990000MABYF3008C", **_EXAMPLE},
        required=("credit_code", "controllers", "threshold"),
    ),
)
async def register(request: Request, instance: Access, _: ARegistrar) -> JsonAnswer:
    """Take ``{credit_code, controllers: [address or passkey], threshold}``; return the subject id.

    Each of its controllers signs in for it. Asking again with the same controllers returns the same subject.
    """
    record = await record_body(request)
    credit_code = parse_credit_code(record.take("credit_code"))
    keys, threshold = _keys(record)
    record.done()
    subject = await run_in_threadpool(instance.subjects.register, credit_code, keys, threshold, now=clock.now())
    present = await run_in_threadpool(instance.controllers.current, subject.id)
    return {
        "subject": to_hex(subject.id),
        "commitment": to_hex(present.controllers.commitment),
        "threshold": present.controllers.threshold,
        "registration": to_hex(subject.registration),
    }


@router.get("/subjects/{subject}", summary="Who controls a subject, and who did: for itself and the registrar")
def show(subject: str, instance: Access, principal: ASubjectOrRegistrar) -> JsonAnswer:
    """Return the present controllers, their predecessors, and the recovery that is pending, if one is."""
    subject_id = from_hex(subject, "subject")
    if principal.kind is Kind.SUBJECT and principal.id != subject_id:
        raise _unknown()
    found = _found(instance, subject_id)
    history = instance.controllers.of(subject_id)
    return {
        "subject": subject,
        "registration": to_hex(found.registration),
        **instance.controllers.current(subject_id).to_json(),
        "history": [entry.to_json() for entry in history if entry.since is not None],
        "pending_recovery": instance.recoveries.pending(subject_id),
        "refused": instance.controllers.refused(subject_id),
    }


@router.post(
    "/subjects/{subject}/rotations",
    status_code=HTTPStatus.CREATED,
    summary="Hand a subject to new controllers, by the signatures of the present ones",
    openapi_extra=openapi.body(
        {
            **_CONTROLLERS,
            "salt": {**openapi.HEX32, "description": "random; it hides the controllers in their commitment"},
            "entry": {"type": "integer", "minimum": 1, "description": "one more than the present entry"},
            "signatures": openapi.SIGNATURES,
        },
        {**_EXAMPLE, "salt": "0x" + "33" * 32, "entry": 1, "signatures": ["0x" + "5a" * 65]},
        required=("controllers", "threshold", "salt", "entry", "signatures"),
    ),
)
async def rotate(subject: str, request: Request, instance: Access) -> JsonAnswer:
    """Take ``{controllers, threshold, salt, entry, signatures}``; the signatures are the authority, as in a grant.

    It cancels a pending recovery, and whoever was signed in for the subject is so no longer. Asking the same
    again changes nothing.
    """
    record = await record_body(request)
    subject_id = from_hex(subject, "subject")
    keys, threshold = _keys(record)
    controllers = Controllers(keys, threshold, record.blob("salt"))
    entry = record.integer("entry", low=1, high=_MAX_ENTRY)
    signatures = signatures_from_json(record.items("signatures", max_items=MAX_SIGNATURES))
    record.done()
    await run_in_threadpool(_found, instance, subject_id)
    present = await run_in_threadpool(instance.rotations.rotate, subject_id, entry, controllers, signatures)
    await run_in_threadpool(instance.sign_in.end_tokens, subject_id)
    return {
        "subject": subject,
        "entry": present.entry,
        "since": present.since,
        "commitment": to_hex(present.controllers.commitment),
    }


@router.post(
    "/subjects/{subject}/recoveries",
    status_code=HTTPStatus.CREATED,
    summary="Request other controllers for a firm that lost its keys; it takes effect in 72 hours at the earliest",
    openapi_extra=openapi.body(_CONTROLLERS, _EXAMPLE, required=("controllers", "threshold")),
)
async def request_recovery(subject: str, request: Request, instance: Access, _: ARegistrar) -> JsonAnswer:
    """Take ``{controllers, threshold}``: check the firm's papers first, for nothing else vouches for it.

    Asking again for the same keys while it is pending returns the same recovery.
    """
    record = await record_body(request)
    subject_id = from_hex(subject, "subject")
    keys, threshold = _keys(record)
    record.done()
    controllers = Controllers(keys, threshold, random_bytes(32))
    await run_in_threadpool(_found, instance, subject_id)
    held = await run_in_threadpool(instance.recoveries.request, subject_id, controllers)
    requested_at = held.requested_at
    return {
        "subject": subject,
        "number": held.number,
        "commitment": to_hex(held.controllers.commitment),
        "requested_at": requested_at,
        "completable_at": None if requested_at is None else requested_at + RECOVERY_DELAY_S,
    }


@router.post(
    "/subjects/{subject}/recoveries/{number}/cancellation",
    summary="Cancel a recovery, by the signature of any one present controller",
    openapi_extra=openapi.body({"signatures": openapi.SIGNATURES}, {"signatures": ["0x" + "5a" * 65]}, required=()),
)
async def cancel_recovery(
    subject: str, number: RecoveryNumber, request: Request, instance: Access, presented: Presented
) -> JsonAnswer:
    """Take ``{signatures}``, one is enough; or ``{}`` from the registrar, which calls off what it requested itself."""
    record = await record_body(request)
    subject_id = from_hex(subject, "subject")
    signatures = None
    if record.has("signatures"):
        signatures = signatures_from_json(record.items("signatures", max_items=MAX_SIGNATURES))
    record.done()
    if signatures is None:
        without_signatures(request, instance, presented)
    await run_in_threadpool(_found, instance, subject_id)
    await run_in_threadpool(instance.recoveries.cancel, subject_id, number, signatures)
    return {"subject": subject, "number": number, "state": "cancelled"}


@router.post(
    "/subjects/{subject}/recoveries/{number}/completion",
    summary="Put the controllers of a recovery in force, 72 hours after it was requested or later",
    openapi_extra=openapi.body({}, {}, required=()),
)
async def complete_recovery(
    subject: str, number: RecoveryNumber, request: Request, instance: Access, _: ARegistrar
) -> JsonAnswer:
    """Take ``{}``; return the new entry. Whoever was signed in for the subject is so no longer.

    Asking again changes nothing.
    """
    record = await record_body(request)
    record.done()
    subject_id = from_hex(subject, "subject")
    await run_in_threadpool(_found, instance, subject_id)
    control = await run_in_threadpool(instance.recoveries.complete, subject_id, number)
    await run_in_threadpool(instance.sign_in.end_tokens, subject_id)
    return {
        "subject": subject,
        "number": number,
        "entry": control.entry,
        "since": control.since,
        "commitment": to_hex(control.controllers.commitment),
    }


def _keys(record: JsonObject) -> tuple[tuple[ControllerKey, ...], int]:
    keys = keys_from_json(record.items("controllers", max_items=MAX_CONTROLLERS))
    if any(isinstance(key, bytes) and not any(key) for key in keys):
        raise InvalidInputError(Reason.REQUEST_INVALID, "the zero address is nobody's", field="controllers")
    return keys, record.integer("threshold", low=1, high=MAX_CONTROLLERS)


def _found(instance: Instance, subject_id: bytes) -> Subject:
    found = instance.subjects.find(subject_id)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> InvalidInputError:
    return InvalidInputError(Reason.NOT_FOUND, "there is no such subject of yours")
