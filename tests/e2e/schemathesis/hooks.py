"""What schemathesis needs to be told of this API: how records are written in lines, and how a request is signed.

``FUZZ_CREDENTIAL`` names the file of who calls at ``FUZZ_URL``, if anybody does.
"""

import json
import os
from pathlib import Path

import httpx
import requests.auth
import schemathesis
from joserfc.jwk import ECKey

from api.client.credential import Credential
from api.client.session import Session
from api.sign_in.protocol.proof import Target, make_proof
from ledger_node import clock


@schemathesis.serializer("application/x-ndjson", "text/csv")
def lines(_, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


class SignedIn(requests.auth.AuthBase):
    """Puts a token and a fresh proof into every request as it is sent."""

    def __init__(self, url, file):
        held = json.loads(Path(file).read_text("utf-8"))
        self._session = Session(url, Credential(held["client"], held["header"], ECKey.import_key(held["key"])))
        self._http = httpx.Client(base_url=url, auth=self._session, trust_env=False, timeout=60)

    def __call__(self, request):
        if clock.now() >= self._session._renew_at:
            self._http.get("/v1/me").raise_for_status()
        token, key, nonce = self._session._token, self._session._key, self._session._nonce
        target = Target(request.method, request.url, token)
        request.headers["Authorization"] = f"DPoP {token}"
        request.headers["DPoP"] = make_proof(target, key, now=clock.now(), nonce=nonce)
        return request


if "FUZZ_CREDENTIAL" in os.environ:  # noqa: TID251 - schemathesis gives hooks no other way to be told
    schemathesis.auth.set_from_requests(SignedIn(os.environ["FUZZ_URL"], os.environ["FUZZ_CREDENTIAL"]))  # noqa: TID251
