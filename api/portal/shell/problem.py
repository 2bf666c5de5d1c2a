"""The page "what happened and what to do"."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from api.http.problem.document import noted, refusal_headers, status_of, status_of_reason
from api.language.reason_words import Reader, reason_words
from api.portal.shell.page import Page
from api.sign_in.server.principal import Kind
from ledger_node import trace
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class Problem:
    """What happened, what it means, what to do; ``trace``: the number to name when reporting it."""

    reason: Reason
    meaning: str
    next_step: str
    trace: str
    is_fault: bool


def problem_page(page: Page, error: CredenceError) -> Response:
    """Return the page of a refusal."""
    status = status_of(error)
    response = problem_of_reason(page, error.reason, status)
    response.headers.update(refusal_headers(error))
    return response


def problem_of_reason(page: Page, reason: Reason, status: int | None = None) -> Response:
    """Return the page of a reason, with the status that it is usually answered with or another one."""
    shown = status_of_reason(reason) if status is None else status
    noted(shown, reason, None)
    current = trace.current()
    is_firm = page.visitor.kind in {Kind.SUBJECT, None}
    words = reason_words(reason, page.language, Reader.FIRM if is_firm else Reader.STAFF)
    number = "" if current is None else current.id
    view = Problem(reason, words.meaning, words.next_step, number, shown >= HTTPStatus.INTERNAL_SERVER_ERROR)
    return page.render("shell/problem.html", view, status=shown)
