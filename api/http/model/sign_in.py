"""Sign-in: keys, tokens, and what standard clients read before."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from api.http.model.base import AnswerModel, Count, Hex32, HexText, RequestModel, Strict, absent, shown, whole
from api.http.model.controllers import SignatureJson
from api.sign_in.protocol.assertion import MAX_KEYS, stated_keys
from api.sign_in.protocol.jose import Algorithm
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import Signature, signature_from_json

_Url: TypeAlias = Annotated[str, Field(examples=["https://credence.example"])]
_Algorithms: TypeAlias = Annotated[list[Algorithm], shown(["ES256"])]


class Jwk(AnswerModel):
    """A public key (RFC 7517)."""

    kty: Annotated[str, Field(examples=["EC"])]
    crv: Annotated[str, Field(examples=["P-256"])]
    x: Annotated[str, Field(examples=["VHxrrjoYP6TWMxMapxYlqA-ZQpvb8IKdOxE3CslslP4"])]
    y: Annotated[str, Field(examples=["qhxZGMoud1oLAreqPlkWOzNcUVTipZAN8hlTGVUJBUo"])] = absent()


def _keys(record: JsonObject, name: str) -> tuple[Mapping[str, JSON], ...]:
    return stated_keys(b"", 0, record.items(name, max_items=MAX_KEYS)).keys


def _signature(record: JsonObject, name: str) -> Signature:
    signatures = [signature_from_json(item) for item in record.items(name, max_items=1)]
    if not signatures:
        raise InvalidInputError(Reason.FIELD_MISSING, "one signature is needed", field=name)
    return signatures[0]


class SignInKeySet(RequestModel):
    """The whole set of a client's keys; ``number`` is one more than that of the set in force."""

    client: Hex32
    number: Annotated[int, whole(low=1)]
    keys: Annotated[
        tuple[Any, ...],
        Strict(_keys, Annotated[list[Jwk], Field(min_length=1, max_length=MAX_KEYS)]),
    ]
    signature: Annotated[
        Signature,
        Strict(
            _signature,
            Annotated[list[SignatureJson], Field(min_length=1, max_length=1)],
            member="signatures",
        ),
        Field(alias="signatures", description="one: by the member's key on the chain, or by a controller"),
    ]


class PublishedKeySet(AnswerModel):
    """The set that is in force."""

    client: Hex32
    number: Count


class SignInKeys(AnswerModel):
    """The set in force, with the signature on it; anybody may check it."""

    client: HexText
    number: Count
    keys: list[Jwk]
    signature: SignatureJson


class TokenRequest(RequestModel, extra="ignore"):
    """A request for a token, sent as a form (RFC 6749, 4.4.2; RFC 7523)."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[str, Field(description="a JWT signed by the client (RFC 7523)", examples=["eyJ…"])]
    client_id: Annotated[HexText, Field(description="who the client is; if it is there, the assertion's 'sub'")] = (
        absent()
    )


class Token(AnswerModel):
    """An access token; it counts only with proofs by the key of the request's proof."""

    access_token: Annotated[str, Field(examples=["5a" * 32])]
    token_type: Literal["DPoP"] = "DPoP"  # noqa: S105 # nosec B105 - a kind of token, and none
    expires_in: Annotated[int, Field(description="seconds", examples=[300])]


class ServerMetadata(AnswerModel):
    """OAuth 2.0 server metadata (RFC 8414)."""

    issuer: _Url
    token_endpoint: Annotated[str, Field(examples=["https://credence.example/v1/token"])]
    response_types_supported: Annotated[list[str], Field(max_length=0), shown([])]
    grant_types_supported: list[Literal["client_credentials"]]
    token_endpoint_auth_methods_supported: list[Literal["private_key_jwt"]]
    token_endpoint_auth_signing_alg_values_supported: _Algorithms
    dpop_signing_alg_values_supported: _Algorithms
    protected_resources: list[_Url]
    service_documentation: _Url


class ResourceMetadata(AnswerModel):
    """Protected resource metadata (RFC 9728)."""

    resource: _Url
    authorization_servers: list[_Url]
    dpop_signing_alg_values_supported: _Algorithms
    dpop_bound_access_tokens_required: bool
    resource_name: Annotated[str, Field(examples=["Credence"])]
    resource_documentation: _Url
