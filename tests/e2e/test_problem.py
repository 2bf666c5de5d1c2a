"""Bad input from the outside: always a problem document with a reason, never a fault of ours."""

import re

import pytest

from api.catalogue.synthetic import credit_code
from tests.kit.served import SEED

ID = "0x" + "ab" * 32
ROUTES = {
    "/v1/verifications": "demo-bank",
    "/v1/consents": None,
    f"/v1/consents/{ID}/withdrawal": None,
    "/v1/subjects": "market-regulator",
    "/v1/erasures": "tax-bureau",
}
BODIES = {
    "nothing": (b"", "json_malformed"),
    "broken JSON": (b'{"consent": ', "json_malformed"),
    "not UTF-8": (b'{"consent": "\xff\xfe"}', "json_malformed"),
    "a NUL byte": (b'{"consent": "a\x00b"}', "json_malformed"),
    "an escaped NUL as a member": (b'{"\\u0000": 1}', None),
    "a lone surrogate": (b'{"consent": "\\ud800"}', "json_malformed"),
    "a lone surrogate in a key": (b'{"\\udfff": 1}', "json_malformed"),
    "a key twice": (b'{"consent": 1, "consent": 2}', "json_duplicate_key"),
    "a key twice deep inside": (b'{"terms": {"a": [{"b": 1, "b": 1}]}}', "json_duplicate_key"),
    "10,000 deep lists": (b"[" * 10_000, "json_too_deep"),
    "10,000 deep objects": (b'{"a":' * 10_000, "json_too_deep"),
    "a float": (b'{"consent": 1.0}', "type_wrong"),
    "an exponent": (b'{"consent": 1e3}', "type_wrong"),
    "NaN": (b'{"consent": NaN}', "type_wrong"),
    "Infinity": (b'{"consent": -Infinity}', "type_wrong"),
    "an integer beyond 2^256": (b'{"consent": %d}' % 2**257, "value_out_of_range"),
    "an integer of 5,000 digits": (b'{"consent": ' + b"9" * 5_000 + b"}", "value_out_of_range"),
    "2 MB": (b'{"consent": "' + b"x" * (2 << 20) + b'"}', "too_large"),
    "a list": (b"[]", "type_wrong"),
    "a text": (b'"x"', "type_wrong"),
    "null": (b"null", "type_wrong"),
    "an unknown member alone": (b'{"x": 1}', None),
    "a byte order mark": (b"\xef\xbb\xbf{}", "json_malformed"),
}


def problem(response, status=None, reason=None):
    """Check that a response is a refusal in the one shape, and return its document."""
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["type"] == f"/problems/{body['reason']}"
    assert body["title"]
    assert body["detail"]
    assert status is None or response.status_code == status
    assert reason is None or body["reason"] == reason
    return body


@pytest.fixture(scope="module")
def callers(place):
    return {name: place.http(name) for name in {*ROUTES.values(), "demo-bank", "tax-bureau", "market-regulator"}}


@pytest.mark.parametrize("what", list(BODIES))
@pytest.mark.parametrize("route", list(ROUTES))
def test_a5_bad_bodies_are_refused_with_a_reason(callers, route, what):
    content, reason = BODIES[what]
    response = callers[ROUTES[route]].post(route, content=content, headers={"content-type": "application/json"})
    problem(response, 413 if reason == "too_large" else 422, reason)


CALLERS = {
    "/v1/verifications": "demo-bank",
    "/v1/consent-requests": "demo-bank",
    "/v1/subjects": "market-regulator",
    "/v1/erasures": "tax-bureau",
}
EVIL = {
    "a NUL byte": b'{"consent": "a\x00b"}',
    "a lone surrogate": b'{"consent": "\\ud800"}',
    "10 MB": b'{"consent": "' + b"x" * (10 << 20) + b'"}',
    "JSON 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "an integer beyond 2^256": b'{"consent": %d}' % 2**257,
    "NaN": b'{"consent": NaN}',
}


@pytest.mark.parametrize("what", list(EVIL))
def test_a5_every_route_that_takes_json_refuses_what_is_none(place, callers, what):
    paths = place.bank.get("/openapi.json")["paths"]
    routes = [
        path
        for path, item in paths.items()
        if "application/json" in item.get("post", {}).get("requestBody", {}).get("content", {})
    ]
    assert len(routes) >= 9
    for route in routes:
        named = re.sub(r"\{[^}]*\}", ID, route)
        response = callers[CALLERS.get(route, "demo-bank")].post(
            named, content=EVIL[what], headers={"content-type": "application/json"}
        )
        problem(response)
        assert response.status_code in {401, 403, 413, 422}


