"""Access tokens against signed assertions: the one address that speaks as OAuth 2.0 does."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.openapi import openapi
from api.http.request.admission import Access
from api.http.request.body import read_body
from api.http.request.credential import NONCE_HEADER, proof_of, public_url, target_of
from api.http.request.oauth import NO_STORE, TokenRoute
from api.http.request.token_form import GRANT, MAX_FORM, TokenForm
from api.sign_in.protocol.assertion import ASSERTION_TYPE
from ledger_node import clock

router = APIRouter(tags=["sign-in"], route_class=TokenRoute)


@router.post(
    "/token",
    summary="Get an access token (OAuth 2.0 client credentials, private_key_jwt, DPoP)",
    openapi_extra=openapi.form(
        {
            "grant_type": {"const": GRANT},
            "client_assertion_type": {"const": ASSERTION_TYPE},
            "client_assertion": {"type": "string", "description": "a JWT signed by the client (RFC 7523)"},
        },
        {"grant_type": GRANT, "client_assertion_type": ASSERTION_TYPE, "client_assertion": "eyJ…"},
        {"client_id": {**openapi.HEX32, "description": "who the client is; if it is there, the assertion's 'sub'"}},
    ),
)
async def token(request: Request, instance: Access) -> Response:
    """Take a form and the header ``DPoP``; return ``{access_token, token_type, expires_in}``.

    The token counts for at most five minutes, and only with proofs by the key of this request's proof.
    Refusals are ``{error, error_description, error_uri, reason}`` as ``application/json`` (RFC 6749, 5.2).
    """
    form = TokenForm.read(await read_body(request, MAX_FORM))
    made = await run_in_threadpool(
        instance.sign_in.token,
        form.assertion,
        proof_of(request),
        target_of(request),
        audience=public_url(request),
        now=clock.now(),
        client=form.client,
    )
    answer = {"access_token": made.value, "token_type": "DPoP", "expires_in": made.lifetime_s}  # nosec B105 # a kind of token, and none
    return JSONResponse(answer, headers={**NO_STORE, NONCE_HEADER: instance.sign_in.nonce})
