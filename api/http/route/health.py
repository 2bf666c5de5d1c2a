"""Whether the instance lives, is ready, and how it does: for what starts, watches and balances it."""

import hmac
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from api.home.settings import WatchSettings
from api.http.model.health import Endpoint, Live, Messages, Outbox, Ready, Waiting
from api.http.problem.document import problem
from api.http.request.admission import ServingInstance
from api.instance.wiring import Instance
from ledger_node.domain.reason import Reason

_FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
router = APIRouter(tags=["health"])


@router.get("/livez", summary="Whether the process runs")
async def get_liveness() -> Live:
    """Say so."""
    return Live()


@router.get(
    "/readyz", summary="Whether requests can be served: the right chain answers and goes on, the store takes writes"
)
def get_readiness(instance: ServingInstance) -> Ready:
    """Return how things stand, or refuse with the first reason why not."""
    head = instance.readiness.require()
    return Ready(
        block=head.number,
        block_time=head.time,
        head_age_s=int(instance.head.age_s),
        # changes on the ledger that wait for the operator's word; credence store quarantine list
        quarantines=instance.sampler.last.quarantines,
        # in the order of configuration and without addresses, since anybody may ask
        endpoints=[Endpoint(fault=health.fault, block=health.block) for health in instance.rpc.health()],
        outbox=[
            Outbox(on_way=health.on_way, oldest_s=round(health.oldest_s, 1))
            for sender in instance.senders
            for health in sender.health()
        ],
        pending=_pending(instance),
        messages=_messages(instance),
    )


def _messages(instance: Instance) -> Messages:
    """Return what was seen at the last look at the store."""
    backlog = instance.sampler.last.backlog
    return (
        Messages(waiting=0, given_up=0)
        if backlog is None
        else Messages(waiting=backlog.messages, given_up=backlog.given_up)
    )


def _pending(instance: Instance) -> list[Waiting]:
    """Return what waits for the ledger, by kind; notifications count the seconds that they have failed for."""
    listed = [
        Waiting(kind=one.kind, count=one.count, oldest_s=int(one.oldest_s), reason=one.reason)
        for one in instance.pending.waiting
        if one.count
    ]
    failure = instance.notifications.failure
    if failure is not None:
        reason, seconds = failure
        listed.append(Waiting(kind="notifications", count=1, oldest_s=int(seconds), reason=reason))
    return listed


@router.get(
    "/metrics",
    summary="Metrics for Prometheus, for callers on this machine or with the operator's token",
    response_class=Response,
    responses={HTTPStatus.OK.value: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(request: Request, instance: ServingInstance) -> Response:
    """Return the text format 0.0.4; neither ledger nor store is asked for it."""
    settings: WatchSettings = request.app.state.watch_settings
    if settings.metrics_token is not None:
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        # compared as bytes, since a header may hold letters that compare_digest does not take
        if kind.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), settings.metrics_token):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                Reason.SIGN_IN_NEEDED,
                "metrics are for who shows the operator's token: Authorization: Bearer …",
                headers={"WWW-Authenticate": "Bearer"},
            )
    elif not _is_on_this_machine(request):
        return problem(
            HTTPStatus.FORBIDDEN,
            Reason.NOT_ALLOWED,
            "metrics are for callers on this machine and not behind a proxy; "
            "for others the operator sets CREDENCE_METRICS_TOKEN_FILE",
        )
    return Response(generate_latest(instance.metrics.registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


@router.get("/", include_in_schema=False)
async def index() -> Response:
    """Lead to the documentation."""
    return Response(status_code=307, headers={"Location": "/docs"})


def _is_on_this_machine(request: Request) -> bool:
    """Return whether the caller itself is here: no proxy speaks for it, and no page of a site that took this name."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    return _is_loopback(request.client.host) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
