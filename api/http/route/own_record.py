"""A firm looks at its own values and answers: each look takes a controller's signature, and is logged."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.model.firm import (
    BegunLook,
    FileWish,
    LoggedLook,
    LookList,
    NewLook,
    OwnAnswer,
    OwnAnswers,
    OwnRecord,
    OwnRecordList,
    RecordedValue,
    SignedLook,
)
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.services.record import record
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.own_look import LookKind
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import format_date

router = APIRouter(tags=["own records"], route_class=AdmittedRoute)


@router.get("/records", summary="The records about you, without any value")
def list_records(instance: ServingInstance, subject: SignedIn) -> OwnRecordList:
    """Return what the departments of this instance hold about you."""
    return _listed(instance.records.listed(subject.id))


@router.post("/looks", summary="Begin a look at your own values, or at your answers to a request")
async def begin_look(wanted: NewLook, instance: ServingInstance, subject: SignedIn) -> BegunLook:
    """Take ``{kind, request?}`` and return what one controller signs within five minutes.

    A sign-in alone shows no value, so that a sign-in key on a disk reads none.
    """
    if (wanted.kind is LookKind.ANSWERS) != (wanted.request is not None):
        raise InvalidInputError(
            Reason.REQUEST_INVALID, "'request' goes with the kind 'answers', and with no other", field="request"
        )
    now = clock.now()
    if wanted.request is not None:
        begun = await run_in_threadpool(instance.self_answers.begin, subject.id, wanted.request, now=now)
    else:
        begun = await run_in_threadpool(instance.records.begin, subject.id, wanted.kind, now=now)
    return BegunLook(nonce=begun.nonce, challenge=begun.challenge, signed_before=begun.signed_before)


@router.get("/looks", summary="Your own looks at values and answers, the newest first")
def list_looks(instance: ServingInstance, subject: SignedIn) -> LookList:
    """Return what stands beside the access log: who of you looked at what, and when."""
    return LookList(
        looks=[
            LoggedLook(
                time=one.time,
                kind=one.kind,
                request=to_hex(one.about) if one.kind is LookKind.ANSWERS else None,
                person=one.person,
            )
            for one in instance.records.looks(subject.id)
        ]
    )


@router.post("/records", summary="The records about you with their values, after a signed look of kind records")
async def look_at_records(look: SignedLook, instance: ServingInstance, subject: SignedIn) -> OwnRecordList:
    """Take ``{nonce, signature}``. The look is logged; every controller sees it."""
    words = subject.id, look.nonce, look.signature
    return _listed(await run_in_threadpool(instance.records.of_subject, *words, now=clock.now()))


@router.post("/records/file-wish", summary="Wish for your records as a file, after a signed look of kind file_wish")
async def wish_for_file(look: SignedLook, instance: ServingInstance, subject: SignedIn) -> FileWish:
    """Return from when on it can be fetched: a day later, so that nobody can be pressed to hand it over at once."""
    words = subject.id, look.nonce, look.signature
    return FileWish(ready_at=await run_in_threadpool(instance.records.wish_file, *words, now=clock.now()))


@router.post("/records/file", summary="The file of your records, after a signed look of kind file")
async def fetch_file(look: SignedLook, instance: ServingInstance, subject: SignedIn) -> OwnRecordList:
    """Return your records with their values. This is no proof of anything. Before its time: ``file_early``."""
    words = subject.id, look.nonce, look.signature
    return _listed(await run_in_threadpool(instance.records.file, *words, now=clock.now()))


@router.post("/consent-requests/{request_id}/own-answers", summary="What your answers to a request would be now")
async def look_at_own_answers(
    request_id: str, look: SignedLook, instance: ServingInstance, subject: SignedIn
) -> OwnAnswers:
    """Take ``{nonce, signature}`` of a look of kind answers. Each is yes, no or cannot tell; no use is counted."""
    words = subject.id, from_hex(request_id, "request"), look.nonce, look.signature
    found = await run_in_threadpool(instance.self_answers.answers, *words, now=clock.now())
    return OwnAnswers(
        answers=[OwnAnswer(question=one.question, verdict=one.verdict, reason=one.reason) for one in found]
    )


def _listed(records: list[record.OwnRecord]) -> OwnRecordList:
    return OwnRecordList(
        records=[
            OwnRecord(
                attestation=to_hex(one.digest),
                department=to_hex(one.member),
                type=one.schema,
                as_of=format_date(one.as_of),
                issued_at=one.issued_at,
                valid_until=one.valid_until,
                values=[RecordedValue(field=each.field.name, value=each.field.text(each.value)) for each in one.values],
            )
            for one in records
        ]
    )
