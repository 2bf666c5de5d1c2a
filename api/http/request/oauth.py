"""OAuth as HTTP shows it: the form that asks for a token, its refusal (RFC 6749, 5.2), and how a refusal asks for more.

The form is that of RFC 6749 (4.4.2) and RFC 7521 (4.2). Our reason stands beside what OAuth says.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from typing_extensions import override

from api.http.problem.document import TYPE_PREFIX, noted, refusal_headers, status_of
from api.http.request.admission import AdmittedRoute, public_url
from api.sign_in.protocol.assertion import ASSERTION_TYPE
from api.sign_in.protocol.error import ProofError, SignInError
from api.sign_in.protocol.jose import MEMBER_ALGORITHMS
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

NONCE_HEADER: Final = "DPoP-Nonce"
SERVER_METADATA: Final = "/.well-known/oauth-authorization-server"
RESOURCE_METADATA: Final = "/.well-known/oauth-protected-resource"
GRANT: Final = "client_credentials"
MAX_FORM: Final = 16 * 1024
_MAX_FIELDS: Final = 16
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_NONCE: Final = "use_dpop_nonce"
_UNAUTHORIZED: Final = frozenset(
    {Reason.MEMBER_NOT_ACTIVE, Reason.KEY_NOT_VALID, Reason.KEY_COMPROMISED, Reason.KEY_PURPOSE_WRONG}
)
_ERRORS: Final = {
    Reason.SIGN_IN_NEEDED: None,
    Reason.TOKEN_UNKNOWN: "invalid_token",
    Reason.PROOF_OTHER_KEY: "invalid_token",
    Reason.PROOF_NONCE: _NONCE,
}
"""What a challenge calls a reason; any other one is about the proof."""


class FormError(InvalidInputError):
    """The form asks for what is not given here. ``code``: what RFC 6749 (5.2) calls it."""

    def __init__(self, code: str, reason: Reason, message: str, name: str | None = None) -> None:
        super().__init__(reason, message, field=name)
        self.code = code


@dataclass(frozen=True, slots=True)
class TokenForm:
    """What counts of a form. ``client``: who the request says it is from, if it does."""

    assertion: str = field(repr=False)
    client: str | None

    @classmethod
    def read(cls, form: bytes) -> "TokenForm":
        """Read a form; members that are not known are passed over, and empty ones are as good as missing.

        Raises:
            FormError: ``request_invalid`` or ``field_missing``.
        """
        fields = _fields(form)
        _require(fields, "grant_type", GRANT, "unsupported_grant_type")
        if "scope" in fields:
            raise FormError(
                "invalid_scope", Reason.REQUEST_INVALID, "there are no scopes here; leave 'scope' out", "scope"
            )
        if "client_secret" in fields:
            raise FormError(
                "invalid_client", Reason.REQUEST_INVALID, "nobody has a secret here; sign an assertion", "client_secret"
            )
        _require(fields, "client_assertion_type", ASSERTION_TYPE, "invalid_request")
        if "client_assertion" not in fields:
            raise _missing("client_assertion")
        return cls(fields["client_assertion"], fields.get("client_id"))


def _fields(form: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            form.decode("ascii"), keep_blank_values=True, strict_parsing=bool(form), max_num_fields=_MAX_FIELDS
        )
    except ValueError as error:
        raise FormError(
            "invalid_request", Reason.REQUEST_INVALID, "send a form: application/x-www-form-urlencoded (RFC 6749)"
        ) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormError("invalid_request", Reason.REQUEST_INVALID, "a member of the form is there twice")
    return {name: value for name, value in pairs if value}


def _require(fields: dict[str, str], name: str, expected: str, otherwise: str) -> None:
    if name not in fields:
        raise _missing(name)
    if fields[name] != expected:
        raise FormError(otherwise, Reason.REQUEST_INVALID, f"'{name}' must be {expected}", name)


def _missing(name: str) -> FormError:
    return FormError("invalid_request", Reason.FIELD_MISSING, f"the form lacks '{name}'", name)


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
    """Return the answer to a request for a token that is refused."""
    status, code = _status_and_code(error)
    body = {
        "error": code,
        "error_description": printable(error.message),
        "error_uri": public_url(request) + TYPE_PREFIX + error.reason.value,
        **noted(status, error.reason, error.field),
    }
    headers = {**NO_STORE, **refusal_headers(error)}
    if code == _NONCE:
        headers[NONCE_HEADER] = request.app.state.instance.sign_in.proofs.nonce
    return JSONResponse(body, status_code=status.value, headers=headers)


def _status_and_code(error: CredenceError) -> tuple[HTTPStatus, str]:
    usual = status_of(error)
    if isinstance(error, ChainError) or usual >= HTTPStatus.TOO_MANY_REQUESTS:
        return usual, "temporarily_unavailable"
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


def printable(text: str) -> str:
    """Return a text in the characters that OAuth has for descriptions (RFC 6749, 5.2)."""
    plain = text.replace('"', "'").replace("\\", "/")
    return "".join(letter if " " <= letter <= "~" else "?" for letter in plain)


def challenge(error: CredenceError, request: Request) -> dict[str, str]:
    """Return the headers of an answer 401 (RFC 9449, 7.1 and 9; RFC 9728, 5.1)."""
    said = {"algs": " ".join(sorted(MEMBER_ALGORITHMS))}
    code = _ERRORS.get(error.reason, "invalid_dpop_proof")
    if code is not None:
        said |= {"error": code, "error_description": printable(error.message)}
    said["resource_metadata"] = _well_known(request, RESOURCE_METADATA)
    headers = {"WWW-Authenticate": "DPoP " + ", ".join(f'{name}="{value}"' for name, value in said.items())}
    if error.reason is Reason.PROOF_NONCE:
        headers[NONCE_HEADER] = request.app.state.instance.sign_in.proofs.nonce
    return headers


def _well_known(request: Request, name: str) -> str:
    """Return the address of metadata: the path of the instance, if it has one, comes behind (RFC 8414, 3.1)."""
    parts = urlsplit(public_url(request))
    return urlunsplit((parts.scheme, parts.netloc, name + parts.path, "", ""))
