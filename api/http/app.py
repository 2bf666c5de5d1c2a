"""The FastAPI application: routes of /v1, health, and their order of starting and stopping."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from api.home.settings import HttpSettings, WatchSettings
from api.http.middleware.fault_barrier import FaultBarrier, install_handlers
from api.http.middleware.observation import TRACE_ID, Observation, Templates
from api.http.openapi import document as openapi_document
from api.http.openapi.document import TAGS
from api.http.problem import page
from api.http.request.admission import permissions_of, require_admitting
from api.http.request.cursor import CursorCodec
from api.http.request.idempotency_key import StoredResponses
from api.http.request.rate_limit import RateLimits
from api.http.route import access_log as access
from api.http.route import (
    attestation,
    consent,
    contact,
    device,
    draft,
    handover,
    health,
    invitation,
    notification,
    own_record,
    receipt,
    reference,
    sign_in,
    spend_seed,
    staff,
    subject,
    verification,
)
from api.instance.wiring import Instance
from api.work.batching import FairShare
from ledger_node import clock, trace

ASKED_HEADERS = ("Authorization", "Content-Type", "DPoP", "Idempotency-Key", "If-None-Match", trace.HEADER)
SHOWN_HEADERS = ("DPoP-Nonce", "ETag", "Idempotent-Replayed", "Location", "Retry-After", TRACE_ID, "WWW-Authenticate")
DESCRIPTION = """
Departments attest, subjects consent, banks verify. Every refusal is an RFC 9457 problem document with a
stable `reason`; `/v1/token` refuses as RFC 6749 says, with the same `reason`. Values never leave their
department; a verdict comes with proofs that check offline.
"""
V1: Final = "/v1"
ROUTERS: Final = (
    # routes are tried in their order, and this one is asked far more often than all others
    verification.router,
    reference.router,
    sign_in.token_router,
    sign_in.router,
    # its /subjects/search stands before the one firm that a path names
    handover.router,
    device.router,
    invitation.router,
    subject.router,
    attestation.router,
    consent.router,
    draft.router,
    spend_seed.router,
    receipt.router,
    access.router,
    notification.router,
    own_record.router,
    contact.router,
    staff.router,
)
"""The routers of ``V1``."""
OPEN_ROUTERS: Final = (health.router, sign_in.open_router, page.router)
"""Those that ask nobody who calls."""


def create_app(
    instance: Instance,
    settings: HttpSettings | None = None,
    *,
    public_url: str,
    watch: WatchSettings | None = None,
    on_stop: Callable[[], None] = lambda: None,
) -> FastAPI:
    """Return the application of one instance; it starts and stops the instance's workers.

    ``public_url``: the address that callers know it by, which assertions and proofs must be made for.
    """
    settings, watch, limited = settings or HttpSettings(), watch or WatchSettings(), instance.metrics.rate_limited

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(instance.start)
        yield
        await run_in_threadpool(instance.stop)
        on_stop()

    app = FastAPI(
        title="Credence",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # a redirection would name the host that the caller says it asked
        redirect_slashes=False,
        openapi_tags=TAGS,
        separate_input_output_schemas=False,
        generate_unique_id_function=openapi_document.operation_id,
    )
    app.state.instance = instance
    app.state.public_url = public_url.rstrip("/")
    app.state.watch_settings = watch
    app.state.rate_limits = RateLimits(settings, clock.monotonic, lambda sort: limited.labels(sort.value).inc())
    app.state.fair_share = FairShare(settings.at_once, settings.beside_others, clock.monotonic)
    app.state.cursor_codec = CursorCodec(instance.cursor_mac)
    install_handlers(app)
    require_admitting(ROUTERS)
    for router in ROUTERS:
        app.include_router(router, prefix=V1)
    app.state.permissions = permissions_of(ROUTERS, V1)
    for router in OPEN_ROUTERS:
        _require_open(router)
        app.include_router(router)
    openapi_document.install(app)
    _wrap(app, instance, settings)
    templates = _templates(app, ROUTERS, V1) | _templates(app, OPEN_ROUTERS, "")
    app.state.route_templates = templates
    app.add_middleware(Observation, metrics=instance.metrics, templates=templates, slow_s=watch.slow_s)
    return app


def _templates(app: FastAPI, routers: Iterable[APIRouter], prefix: str) -> Templates:
    """Return the path of every route by the function that answers it, with the framework's own ones of ``app``."""
    own = {route.endpoint: route.path for route in app.routes if isinstance(route, Route)}
    return own | {
        route.endpoint: prefix + route.path
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
    }


def _require_open(router: APIRouter) -> None:
    """Require that all of ``router``, which asks nobody who calls, is for anybody by the table of permissions."""
    for permission in permissions_of([router], "").values():
        if permission.kinds:
            raise ValueError("only routes under /v1 know who calls")


def _wrap(app: FastAPI, instance: Instance, settings: HttpSettings) -> None:
    """Put the layers around the routes, from the inside out."""
    app.add_middleware(StoredResponses, calls=instance.calls)
    app.add_middleware(FaultBarrier, pause_s=settings.body_pause_s)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=("GET", "POST", "PUT", "DELETE"),
            allow_headers=ASKED_HEADERS,
            expose_headers=SHOWN_HEADERS,
        )
