"""Request bodies: bounded, strict JSON."""

from fastapi import Request

from api.settings import MAX_BODY_BYTES
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record


async def json_body(request: Request) -> JSON:
    """Return the strict JSON of a request of at most 1 MiB.

    Raises:
        InvalidInputError: ``too_large`` or a JSON reason.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise InvalidInputError(Reason.TOO_LARGE, f"a request has at most {MAX_BODY_BYTES} bytes")
    return decode(bytes(body))


async def record_body(request: Request) -> Record:
    """Return the JSON object of a request."""
    return Record(await json_body(request), "request")
