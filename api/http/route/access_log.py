"""The access log: who asked what, for the subject it is about and the bank that asked."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.http.model.access_log import AccessLog
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from api.http.request.cursor import After, Cursors
from api.sign_in.server.principal import Kind
from ledger_node.domain.json_object import from_hex, to_hex

router = APIRouter(tags=["access log"], route_class=AdmittedRoute)
_PAGE = 200


@router.get(
    "/access-log",
    summary="Every question asked about you (subject) or by you (bank), oldest first",
    response_model=AccessLog,
)
def list_access_log(
    instance: ServingInstance,
    principal: SignedIn,
    cursors: Cursors,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> JSONResponse:
    """Return a page of rows; ``next`` is the ``after`` of the next page, or null.

    A row without ``place`` waits for the next anchoring. One without ``row`` and ``salt`` was erased.
    """
    read = instance.access.of_subject if principal.kind is Kind.SUBJECT else instance.access.of_bank
    listing = f"access-log/{principal.id.hex()}"
    leaf = None if after is None else cursors.read(listing, after)
    rows = read(principal.id, after=leaf, limit=limit)
    following = cursors.write(listing, from_hex(rows[-1]["leaf"], "leaf")) if len(rows) == limit else None
    return JSONResponse({"keeper": to_hex(instance.access.operator), "rows": rows, "next": following})
