"""Sign-in keys: what clients sign their assertions with."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.http.openapi import openapi
from api.http.request.admission import Access, AdmittedRoute, JsonAnswer
from api.http.request.body import record_body
from api.http.request.idempotency_key import attempt_of
from api.sign_in.protocol.key_form import MAX_KEYS, stated_keys
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.subject import signature_from_json

router = APIRouter(tags=["sign-in"], route_class=AdmittedRoute)
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
async def publish(request: Request, instance: Access) -> JsonAnswer:
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
def show_keys(member: str, instance: Access) -> JsonAnswer:
    """Return the set in force."""
    held = instance.sign_in.keys_of_member(from_hex(member, "member"))
    if held is None:
        raise InvalidInputError(Reason.NOT_FOUND, "this member has no sign-in keys at this instance")
    return held.to_json()
