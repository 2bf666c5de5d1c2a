"""Entity tags: who has the present state of a resource is told so (304) and sent nothing."""

import base64
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger_node.domain.hashing import sha256_digest

_TAG_BYTES: Final = 18


class EntityTags:
    """Tags the answers of GET under ``prefix`` with a digest of their bytes, and compares If-None-Match."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        known = Headers(scope=scope).getlist("if-none-match")
        held: list[Message] = []

        async def tag_and_send(message: Message) -> None:
            if not held and message.get("status") != HTTPStatus.OK:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                for waiting in _tagged(held, known):
                    await send(waiting)
                held.clear()

        await self._app(scope, receive, tag_and_send)


def _tagged(held: list[Message], known: list[str]) -> list[Message]:
    start, *parts = held
    body = b"".join(part.get("body", b"") for part in parts)
    tag = '"' + base64.urlsafe_b64encode(sha256_digest(body)[:_TAG_BYTES]).decode("ascii") + '"'
    headers = MutableHeaders(scope=start)
    headers["etag"] = tag
    offered = {item.strip().removeprefix("W/") for line in known for item in line.split(",")}
    if tag not in offered and "*" not in offered:
        return [start, {"type": "http.response.body", "body": body}]
    start["status"] = int(HTTPStatus.NOT_MODIFIED)
    for name in ("content-length", "content-type"):
        del headers[name]
    return [start, {"type": "http.response.body", "body": b""}]
