"""What every route needs: the instance, and the principal that calls: within its limits, and admitted by the table."""

import base64
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from typing_extensions import override

from api.http.request.body import strict_request
from api.http.request.idempotency_key import HEADER
from api.http.request.permission import ISSUERS, PERMISSIONS, Own, Permission
from api.http.request.rate_limit import RateLimits, RequestClass
from api.instance.wiring import Instance
from api.sign_in.protocol.error import ProofError, SignInError
from api.sign_in.protocol.proof import Target
from api.sign_in.server.principal import Principal
from api.sign_in.server.service import SignIn
from ledger_node import clock
from ledger_node.domain.error import InvalidInputError, shown_name
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.reason import Reason

Rule: TypeAlias = tuple[Callable[..., Any], str]
"""The function that answers a route, and the method."""
_TAG_BYTES: Final = 18
_OF_CONTENT: Final = ("content-length", "content-type")


async def _instance(request: Request) -> Instance:
    instance: Instance = request.app.state.instance
    return instance


ServingInstance: TypeAlias = Annotated[Instance, Depends(_instance)]
"""The instance that answers."""


class AdmittedRoute(APIRoute):
    """A route whose caller is recognised and admitted before anything of the request but its headers is looked at.

    Every route under ``/v1`` is one, whatever its own parameters are. A body that a model describes is read by the
    strict reader, and then validated.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()
        takes_json, is_read = self.body_field is not None, self.methods == {"GET"}
        query_parameters = {field.alias for field in self.dependant.query_params}

        async def admitted(request: Request) -> Response:
            instance: Instance = request.app.state.instance
            request.state.sign_in = await _recognised(request, instance)
            request.state.caller_key = _caller_key(request)
            await request.app.state.rate_limits.wait_for_room(request.state.caller_key)
            with _admission(request, instance, query_parameters) as request.state.principal:
                response = await handle(await strict_request(request) if takes_json else request)
                return _tagged(request, response) if is_read else response

        return admitted


def require_admitting(routers: Iterable[APIRouter]) -> None:
    """Require that no route of ``routers`` answers anybody unasked; the application must not start."""
    for router in routers:
        for route in router.routes:
            if not isinstance(route, AdmittedRoute):
                raise TypeError(f"{route} is no AdmittedRoute")


async def _recognised(request: Request, instance: Instance) -> Principal | SignInError:
    """Return who signs in, or why nobody does.

    A proof counts once, so a request is recognised here, once, and nowhere else.
    """
    try:
        if instance.sign_in.proofs.waits:
            return await run_in_threadpool(recognise, request, instance.sign_in)
        # handing it to a thread and back would take longer than it takes
        return recognise(request, instance.sign_in)
    except SignInError as error:
        return error


def recognise(request: Request, sign_in: SignIn) -> Principal:
    """Return who sent a request.

    Raises:
        SignInError: ``sign_in_needed``, ``token_unknown``, ``algorithm_not_allowed`` or ``proof_…``.
    """
    values = request.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "dpop" or not token:
        raise SignInError(
            Reason.SIGN_IN_NEEDED, "sign in: get an access token at /v1/token and send 'Authorization: DPoP TOKEN'"
        )
    return sign_in.principal(token, proof_of(request), target_of(request, token), now=clock.now())


def proof_of(request: Request) -> str:
    """Return the one proof that a request carries.

    Raises:
        ProofError: ``proof_malformed``; there is none, or more than one.
    """
    values = request.headers.getlist("dpop")
    if len(values) != 1:
        raise ProofError(Reason.PROOF_MALFORMED, "send one proof of possession in the header 'DPoP' (RFC 9449)")
    return values[0]


def target_of(request: Request, token: str | None = None) -> Target:
    """Return what a proof that comes with a request must be for; the path counts as it was sent."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return Target(request.method, public_url(request) + path.decode("latin-1").partition("?")[0], token)


def public_url(request: Request) -> str:
    """Return the address under which the instance is known, which no header of a request can change."""
    url: str = request.app.state.public_url
    return url


