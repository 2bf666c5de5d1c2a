"""What every route needs: the instance, and the principal that calls, admitted by the table of permissions."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from api.composition import Instance
from api.http.permission import ISSUERS, PERMISSIONS, Own, Permission
from api.http.sign_in import recognise
from api.sign_in.principal import Principal, SignInError
from ledger_node.domain.reason import Reason

JsonObject: TypeAlias = dict[str, Any]
"""What routes return; pydantic cannot resolve a recursive JSON type."""
Rule: TypeAlias = tuple[Callable[..., Any], str]
"""The function that answers a route, and the method."""


def _instance(request: Request) -> Instance:
    instance: Instance = request.app.state.instance
    return instance


Access = Annotated[Instance, Depends(_instance)]


async def admit(request: Request, instance: Access) -> Principal | None:
    """Return who calls a route for which one must sign in, and None for one that is open to anybody.

    Every route of the application depends on this, whatever its own parameters are.

    Raises:
        SignInError: ``sign_in_needed`` or another reason to sign in again, ``not_allowed``.
    """
    permission = _permission(request)
    if not permission.kinds:
        return None
    principal = await run_in_threadpool(recognise, request, instance.sign_in)
    require_permitted(permission, principal, served_here=principal.id in instance.departments)
    return principal


def require_permitted(permission: Permission, principal: Principal, *, served_here: bool) -> None:
    """Require that a principal may call a route. ``served_here``: its vault is at this instance.

    Raises:
        SignInError: ``not_allowed``.
    """
    if principal.kind not in permission.kinds:
        allowed = " or ".join(sorted(permission.kinds))
        raise SignInError(Reason.NOT_ALLOWED, f"only a {allowed} may do this; you are signed in as {principal.kind}")
    if principal.kind in ISSUERS and permission.own in {Own.VAULT, Own.NAMED} and not served_here:
        raise SignInError(Reason.NOT_ALLOWED, "your vault is not at this instance; ask the one that serves you")


def _permission(request: Request) -> Permission:
    rules: dict[Rule, Permission] = request.app.state.permissions
    return rules[request.scope["endpoint"], request.method]


def _caller(principal: Annotated[Principal | None, Depends(admit)]) -> Principal:
    if principal is None:
        raise SignInError(Reason.SIGN_IN_NEEDED, "this route needs to know who calls")
    return principal


SignedIn: TypeAlias = Annotated[Principal, Depends(_caller)]
# What a route calls its caller is for the reader; who may call is in the table of permissions alone.
ADepartment: TypeAlias = SignedIn
ARegistrar: TypeAlias = SignedIn
ABank: TypeAlias = SignedIn
AMember: TypeAlias = SignedIn
ASubjectOrBank: TypeAlias = SignedIn
ASubjectOrRegistrar: TypeAlias = SignedIn


async def _anybody(request: Request, instance: Access) -> Principal | None:
    try:
        return await run_in_threadpool(recognise, request, instance.sign_in)
    except SignInError:
        # what signatures or a secret allow, nobody needs to sign in for, and a token that ended is no obstacle
        return None


Anybody = Annotated[Principal | None, Depends(_anybody)]
"""Who is signed in, where nobody needs to be."""


async def without_signatures(request: Request, instance: Instance) -> None:
    """Require that the caller may do without signatures what others need them for: its row says who may.

    Raises:
        SignInError: ``sign_in_needed`` or another reason to sign in again, ``not_allowed``.
    """
    permission = _permission(request)
    principal = await run_in_threadpool(recognise, request, instance.sign_in)
    allowed = Permission(permission.unsigned, Own.VAULT)
    require_permitted(allowed, principal, served_here=principal.id in instance.departments)


def permissions_of(routers: Iterable[APIRouter], prefix: str) -> dict[Rule, Permission]:
    """Return the table's row of every route of ``routers``, which are mounted under ``prefix``.

    Raises:
        KeyError: a route has no row; the application must not start.
    """
    return {
        (route.endpoint, method): PERMISSIONS[f"{method} {prefix}{route.path}"]
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
