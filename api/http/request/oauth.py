"""How a request for a token is refused: as OAuth says (RFC 6749, 5.2), with our reason beside it."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final, get_args

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from typing_extensions import override

from api.http.model.problem import OAuthCode
from api.http.problem.document import TYPE_PREFIX, refusal_headers, status_of
from api.http.request.admission import AdmittedRoute
from api.http.request.credential import NONCE_HEADER, printable, public_url
from api.http.request.token_form import FormError
from api.sign_in.protocol.error import ProofError, SignInError
from api.telemetry.refusal_note import note_reason
from ledger_node import trace
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.reason import Reason

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_LATER: Final = "temporarily_unavailable"
_NONCE: Final = "use_dpop_nonce"
_UNAUTHORIZED: Final = frozenset({Reason.MEMBER_NOT_ACTIVE, Reason.KEY_NOT_VALID, Reason.KEY_COMPROMISED})
CODES: Final = get_args(OAuthCode)
"""What ``error`` may be."""


class TokenRoute(AdmittedRoute):
    """A route that refuses as a token endpoint does."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except CredenceError as error:
                return refusal(error, request)

        return answered


def refusal(error: CredenceError, request: Request) -> JSONResponse:
    """Return the answer to a request for a token that is refused.

    One about a fault or an outage names the trace of its request, as problem documents do.
    """
    status, code = _status_and_code(error)
    note_reason(error.reason)
    body = {
        "error": code,
        "error_description": printable(error.message),
        "error_uri": public_url(request) + TYPE_PREFIX + error.reason.value,
        "reason": error.reason.value,
    }
    current = trace.current()
    if current is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        body["trace_id"] = current.id
    if error.field is not None:
        body["field"] = error.field
    headers = {**NO_STORE, **refusal_headers(error)}
    if code == _NONCE:
        headers[NONCE_HEADER] = request.app.state.instance.sign_in.nonce
    return JSONResponse(body, status_code=status.value, headers=headers)


def _status_and_code(error: CredenceError) -> tuple[HTTPStatus, str]:
    usual = status_of(error)
    if isinstance(error, ChainError) or usual >= HTTPStatus.TOO_MANY_REQUESTS:
        return usual, _LATER
    match error:
        case FormError(code=code):
            return HTTPStatus.UNAUTHORIZED if code == "invalid_client" else HTTPStatus.BAD_REQUEST, code
        case ProofError(reason=Reason.PROOF_NONCE):
            return HTTPStatus.BAD_REQUEST, _NONCE
        case ProofError():
            return HTTPStatus.BAD_REQUEST, "invalid_dpop_proof"
        case SignInError(reason=reason) if reason not in _UNAUTHORIZED:
            return HTTPStatus.UNAUTHORIZED, "invalid_client"
        case SignInError():
            return HTTPStatus.BAD_REQUEST, "unauthorized_client"
        case _:
            return HTTPStatus.BAD_REQUEST, "invalid_request"
