"""What every route needs: the instance, and the principal that calls, within its limits."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Header, Request
from starlette.concurrency import run_in_threadpool

from api.composition import Instance
from api.http.operation import Operations
from api.http.rate import RateLimits, Sort
from api.http.sign_in import Kind, Principal, SignInError, require_kind
from ledger_node.domain.error import CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

JsonObject: TypeAlias = dict[str, Any]
"""What routes return; pydantic cannot resolve a recursive JSON type."""


def _instance(request: Request) -> Instance:
    instance: Instance = request.app.state.instance
    return instance


Access = Annotated[Instance, Depends(_instance)]


async def _presented(
    instance: Access, authorization: Annotated[str | None, Header(include_in_schema=False)] = None
) -> Principal | CredenceError | None:
    """Return who signs in, why that fails, or None where nobody does."""
    if authorization is None:
        return None
    try:
        return await run_in_threadpool(instance.sign_in.principal, authorization)
    except SignInError as error:
        return error


async def admit(
    request: Request, presented: Annotated[Principal | CredenceError | None, Depends(_presented)]
) -> AsyncIterator[None]:
    """Hold the caller to its limits: a principal wherever it calls from, anybody else by address."""
    _require_known_query(request)
    limits: RateLimits = request.app.state.limits
    if isinstance(presented, Principal):
        request.state.caller = presented.kind.value.encode() + presented.id
        sort = _sort(request)
    else:
        request.state.caller = b"address" + (request.client.host if request.client else "").encode()
        sort = Sort.ANONYMOUS
    with limits.admitted(request.state.caller, sort):
        yield


async def _principal(presented: Annotated[Principal | CredenceError | None, Depends(_presented)]) -> Principal:
    match presented:
        case Principal():
            return presented
        case CredenceError():
            raise presented
        case None:
            raise SignInError(
                Reason.SIGN_IN_NEEDED,
                "sign in: send the header 'Authorization: Bearer' with the API key you were given",
            )


SignedIn = Annotated[Principal, Depends(_principal)]


async def _anybody(presented: Annotated[Principal | CredenceError | None, Depends(_presented)]) -> Principal | None:
    # what signatures or a secret allow, nobody needs to sign in for, and a bad key is no obstacle
    return presented if isinstance(presented, Principal) else None


Anybody = Annotated[Principal | None, Depends(_anybody)]
"""Who is signed in, where nobody needs to be."""


def _only(*kinds: Kind) -> object:
    async def check(principal: SignedIn) -> Principal:
        return require_kind(principal, *kinds)

    return Depends(check)


ADepartment = Annotated[Principal, _only(Kind.DEPARTMENT, Kind.REGISTRAR)]
ARegistrar = Annotated[Principal, _only(Kind.REGISTRAR)]
ABank = Annotated[Principal, _only(Kind.BANK)]
AMember = Annotated[Principal, _only(Kind.DEPARTMENT, Kind.REGISTRAR, Kind.BANK)]
ASubjectOrBank = Annotated[Principal, _only(Kind.SUBJECT, Kind.BANK)]
ASubjectOrRegistrar = Annotated[Principal, _only(Kind.SUBJECT, Kind.REGISTRAR)]


def _require_known_query(request: Request) -> None:
    """Refuse parameters that the route does not read, so that a misspelt one never passes unseen."""
    operations: Operations = request.app.state.operations
    known = operations.query(request.method, request.url.path)
    for name in request.query_params:
        if name not in known:
            shown = name[:64]
            raise InvalidInputError(Reason.FIELD_UNKNOWN, f"this address has no query parameter '{shown}'", field=shown)


def _sort(request: Request) -> Sort:
    if request.method == "GET":
        return Sort.READ
    return Sort.VERIFICATION if request.url.path.endswith("/verifications") else Sort.EFFECT
