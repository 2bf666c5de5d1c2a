"""Request bodies: bounded, strict JSON, and the try at an effect that they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from typing_extensions import override

from api.home.settings import MAX_BODY_BYTES
from api.http.model.base import REFUSED, missing_member, unknown_member
from api.http.request.idempotency_key import start_attempt
from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.hashing import sha256_digest
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


class StrictRequest(Request):
    """A request whose body the strict reader has read; FastAPI validates the model of the route from that."""

    def __init__(self, request: Request, body: bytes, value: Mapping[str, JSON]) -> None:
        super().__init__(request.scope, request.receive)
        self._read, self._value = body, value

    @override
    async def body(self) -> bytes:
        """Return the body as it came."""
        return self._read

    @override
    async def json(self) -> Mapping[str, JSON]:
        """Return the JSON object that the body is."""
        return self._value


async def strict_request(request: Request) -> StrictRequest:
    """Read the strict JSON object of a request of at most 1 MiB, and claim its Idempotency-Key if it names one.

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
    await start_attempt(request, sha256_digest(body))
    if not isinstance(value, Mapping):
        raise InvalidInputError(Reason.TYPE_WRONG, "request must be a JSON object", field="request")
    return StrictRequest(request, body, value)


def refusal_of_body(errors: Sequence[Mapping[str, Any]]) -> CredenceError:
    """Return the refusal that the first validation error of a body means, as the strict reader would word it."""
    first = errors[0]
    *parents, name = (str(part) for part in first["loc"])
    what = parents[-1] if len(parents) > 1 else "request"
    match first["type"]:
        case known if known == REFUSED:
            refusal: CredenceError = first["ctx"]["error"]
            return refusal
        case "missing":
            return missing_member(name, what)
        case "extra_forbidden":
            unknown = [each["loc"] for each in errors if each["type"] == "extra_forbidden"]
            return unknown_member(min(loc[-1] for loc in unknown if loc[:-1] == first["loc"][:-1]), what)
        case _:
            # members that hold objects are models of their own, and nothing else is left to pydantic
            return InvalidInputError(Reason.TYPE_WRONG, f"{name} must be a JSON object", field=name)


def media_type(request: Request) -> str:
    """Return the media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
