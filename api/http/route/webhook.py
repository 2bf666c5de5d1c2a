"""Webhooks: a member's own endpoint for its notifications."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.http.openapi import openapi
from api.http.request.admission import Access, AdmittedRoute, AMember, JsonAnswer
from api.http.request.body import record_body
from api.services.webhook.address import MAX_URL

router = APIRouter(tags=["notifications"], route_class=AdmittedRoute)


@router.put(
    "/webhook",
    summary="Register or change your endpoint; its new secret is shown once",
    openapi_extra=openapi.body(
        {"url": {"type": "string", "maxLength": MAX_URL, "description": "https, at a public address"}},
        {"url": "https://hooks.bank.example/credence"},
        required=("url",),
    ),
)
async def register(request: Request, instance: Access, member: AMember) -> JsonAnswer:
    """Take ``{url}`` and return the endpoint with a fresh ``secret``; put again to rotate it.

    The secret before signs as well for a day. Messages are signed as standardwebhooks.com says.
    """
    record = await record_body(request)
    url = record.text("url", max_length=MAX_URL)
    record.done()
    return await run_in_threadpool(instance.webhooks.register, member.id, url)


@router.get("/webhook", summary="Your endpoint, and how it stands with it")
def show(instance: Access, member: AMember) -> JsonAnswer:
    """Return ``{url, state, waiting, attempts, next_at, failing_since, last_failure}``, without the secret.

    ``state``: active, failing (tried again at ``next_at``) or stopped (after three days; put it again to go on).
    """
    return instance.webhooks.show(member.id)


@router.delete("/webhook", summary="Forget your endpoint and its secret; the feed goes on")
def remove(instance: Access, member: AMember) -> JsonAnswer:
    """Remove it."""
    instance.webhooks.remove(member.id)
    return {"state": "removed"}
