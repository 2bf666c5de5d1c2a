"""The exact host that passkeys are bound to (their rpId)."""

import re
from typing import Final
from urllib.parse import urlsplit

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

LOCAL_HOST: Final = "localhost"
"""The host of a portal that only browsers on this machine reach."""
_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")


def portal_host(text: str) -> str:
    """Return the host that passkeys may be bound to: localhost, or a domain name in lower case.

    Raises:
        InvalidInputError: ``configuration``; it is an address, has a port or a scheme, or is no name.
    """
    if text != LOCAL_HOST and not _HOST.fullmatch(text):
        raise InvalidInputError(
            Reason.CONFIGURATION,
            "the portal's host is a domain name in lower case without scheme and port, such as "
            f"credence.example.org, or {LOCAL_HOST}; passkeys take no addresses",
            field="portal_host",
        )
    return text


def portal_origin(host: str, public_url: str) -> str:
    """Return the origin of the pages: https and exactly the host of passkeys; on this machine http and the port."""
    if host != LOCAL_HOST:
        return f"https://{host}"
    port = urlsplit(public_url).port
    return f"http://{host}" if port is None else f"http://{host}:{port}"
