"""Receipts of what happened to consents: lists, single documents, and pages for people."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from api.http.model.receipt import Receipt as ReceiptDocument
from api.http.model.receipt import ReceiptList
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.http.route.consent import consent_of
from api.page.receipt import HEADERS, receipt_page
from api.sign_in.server.principal import Kind
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.receipt import Receipt

router = APIRouter(tags=["receipts"], route_class=AdmittedRoute)
_HTML: Final = "text/html"
_JSON: Final = "application/json"
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {_HTML: {"schema": {"type": "string"}}}, "description": "JSON, or a page for Accept: text/html"}
}
Accept = Annotated[str, Header(description="text/html for a page that people read and print")]


@router.get(
    "/consents/{consent}/receipts",
    summary="Receipts of all that happened to a consent of yours, in the order of the ledger",
    response_model=ReceiptList,
    responses=_RESPONSES,
)
def list_receipts(consent: str, instance: ServingInstance, principal: SignedIn, accept: Accept = _JSON) -> Response:
    """Return ``{receipts: [{id, receipt}]}``; ``receipt`` in canonical JSON is the document that checks offline."""
    held = consent_of(instance, consent, principal)
    receipts = instance.receipts.of_consent(held)
    if _HTML in accept:
        return _page([(receipt, held.text) for receipt in receipts])
    listed = [{"id": to_hex(receipt.digest), "receipt": receipt.to_json()} for receipt in receipts]
    return JSONResponse({"receipts": listed})


@router.get(
    "/consents/{consent}/receipts/{receipt}",
    summary="One receipt: the document byte for byte, or a page",
    response_model=ReceiptDocument,
    responses=_RESPONSES,
)
def get_receipt(
    consent: str, receipt: str, instance: ServingInstance, principal: SignedIn, accept: Accept = _JSON
) -> Response:
    """Return the receipt with this id."""
    held, name = consent_of(instance, consent, principal), from_hex(receipt, "receipt")
    for found in instance.receipts.of_consent(held):
        if found.digest == name:
            return _answer(found, held.text, accept)
    raise InvalidInputError(Reason.NOT_FOUND, "this consent has no such receipt")


@router.get(
    "/consent-requests/{request_id}/receipt",
    summary="The receipt of the answer to a request: refused or granted",
    response_model=ReceiptDocument,
    responses=_RESPONSES,
)
def get_consent_request_receipt(
    request_id: str, instance: ServingInstance, principal: SignedIn, accept: Accept = _JSON
) -> Response:
    """Return the document, or ``not_found`` while the request is open."""
    held = instance.consent_requests.find(from_hex(request_id, "request"))
    if principal.id != (held.asked.subject if principal.kind is Kind.SUBJECT else held.asked.grantee):
        raise VerificationError(Reason.REQUEST_UNKNOWN, "there is no such request of yours")
    receipt = instance.receipts.of_request(held)
    if receipt is None:
        raise InvalidInputError(Reason.NOT_FOUND, "this request is not answered yet")
    return _answer(receipt, None, accept)


def _answer(receipt: Receipt, text: str | None, accept: str) -> Response:
    if _HTML in accept:
        return _page([(receipt, text)])
    name = f"{receipt.act}-{receipt.digest.hex()[:16]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(receipt.to_bytes(), media_type=_JSON, headers=headers)


def _page(receipts: list[tuple[Receipt, str | None]]) -> Response:
    return Response(receipt_page(receipts), media_type=f"{_HTML}; charset=utf-8", headers=HEADERS)
