"""The feed of notifications: what banks and subjects are told, and nobody else."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.http.model.notification import NotificationList
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn

router = APIRouter(tags=["notifications"], route_class=AdmittedRoute)
_PAGE = 200


@router.get("/notifications", summary="What you are told, oldest first", response_model=NotificationList)
def list_notifications(
    instance: ServingInstance,
    principal: SignedIn,
    after: Annotated[str | None, Query(max_length=64, description="id of the last one that you have")] = None,
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = _PAGE,
) -> JSONResponse:
    """Return ``{notifications: [{id, kind, time, data}], next}``; ``next`` is the ``after`` of the next page, or null.

    Each is told once, in the order of the ledger. Keep the id of the last one that you have.
    """
    listed = instance.notices.of(principal.id, after=after, limit=limit)
    return JSONResponse({"notifications": listed, "next": listed[-1]["id"] if len(listed) == limit else None})
