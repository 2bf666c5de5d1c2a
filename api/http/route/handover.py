"""A firm lets one bank find it, by a code that it tells this bank; a registrar finds the firms that it registered."""

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.model.firm import FoundSubject, Handover, HandoverCode, NewHandover
from api.http.model.subject import SubjectSearch
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["subjects"], route_class=AdmittedRoute)


@router.post("/handovers", summary="Make a code by which one bank finds you")
async def make_handover(wanted: NewHandover, instance: ServingInstance, subject: SignedIn) -> Handover:
    """Take ``{bank}`` and return ``{code, lifetime_s}``. An unused code for the same bank ends."""
    code = await run_in_threadpool(instance.handovers.make, subject.id, wanted.bank)
    return Handover(code=code, lifetime_s=instance.portal_settings.handover_s)


@router.post("/handovers/redemption", summary="Find the firm that told you a code")
async def redeem_handover(shown: HandoverCode, instance: ServingInstance, bank: SignedIn) -> FoundSubject:
    """Take ``{code}`` and return ``{subject}``; it counts once, and for the bank that the firm named alone."""
    found = await run_in_threadpool(instance.handovers.redeem, bank.id, shown.code, now=clock.now())
    return FoundSubject(subject=found)


@router.post("/subjects/search", summary="Find a firm that is registered here by its credit code")
async def search_subject(wanted: SubjectSearch, instance: ServingInstance) -> FoundSubject:
    """Take ``{credit_code}``, which stands in no address, and return ``{subject}``."""
    found = await run_in_threadpool(instance.subjects.id_of, wanted.credit_code)
    if found is None:
        raise InvalidInputError(Reason.NOT_FOUND, "no firm of this credit code is registered here")
    return FoundSubject(subject=found)
