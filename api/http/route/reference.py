"""What anybody may know: the network, its members, schemas and purposes."""

from typing import Final

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api.catalogue.datatype import data_types
from api.http.request.admission import Access, AdmittedRoute, JsonAnswer, SignedIn
from ledger_node.chain.port import Role
from ledger_node.domain.consent_schema import SCHEMA_ID, consent_schema
from ledger_node.domain.json_object import to_hex

router = APIRouter(tags=["reference"], route_class=AdmittedRoute)
_SCHEMA_MEDIA_TYPE: Final = "application/schema+json"


@router.get("/ledger", summary="Chain id, contract addresses and head: what signatures and checks need")
def ledger(instance: Access) -> JsonAnswer:
    """Return the address book and the newest block."""
    head = instance.ledger.head()
    return {
        **instance.book.to_json(),
        "head": {"number": head.number, "hash": to_hex(head.hash), "time": head.time},
    }


@router.get("/schemas", summary="Types of attestation, with their ladders and members")
async def list_schemas() -> JsonAnswer:
    """Return all data types."""
    return {"schemas": [data_type.to_json() for data_type in data_types().values()]}


@router.get("/members", summary="Members of the consortium")
def list_members(instance: Access) -> JsonAnswer:
    """Return all members as the chain holds them."""
    return {
        "members": [
            {
                "id": to_hex(member.id),
                "name": member.name,
                "roles": [role.name.lower() for role in Role if role in member.roles and role.name],
                "active": member.active,
            }
            for member in instance.ledger.members()
        ]
    }


@router.get(
    "/consent-terms.schema.json",
    summary="JSON Schema of requests for consent and of terms",
    response_class=Response,
    responses={200: {"content": {_SCHEMA_MEDIA_TYPE: {"schema": {"type": "object"}, "example": {"$id": SCHEMA_ID}}}}},
)
async def show_terms_schema() -> JSONResponse:
    """Return the schema (draft 2020-12), made from the list of fields that is signed."""
    return JSONResponse(consent_schema(), media_type=_SCHEMA_MEDIA_TYPE)


@router.get("/purposes", summary="Purposes of consents and their ceilings")
async def list_purposes(instance: Access) -> JsonAnswer:
    """Return all purposes, and their digest as the chain holds it."""
    return {"purposes": instance.purposes.to_json(), "digest": to_hex(instance.purposes.digest)}


@router.get("/me", summary="Who the API takes you for")
async def me(principal: SignedIn) -> JsonAnswer:
    """Return the signed-in principal."""
    return {"kind": principal.kind.value, "id": to_hex(principal.id), "label": principal.label}
