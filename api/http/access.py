"""What every route needs: the instance, and the principal that calls."""

from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Header, Request
from starlette.concurrency import run_in_threadpool

from api.composition import Instance
from api.http.sign_in import Kind, Principal, SignInError, require_kind

JsonObject: TypeAlias = dict[str, Any]
"""What routes return; pydantic cannot resolve a recursive JSON type."""


def _instance(request: Request) -> Instance:
    instance: Instance = request.app.state.instance
    return instance


Access = Annotated[Instance, Depends(_instance)]


async def _principal(instance: Access, authorization: Annotated[str | None, Header()] = None) -> Principal:
    return await run_in_threadpool(instance.sign_in.principal, authorization)


SignedIn = Annotated[Principal, Depends(_principal)]


async def _anybody(instance: Access, authorization: Annotated[str | None, Header()] = None) -> Principal | None:
    try:
        return await _principal(instance, authorization)
    except SignInError:
        # what signatures or a secret allow, nobody needs to sign in for, and a bad key is no obstacle
        return None


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
