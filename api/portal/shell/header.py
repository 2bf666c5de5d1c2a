"""What browsers may make of a page, and which requests are the portal's own."""

from collections.abc import Mapping
from typing import Final

from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Content Security Policy Level 3 of every page."""
PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # under no-referrer a browser says that its forms come from "null" (Fetch, 4.3.3), as those of a sandbox do
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Encoding, Accept-Language, Cookie",
}


def require_own(headers: Mapping[str, str], origin: str) -> None:
    """Require that a page of ours sent a form: the browser says so, and the sender cannot make it say so.

    Each of ``Sec-Fetch-Site`` and ``Origin`` that is there must say it, and one of them must be there.

    Raises:
        InvalidInputError: ``cross_site``; another site sent it, or nobody says who did.
    """
    site, sender = headers.get("sec-fetch-site"), headers.get("origin")
    is_named = site is not None or sender is not None
    if not is_named or site not in {None, "same-origin"} or sender not in {None, origin}:
        raise InvalidInputError(Reason.CROSS_SITE, "this form was not sent by a page of the portal")
