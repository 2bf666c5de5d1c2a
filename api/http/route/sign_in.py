"""Sign-in: access tokens against signed assertions, the keys that sign these, and what standard clients read before.

One address speaks as OAuth 2.0 does, ``/v1/token``. Metadata are those of RFC 8414 and RFC 9728.
"""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.sign_in import PublishedKeySet, ResourceMetadata, ServerMetadata, SignInKeySet, Token
from api.http.model.sign_in import SignInKeys as SignInKeysAnswer
from api.http.request.admission import AdmittedRoute, ServingInstance, proof_of, public_url, target_of
from api.http.request.body import read_body
from api.http.request.idempotency_key import CurrentAttempt
from api.http.request.oauth import (
    GRANT,
    MAX_FORM,
    NO_STORE,
    NONCE_HEADER,
    RESOURCE_METADATA,
    SERVER_METADATA,
    TokenForm,
    TokenRoute,
)
from api.sign_in.protocol.jose import MEMBER_ALGORITHMS, Algorithm
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.sign_in_key import SignInKeys

router = APIRouter(tags=["sign-in"], route_class=AdmittedRoute)
token_router = APIRouter(tags=["sign-in"], route_class=TokenRoute)
open_router = APIRouter(tags=["sign-in"])
_PROOFS: Final = sorted(MEMBER_ALGORITHMS)


@token_router.post(
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
    headers = {**NO_STORE, NONCE_HEADER: instance.sign_in.proofs.nonce}
    return Response(answer.model_dump_json(), media_type="application/json", headers=headers)


@router.post(
    "/sign-in-keys",
    status_code=HTTPStatus.CREATED,
    summary="Put a client's sign-in keys in force, in the place of those before",
)
async def publish_sign_in_keys(
    wanted: SignInKeySet, instance: ServingInstance, attempt: CurrentAttempt
) -> PublishedKeySet:
    """Take ``{client, number, keys: [public JWK], signatures}``: one, by the member's key on the chain or a controller.

    ``number`` is one more than that of the set in force. Keys that are left out are refused from now on, and
    tokens that were got with the earlier set end.
    """
    stated = SignInKeys(wanted.client, wanted.number, wanted.keys)
    await run_in_threadpool(instance.sign_in.publish, stated, wanted.signature, again=attempt.again)
    return PublishedKeySet(client=stated.client, number=stated.number)


@router.get(
    "/sign-in-keys/{member}",
    summary="The public sign-in keys of a member, with its signature on them",
    response_model=SignInKeysAnswer,
)
def get_sign_in_keys(member: str, instance: ServingInstance) -> JSONResponse:
    """Return the set in force."""
    held = instance.sign_in.keys_of_member(from_hex(member, "member"))
    if held is None:
        raise InvalidInputError(Reason.NOT_FOUND, "this member has no sign-in keys at this instance")
    return JSONResponse(held.to_json())


@open_router.get(SERVER_METADATA, summary="How to get a token here: OAuth 2.0 server metadata (RFC 8414)")
async def get_server_metadata(request: Request) -> ServerMetadata:
    """Return the metadata of the authorization server, which the instance itself is."""
    issuer = public_url(request)
    return ServerMetadata(
        issuer=issuer,
        token_endpoint=f"{issuer}/v1/token",
        # the RFC asks for it of every server; there is no address that people are sent to, so there is no such type
        response_types_supported=[],
        grant_types_supported=[GRANT],
        token_endpoint_auth_methods_supported=["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=sorted(Algorithm),
        dpop_signing_alg_values_supported=_PROOFS,
        protected_resources=[issuer],
        service_documentation=f"{issuer}/docs",
    )


@open_router.get(RESOURCE_METADATA, summary="Whose tokens count here, and how: protected resource metadata (RFC 9728)")
async def get_resource_metadata(request: Request) -> ResourceMetadata:
    """Return the metadata of the protected resource, which the instance itself is."""
    address = public_url(request)
    return ResourceMetadata(
        resource=address,
        authorization_servers=[address],
        dpop_signing_alg_values_supported=_PROOFS,
        dpop_bound_access_tokens_required=True,
        resource_name="Credence",
        resource_documentation=f"{address}/docs",
    )
