"""Request bodies: bounded, strict JSON."""

from fastapi import Request

from api.settings import MAX_BODY_BYTES
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import Record


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
    """Return the strict JSON of a request of at most 1 MiB.

    Raises:
        InvalidInputError: ``too_large`` or a JSON reason.
    """
    return decode(await read_body(request))


async def record_body(request: Request) -> Record:
    """Return the JSON object of a request."""
    return Record(await json_body(request), "request")