GOOD = "tax_payment.paid_amount >= 1000000 CNY during 2025"
USE = {
    "number": 1,
    "answered_by": ID,
    "not_after": 1795000000,
    "nonce": ID,
    "seed": ID,
    "signature": "0x" + "cd" * 65,
}
WRONG = {
    "/v1/verifications": [
        ({"consent": ID, "use": USE}, "field_missing", "claims"),
        ({"claims": [GOOD], "use": USE}, "field_missing", "consent"),
        ({"consent": ID, "claims": [GOOD]}, "field_missing", "use"),
        ({"consent": ID, "claims": [GOOD], "use": USE | {"number": 0}}, "value_out_of_range", "number"),
        ({"consent": ID, "claims": [GOOD], "use": USE | {"number": 97}}, "value_out_of_range", "number"),
        ({"consent": ID, "claims": [GOOD], "use": USE | {"ticket": ID}}, "field_unknown", "ticket"),
        ({"consent": ID, "claims": GOOD, "use": USE}, "type_wrong", "claims"),
        ({"consent": ID, "claims": [GOOD], "use": USE, "more": 1}, "field_unknown", "more"),
        ({"consent": ID[:-1], "claims": [GOOD], "use": USE}, "value_malformed", "consent"),
        ({"consent": ID.upper(), "claims": [GOOD], "use": USE}, "value_malformed", "consent"),
        ({"consent": 5, "claims": [GOOD], "use": USE}, "type_wrong", "consent"),
        ({"consent": ID, "claims": [GOOD], "use": USE, "purpose": 5}, "type_wrong", "purpose"),
        ({"consent": ID, "claims": [GOOD], "use": USE, "purpose": "x" * 2000}, "too_large", "purpose"),
        ({"consent": ID, "claims": [GOOD], "use": USE, "policy": 5}, "type_wrong", "policy"),
        (
            {"consent": ID, "claims": [GOOD], "use": USE, "policy": {"max_age_days": -1}},
            "value_out_of_range",
            "max_age_days",
        ),
        ({"consent": ID, "claims": [GOOD], "use": USE, "policy": {"max_age_days": True}}, "type_wrong", "max_age_days"),
        (
            {"consent": ID, "claims": [GOOD], "use": USE, "policy": {"max_age_days": 2**60}},
            "value_out_of_range",
            "max_age_days",
        ),
        ({"consent": ID, "claims": [GOOD], "use": USE, "policy": {"maximum": 1}}, "field_unknown", "maximum"),
    ],
    "/v1/subjects": [
        ({"controllers": [], "threshold": 1}, "field_missing", "credit_code"),
        ({"credit_code": "X", "controllers": [], "threshold": 1}, "credit_code_invalid", "credit_code"),
        ({"credit_code": 5, "controllers": [], "threshold": 1}, "credit_code_invalid", "credit_code"),
        ({"credit_code": "", "controllers": [], "threshold": 1}, "credit_code_invalid", "credit_code"),
    ],
    "/v1/erasures": [
        ({}, "field_missing", "credit_code"),
        ({"credit_code": "91990000MABYF3008D"}, "credit_code_invalid", "credit_code"),
        ({"credit_code": credit_code(0, SEED), "schema": 5}, "type_wrong", "schema"),
        ({"credit_code": credit_code(0, SEED), "more": 5}, "field_unknown", "more"),
    ],
    f"/v1/consents/{ID}/withdrawal": [
        ({}, "field_missing", "signatures"),
        ({"secret": "0x00"}, "value_malformed", "secret"),
        ({"secret": ID, "signatures": []}, "field_unknown", "signatures"),
        ({"signatures": ["0x" + "00" * 65] * 17}, "too_large", "signatures"),
        ({"secret": ID}, "consent_unknown", None),
    ],
    "/v1/consents": [
        ({"signatures": []}, "field_missing", "terms"),
        ({"terms": {}, "signatures": []}, "field_missing", "version"),
        ({"terms": {"version": 1}, "signatures": []}, "value_out_of_range", "version"),
        ({"terms": [], "signatures": []}, "type_wrong", "terms"),
    ],
}


@pytest.mark.parametrize(
    ("route", "body", "reason", "field"), [(route, *case) for route, cases in WRONG.items() for case in cases]
)
def test_wrong_members_are_named(callers, route, body, reason, field):
    found = problem(callers[ROUTES[route]].post(route, json=body), reason=reason)
    assert found.get("field") == field
    for value in ("91990000MABYF3008D", credit_code(0, SEED)):
        assert value not in str(found)


