"""Sign-in keys: what clients sign their assertions with."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.http.model.sign_in import PublishedKeySet, SignInKeySet
from api.http.model.sign_in import SignInKeys as SignInKeysAnswer
from api.http.request.admission import AdmittedRoute, ServingInstance
from api.http.request.idempotency_key import CurrentAttempt
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.sign_in_key import SignInKeys

router = APIRouter(tags=["sign-in"], route_class=AdmittedRoute)


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
