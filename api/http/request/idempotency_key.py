"""The Idempotency-Key of a request: it makes the request one try at its effect."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem.document import TryLaterError
from api.instance.wiring import Instance
from api.services.idempotency.attempt import (
    Attempt,
    Call,
    CallInProgress,
    LeaseResult,
    SealedResponse,
    StoredResponse,
    attempt_without_key,
    in_progress,
    store_responses,
)
from api.services.idempotency.call import IdempotentCalls
from api.vault.cipher import VaultKey
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

HEADER: Final = "idempotency-key"
MAX_KEY: Final = 128
_KEY: Final = re.compile(rf'''"((?:[ !#-\[\]-~]|\\["\\]){{1,{MAX_KEY}}})"''')
"""A string of structured fields (RFC 9651): printable ASCII in quotes, with quote and backslash escaped."""
_PAUSES_S: Final = (0.01, 0.02, 0.05, 0.1, *[0.2] * 50)
"""How a try that comes while another is under way waits for its answer: some ten seconds."""
SECRET_ANSWERS: Final = frozenset(
    {
        "POST /v1/token",
        "PUT /v1/webhook",
        "POST /v1/handovers",
        "POST /v1/devices",
        "POST /v1/staff",
        "POST /v1/invitations/{invitation}/codes",
        "POST /v1/invitations/welcome",
        "POST /v1/invitations/passkeys",
        "POST /v1/records",
        "POST /v1/records/file",
    }
)
"""Routes whose answer holds a secret. It is stored nowhere, so they take no key; asked again, they make a new one."""
_SECRET: Final = [(method, compile_path(path)[0]) for method, path in map(str.split, SECRET_ANSWERS)]


class Answered(Exception):  # noqa: N818 - no error: the answer is known
    """The key was answered before: ``response`` is the answer as it was given, and says that it is not new."""

    def __init__(self, answer: StoredResponse) -> None:
        super().__init__("answered before")
        headers = {**dict(answer.headers), "idempotent-replayed": "true"}
        self.response = Response(answer.body, answer.status, headers=headers)


def _holds_secret(request: Request) -> bool:
    path = request.url.path
    return any(request.method == method and pattern.fullmatch(path) for method, pattern in _SECRET)


async def start_attempt(request: Request, digest: bytes) -> None:
    """Make the request one try at its effect: that of its Idempotency-Key, if it names one. ``digest``: of its body.

    Raises:
        Answered: an earlier try was answered.
        InvalidInputError: ``idempotency_key_malformed`` or ``idempotency_key_reused``.
        TryLaterError: ``idempotency_in_progress``.
    """
    key = None if _holds_secret(request) else _key_of(request)
    if key is None:
        request.state.attempt = attempt_without_key()
        return
    for pause in _PAUSES_S:
        match await _lease(request, key, digest):
            case Attempt() as attempt:
                request.state.attempt = attempt
                return
            case StoredResponse() as answer:
                raise Answered(answer)
            case CallInProgress():
                await asyncio.sleep(pause)
    refused = in_progress()
    raise TryLaterError(refused.reason, refused.message, 1)


async def start_upload(request: Request, *, max_bytes: int) -> "BodyStream":
    """Make an upload one try at its effect, and return its body.

    An upload whose key is known is read to its end, to compare it, and stored nowhere.

    Raises:
        As ``start_attempt``, and InvalidInputError ``too_large``.
    """
    stream = BodyStream(request)
    key = _key_of(request)
    result = attempt_without_key() if key is None else await _lease(request, key, None)
    if not isinstance(result, Attempt):
        total = 0
        async for part in stream:
            total += len(part)
            if total > max_bytes:
                raise InvalidInputError(Reason.TOO_LARGE, f"send at most {max_bytes} bytes at once; split the file")
        await start_attempt(request, stream.digest)
        # the other try broke off while this body was read and dropped
        await release(calls_of(request), request.state.attempt)
        request.state.attempt = None
        raise in_progress()
    request.state.attempt = result
    return stream


class BodyStream:
    """A body as it comes in; ``digest`` of what has come."""

    def __init__(self, request: Request) -> None:
        self._parts = request.stream()
        self._hash = hashlib.sha256()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            self._hash.update(part)
            yield part

    @property
    def digest(self) -> bytes:
        """SHA-256 of the body."""
        return self._hash.digest()


async def _attempt(request: Request) -> Attempt:
    attempt: Attempt = request.state.attempt
    return attempt


CurrentAttempt: TypeAlias = Annotated[Attempt, Depends(_attempt)]
"""Which try at its effect the request is; its body must have been read."""


def calls_of(request: Request) -> IdempotentCalls:
    """Return the calls of the instance."""
    instance: Instance = request.app.state.instance
    return instance.calls


async def _lease(request: Request, key: str, digest: bytes | None) -> LeaseResult:
    media_type = request.headers.get("content-type", "")
    route = f"{request.method} {request.url.path}?{request.url.query} {media_type}".encode()
    return await asyncio.wrap_future(calls_of(request).submit(Call(request.state.caller_key, key, route, digest)))


async def release(calls: IdempotentCalls, attempt: Attempt, *, is_stored: bool = False) -> None:
    """End a try; one whose answer was not stored gives its key up, so that another process may try."""
    calls.release(attempt)
    if calls.is_shared and not is_stored:
        await run_in_threadpool(calls.end_lease, attempt)


def _key_of(request: Request) -> str | None:
    values = request.headers.getlist(HEADER)
    if not values:
        return None
    matched = _KEY.fullmatch(values[0].strip(" ")) if len(values) == 1 else None
    if matched is None:
        raise InvalidInputError(
            Reason.IDEMPOTENCY_KEY_MALFORMED,
            f"Idempotency-Key must be one string of 1 to {MAX_KEY} printable ASCII characters in double quotes, "
            'such as "8e03978e-40d5-43e8-bc93-6894a57f9324"',
            field=HEADER,
        )
    return matched.group(1)


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
    return calls_of(request).seal(request.state.attempt, answer, subject=subject, keys=keys, body=body)


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
