"""Which Host and Origin headers are answered.

A page may point a name of its own at 127.0.0.1 and then read what a node on this machine answers (DNS rebinding). What
it cannot do is send another Host header than that name. So only names of this machine count, and those that the
operator allows.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ledger_node.node.embedded.error import NodeError, NodeReason

_AUTHORITY: Final = re.compile(
    rb"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[0-9A-Za-z](?:[0-9A-Za-z_-]|\.(?!\.)){0,252}))(?::(?P<port>[0-9]{0,5}))?"
)
_ORIGIN: Final = re.compile(rb"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)")
_LAST_PORT: Final = 65_535
_HOST_REFUSED: Final = (
    "this host is not allowed: the node answers to localhost, to loopback addresses, and to what the operator allows"
    " (credence node run --allow-host NAME)\n"
)
_ORIGIN_REFUSED: Final = "a page of another site may not ask this node\n"


class AllowedHosts:
    """The hosts that a node answers to: those of this machine, the one it listens on, and further ones."""

    def __init__(self, listening: str, more: Iterable[str]) -> None:
        """Take the address to listen on, and names or addresses without a port.

        Raises:
            NodeError: ``host_invalid``; one is no host.
        """
        self._hosts = {"localhost", *(_allowed(name) for name in more)}
        if own := _host(_bracketed(listening)):
            self._hosts.add(own)

    def admit_host(self, values: Sequence[bytes]) -> bool:
        """Tell whether the Host headers of a request, which must be one, name an allowed host."""
        return len(values) == 1 and self._admit(values[0])

    def admit_origin(self, values: Sequence[bytes]) -> bool:
        """Tell whether a request comes from no page, or from one of an allowed host.

        Extensions of a browser have schemes of their own, and what they may do was the user's choice.
        """
        if not values:
            return True
        origin = _ORIGIN.fullmatch(values[0])
        if len(values) > 1 or origin is None:
            return False
        return origin["scheme"].lower() not in {b"http", b"https"} or self._admit(origin["authority"])

    def _admit(self, authority: bytes) -> bool:
        host = _host(authority)
        return host is not None and (host in self._hosts or _is_address(host, "is_loopback"))


class HostGuard:
    """Refuses requests to foreign hosts and from foreign pages before anything of them is read."""

    def __init__(self, app: ASGIApp, hosts: AllowedHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or pass the request on."""
        if scope["type"] in {"http", "websocket"}:
            headers: list[tuple[bytes, bytes]] = scope["headers"]
            for header, admit, words in (
                (b"host", self._hosts.admit_host, _HOST_REFUSED),
                (b"origin", self._hosts.admit_origin, _ORIGIN_REFUSED),
            ):
                if not admit([value for name, value in headers if name == header]):
                    await PlainTextResponse(words, status_code=403)(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _host(authority: bytes) -> str | None:
    """Return the host of ``host[:port]`` in one form, or None if there is none or it is every address."""
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or int(parts["port"] or b"0") > _LAST_PORT:
        return None
    if parts["six"] is None:
        name = parts["name"].decode("ascii").lower().removesuffix(".")
        return None if _is_address(name, "is_unspecified") else name
    try:
        address = ipaddress.IPv6Address(parts["six"].decode("ascii"))
    except ValueError:
        return None
    host = str(address.ipv4_mapped or address)
    return None if _is_address(host, "is_unspecified") else host


def _is_address(host: str, kind: Literal["is_loopback", "is_unspecified"]) -> bool:
    """Tell whether a host is an address of one kind, and no name."""
    try:
        return bool(getattr(ipaddress.ip_address(host), kind))
    except ValueError:
        return False


def _bracketed(host: str) -> bytes:
    text = f"[{host}]" if ":" in host else host
    return text.encode("ascii", "replace")


def _allowed(name: str) -> str:
    host = None if name.count(":") == 1 else _host(_bracketed(name))
    if host is None:
        raise NodeError(NodeReason.HOST_INVALID, f"{name!r} is no host name or address; give it without a port")
    return host
