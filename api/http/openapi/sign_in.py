"""What OpenAPI says of sign-in: the scheme, and who may call a route, from the table of permissions."""

from typing import Any, Final

from api.http.request.permission import PERMISSIONS

_SCHEME: Final = {
    "type": "http",
    "scheme": "dpop",
    "description": "'Authorization: DPoP TOKEN' with a token of POST /v1/token, and a proof of possession in 'DPoP' "
    "(RFC 9449)",
}


def describe_sign_in(document: dict[str, Any]) -> None:
    """Add to an OpenAPI document which routes need sign-in, and ``x-callers``: who may call them."""
    document.setdefault("components", {})["securitySchemes"] = {"dpop": _SCHEME}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            permission = PERMISSIONS[f"{method.upper()} {path}"]
            if permission.kinds:
                operation["security"] = [{"dpop": []}]
                operation["x-callers"] = sorted(permission.kinds)
