"""Webhooks: a member's own endpoint for its notifications."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.webhook import NewWebhook, RegisteredWebhook, RemovedWebhook, Webhook
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn

router = APIRouter(tags=["notifications"], route_class=AdmittedRoute)


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
