"""The Idempotency-Key of a request: it makes the request one try at its effect."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from api.http.error import Answered
from api.http.problem.try_later import TryLaterError
from api.instance.wiring import Instance
from api.services.idempotency.attempt import (
    Attempt,
    Call,
    CallInProgress,
    LeaseResult,
    StoredResponse,
    attempt_without_key,
    in_progress,
)
from api.services.idempotency.call import IdempotentCalls
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

HEADER: Final = "idempotency-key"
MAX_KEY: Final = 128
_KEY: Final = re.compile(rf'''"((?:[ !#-\[\]-~]|\\["\\]){{1,{MAX_KEY}}})"''')
"""A string of structured fields (RFC 9651): printable ASCII in quotes, with quote and backslash escaped."""
_PAUSES_S: Final = (0.01, 0.02, 0.05, 0.1, *[0.2] * 50)
"""How a try that comes while another is under way waits for its answer: some ten seconds."""
SECRET_ANSWERS: Final = frozenset({"POST /v1/token", "PUT /v1/webhook"})
"""Routes whose answer holds a secret. It is stored nowhere, so they take no key; asked again, they make a new one."""


async def start_attempt(request: Request, digest: bytes) -> None:
    """Make the request one try at its effect: that of its Idempotency-Key, if it names one. ``digest``: of its body.

    Raises:
        Answered: an earlier try was answered.
        InvalidInputError: ``idempotency_key_malformed`` or ``idempotency_key_reused``.
        TryLaterError: ``idempotency_in_progress``.
    """
    holds_secret = f"{request.method} {request.url.path}" in SECRET_ANSWERS
    key = None if holds_secret else _key_of(request)
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


def attempt_of(request: Request) -> Attempt:
    """Return which try this request is; its body must have been read."""
    attempt: Attempt = request.state.attempt
    return attempt


async def _attempt(request: Request) -> Attempt:
    return attempt_of(request)


CurrentAttempt: TypeAlias = Annotated[Attempt, Depends(_attempt)]
"""Which try at its effect the request is."""


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
