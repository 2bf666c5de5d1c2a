"""The portal's style sheet and scripts, under a digest of all of them, so that browsers keep them for good."""

import gzip
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from ledger_node.domain.hashing import sha256_digest

FOLDER: Final = Path(__file__).parent.parent / "static"
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_SHIPPED: Final = {".js", ".css", ".svg", ".png"}
_DIGEST_CHARACTERS: Final = 16
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent."""

    media_type: str
    content: bytes
    packed: bytes


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Return every file, by its path in the folder."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in _SHIPPED:
            content = path.read_bytes()
            media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            packed = gzip.compress(content, compresslevel=9, mtime=0)
            found[path.relative_to(FOLDER).as_posix()] = StaticFile(media_type, content, packed)
    return found


@cache
def static_root() -> str:
    """Return the path under which the files are, which changes with any of them."""
    listed = b"".join(name.encode() + b"\0" + sha256_digest(file.content) for name, file in static_files().items())
    return f"/static/{sha256_digest(listed).hex()[:_DIGEST_CHARACTERS]}"


def static_url(name: str) -> str:
    """Return the address of a file.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in static_files():
        raise KeyError(name)
    return f"{static_root()}/{name}"


class StaticFiles:
    """Answers requests for the files; it reads none at that time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file, or say that there is none."""
        await _answer(scope["path_params"]["name"], Headers(scope=scope))(scope, receive, send)


def _answer(name: str, headers: Headers) -> Response:
    file = static_files().get(name)
    if file is None:
        return PlainTextResponse("there is no such file", status_code=HTTPStatus.NOT_FOUND)
    is_packed = "gzip" in headers.get("accept-encoding", "")
    shown = {
        "Cache-Control": _FOR_GOOD,
        "Vary": "Accept-Encoding",
        **({"Content-Encoding": "gzip"} if is_packed else {}),
    }
    return Response(file.packed if is_packed else file.content, media_type=file.media_type, headers=shown)
