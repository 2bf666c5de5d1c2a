"""What anybody may know: the network, its members, schemas and purposes."""

from typing import Final, cast

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from api.catalogue.datatype import data_types, schemas
from api.catalogue.listing import catalogue_listing
from api.http.model.reference import Catalogue, DataTypeList, Ledger, Me, MemberList, PurposeList, WordingAnswer
from api.http.request.admission import AdmittedRoute, ServingInstance, SignedIn
from ledger_node.chain.port import Role
from ledger_node.domain.canonical import JSON
from ledger_node.domain.consent_schema import SCHEMA_ID, consent_schema
from ledger_node.domain.consent_text import Language
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

router = APIRouter(tags=["reference"], route_class=AdmittedRoute)
_SCHEMA_MEDIA_TYPE: Final = "application/schema+json"


@router.get(
    "/ledger", summary="Chain id, contract addresses and head: what signatures and checks need", response_model=Ledger
)
def get_ledger(instance: ServingInstance) -> JSONResponse:
    """Return the address book, the member that answers here, and the newest block."""
    head = instance.ledger.head()
    block = {"number": head.number, "hash": to_hex(head.hash), "time": head.time}
    return JSONResponse({**instance.book.to_json(), "answers": to_hex(instance.access.operator), "head": block})


@router.get("/schemas", summary="Types of attestation, with their ladders and members", response_model=DataTypeList)
async def list_schemas() -> JSONResponse:
    """Return all data types."""
    return JSONResponse({"schemas": [data_type.to_json() for data_type in data_types().values()]})


@router.get("/members", summary="Members of the consortium", response_model=MemberList)
def list_members(instance: ServingInstance) -> JSONResponse:
    """Return all members as the chain holds them."""
    members = [
        {
            "id": to_hex(member.id),
            "name": member.name,
            "roles": [role.name.lower() for role in Role if role in member.roles and role.name],
            "active": member.active,
        }
        for member in instance.ledger.members()
    ]
    return JSONResponse({"members": members})


@router.get(
    "/consent-terms.schema.json",
    summary="JSON Schema of requests for consent and of terms",
    response_class=Response,
    responses={
        200: {
            "content": {
                _SCHEMA_MEDIA_TYPE: {
                    "schema": {"type": "object"},
                    "examples": {"example": {"value": {"$id": SCHEMA_ID}}},
                }
            }
        }
    },
)
async def get_consent_terms_schema() -> JSONResponse:
    """Return the schema (draft 2020-12), made from the list of fields that is signed."""
    return JSONResponse(consent_schema(), media_type=_SCHEMA_MEDIA_TYPE)


@router.get("/purposes", summary="Purposes of consents and their ceilings", response_model=PurposeList)
async def list_purposes(instance: ServingInstance) -> JSONResponse:
    """Return all purposes, and their digest as the chain holds it."""
    # a document that says nothing of usual questions keeps the digest that it always had
    listed = [{"usual": None, **cast("dict[str, JSON]", one)} for one in instance.purposes.to_json()]
    return JSONResponse({"purposes": listed, "digest": to_hex(instance.purposes.digest)})


@router.get("/catalogue", summary="What may be asked, in the words of one language", response_model=Catalogue)
def get_catalogue(instance: ServingInstance, language: Language = Language.ENGLISH) -> JSONResponse:
    """Return every field with its operators, their sentences, and the steps or members that they compare with."""
    wording = instance.wording.in_language(language)
    fields = catalogue_listing(instance.purposes, schemas(), wording)
    return JSONResponse({"language": language.value, "wording": to_hex(instance.wording.digest), "fields": fields})


@router.get("/wording", summary="The words that consents are shown in", response_model=WordingAnswer)
async def get_wording(instance: ServingInstance, digest: str | None = None) -> JSONResponse:
    """Return the words of today, or those with ``digest``, which earlier consents were signed over."""
    document = instance.wording if digest is None else instance.wordings.get(from_hex(digest, "digest"))
    if document is None:
        raise InvalidInputError(Reason.NOT_FOUND, "there are no such words", field="digest")
    return JSONResponse({"wording": document.to_json(), "digest": to_hex(document.digest)})


@router.get("/me", summary="Who the API takes you for")
async def get_me(principal: SignedIn) -> Me:
    """Return the signed-in principal."""
    return Me(kind=principal.kind, id=principal.id, label=principal.label)
