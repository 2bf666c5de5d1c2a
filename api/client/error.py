"""What the client raises when the API refuses."""

from pathlib import Path

import httpx

from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.reason import Reason


class ApiError(CredenceError):
    """The API refused: ``status`` is the HTTP status, ``reason`` and ``message`` say why.

    ``free_number``: of a use whose number is taken, one that can be used instead.
    """

    def __init__(
        self, status: int, reason: Reason, message: str, field: str | None = None, *, free_number: int | None = None
    ) -> None:
        super().__init__(reason, message, field=field)
        self.status = status
        self.free_number = free_number


class NoAnswerError(ChainError):
    """The API did not answer; what was asked for may have happened or not."""


def refusal_of(response: httpx.Response) -> ApiError:
    """Return what an answer that is no success says."""
    try:
        body = response.json()
        # at /v1/token it is an answer of OAuth, which calls its words so
        reason, detail = Reason(body["reason"]), str(body.get("detail", body.get("error_description", "")))
    except (ValueError, KeyError, TypeError):
        return ApiError(response.status_code, Reason.INTERNAL, f"the API answered {response.status_code}")
    free = body.get("free_number")
    number = free if isinstance(free, int) else None
    return ApiError(response.status_code, reason, detail, body.get("field"), free_number=number)


def is_refused(error: BaseException | None) -> bool:
    """Return whether a connection failed because nothing listens at its address."""
    while error is not None and not isinstance(error, ConnectionRefusedError):
        error = error.__context__
    return error is not None


def silence(url: object, home: Path | None = None) -> NoAnswerError:
    """Return what is raised when nobody answers at ``url``, or nothing listens there, as the folder ``home`` says."""
    if home is None:
        return NoAnswerError(Reason.LEDGER_UNAVAILABLE, f"the API at {url} does not answer; start it: credence serve")
    return NoAnswerError(
        Reason.LEDGER_UNAVAILABLE,
        f"no service runs for {home}: nothing listens at {url}, which api.json there names; "
        f"start it: credence serve --home {home}",
    )