@contextmanager
def _admission(request: Request, instance: Instance, query_parameters: Collection[str]) -> Iterator[Principal | None]:
    """Give who calls a route for which one must sign in, and None for one that is open to anybody.

    The caller is held to its limits: a principal wherever it calls from, anybody else by address.

    Raises:
        TryLaterError: ``rate_limited``.
        SignInError: ``sign_in_needed`` or another reason to sign in again, ``not_allowed``.
        InvalidInputError: ``field_unknown``; a query parameter that the route does not read.
    """
    limits: RateLimits = request.app.state.rate_limits
    presented: Principal | SignInError = request.state.sign_in
    request_class = _class_of(request) if isinstance(presented, Principal) else RequestClass.ANONYMOUS
    with limits.admitted(request.state.caller_key, request_class):
        permission, caller = _permission(request), None
        if permission.kinds:
            caller = _permitted(permission, presented, instance)
        else:
            _require_one_name(request, presented)
        _require_known_query(request, query_parameters)
        yield caller


def _caller_key(request: Request) -> bytes:
    presented = request.state.sign_in
    if isinstance(presented, Principal):
        return presented.kind.value.encode() + presented.id
    return b"address" + (request.client.host if request.client else "").encode()


def _require_one_name(request: Request, presented: Principal | SignInError) -> None:
    """Refuse a failed sign-in where there is an Idempotency-Key, even if nobody needs to be signed in.

    Keys are each caller's own: a try that is taken for nobody's would not be known as one of the caller's tries.
    """
    if isinstance(presented, Principal) or presented.reason is Reason.SIGN_IN_NEEDED:
        return
    if HEADER in request.headers:
        raise presented


def _permitted(permission: Permission, presented: Principal | SignInError, instance: Instance) -> Principal:
    if isinstance(presented, SignInError):
        raise presented
    if presented.kind not in permission.kinds:
        allowed = " or ".join(sorted(permission.kinds))
        raise SignInError(Reason.NOT_ALLOWED, f"only a {allowed} may do this; you are signed in as {presented.kind}")
    is_served_here = presented.id in instance.departments
    if presented.kind in ISSUERS and permission.own in {Own.VAULT, Own.NAMED} and not is_served_here:
        raise SignInError(Reason.NOT_ALLOWED, "your vault is not at this instance; ask the one that serves you")
    return presented


def _permission(request: Request) -> Permission:
    rules: dict[Rule, Permission] = request.app.state.permissions
    return rules[request.scope["endpoint"], request.method]


async def _caller(request: Request) -> Principal:
    principal: Principal | None = request.state.principal
    if principal is None:
        raise SignInError(Reason.SIGN_IN_NEEDED, "this route needs to know who calls")
    return principal


SignedIn: TypeAlias = Annotated[Principal, Depends(_caller)]
"""Who calls a route that one must sign in for. Who may call it is in the table of permissions alone."""


async def _asker(request: Request) -> bytes | None:
    presented = request.state.sign_in
    # what signatures or a secret allow, nobody needs to sign in for, and a token that ended is no obstacle
    return presented.id if isinstance(presented, Principal) else None


Asker: TypeAlias = Annotated[bytes | None, Depends(_asker)]
"""The id of who is signed in, where nobody needs to be."""


def without_signatures(request: Request, instance: Instance) -> None:
    """Require that the caller may do without signatures what others need them for: its row says who may.

    Raises:
        SignInError: ``sign_in_needed`` or another reason to sign in again, ``not_allowed``.
    """
    _permitted(Permission(_permission(request).unsigned, Own.VAULT), request.state.sign_in, instance)


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


def _require_known_query(request: Request, known: Collection[str]) -> None:
    """Refuse parameters that the route does not read, so that a misspelt one never passes unseen."""
    for name in request.query_params:
        if name not in known:
            shown = shown_name(name)
            raise InvalidInputError(Reason.FIELD_UNKNOWN, f"this address has no query parameter '{shown}'", field=shown)


def _class_of(request: Request) -> RequestClass:
    if request.method == "GET":
        return RequestClass.READ
    return RequestClass.VERIFICATION if request.url.path.endswith("/verifications") else RequestClass.EFFECT


def _tagged(request: Request, response: Response) -> Response:
    """Tag the answer to a GET with a digest of its bytes, and compare If-None-Match (RFC 9110, 8.8.3).

    Who has the present state of a resource is told so (304) and sent nothing.
    """
    if response.status_code != HTTPStatus.OK:
        return response
    tag = '"' + base64.urlsafe_b64encode(sha256_digest(bytes(response.body))[:_TAG_BYTES]).decode("ascii") + '"'
    response.headers["etag"] = tag
    known = request.headers.getlist("if-none-match")
    offered = {item.strip().removeprefix("W/") for line in known for item in line.split(",")}
    if tag not in offered and "*" not in offered:
        return response
    kept = {name: value for name, value in response.headers.items() if name not in _OF_CONTENT}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)
