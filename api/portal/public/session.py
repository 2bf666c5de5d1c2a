"""Signing in and out."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from api.portal.shell import cookie
from api.portal.shell.page import Page, local_path
from api.portal.shell.pages import Pages
from api.portal.shell.passkey import assertion_of, device_credentials, remember_device
from api.services.session.session import SessionHolder
from api.sign_in.server.principal import Kind
from ledger_node.domain.canonical import JSON
from ledger_node.domain.credit_code import parse_credit_code

pages = Pages("session")
EVERYBODY = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """``token``: comes back with the signature; ``data``: for the script; ``back``: where it leads then.

    ``is_named``: somebody named the firm, so that the browser is told which passkeys may sign.
    """

    token: str
    data: dict[str, JSON]
    back: str
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session: since when, when it was last used, by which device, and whether it is this one."""

    started_at: int
    seen_at: int
    device: str
    is_this: bool


@pages.get("/sign-in", anybody=True)
def sign_in_page(page: Page) -> Response:
    """Ask for a passkey."""
    back = local_path(page.query.get("back", "/"))
    if page.visitor.is_signed_in:
        return page.redirect(back)
    return _ask(page, device_credentials(page.cookies), back)


@pages.post("/sign-in/firm", anybody=True)
def name_firm(page: Page) -> Response:
    """Ask for a passkey of a firm; who names a firm that is not here is answered the same."""
    credit_code = parse_credit_code(page.form.get("credit_code", ""))
    back = local_path(page.form.get("back", "/"))
    return _ask(page, page.instance.firm_credentials.of(credit_code), back, is_named=True)


def _ask(page: Page, credentials: list[bytes], back: str, *, is_named: bool = False) -> Response:
    challenge = page.instance.portal_sign_in.challenge(now=page.now)
    known: list[JSON] = [each.hex() for each in credentials]
    data: dict[str, JSON] = {"challenge": challenge.digest.hex(), "credentials": known}
    return page.render("public/sign_in.html", SignInPage(challenge.token, data, back, is_named))


@pages.post("/session", anybody=True)
def sign_in(page: Page) -> Response:
    """Start a session for whose passkey signed."""
    _, keep = start_session(page)
    return keep(page.redirect(local_path(page.form.get("back", "/"))))


def start_session(page: Page) -> tuple[SessionHolder, Callable[[Response], Response]]:
    """Start a session for whose passkey signed the form, and return who it is and what puts it into an answer.

    Raises:
        VerificationError: as ``PortalSignIn.sign_in``.
        ChainError: the ledger does not answer.
    """
    credential, assertion = assertion_of(page.form)
    token = page.form.get("token", "")
    holder, value = page.instance.portal_sign_in.sign_in(token, credential, assertion, now=page.now)
    _end(page)

    def keep(response: Response) -> Response:
        cookie.put(response, cookie.SESSION, value)
        remember_device(response, page.cookies, credential)
        return response

    return holder, keep


@pages.post("/session/fresh", kinds=EVERYBODY)
def freshen(page: Page) -> Response:
    """Note that the passkey was shown again; the page goes on by itself."""
    credential, assertion = assertion_of(page.form)
    token = page.form.get("token", "")
    page.instance.portal_sign_in.freshen(page.session, token, credential, assertion, now=page.now)
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})


@pages.post("/session/end", anybody=True)
def sign_out(page: Page) -> Response:
    """End the session, and let the browser forget what it has of this site but which passkey it was."""
    _end(page)
    response = page.redirect("/", notice=page.gettext("You are signed out."))
    cookie.drop(response, cookie.SESSION)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@pages.get("/sessions", kinds=EVERYBODY)
def sessions(page: Page) -> Response:
    """Show where one is signed in."""
    holder = page.session.holder
    labels = {each.id: each.label for each in page.instance.credentials.of_owner(holder.id)}
    rows = tuple(
        SessionRow(
            one.started_at,
            one.seen_at,
            labels.get(one.holder.credential, ""),
            is_this=one.digest == page.session.digest,
        )
        for one in page.instance.sessions.of(holder, now=page.now)
    )
    return page.render("public/sessions.html", rows)


@pages.post("/sessions/end", kinds=EVERYBODY)
def sign_out_everywhere(page: Page) -> Response:
    """End all sessions of the firm or the person, this one included."""
    page.instance.sessions.end_all(page.session.holder)
    return sign_out(page)


def _end(page: Page) -> None:
    value = page.cookies.get(cookie.SESSION)
    if value:
        page.instance.sessions.end(value)
