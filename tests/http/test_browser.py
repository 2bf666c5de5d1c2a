"""What a browser may do with our answers, and that a page of another site can do nothing (A8)."""

import dataclasses
import re

import pytest

from tests.kit.inside import inside_place

HOSTILE = "<script>alert(document.domain)</script>"
PAGES = ("/docs", "/problems", "/problems/off_ladder")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = inside_place(tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.mark.parametrize("path", [*PAGES, "/", "/livez", "/openapi.json", "/v1/me", "/v1/members", "/nothing"])
def test_a8_no_answer_may_be_framed_sniffed_or_told_on(place, path):
    answer = place.http("demo-bank").get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in answer.headers


def test_personal_data_is_kept_by_no_cache(place):
    for path in ("/v1/me", "/v1/consents", "/v1/access-log", "/v1/nothing"):
        assert place.http("demo-bank").get(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_a8_pages_hold_no_script_and_load_nothing(place, path):
    page = place.http().get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert not re.search(r"""\s(src|srcset|action|on\w+)\s*=|href=(?!"/)""", page.text)


def test_a8_a_script_in_a_members_name_is_data_wherever_it_is_shown(place, monkeypatch):
    instance = place.served.instance
    named = [dataclasses.replace(member, name=HOSTILE) for member in instance.ledger.members()]
    monkeypatch.setattr(instance.ledger, "members", lambda: named)
    shown = place.http().get("/v1/members")
    assert shown.json()["members"][0]["name"] == HOSTILE
    refused = place.http("demo-bank").post("/v1/verifications", json={HOSTILE: 1, "consent": HOSTILE, "claims": []})
    for answer, media_type in ((shown, "application/json"), (refused, "application/problem+json")):
        assert answer.headers["content-type"] == media_type
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert place.http().get(f"/problems/{HOSTILE}").headers["content-type"] == "application/problem+json"
    for path in PAGES:
        assert HOSTILE not in place.http().get(path).text


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None]
)
def test_a8_a_post_that_another_site_can_make_is_refused(place, media_type):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    if media_type is not None:
        headers["Content-Type"] = media_type
    for path in ("/v1/consents", "/v1/consents/0x" + "00" * 32 + "/withdrawal", "/v1/consent-texts"):
        answer = place.http().post(path, content=b"{}", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (415, "media_type_unsupported")
        assert "access-control-allow-origin" not in answer.headers


def test_a8_another_site_may_not_ask_for_more(place):
    asks = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization",
    }
    answer = place.http().options("/v1/consents", headers=asks)
    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a8_nobody_is_signed_in_without_the_header_that_only_its_own_program_sends(place):
    answer = place.http().post("/v1/verifications", json={}, headers={"Cookie": "session=demo-bank"})
    assert (answer.status_code, answer.json()["reason"]) == (401, "sign_in_needed")


@pytest.mark.parametrize("path", ["/v1/schemas", "/v1/purposes", "/v1/members", "/v1/me", "consent", "job", "receipt"])
def test_a_resource_that_did_not_change_is_not_sent_again(place, path):
    name = "tax-bureau" if path in {"job", "receipt"} else "demo-bank"
    if path == "consent":
        path = f"/v1/consents/{place.grant('tax_credit_rating.grade in {A, B}')}"
    if path in {"job", "receipt"}:
        job = place.attest("tax_payment", [(place.fresh(), {})])["job"]
        (row,) = place.tax.results(job)
        path = f"/v1/jobs/{job}" if path == "job" else f"/v1/attestations/{row['attestation']}"
    http = place.http(name)
    first = http.get(path)
    assert first.status_code == 200
    tag = first.headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = http.get(path, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_a_consent_that_changed_has_another_tag(place):
    secret = bytes(range(32))
    consent = place.grant("tax_credit_rating.grade in {A, B}", secret=secret)
    http, path = place.http("demo-bank"), f"/v1/consents/{consent}"
    tag = http.get(path).headers["etag"]
    place.bank.post(f"{path}/withdrawal", {"secret": "0x" + secret.hex()})
    changed = http.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["state"] == "withdrawn"


def test_a_refusal_has_no_tag_and_tells_nothing_to_who_may_not_see(place):
    answer = place.http().get("/v1/consents", headers={"If-None-Match": "*"})
    assert answer.status_code == 401
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/problems/nothing", 404, "not_found"),
        ("PUT", "/v1/consents", 405, "request_invalid"),
        ("TRACE", "/v1/me", 405, "request_invalid"),
        ("POST", "/livez", 405, "request_invalid"),
    ],
)
def test_refusals_of_the_framework_are_problem_documents(place, method, path, status, reason):
    answer = place.http("demo-bank").request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["reason"]) == (status, status, reason)
    assert (status == 405) == ("allow" in answer.headers)
    assert place.http().get(body["type"]).headers["content-type"].startswith("text/html")


def test_a_fault_of_ours_is_a_problem_document_without_its_words(place, monkeypatch):
    def fail():
        raise RuntimeError("the secret of the matter")

    monkeypatch.setattr(place.served.instance.ledger, "members", fail)
    answer = place.http().get("/v1/members")
    assert (answer.status_code, answer.json()["reason"]) == (500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
