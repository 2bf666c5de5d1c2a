"""Cookies of the portal: of this host alone, over TLS alone (or on localhost), not for scripts."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

SESSION: Final = "__Host-credence"
NOTICE: Final = "__Host-notice"
DEVICE: Final = "__Host-device"
_NOTICE_AGE_S: Final = 120
_MAX_NOTICE: Final = 1_500


def put(response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Let the browser keep a cookie for ``max_age`` seconds, or until it is closed."""
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="lax")


def drop(response: Response, name: str) -> None:
    """Let the browser forget a cookie."""
    put(response, name, "", max_age=0)


def put_notice(response: Response, notice: str) -> None:
    """Let the next page say something, once. No address holds it."""
    encoded = base64.urlsafe_b64encode(notice.encode("utf-8")[:_MAX_NOTICE]).decode("ascii")
    put(response, NOTICE, encoded, max_age=_NOTICE_AGE_S)


def notice_of(cookies: Mapping[str, str]) -> str | None:
    """Return what the page before wants to have said, or None."""
    value = cookies.get(NOTICE)
    if not value:
        return None
    try:
        return base64.urlsafe_b64decode(value.encode("ascii", "replace")).decode("utf-8", "ignore")
    except (binascii.Error, ValueError):
        return None
