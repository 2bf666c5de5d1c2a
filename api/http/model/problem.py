"""Refusals: problem documents, and those of the token endpoint."""

from typing import Annotated, Literal

from pydantic import Field

from api.http.model.base import AnswerModel, absent
from ledger_node.domain.reason import Reason

OAuthCode = Literal[
    "invalid_client",
    "invalid_dpop_proof",
    "invalid_request",
    "invalid_scope",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "use_dpop_nonce",
]
Detail = Annotated[str, Field(description="what is wrong and what to do")]
Blamed = Annotated[str, Field(description="the member, column, field or header to blame")]
TraceId = Annotated[str, Field(description="of a fault: what the log calls this request")]


class Problem(AnswerModel):
    """A problem document (RFC 9457)."""

    type: Annotated[str, Field(json_schema_extra={"format": "uri-reference"}, description="the page that explains it")]
    title: str
    status: int
    detail: Detail
    reason: Reason
    field: Blamed = absent()
    trace_id: TraceId = absent()
    free_number: Annotated[int, Field(description="where a number is taken: one that can be used")] = absent()


class OAuthError(AnswerModel):
    """An error response of OAuth 2.0 (RFC 6749, 5.2), with our reason beside it."""

    error: OAuthCode
    error_description: Detail
    error_uri: Annotated[str, Field(json_schema_extra={"format": "uri"}, description="the page that explains it")]
    reason: Reason
    field: Blamed = absent()
    trace_id: TraceId = absent()
