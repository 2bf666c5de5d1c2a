"""Which addresses webhooks may go to: public ones, over https. What a name resolves to decides, not how it looks."""

import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from typing_extensions import override

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host, as ``system_addresses`` does."""

MAX_URL: Final = 1024
_PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to post: ``path`` with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class AddressRules:
    """What webhooks may connect to: https to addresses of the public internet, and to nothing else."""

    schemes: tuple[str, ...] = ("https",)

    def allows(self, address: IpAddress) -> bool:
        """Return whether a webhook may connect to this address."""
        return is_public(address)


class InsecureLoopbackAddresses(AddressRules):
    """For tests only: this machine as well, and without TLS."""

    schemes = ("https", "http")

    def __init__(self) -> None:
        _log.warning("webhooks may go to this machine and without TLS; that is for tests only")

    @override
    def allows(self, address: IpAddress) -> bool:
        return address.is_loopback or is_public(address)


def is_public(address: IpAddress) -> bool:
    """Return whether an address is one of the public internet, also when IPv6 wraps an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            wrapped = ipaddress.IPv4Address(address.packed[-4:])
        if wrapped is not None:
            return is_public(wrapped)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def parse_url(raw: str, rules: AddressRules) -> Endpoint:
    """Return where a URL leads.

    Raises:
        InvalidInputError: ``webhook_url_refused``, saying what it must be.
    """
    if len(raw) > MAX_URL or not raw.isascii() or not raw.isprintable() or " " in raw:
        raise _refused(f"a webhook's URL has at most {MAX_URL} printable ASCII characters")
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError as error:
        raise _refused("this is no URL") from error
    if parts.scheme not in rules.schemes:
        raise _refused("a webhook's URL begins with https://")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment or "\\" in raw:
        raise _refused("a webhook's URL names a host, and has neither user, password nor fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port, path)


def require_address(endpoint: Endpoint, rules: AddressRules, resolve: Resolver) -> IpAddress:
    """Resolve once, and return the address to connect to.

    Raises:
        InvalidInputError: ``webhook_address_unknown``, or ``webhook_address_refused`` if any address of the host is
            not allowed.
    """
    try:
        found = [ipaddress.ip_address(address.partition("%")[0]) for address in resolve(endpoint.host, endpoint.port)]
    except (OSError, UnicodeError, ValueError):
        found = []
    if not found:
        raise InvalidInputError(
            Reason.WEBHOOK_ADDRESS_UNKNOWN, "the host of this webhook has no address; see whether its name is right"
        )
    if not all(rules.allows(address) for address in found):
        raise InvalidInputError(
            Reason.WEBHOOK_ADDRESS_REFUSED, "webhooks go to public addresses only, not into internal networks"
        )
    return found[0]


def system_addresses(host: str, port: int) -> Sequence[str]:
    """Return what the system's resolver knows of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in found]


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.WEBHOOK_URL_REFUSED, message, field="url")