@pytest.mark.parametrize(
    ("controllers", "threshold", "reason"),
    [
        ([], 1, None),
        ([{"person": 1, "address": "0x" + "11" * 20}], 2, None),
        ([{"person": 1, "address": "0x" + "11" * 20}], 0, "value_out_of_range"),
        ([{"person": 1, "address": "0x" + "11" * 20}] * 2, 1, None),
        ([{"person": 1, "address": "0x" + "11" * 19}], 1, None),
        (["x"], 1, None),
        ([5], 1, None),
        ([{"person": 1, "address": "0x" + "11" * 20}] * 40, 1, "too_large"),
        ([{"person": 1, "address": "0x" + "00" * 20}], 1, "request_invalid"),
    ],
)
def test_controllers_that_make_no_sense_are_refused(callers, controllers, threshold, reason):
    code = credit_code(9_000, SEED)
    body = {"credit_code": code, "controllers": controllers, "threshold": threshold}
    problem(callers["market-regulator"].post("/v1/subjects", json=body), reason=reason)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer x",
        "Bearer credence_bank_" + "00" * 32,
        "Basic Zm9vOmJhcg==",
        "bearer x",
        "Bearer \xff",
    ],
)
@pytest.mark.parametrize("route", ["/v1/me", "/v1/consents", "/v1/jobs/x", f"/v1/attestations/{ID}"])
def test_without_a_known_key_the_answer_is_401(place, route, authorization):
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    problem(place.http().get(route, headers=headers), 401, "sign_in_needed")


@pytest.mark.parametrize(
    ("name", "method", "route"),
    [
        ("demo-bank", "GET", "/v1/jobs/x"),
        ("demo-bank", "POST", "/v1/attestations?schema=tax_payment"),
        ("demo-bank", "POST", "/v1/subjects"),
        ("demo-bank", "POST", "/v1/erasures"),
        ("tax-bureau", "POST", "/v1/verifications"),
        ("tax-bureau", "POST", "/v1/subjects"),
        ("tax-bureau", "GET", "/v1/consents"),
        ("market-regulator", "POST", "/v1/verifications"),
    ],
)
def test_the_wrong_role_is_not_allowed(callers, name, method, route):
    problem(callers[name].request(method, route, content=b"{}"), 403, "not_allowed")


def test_a_subject_may_not_do_what_members_do(place):
    for route in ("/v1/verifications", "/v1/subjects", "/v1/erasures", "/v1/attestations?schema=tax_payment"):
        problem(place.shop.client._http.post(route, content=b"{}"), 403, "not_allowed")


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/jobs/%00", 404, "not_found"),
        ("GET", "/v1/jobs/..%2f..%2fetc", 404, "not_found"),
        ("GET", "/v1/attestations/5", 422, "value_malformed"),
        ("GET", "/v1/attestations/0x" + "AB" * 32, 422, "value_malformed"),
        ("GET", f"/v1/attestations/{ID}", 404, "not_found"),
        ("DELETE", "/v1/me", 405, "request_invalid"),
        ("POST", "/v1/attestations", 422, "request_invalid"),
        ("POST", "/v1/attestations?schema=tax_payment", 415, "media_type_unsupported"),
        ("GET", "/v1/jobs/x/results?after=-1", 404, "not_found"),
        ("GET", "/v1/jobs/x/results?after=x", 404, "not_found"),
        ("GET", "/v1/jobs/x/results?limit=100000", 422, "request_invalid"),
        ("GET", "/v1/jobs/x/results?status=all", 422, "request_invalid"),
        ("GET", "/v1/jobs/x/results?after=99999999999999999999999999", 404, "not_found"),
    ],
)
def test_requests_for_what_is_not_there_are_refused(callers, method, path, status, reason):
    problem(callers["tax-bureau"].request(method, path), status, reason)


@pytest.mark.parametrize("schema", ["", "none", "subject_registration", "../tax_payment", "x" * 9000, "%00"])
def test_an_upload_of_an_unknown_type_is_refused(callers, schema):
    response = callers["tax-bureau"].post(
        f"/v1/attestations?schema={schema}", content=b"x", headers={"content-type": "text/csv"}
    )
    problem(response, 422, "schema_unknown")


def test_health_and_reference_need_no_key(place):
    http = place.http()
    assert http.get("/livez").json() == {"status": "live"}
    assert http.get("/readyz").json()["status"] == "ready"
    for route in ("/v1/ledger", "/v1/schemas", "/v1/members", "/v1/purposes"):
        assert http.get(route).status_code == 200
