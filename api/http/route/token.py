"""Access tokens against signed assertions: the one address that speaks as OAuth 2.0 does."""

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.http.model.sign_in import Token
from api.http.request.admission import ServingInstance, proof_of, public_url, target_of
from api.http.request.body import read_body
from api.http.request.oauth import MAX_FORM, NO_STORE, NONCE_HEADER, TokenForm, TokenRoute
from ledger_node import clock

router = APIRouter(tags=["sign-in"], route_class=TokenRoute)


@router.post(
    "/token",
    summary="Get an access token (OAuth 2.0 client credentials, private_key_jwt, DPoP)",
    response_model=Token,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/TokenRequest"}},
            },
        }
    },
)
async def request_token(request: Request, instance: ServingInstance) -> Response:
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
    answer = Token(access_token=made.value, expires_in=made.lifetime_s)
    headers = {**NO_STORE, NONCE_HEADER: instance.sign_in.nonce}
    return Response(answer.model_dump_json(), media_type="application/json", headers=headers)
