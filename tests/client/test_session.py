"""What the client makes of answers of the token endpoint."""

import json

import httpx
import pytest
from joserfc.util import urlsafe_b64decode

from api.client.credential import Credential
from api.client.error import ApiError
from api.client.session import Session
from api.sign_in.protocol.assertion import new_key_file

URL = "https://credence.example"


@pytest.fixture
def session():
    return Session(URL, Credential.published(b"\x11" * 32, new_key_file()[1]))


def nonce_of(request):
    return json.loads(urlsafe_b64decode(request.headers["DPoP"].split(".")[1].encode())).get("nonce")


def answer(status, body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.Response(status, content=content, headers={name.replace("_", "-"): v for name, v in headers.items()})


GOOD = {"access_token": "t", "token_type": "DPoP", "expires_in": 300}


def test_s1_the_client_asks_again_with_the_nonce_that_it_is_given(session):
    flow = session._sign_in()
    assert nonce_of(next(flow)) is None
    asked = {"error": "use_dpop_nonce", "error_description": "x", "reason": "proof_nonce"}
    again = flow.send(answer(400, asked, DPoP_Nonce="n"))
    assert nonce_of(again) == "n"
    with pytest.raises(StopIteration):
        flow.send(answer(200, GOOD, DPoP_Nonce="m"))
    assert (session._token, session._nonce) == ("t", "m")


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (
            {"error": "invalid_client", "error_description": "no such", "reason": "client_unknown"},
            "client_unknown",
            "no",
        ),
        ({"error": "invalid_client"}, "internal", "the API answered 400"),
        (b"<html>", "internal", "the API answered 400"),
        ([], "internal", "the API answered 400"),
    ],
)
def test_s1_the_client_reads_what_oauth_says_and_asks_no_second_time(session, body, reason, words):
    flow = session._sign_in()
    next(flow)
    with pytest.raises(ApiError, match=words) as error:
        flow.send(answer(400, body, DPoP_Nonce="n"))
    assert (error.value.status, error.value.reason) == (400, reason)
    assert session._token == ""
