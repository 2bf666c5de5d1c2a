"""One request for a page, as a route of a room sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from api.home.settings import PortalSettings
from api.instance.wiring import Instance
from api.language.translation import translation
from api.portal.shell import cookie
from api.portal.shell.header import PAGE_HEADERS
from api.portal.shell.language import other
from api.portal.shell.template import environment
from api.portal.shell.visitor import Visitor
from api.services.session.session import Session
from api.sign_in.protocol.error import SignInError
from api.sign_in.server.principal import Kind
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the navigation."""

    label: str
    path: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class PortalPlace:
    """Where the portal is. ``rp_id``: the host that passkeys are bound to; ``origin``: of its pages."""

    rp_id: str
    origin: str
    settings: PortalSettings


@dataclass(frozen=True, slots=True)
class Page:
    """One request for a page.

    ``path``: what stands in the place of the route's names; ``query``, ``form``: fields, each once. ``url_path``: as it
    was asked. ``back``: where the language link and a fresh sign-in lead back to. ``headers``, ``cookies``: of the
    request. ``address``: where it came from, against which wrong codes count.
    """

    instance: Instance
    place: PortalPlace
    visitor: Visitor
    language: Language
    now: int
    method: str
    url_path: str
    back: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    links: tuple[tuple[str, str], ...] = ()
    address: bytes = field(default=b"", repr=False)

    @property
    def home(self) -> str:
        """Where whoever looks begins."""
        first = next((path for _, path in self.links), "/")
        return "/home" if self.visitor.kind is Kind.SUBJECT else first

    @property
    def other_language(self) -> Language:
        """The language that the link in the header leads to."""
        return other(self.language)

    @property
    def notice(self) -> str | None:
        """What the page before wants to have said."""
        return cookie.notice_of(self.cookies)

    @property
    def navigation(self) -> tuple[Link, ...]:
        """The links of the navigation that this visitor may follow."""
        inside = [path for _, path in self.links if self.url_path == path or self.url_path.startswith(path + "/")]
        current = max(inside, key=len, default=None)
        return tuple(Link(self.gettext(label), path, path == current) for label, path in self.links)

    def gettext(self, text: str, **values: object) -> str:
        """Return a text in the page's language, with values in the place of ``%(name)s``; nothing is escaped."""
        shown = translation(self.language).gettext(text)
        return shown % values if values else shown

    def render(self, template: str, view: object, *, status: int = HTTPStatus.OK) -> Response:
        """Return a page. The template sees ``view`` and ``page``."""
        html = environment(self.language).get_template(template).render(view=view, page=self)
        response = Response(html, status_code=int(status), media_type="text/html", headers=dict(PAGE_HEADERS))
        if self.notice is not None:
            cookie.drop(response, cookie.NOTICE)
        return response

    def redirect(self, path: str, *, notice: str | None = None) -> Response:
        """Lead on to another page, which says ``notice`` once.

        Raises:
            ValueError: the path is not of this site.
        """
        if local_path(path) != path:
            raise ValueError("the portal leads to its own pages alone")
        response = RedirectResponse(path, HTTPStatus.SEE_OTHER, headers={"Cache-Control": "no-store"})
        if notice is not None:
            cookie.put_notice(response, notice)
        return response

    @property
    def session(self) -> Session:
        """The session of whoever is signed in.

        Raises:
            SignInError: ``sign_in_needed``; nobody is.
        """
        if self.visitor.session is None:
            raise SignInError(Reason.SIGN_IN_NEEDED, "sign in first")
        return self.visitor.session

    def require_fresh(self) -> None:
        """Require that the visitor showed its passkey within the last five minutes.

        Raises:
            InvalidInputError: ``step_up_needed``; the page asks for it, and leads back.
        """
        if self.now >= self.visitor.fresh_until:
            raise InvalidInputError(Reason.STEP_UP_NEEDED, "show your passkey again; five minutes are over")


def local_path(path: str, fallback: str = "/") -> str:
    """Return a path of this site, or ``fallback`` where it would lead elsewhere."""
    is_local = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return quote(path, safe="/?&=%#~!$'()*+,;:@-._") if is_local else fallback
