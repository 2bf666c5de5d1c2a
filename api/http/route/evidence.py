"""Evidence of answers: the file that a bank keeps, and its readable page."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from ledger_node.domain.evidence.bundle import MEDIA_TYPE
from ledger_node.domain.json_object import from_hex

_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
router = APIRouter(tags=["verifications"], route_class=AdmittedRoute)


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
