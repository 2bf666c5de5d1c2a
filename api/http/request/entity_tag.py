"""Entity tags: who has the present state of a resource is told so (304) and sent nothing (RFC 9110, 8.8.3)."""

import base64
from http import HTTPStatus
from typing import Final

from fastapi import Request, Response

from ledger_node.domain.hashing import sha256_digest

_TAG_BYTES: Final = 18
_OF_CONTENT: Final = ("content-length", "content-type")


def tagged(request: Request, response: Response) -> Response:
    """Tag the answer to a GET with a digest of its bytes, and compare If-None-Match."""
    if response.status_code != HTTPStatus.OK:
        return response
    tag = '"' + base64.urlsafe_b64encode(sha256_digest(bytes(response.body))[:_TAG_BYTES]).decode("ascii") + '"'
    response.headers["etag"] = tag
    known = request.headers.getlist("if-none-match")
    offered = {item.strip().removeprefix("W/") for line in known for item in line.split(",")}
    if tag not in offered and "*" not in offered:
        return response
    kept = {name: value for name, value in response.headers.items() if name not in _OF_CONTENT}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)
