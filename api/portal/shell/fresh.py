"""The page that asks for the passkey once more, and then goes on with what was asked for."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from api.http.problem.document import noted
from api.portal.shell.page import Page
from ledger_node.domain.canonical import JSON
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class FreshProof:
    """``token``: comes back with the signature; ``data``: for the script; ``fields``: of the form that goes on."""

    token: str
    data: dict[str, JSON]
    method: str
    path: str
    fields: tuple[tuple[str, str], ...]


def fresh_page(page: Page) -> Response:
    """Return the page; what was asked for is asked again, with the same fields, once the passkey was shown."""
    noted(HTTPStatus.FORBIDDEN, Reason.STEP_UP_NEEDED, None)
    challenge = page.instance.portal_sign_in.fresh_challenge(page.session.digest, now=page.now)
    data: dict[str, JSON] = {"challenge": challenge.digest.hex(), "credentials": [page.visitor.credential.hex()]}
    fields = page.form if page.method == "POST" else page.query
    view = FreshProof(challenge.token, data, page.method.lower(), page.url_path, tuple(fields.items()))
    return page.render("shell/fresh.html", view, status=HTTPStatus.FORBIDDEN)
