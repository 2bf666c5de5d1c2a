"""``/open``: a firm's other device brings the code of a request, and sees it once somebody of the firm signed in there.

Both are one form, so that the code, which stands behind # in the address, need not survive a page between.
"""

from dataclasses import dataclass

from starlette.responses import Response

from api.portal.public.session import start_session
from api.portal.shell.page import Page
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import device_credentials
from api.sign_in.server.principal import Kind
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import VerificationError
from ledger_node.domain.reason import Reason

pages = Pages("open")


@dataclass(frozen=True, slots=True)
class OpenPage:
    """``token``, ``data``: of a sign-in; None where somebody is signed in already."""

    token: str | None
    data: dict[str, JSON]


@pages.get("/open", anybody=True)
def ask(page: Page) -> Response:
    """Ask for the code, and for a passkey where nobody is signed in."""
    if page.visitor.kind is Kind.SUBJECT:
        return page.render("public/open.html", OpenPage(None, {}))
    challenge = page.instance.portal_sign_in.challenge(now=page.now)
    known: list[JSON] = [each.hex() for each in device_credentials(page.cookies)]
    data: dict[str, JSON] = {"challenge": challenge.digest.hex(), "credentials": known}
    return page.render("public/open.html", OpenPage(challenge.token, data))


@pages.post("/open", anybody=True)
def open_request(page: Page) -> Response:
    """Sign in where nobody is, and lead on to the request; the code is spent."""
    links, code = page.instance.page_links, page.form.get("code", "")
    if page.visitor.kind is Kind.SUBJECT:
        return page.redirect(_path(links.open(page.visitor.id, code, origin=page.address)))
    # before the passkey is asked for nothing: a code that is over says so
    links.check(code, origin=page.address)
    holder, keep = start_session(page)
    if holder.kind is not Kind.SUBJECT:
        raise VerificationError(Reason.CODE_UNKNOWN, "there is no such code", field="code")
    return keep(page.redirect(_path(links.open(holder.id, code, origin=page.address))))


def _path(request: bytes) -> str:
    return f"/requests/{request.hex()}"
