"""People of a member's staff: the member's own key invites the first ones and may end anybody; pages do the rest."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.staff import EndedStaff, InvitedStaff, NewStaff, ReleaseList, Staff, StaffList
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.services.staff.person import StaffMember
from ledger_node import clock
from ledger_node.domain.json_object import from_hex, to_hex

router = APIRouter(tags=["staff"], route_class=AdmittedRoute)
_ID_BYTES: Final = 16


@router.post("/staff", status_code=HTTPStatus.CREATED, summary="Invite a person, on the word of your own key")
async def invite_staff(wanted: NewStaff, instance: ServingInstance, member: SignedIn) -> InvitedStaff:
    """Take ``{name, roles, number, signature}`` and return the person and a code, which brings the passkey.

    The signature is over ``StaffRelease`` with the act add_staff, by a key that signs in for you on the ledger.
    """
    invited = await run_in_threadpool(
        instance.roster.invite_by_member,
        member.id,
        wanted.name,
        wanted.roles,
        number=wanted.number,
        signature=wanted.signature,
        now=clock.now(),
    )
    return InvitedStaff(staff=_shown(invited.person), code=invited.code)


@router.get("/staff", summary="Your people")
def list_staff(instance: ServingInstance, member: SignedIn) -> StaffList:
    """Return everybody, also those who ended."""
    return StaffList(staff=[_shown(person) for person in instance.roster.of(member.id)])


@router.post("/staff/{staff}/end", summary="End a person's access at once, on the word of your own key")
async def end_staff(staff: str, wanted: EndedStaff, instance: ServingInstance, member: SignedIn) -> Staff:
    """Take ``{number, signature}`` over ``StaffRelease`` with the act end_staff."""
    ended = await run_in_threadpool(
        instance.roster.end_by_member,
        member.id,
        from_hex(staff, "staff", length=_ID_BYTES),
        number=wanted.number,
        signature=wanted.signature,
        now=clock.now(),
    )
    return _shown(ended)


@router.get("/releases", summary="What was released for you, with what proves it", response_model=ReleaseList)
def list_releases(instance: ServingInstance, member: SignedIn) -> JSONResponse:
    """Return the newest two hundred."""
    return JSONResponse({"releases": [kept.to_json() for kept in instance.releases.of(member.id)]})


def _shown(person: StaffMember) -> Staff:
    return Staff(
        id=to_hex(person.id),
        name=person.name,
        roles=sorted(person.roles),
        state=person.state,
        invited_by=None if person.invited_by is None else to_hex(person.invited_by),
        invited_at=person.invited_at,
        ended_at=person.ended_at,
    )
