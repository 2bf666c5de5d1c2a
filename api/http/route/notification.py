"""Notifications: the feed of what banks and subjects are told, and a member's own endpoint for it."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.notification import NewWebhook, NotificationList, RegisteredWebhook, RemovedWebhook, Webhook
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


@router.put(
    "/webhook",
    summary="Register or change your endpoint; its new secret is shown once",
    response_model=RegisteredWebhook,
)
async def register_webhook(wanted: NewWebhook, instance: ServingInstance, member: SignedIn) -> JSONResponse:
    """Take ``{url}`` and return the endpoint with a fresh ``secret``; put again to rotate it.

    The secret before signs as well for a day. Messages are signed as standardwebhooks.com says.
    """
    return JSONResponse(await run_in_threadpool(instance.webhooks.register, member.id, wanted.url))


@router.get("/webhook", summary="Your endpoint, and how it stands with it", response_model=Webhook)
def get_webhook(instance: ServingInstance, member: SignedIn) -> JSONResponse:
    """Return ``{url, state, waiting, attempts, next_at, failing_since, last_failure}``, without the secret.

    ``state``: active, failing (tried again at ``next_at``) or stopped (after three days; put it again to go on).
    """
    return JSONResponse(instance.webhooks.show(member.id))


@router.delete("/webhook", summary="Forget your endpoint and its secret; the feed goes on")
def remove_webhook(instance: ServingInstance, member: SignedIn) -> RemovedWebhook:
    """Remove it."""
    instance.webhooks.remove(member.id)
    return RemovedWebhook()
