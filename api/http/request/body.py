"""Request bodies: bounded, strict JSON, and the try at an effect that they are."""

from fastapi import Request

from api.home.settings import MAX_BODY_BYTES
from api.http.request.idempotency_key import begin
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason


async def read_body(request: Request, most: int = MAX_BODY_BYTES) -> bytes:
    """Return the body of a request of at most ``most`` bytes.

    Raises:
        InvalidInputError: ``too_large``.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise InvalidInputError(Reason.TOO_LARGE, f"a request has at most {most} bytes")
    return bytes(body)


async def json_body(request: Request) -> JSON:
    """Return the strict JSON of a request of at most 1 MiB, and claim its Idempotency-Key if it names one.

    Raises:
        InvalidInputError: ``media_type_unsupported``, ``too_large``, a JSON reason, or one of the key.
        Answered: this key was answered before.
    """
    # a page of another site can send forms and plain text without asking, and JSON only where CORS lets it
    if media_type(request) != "application/json":
        raise InvalidInputError(
            Reason.MEDIA_TYPE_UNSUPPORTED, "send JSON with Content-Type: application/json", field="content-type"
        )
    body = await read_body(request)
    value = decode(body)
    await begin(request, sha256_digest(body))
    return value


async def record_body(request: Request) -> JsonObject:
    """Return the JSON object of a request, as ``json_body`` does."""
    return JsonObject(await json_body(request), "request")


def media_type(request: Request) -> str:
    """Return the media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
