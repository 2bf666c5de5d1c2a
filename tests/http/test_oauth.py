"""How a request for a token is refused where no server is needed to see it."""

import json
from typing import get_args

import pytest
from fastapi import FastAPI, Request

from api.http.model.problem import OAuthCode
from api.http.problem.document import TryLaterError
from api.http.request.oauth import FormError, TokenForm, refusal
from api.sign_in.protocol.error import ProofError, SignInError
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError
from ledger_node.domain.reason import Reason

APP = FastAPI()
APP.state.public_url = "https://credence.example"
REFUSED = [
    (TryLaterError(Reason.RATE_LIMITED, "wait", 7), 429, "temporarily_unavailable", {"retry-after": "7"}),
    (ChainError(Reason.LEDGER_UNAVAILABLE, "x"), 503, "temporarily_unavailable", {"retry-after": "1"}),
    (SignInError(Reason.OVERLOADED, "x"), 503, "temporarily_unavailable", {"retry-after": "1"}),
    (ProofError(Reason.ALGORITHM_NOT_ALLOWED, "x"), 400, "invalid_dpop_proof", {}),
    (SignInError(Reason.ALGORITHM_NOT_ALLOWED, "x"), 401, "invalid_client", {}),
    (SignInError(Reason.KEY_COMPROMISED, "x"), 400, "unauthorized_client", {}),
    (InvalidInputError(Reason.TOO_LARGE, "x"), 400, "invalid_request", {"connection": "close"}),
    (InvalidInputError(Reason.REQUEST_TIMEOUT, "x"), 400, "invalid_request", {"connection": "close"}),
    (FormError("invalid_scope", Reason.REQUEST_INVALID, "x", "scope"), 400, "invalid_scope", {}),
    (CredenceError(Reason.INTERNAL, "x"), 500, "temporarily_unavailable", {}),
]


@pytest.mark.parametrize(("error", "status", "code", "headers"), REFUSED, ids=lambda part: getattr(part, "reason", ""))
def test_s1_every_kind_of_refusal_is_one_of_oauth(error, status, code, headers):
    answer = refusal(error, Request({"type": "http", "app": APP}))
    body = json.loads(answer.body)
    assert code in get_args(OAuthCode)
    assert (answer.status_code, body["error"], body["reason"]) == (status, code, error.reason)
    assert body["error_uri"] == f"https://credence.example/problems/{error.reason}"
    assert (answer.media_type, answer.headers["cache-control"]) == ("application/json", "no-store")
    seen = {name: answer.headers[name] for name in ("retry-after", "connection") if name in answer.headers}
    assert seen == headers


def test_s6_a_form_is_read_by_its_members():
    kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    form = f"grant_type=client_credentials&client_assertion_type={kind}&client_assertion=a.b.c&x=1&scope=".encode()
    assert TokenForm.read(form) == TokenForm("a.b.c", None)
    assert TokenForm.read(form + b"&client_id=me").client == "me"
    assert "a.b.c" not in repr(TokenForm.read(form))
    with pytest.raises(FormError) as error:
        TokenForm.read(form + b"&scope=a")
    assert error.value.code == "invalid_request"
