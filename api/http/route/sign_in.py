"""Sign-in: access tokens against signed assertions, and the keys that members sign them with."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http import openapi
from api.http.access import Access, AdmittedRoute, JsonObject
from api.http.body import read_body, record_body
from api.http.idempotency import attempt_of
from api.http.problem import refusal_of, status_of
from api.http.sign_in import NONCE_HEADER, proof_of, public_url, target_of
from api.sign_in.assertion import ASSERTION_TYPE
from api.sign_in.key_form import MAX_KEYS, stated_keys
from ledger_node import clock
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason
from ledger_node.domain.record import from_hex, to_hex
from ledger_node.domain.subject import signature_from_json

router = APIRouter(tags=["sign-in"], route_class=AdmittedRoute)
_GRANT = "client_credentials"
_MAX_FORM = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store"}
_JWK = {
    "type": "object",
    "required": ["kty", "crv", "x"],
    "properties": {name: {"type": "string"} for name in ("kty", "crv", "x", "y")},
}
_EXAMPLE_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "VHxrrjoYP6TWMxMapxYlqA-ZQpvb8IKdOxE3CslslP4",
    "y": "qhxZGMoud1oLAreqPlkWOzNcUVTipZAN8hlTGVUJBUo",
}


@router.post(
    "/token",
    summary="Get an access token (OAuth 2.0 client credentials, private_key_jwt, DPoP)",
    openapi_extra=openapi.form(
        {
            "grant_type": {"const": _GRANT},
            "client_assertion_type": {"const": ASSERTION_TYPE},
            "client_assertion": {"type": "string", "description": "a JWT signed by the client (RFC 7523)"},
        },
        {"grant_type": _GRANT, "client_assertion_type": ASSERTION_TYPE, "client_assertion": "eyJ…"},
    ),
)
async def token(request: Request, instance: Access) -> Response:
    """Take a form and the header ``DPoP``; return ``{access_token, token_type, expires_in}``.

    The token counts for at most five minutes, and only with proofs by the key of this request's proof.
    Refusals are problem documents with the members ``error`` and ``error_description`` of RFC 6749.
    """
    try:
        assertion = _assertion_of(await read_body(request, _MAX_FORM))
        made = await run_in_threadpool(
            instance.sign_in.token,
            assertion,
            proof_of(request),
            target_of(request),
            audience=public_url(request),
            now=clock.now(),
        )
    except CredenceError as error:
        return _refused(error, instance.sign_in.nonce)
    answer = {"access_token": made.value, "token_type": "DPoP", "expires_in": made.lifetime_s}  # nosec B105 # a kind of token, and none
    return JSONResponse(answer, headers={**_NO_STORE, NONCE_HEADER: instance.sign_in.nonce})


@router.post(
    "/sign-in-keys",
    status_code=HTTPStatus.CREATED,
    summary="Put a client's sign-in keys in force, in the place of those before",
    openapi_extra=openapi.body(
        {
            "client": openapi.HEX32,
            "number": {"type": "integer", "minimum": 1},
            "keys": {"type": "array", "minItems": 1, "maxItems": MAX_KEYS, "items": _JWK},
            "signatures": {**openapi.SIGNATURES, "minItems": 1, "maxItems": 1},
        },
        {"client": "0x" + "22" * 32, "number": 2, "keys": [_EXAMPLE_KEY], "signatures": ["0x" + "5a" * 65]},
        required=("client", "number", "keys", "signatures"),
    ),
)
async def publish(request: Request, instance: Access) -> JsonObject:
    """Take ``{client, number, keys: [public JWK], signatures}``: one, by the member's key on the chain or a controller.

    ``number`` is one more than that of the set in force. Keys that are left out are refused from now on, and
    tokens that were got with the earlier set end.
    """
    record = await record_body(request)
    stated = stated_keys(
        record.blob("client"), record.integer("number", low=1), record.items("keys", max_items=MAX_KEYS)
    )
    signatures = [signature_from_json(item) for item in record.items("signatures", max_items=1)]
    record.done()
    if not signatures:
        raise InvalidInputError(Reason.FIELD_MISSING, "one signature is needed", field="signatures")
    await run_in_threadpool(instance.sign_in.publish, stated, signatures[0], again=attempt_of(request).again)
    return {"client": to_hex(stated.client), "number": stated.number}


@router.get("/sign-in-keys/{member}", summary="The public sign-in keys of a member, with its signature on them")
def show_keys(member: str, instance: Access) -> JsonObject:
    """Return the set in force."""
    held = instance.sign_in.keys_of_member(from_hex(member, "member"))
    if held is None:
        raise InvalidInputError(Reason.NOT_FOUND, "this member has no sign-in keys at this instance")
    return held.to_json()


def _assertion_of(form: bytes) -> str:
    fields: dict[str, str] = {}
    try:
        for name, value in parse_qsl(
            form.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=16
        ):
            if name in fields:
                raise InvalidInputError(Reason.REQUEST_INVALID, "a member of the form is there twice")
            fields[name] = value
    except ValueError as error:
        raise InvalidInputError(
            Reason.REQUEST_INVALID, "send a form: application/x-www-form-urlencoded (RFC 6749)"
        ) from error
    for name, expected in (("grant_type", _GRANT), ("client_assertion_type", ASSERTION_TYPE)):
        if fields.get(name) != expected:
            raise InvalidInputError(Reason.REQUEST_INVALID, f"'{name}' must be {expected}", field=name)
    if "client_assertion" not in fields:
        raise InvalidInputError(Reason.FIELD_MISSING, "the form lacks 'client_assertion'", field="client_assertion")
    return fields["client_assertion"]


def _refused(error: CredenceError, nonce: str) -> Response:
    """Return a problem document that a client of RFC 6749 understands as well."""
    status, code = _oauth(error)
    more = {"error": code, "error_description": error.message}
    headers = {**_NO_STORE, NONCE_HEADER: nonce} if code == "use_dpop_nonce" else _NO_STORE
    return refusal_of(error, status=status, more=more, headers=headers)


def _oauth(error: CredenceError) -> tuple[HTTPStatus | None, str]:
    """Return status and code; the status None stands for the one that the reason has everywhere."""
    reason = error.reason
    if reason is Reason.PROOF_NONCE:
        return HTTPStatus.BAD_REQUEST, "use_dpop_nonce"
    if reason.value.startswith("proof_"):
        return HTTPStatus.BAD_REQUEST, "invalid_dpop_proof"
    if reason.value.startswith("assertion_") or reason is Reason.CLIENT_UNKNOWN:
        return HTTPStatus.UNAUTHORIZED, "invalid_client"
    if reason in _UNAUTHORIZED:
        return HTTPStatus.BAD_REQUEST, "unauthorized_client"
    if isinstance(error, InvalidInputError) and error.field == "grant_type":
        return HTTPStatus.BAD_REQUEST, "unsupported_grant_type"
    if isinstance(error, ChainError) or status_of(error) is HTTPStatus.SERVICE_UNAVAILABLE:
        return None, "temporarily_unavailable"
    return HTTPStatus.BAD_REQUEST, "invalid_request"


_UNAUTHORIZED = {Reason.MEMBER_NOT_ACTIVE, Reason.KEY_NOT_VALID, Reason.KEY_COMPROMISED}
