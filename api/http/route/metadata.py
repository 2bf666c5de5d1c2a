"""What standard clients read before they sign in: server metadata (RFC 8414), resource metadata (RFC 9728)."""

from typing import Final

from fastapi import APIRouter, Request

from api.http.model.sign_in import ResourceMetadata, ServerMetadata
from api.http.request.admission import public_url
from api.http.request.oauth import GRANT, RESOURCE_METADATA, SERVER_METADATA
from api.sign_in.protocol.jose import MEMBER_ALGORITHMS, Algorithm

router = APIRouter(tags=["sign-in"])
_PROOFS: Final = sorted(MEMBER_ALGORITHMS)


@router.get(SERVER_METADATA, summary="How to get a token here: OAuth 2.0 server metadata (RFC 8414)")
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


@router.get(RESOURCE_METADATA, summary="Whose tokens count here, and how: protected resource metadata (RFC 9728)")
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
