"""Every request is counted, timed, and given a trace; those worth looking at get one line in the log.

Every answer says what a browser may make of it, and what may keep it.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem.document import OBSERVED, Observed
from api.http.problem.page import DEFAULT_POLICY
from api.telemetry.metric import UNMATCHED, Metrics
from ledger_node import trace
from ledger_node.domain.reason import Reason

TRACE_ID: Final = "Trace-Id"
_TRACE_ID: Final = TRACE_ID.lower().encode("ascii")
_TRACEPARENT: Final = trace.HEADER.encode("ascii")
_EXPECTED: Final = frozenset({Reason.SIGN_IN_NEEDED, Reason.PROOF_NONCE, Reason.RATE_LIMITED})
"""Refusals that are part of everyday life: signing in, and a flood, of which metrics tell without filling a disk."""
_ALWAYS: Final = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": (
        b"camera=(), geolocation=(), microphone=(), "
        b"publickey-credentials-create=(self), publickey-credentials-get=(self)"
    ),
}
_USUAL: Final = (
    (b"content-security-policy", DEFAULT_POLICY.encode()),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)
_HSTS: Final = ((b"strict-transport-security", b"max-age=31536000"),)
Templates: TypeAlias = dict[object, str]
_Header: TypeAlias = tuple[bytes, bytes]
_log = logging.getLogger(__name__)


class Observation:
    """The outermost layer. ``templates``: the function that answers a route -> its path; ``slow_s``: what is slow."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, templates: Templates, slow_s: float) -> None:
        self._app = app
        self._metrics = metrics
        self._templates = templates
        self._slow_s = slow_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and watch it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        observed = Observed()
        sent = (value.decode("latin-1") for name, value in scope["headers"] if name == _TRACEPARENT)
        part = trace.Trace.of_header(next(sent, None))

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                observed.status = message["status"]
                headers = _secured(message["headers"], scope["scheme"])
                message["headers"] = [*headers, (_TRACE_ID, part.id.encode("ascii"))]
            await send(message)

        token = OBSERVED.set(observed)
        try:
            self._metrics.in_flight.inc()
            with trace.traced(part):
                await self._app(scope, receive, watch)
                self._note(scope, observed, time.perf_counter() - began)
        finally:
            self._metrics.in_flight.dec()
            OBSERVED.reset(token)

    def _note(self, scope: Scope, observed: Observed, seconds: float) -> None:
        status = observed.status
        # what stands in the place of ids, and never an id
        route = self._templates.get(scope.get("endpoint"), UNMATCHED)
        self._metrics.answered(route, scope["method"], status, seconds)
        if observed.reason is not None:
            self._metrics.refused(observed.reason)
        level = _level(route, observed, is_slow=seconds >= self._slow_s)
        if level is not None:
            fields: Mapping[str, Any] = {
                "route": route,
                "method": scope["method"] if route != UNMATCHED else "",
                "status": status,
                "reason": None if observed.reason is None else observed.reason.value,
                "duration_ms": round(seconds * 1000, 1),
            }
            _log.log(level, "request", extra={"fields": fields})


def _level(route: str, observed: Observed, *, is_slow: bool) -> int | None:
    status = observed.status
    if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return logging.WARNING if status == HTTPStatus.SERVICE_UNAVAILABLE else logging.ERROR
    if is_slow:
        return logging.WARNING
    is_refused = status is not None and status >= HTTPStatus.BAD_REQUEST
    if is_refused and route != UNMATCHED and observed.reason not in _EXPECTED:
        return logging.INFO
    return None


def _secured(headers: Iterable[_Header], scheme: str) -> list[_Header]:
    """Add what a browser may make of an answer; those of ``_USUAL`` that a route sets itself stay."""
    own = [header for header in headers if header[0] not in _ALWAYS]
    named = {name for name, _ in own}
    usual = [header for header in _USUAL if header[0] not in named]
    return [*own, *_ALWAYS.items(), *usual, *(_HSTS if scheme == "https" else ())]
