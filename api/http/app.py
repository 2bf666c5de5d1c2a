"""The FastAPI application: routes of /v1, health, and their order of starting and stopping."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, Depends, FastAPI, Response
from starlette.concurrency import run_in_threadpool

from api.composition import Instance
from api.http import problem
from api.http.access import JsonObject, admit, permissions_of
from api.http.openapi import REFUSALS
from api.http.openapi_sign_in import describe_sign_in
from api.http.route import (
    access,
    attestation,
    consent,
    consent_request,
    evidence,
    notification,
    receipt,
    reference,
    sign_in,
    subject,
    verification,
    webhook,
)

_V1: Final = "/v1"
_ROUTERS: Final = tuple(
    module.router
    for module in (
        reference,
        sign_in,
        subject,
        attestation,
        consent_request,
        consent,
        receipt,
        verification,
        evidence,
        access,
        notification,
        webhook,
    )
)
DESCRIPTION = """
Departments attest, subjects consent, banks verify. Every refusal is an RFC 9457 problem document with a
stable `reason`. Values never leave their department; a verdict comes with proofs that check offline.
"""


def create_app(instance: Instance, *, public_url: str, on_stop: Callable[[], None] = lambda: None) -> FastAPI:
    """Return the application of one instance; it starts and stops the instance's workers.

    ``public_url``: the address that callers know it by, which assertions and proofs must be made for.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(instance.start)
        yield
        await run_in_threadpool(instance.stop)
        on_stop()

    app = FastAPI(
        title="Credence", version="0.1.0", description=DESCRIPTION, lifespan=lifespan, dependencies=[Depends(admit)]
    )
    app.state.instance = instance
    app.state.public_url = public_url.rstrip("/")
    problem.install(app)
    v1 = APIRouter(prefix=_V1, responses=REFUSALS)
    for router in _ROUTERS:
        v1.include_router(router)
    app.include_router(v1)
    health = _health(instance)
    app.include_router(health)
    app.state.permissions = permissions_of(_ROUTERS, _V1) | permissions_of([health], "")
    describe_sign_in(app)
    return app


def _health(instance: Instance) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="Whether the process runs")
    async def livez() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/readyz", summary="Whether requests can be served: the ledger answers and is the right chain")
    def readyz() -> JsonObject:
        instance.ledger.require_same_chain()
        head = instance.ledger.head()
        return {
            "status": "ready",
            "block": head.number,
            "block_time": head.time,
            # in the order of configuration and without addresses, since anybody may ask
            "endpoints": [{"fault": health.fault, "block": health.block} for health in instance.rpc.health()],
            "outbox": [
                {"on_way": health.on_way, "oldest_s": round(health.oldest_s, 1)}
                for sender in instance.senders
                for health in sender.health()
            ],
        }

    @router.get("/", include_in_schema=False)
    async def index() -> Response:
        return Response(status_code=307, headers={"Location": "/docs"})

    return router
