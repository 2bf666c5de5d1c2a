"""The page after a signature that was not taken: nothing has changed, why, and the way back."""

from dataclasses import dataclass

from starlette.responses import Response

from api.http.problem.document import noted, refusal_headers, status_of
from api.language.reason_words import Reader, reason_words
from api.portal.shell.page import Page
from ledger_node.domain.error import ChainError, CredenceError, StoreError
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class Unsigned:
    """Why nothing was done, and where to try again. ``is_open``: whether what was begun goes on by itself."""

    reason: Reason
    meaning: str
    next_step: str
    back: str
    is_open: bool


def unsigned_page(page: Page, error: CredenceError, back: str) -> Response:
    """Return the page of a refused signature. ``back``: the path of the page that was signed."""
    status = status_of(error)
    noted(status, error.reason, None)
    is_open = isinstance(error, ChainError | StoreError) and error.reason in {
        Reason.LEDGER_UNAVAILABLE,
        Reason.STORE_UNAVAILABLE,
    }
    words = reason_words(error.reason, page.language, Reader.FIRM)
    view = Unsigned(error.reason, words.meaning, words.next_step, back, is_open)
    response = page.render("firm/unsigned.html", view, status=status)
    response.headers.update(refusal_headers(error))
    return response
