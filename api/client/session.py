"""Signing in as httpx does it: a token when one is needed, and a proof with every request (RFC 9449)."""

import threading
from collections.abc import Generator
from http import HTTPStatus
from typing import Final

import httpx
from joserfc.jwk import ECKey
from typing_extensions import override

from api.client.credential import Credential
from api.client.error import refusal_of
from api.sign_in.protocol.assertion import ASSERTION_TYPE
from api.sign_in.protocol.proof import Target, make_proof
from ledger_node import clock
from ledger_node.domain.reason import Reason

_TOKEN_PATH: Final = "/v1/token"  # noqa: S105 - an address
_EARLY_S: Final = 30
_NONCE: Final = "DPoP-Nonce"
_ASK_AGAIN: Final = ("use_dpop_nonce", "invalid_token")


class Session(httpx.Auth):
    """Signs in at one instance; the key that its tokens are bound to lives and ends with it."""

    def __init__(self, url: str, credential: Credential) -> None:
        self._url = url.rstrip("/")
        self._credential = credential
        self._key = ECKey.generate_key("P-256")
        self._lock = threading.Lock()
        self._token = ""  # nosec B105 # there is none yet
        self._renew_at = 0
        self._nonce: str | None = None

    @override
    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send ``request`` signed in; once more if the instance asks for its nonce or for another token."""
        yield from self._sign_in()
        token = self.prove(request)
        response = yield request
        asked = response.headers.get("WWW-Authenticate", "")
        if response.status_code == HTTPStatus.UNAUTHORIZED and any(f'error="{error}"' in asked for error in _ASK_AGAIN):
            self._nonce = response.headers.get(_NONCE, self._nonce)
            if _NONCE not in response.headers:
                yield from self._sign_in(instead_of=token)
            self.prove(request)
            yield request

    def sign_in(self) -> None:
        """Get a token now, for requests that are made beforehand and sent by something else.

        Raises:
            ApiError: the instance refused.
        """
        self._renew_at = 0
        with httpx.Client(auth=self, trust_env=False) as client:
            client.get(f"{self._url}/v1/me")

    def prove(self, request: httpx.Request) -> str:
        """Put the present token and a proof for it into a request, and return the token."""
        token = self._token
        target = Target(request.method, str(request.url), token)
        request.headers["Authorization"] = f"DPoP {token}"
        request.headers["DPoP"] = make_proof(target, self._key, now=clock.now(), nonce=self._nonce)
        return token

    def _sign_in(self, instead_of: str | None = None) -> Generator[httpx.Request, httpx.Response, None]:
        """Get a token if the present one is about to end, or is the one that was refused."""
        with self._lock:
            if self._token != instead_of and clock.now() < self._renew_at:
                return
            response = yield self._token_request()
            response.read()
            # it asks for the request again, with its nonce (RFC 9449, 8)
            if _NONCE in response.headers and refusal_of(response).reason is Reason.PROOF_NONCE:
                self._nonce = response.headers[_NONCE]
                response = yield self._token_request()
                response.read()
            if not response.is_success:
                raise refusal_of(response)
            answer = response.json()
            self._nonce = response.headers.get(_NONCE, self._nonce)
            self._token = str(answer["access_token"])
            self._renew_at = clock.now() + int(answer["expires_in"]) - _EARLY_S

    def _token_request(self) -> httpx.Request:
        now, url = clock.now(), self._url + _TOKEN_PATH
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._credential.assertion(self._url, now=now),
        }
        proof = make_proof(Target("POST", url), self._key, now=now, nonce=self._nonce)
        return httpx.Request("POST", url, data=form, headers={"DPoP": proof})
