"""Sign-in as HTTP shows it: what a request carries, and how a refusal asks for more (RFC 9449, RFC 6750).

Nothing else in the API knows how a caller was recognised.
"""

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from fastapi import Request

from api.sign_in.protocol.error import ProofError, SignInError
from api.sign_in.protocol.jose import MEMBER_ALGORITHMS
from api.sign_in.protocol.proof import Target
from api.sign_in.server.principal import Kind, Principal
from api.sign_in.server.service import SignIn
from ledger_node import clock
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason

__all__ = ["Kind", "Principal", "SignInError", "challenge", "proof_of", "recognise", "target_of"]

NONCE_HEADER: Final = "DPoP-Nonce"
SERVER_METADATA: Final = "/.well-known/oauth-authorization-server"
RESOURCE_METADATA: Final = "/.well-known/oauth-protected-resource"
_SCHEME: Final = "dpop"
_ERRORS: Final = {
    Reason.SIGN_IN_NEEDED: None,
    Reason.TOKEN_UNKNOWN: "invalid_token",
    Reason.PROOF_OTHER_KEY: "invalid_token",
    Reason.PROOF_NONCE: "use_dpop_nonce",
}


def recognise(request: Request, sign_in: SignIn) -> Principal:
    """Return who sent a request.

    Raises:
        SignInError: ``sign_in_needed``, ``token_unknown``, ``algorithm_not_allowed`` or ``proof_…``.
    """
    values = request.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != _SCHEME or not token:
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


def printable(text: str) -> str:
    """Return a text in the characters that OAuth has for descriptions (RFC 6749, 5.2)."""
    plain = text.replace('"', "'").replace("\\", "/")
    return "".join(letter if " " <= letter <= "~" else "?" for letter in plain)


def challenge(error: CredenceError, request: Request) -> dict[str, str]:
    """Return the headers of an answer 401 (RFC 9449, 7.1 and 9; RFC 9728, 5.1)."""
    said = {"algs": " ".join(sorted(MEMBER_ALGORITHMS))}
    code = _ERRORS.get(error.reason, "invalid_dpop_proof")
    if code is not None:
        said |= {"error": code, "error_description": printable(error.message)}
    said["resource_metadata"] = _well_known(request, RESOURCE_METADATA)
    headers = {"WWW-Authenticate": "DPoP " + ", ".join(f'{name}="{value}"' for name, value in said.items())}
    if error.reason is Reason.PROOF_NONCE:
        headers[NONCE_HEADER] = request.app.state.instance.sign_in.nonce
    return headers


def _well_known(request: Request, name: str) -> str:
    """Return the address of metadata: the path of the instance, if it has one, comes behind (RFC 8414, 3.1)."""
    parts = urlsplit(public_url(request))
    return urlunsplit((parts.scheme, parts.netloc, name + parts.path, "", ""))
