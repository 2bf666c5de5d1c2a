"""What a request may cost, asked of a server whose limits are low."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from api.home.settings import HttpSettings, Rate
from ledger_node.domain.consent_scope import whole_minute
from tests.kit.inside import inside_place
from tests.kit.served import DAY

GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
NEVER = 0.000001
"""Tokens a second: no test lasts until there is one."""
SETTINGS = HttpSettings(
    verifications=Rate(NEVER, 10),
    anonymous=Rate(NEVER, 100),
    body_pause_s=3,
    origins=("https://portal.example",),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = inside_place(tmp_path_factory.mktemp("limited"), SETTINGS)
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def signed_in(place):
    """Callers who signed in before their address was held up."""
    callers = {name: place.http(name) for name in ("demo-bank", "tax-bureau")}
    for http in callers.values():
        assert http.get("/v1/me").status_code == 200
    return callers


def headers_for(http, method, url):
    """Return headers that say who calls, for one request."""
    request = httpx.Request(method, url)
    http.auth.prove(request)
    return {name: request.headers[name] for name in ("Authorization", "DPoP")}


def refused(response, status, reason):
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["reason"]) == (status, reason)


def test_a9_a_bank_that_floods_is_told_to_wait_and_the_others_are_answered(place):
    years = {"purpose": "post_loan_monitoring", "expires_at": whole_minute(place.now()) + 1_000 * DAY}
    consents = [place.grant(GOOD, uses=30, **years) for _ in range(2)]
    # each is a use of its own: what is sent twice would be told that the first one is on its way
    bodies = [place.body(consent, [GOOD], number) for consent in consents for number in range(1, 31)]
    flooder, other = place.http("demo-bank"), place.other_bank()
    with ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(flooder.post, "/v1/verifications", json=body) for body in bodies]
        quiet = [place.verify(consents[0], [GOOD], client=other) for _ in range(10)]
        answers = [answer.result() for answer in flood]
    assert sum(answer.status_code == 200 for answer in answers) == 10
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 429, "rate_limited")
            assert int(answer.headers["retry-after"]) > 0
    assert len(quiet) == 10
    # its reads have limits of their own
    assert flooder.get("/v1/me").status_code == 200


def test_who_does_not_sign_in_is_limited_by_address(place, signed_in):
    answers = [place.http().get("/v1/ledger") for _ in range(101)]
    assert answers[0].status_code == 200
    refused(answers[-1], 429, "rate_limited")
    # a wrong key is no way around, and a right one is not held up by others at its address
    refused(place.http().get("/v1/me", headers={"Authorization": "DPoP guessed"}), 429, "rate_limited")
    assert signed_in["demo-bank"].get("/v1/ledger").status_code == 200
    assert place.http().get("/livez").status_code == 200


def send_raw(place, request):
    """Send bytes and return (status, headers and body) of what comes until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", place.served._port), timeout=60) as connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65_536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/v1/erasures", "application/json"), ("/v1/attestations?schema=tax_payment", "text/csv")],
)
def test_a_body_that_stops_coming_is_given_up(place, signed_in, path, media_type):
    named = headers_for(signed_in["tax-bureau"], "POST", place.served.url + path) | {"Content-Type": media_type}
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n" + "".join(f"{name}: {value}\r\n" for name, value in named.items())
    status, headers, body = send_raw(place, f"{head}Content-Length: 1000\r\n\r\nhalf".encode())
    assert (status, json.loads(body)["reason"]) == (408, "request_timeout")
    assert b"connection: close" in headers


def test_an_upload_that_stopped_may_be_sent_again_with_its_key(place, signed_in):
    http, path = signed_in["tax-bureau"], "/v1/attestations?schema=tax_payment"
    named = {"Content-Type": "text/csv", "Idempotency-Key": '"stopped"'}
    sent = named | headers_for(http, "POST", place.served.url + path)
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    status, _, _ = send_raw(place, f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 9\r\n\r\nha".encode())
    assert status == 408
    answer = http.post(path, content=b"half file", headers=named)
    assert answer.status_code == 202


def test_a_query_and_headers_that_are_too_long_are_refused(signed_in):
    http = signed_in["demo-bank"]
    refused(http.get("/v1/access-log?after=" + "x" * 17_000), 414, "query_too_large")
    refused(http.get("/v1/me", headers={"X-Long": "x" * 17_000}), 431, "headers_too_large")


def test_a_listed_origin_may_call_and_no_other(signed_in):
    http = signed_in["demo-bank"]
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,dpop,idempotency-key",
    }
    listed = http.options("/v1/verifications", headers={"Origin": "https://portal.example", **asks})
    assert listed.headers["access-control-allow-origin"] == "https://portal.example"
    assert "access-control-allow-credentials" not in listed.headers
    shown = http.get("/v1/me", headers={"Origin": "https://portal.example"}).headers["access-control-expose-headers"]
    assert {"DPoP-Nonce", "Retry-After", "WWW-Authenticate"} <= set(shown.split(", "))
    for origin in ("https://portal.example.evil", "http://portal.example", "null"):
        other = http.options("/v1/verifications", headers={"Origin": origin, **asks})
        assert other.status_code == 400
        assert "access-control-allow-origin" not in other.headers
        assert "access-control-allow-origin" not in http.get("/v1/me", headers={"Origin": origin}).headers


def test_https_is_remembered_by_browsers_and_http_is_not(place):
    http = place.http()
    assert "strict-transport-security" not in http.get("/livez").headers
    # as a proxy on this machine says that it was reached by https
    secure = http.get("/livez", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
