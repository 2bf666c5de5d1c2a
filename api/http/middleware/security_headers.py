"""Headers of every answer: what a browser may make of it, and what may keep it."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem.policy import DEFAULT_POLICY

_ALWAYS: Final = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}
_USUAL: Final = ((b"content-security-policy", DEFAULT_POLICY.encode()), (b"cache-control", b"no-store"))
_HSTS: Final = ((b"strict-transport-security", b"max-age=31536000"),)


class SecurityHeaders:
    """Adds the headers; a route that sets Content-Security-Policy or Cache-Control itself is left its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [header for header in message["headers"] if header[0] not in _ALWAYS]
                named = {name for name, _ in own}
                usual = [header for header in _USUAL if header[0] not in named]
                message["headers"] = [*own, *_ALWAYS.items(), *usual, *(_HSTS if scope["scheme"] == "https" else ())]
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)
