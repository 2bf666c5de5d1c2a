"""Whether two addresses are one: what a proof says it is for, and what was asked (RFC 9449, 4.3, number 9)."""

import re
from typing import Final
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normal(url: str) -> tuple[str, str, str]:
    """Return scheme, host and path, without query and fragment, by the rules of RFC 3986 (6.2.2 and 6.2.3)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "", ""  # what is no URL is the URL of no request
    scheme, host = parts.scheme.lower(), parts.netloc.lower()
    host = host.removesuffix(_DEFAULT_PORTS.get(scheme, "")).removesuffix(":")
    return scheme, host, _without_dots(_ESCAPE.sub(_shortest, parts.path)) or "/"


def without_query(url: str) -> str:
    """Return an address up to its query or fragment."""
    return url.partition("#")[0].partition("?")[0]


def _shortest(escape: re.Match[str]) -> str:
    """Return the character that needs no escape, or the escape in capitals."""
    character = chr(int(escape.group()[1:], 16))
    return character if character in _UNRESERVED else escape.group().upper()


def _without_dots(path: str) -> str:
    """Return a path without ``.`` and ``..`` (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            # what stands before the first slash stays
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
