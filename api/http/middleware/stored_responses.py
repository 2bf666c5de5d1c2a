"""The Idempotency-Key header (IETF draft-ietf-httpapi-idempotency-key-header-07): one effect, one answer.

Routes read their body through ``api.http.request.body`` and need no more: the key is claimed there, and
``StoredResponses`` stores what the route answers before it leaves. A route whose effect is in the store may store its
answer in the same transaction (``store_response``).
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.request.idempotency_key import attempt_of, calls_of, release
from api.services.idempotency.attempt import Attempt, SealedResponse, StoredResponse, store_responses
from api.services.idempotency.call import IdempotentCalls
from api.vault.cipher import VaultKey

_KEPT_HEADERS: Final = (b"content-type", b"location")


def sealed(
    request: Request,
    response: Response,
    *,
    subject: bytes | None = None,
    keys: Sequence[VaultKey] = (),
    body: bytes | None = None,
) -> SealedResponse | None:
    """Return what a route answers as it is stored; where it says something about ``subject``, from these ``keys``.

    ``body``: the digest of a body that streamed in. Whoever stores it with its effect sets
    ``request.state.is_response_stored``.
    """
    answer = _kept(response.status_code, response.raw_headers, bytes(response.body))
    return calls_of(request).seal(attempt_of(request), answer, subject=subject, keys=keys, body=body)


def store_response(connection: Connection, request: Request, response: Response, *, body: bytes | None = None) -> None:
    """Store what a route answers in the transaction of its effect."""
    answer = sealed(request, response, body=body)
    store_responses(connection, [] if answer is None else [answer])
    request.state.is_response_stored = True


class StoredResponses:
    """Stores the answers of claimed calls before they leave. What asks to be tried again is none."""

    def __init__(self, app: ASGIApp, calls: IdempotentCalls) -> None:
        self._app = app
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        held: list[Message] = []

        async def hold_or_send(message: Message) -> None:
            attempt: Attempt | None = state.get("attempt")
            if attempt is None or attempt.id is None or state.get("is_response_stored"):
                await send(message)
            else:
                held.append(message)

        try:
            await self._app(scope, receive, hold_or_send)
            if held:
                # outside of what answers, which would take a store that fails here for a fault in sending
                await self._store(state["attempt"], held)
                for waiting in held:
                    await send(waiting)
        finally:
            if (attempt := state.get("attempt")) is not None and attempt.id is not None:
                await release(self._calls, attempt, is_stored=bool(state.get("is_response_stored")))

    async def _store(self, attempt: Attempt, held: list[Message]) -> None:
        start, *parts = held
        if start["status"] < HTTPStatus.INTERNAL_SERVER_ERROR and start["status"] != HTTPStatus.REQUEST_TIMEOUT:
            body = b"".join(part.get("body", b"") for part in parts)
            await run_in_threadpool(self._calls.store_now, attempt, _kept(start["status"], start["headers"], body))


def _kept(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> StoredResponse:
    shown = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers if name in _KEPT_HEADERS]
    return StoredResponse(status, shown, body)
