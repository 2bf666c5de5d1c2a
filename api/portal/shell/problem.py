"""The page "what happened and what to do"."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from api.http.problem.document import noted, refusal_headers, status_of, status_of_reason
from api.http.problem.reason_text import REASON_TEXT
from api.portal.shell.page import Page
from ledger_node import trace
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason


@dataclass(frozen=True, slots=True)
class Problem:
    """What happened, what it means, what to do; ``trace``: the number to name when reporting it."""

    reason: Reason
    meaning: str
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
    view = Problem(
        reason, REASON_TEXT[reason], "" if current is None else current.id, shown >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    return page.render("shell/problem.html", view, status=shown)
