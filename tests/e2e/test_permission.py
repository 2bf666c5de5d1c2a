"""Who may do what: every route of the OpenAPI document against every role, and whose things are whose."""

import re

import pytest
from fastapi import APIRouter

from api.catalogue.synthetic import credit_code
from api.client.client import ApiError
from api.http.app import ROUTERS, _require_open
from api.http.request.admission import permissions_of
from api.http.request.permission import PERMISSIONS, Own, Permission
from api.sign_in.server.principal import Kind
from ledger_node.chain.port import Role
from ledger_node.domain.consent_act import Change, change_digest, refusal_digest, withdrawal_digest
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import sign
from ledger_node.randomness import random_bytes
from tests.kit.served import DATA_DAY, DAY, SEED, one_form

ID = "0x" + "ab" * 32
QUESTION = "tax_payment.paid_amount >= 1000000 CNY during 2025"
NOBODY = "nobody"
ROLES = {
    Kind.DEPARTMENT: "tax-bureau",
    Kind.REGISTRAR: "market-regulator",
    Kind.BANK: "demo-bank",
    Kind.OPERATOR: "operator",
}


@pytest.fixture(scope="module")
def callers(place):
    """A raw client for each role, and for nobody."""
    members = {kind: place.http(name) for kind, name in ROLES.items()}
    return {**members, Kind.SUBJECT: place.shop.client._http, NOBODY: place.http()}


@pytest.fixture(scope="module")
def routes(place):
    paths = place.http().get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}": operation for path, item in paths.items() for method, operation in item.items()}


@pytest.fixture(scope="module")
def elsewhere(place):
    """A department and a registrar that joined, and whose vaults are at an instance of their own."""
    roles = {"a department": Role.DEPARTMENT, "a registrar": Role.DEPARTMENT | Role.REGISTRAR}
    return {name: place.client_with(place.join(role, name)) for name, role in roles.items()}


def test_every_route_has_a_row_and_every_row_a_route(routes):
    assert PERMISSIONS.keys() - routes.keys() == {"GET /", "GET /docs", "GET /problems", "GET /problems/{reason}"}
    assert routes.keys() <= PERMISSIONS.keys()


def test_an_application_with_a_route_that_has_no_row_does_not_start():
    with pytest.raises(KeyError):
        permissions_of(ROUTERS, "/v2")


def test_a_route_outside_v1_that_is_not_for_anybody_does_not_start(monkeypatch):
    router = APIRouter()

    @router.get("/secret")
    def secret():
        return {}

    row = {"GET /secret": Permission(frozenset({Kind.BANK}), Own.SELF)}
    monkeypatch.setattr("api.http.request.admission.PERMISSIONS", row)
    with pytest.raises(ValueError, match="who calls"):
        _require_open(router)


@pytest.mark.parametrize("role", [*Kind, NOBODY])
def test_every_route_lets_in_whom_its_row_names_and_nobody_else(callers, routes, role):
    for row in routes:
        method, path = row.split(" ")
        response = callers[role].request(method, re.sub(r"\{[a-z_]+\}", ID, path), content=b"")
        reason = response.json().get("reason") if "json" in response.headers["content-type"] else None
        seen = (response.status_code, reason)
        allowed = PERMISSIONS[row].kinds
        if not allowed or role in allowed:
            assert response.status_code != 401, row
            assert reason != "not_allowed", row
            assert response.status_code < 500, row
        elif role == NOBODY:
            assert seen == (401, "sign_in_needed"), row
            assert response.headers["www-authenticate"].startswith('DPoP algs="ES256 Ed25519 EdDSA", resource_'), row
        else:
            assert seen == (403, "not_allowed"), row


def test_openapi_says_who_may_call(routes):
    for row, operation in routes.items():
        kinds = PERMISSIONS[row].kinds
        assert operation.get("x-callers", []) == sorted(kinds)
        assert operation.get("security", []) == ([{"dpop": []}] if kinds else [])


def answer(client, path):
    response = client._http.get(path)
    return response.status_code, response.text.replace(path, "")


def signed_draft(place, firm):
    """Return the id of a draft of a firm of two that one of them signed."""
    request = place.bank.post("/v1/consent-requests", place.asking(place.request([one_form(QUESTION)], firm=firm)))
    draft = firm.client.post("/v1/drafts", {"request": request["id"], "language": "en"})
    shown = {name: draft[name] for name in ("request", "terms", "bounds", "drawn_up_at")}
    signature = to_hex(sign(from_hex(draft["id"], "draft"), firm.keys[0]))
    return firm.client.post(f"/v1/drafts/{draft['id']}/signatures", {**shown, "signature": signature})["id"]


@pytest.fixture(scope="module")
def things(place):
    """For each row about a named thing: the path of one, its owner, and a caller of the same kind whose it is not."""
    consent = place.grant(QUESTION)
    use = place.verify(consent, [one_form(QUESTION)])["use"]["id"]
    asked = place.request([one_form(QUESTION)])
    request = place.bank.post("/v1/consent-requests", place.asking(asked))["id"]
    digest = refusal_digest(bytes.fromhex(request[2:]), place.ledger.consent_domain)
    signatures = [to_hex(sign(digest, place.shop.keys[0]))]
    place.shop.client.post(f"/v1/consent-requests/{request}/refusal", {"signatures": signatures})
    job = place.attest("tax_payment", [(place.fresh(), {})])["job"]
    attestation = next(iter(place.tax.results(job, "issued")))["attestation"]
    receipt = place.shop.client.get(f"/v1/consents/{consent}/receipts")["receipts"][0]["id"]
    other_bank, other_shop = place.other_bank(), place.new_firm().client
    shop, bank, tax, regulator = place.shop.client, place.bank, place.tax, place.regulator
    consents = ((shop, other_shop), (bank, other_bank))
    firm, couple = to_hex(place.shop.subject), place.new_taxpayer(controllers=2, threshold=2)
    draft = signed_draft(place, couple)
    return {
        "GET /v1/drafts/{draft}": (f"/v1/drafts/{draft}", f"/v1/drafts/{ID}", ((couple.client, other_shop),)),
        "GET /v1/subjects/{subject}": (f"/v1/subjects/{firm}", f"/v1/subjects/{ID}", ((shop, other_shop),)),
        "GET /v1/jobs/{job}": (f"/v1/jobs/{job}", f"/v1/jobs/{'0' * len(job)}", ((tax, regulator),)),
        "GET /v1/jobs/{job}/results": (
            f"/v1/jobs/{job}/results",
            f"/v1/jobs/{'0' * len(job)}/results",
            ((tax, regulator),),
        ),
        "GET /v1/attestations/{digest}": (
            f"/v1/attestations/{attestation}",
            f"/v1/attestations/{ID}",
            ((tax, regulator),),
        ),
        "GET /v1/consents/{consent}": (f"/v1/consents/{consent}", f"/v1/consents/{ID}", consents),
        "GET /v1/consents/{consent}/receipts": (
            f"/v1/consents/{consent}/receipts",
            f"/v1/consents/{ID}/receipts",
            consents,
        ),
        "GET /v1/consents/{consent}/receipts/{receipt}": (
            f"/v1/consents/{consent}/receipts/{receipt}",
            f"/v1/consents/{ID}/receipts/{receipt}",
            consents,
        ),
        "GET /v1/consent-requests/{request_id}": (
            f"/v1/consent-requests/{request}",
            f"/v1/consent-requests/{ID}",
            consents,
        ),
        "GET /v1/consent-requests/{request_id}/receipt": (
            f"/v1/consent-requests/{request}/receipt",
            f"/v1/consent-requests/{ID}/receipt",
            consents,
        ),
        "GET /v1/verifications/{use}/evidence": (
            f"/v1/verifications/{use}/evidence",
            f"/v1/verifications/{ID}/evidence",
            ((bank, other_bank),),
        ),
        "GET /v1/verifications/{use}/evidence.html": (
            f"/v1/verifications/{use}/evidence.html",
            f"/v1/verifications/{ID}/evidence.html",
            ((bank, other_bank),),
        ),
    }


def rows_of(own):
    return sorted(row for row, permission in PERMISSIONS.items() if permission.own is own)


@pytest.mark.parametrize("row", [row for row in rows_of(Own.NAMED) if row.startswith("GET ")])
def test_a1_what_is_anothers_is_answered_like_what_is_not_there(things, row):
    path, missing, callers = things[row]
    for owner, stranger in callers:
        assert answer(owner, path)[0] == 200
        status, text = answer(stranger, path)
        assert status in {404, 422}
        assert (status, text) == answer(stranger, missing) == answer(owner, missing)


@pytest.mark.parametrize("row", rows_of(Own.VAULT))
def test_a_vault_is_its_own_departments_and_at_its_own_instance(place, elsewhere, row):
    method, path = row.split(" ")
    for name, client in elsewhere.items():
        assert client.get("/v1/me")["label"] == name
        response = client._http.request(method, path, params={"schema": "tax_payment"}, content=b"{}")
        assert (response.status_code, response.json()["reason"]) == (403, "not_allowed")
    assert place.tax.get("/v1/me")["kind"] == "department"


def test_a_registrar_elsewhere_sees_no_subject_of_this_instance(place, elsewhere):
    path = f"/v1/subjects/{to_hex(place.shop.subject)}"
    assert place.regulator._http.get(path).status_code == 200
    response = elsewhere["a registrar"]._http.get(path)
    assert (response.status_code, response.json()["reason"]) == (403, "not_allowed")
    response = elsewhere["a registrar"]._http.post(f"{path}/recoveries/1/cancellation", json={})
    assert (response.status_code, response.json()["reason"]) == (403, "not_allowed")


def test_a_department_erases_in_its_own_vault_alone(place):
    firm = place.fresh()
    place.attest("tax_payment", [(firm, {})])
    code = {"credit_code": credit_code(firm, SEED)}
    with pytest.raises(ApiError) as refused:
        place.regulator.post("/v1/erasures", code)
    assert refused.value.reason == "not_found"
    assert place.tax.post("/v1/erasures", code)["erased"] == 1


@pytest.mark.parametrize("row", [row for row in rows_of(Own.SELF) if row.startswith("GET ")])
def test_lists_are_of_ones_own_things(place, things, row):
    """A bank and a firm that have done nothing see nothing of what the others did."""
    consent = things["GET /v1/consents/{consent}"][0].rpartition("/")[2]
    path = row.partition(" ")[2]
    strangers = {Kind.BANK: place.other_bank(), Kind.SUBJECT: place.new_firm().client}
    for kind, stranger in strangers.items():
        response = stranger._http.get(path)
        if kind not in PERMISSIONS[row].kinds:
            assert response.status_code == 403
            continue
        assert response.status_code in {200, 404}
        # a firm's own records have the day of their data
        day = () if row == "GET /v1/records" else (DATA_DAY,)
        for secret in (consent, to_hex(place.bank_id), to_hex(place.shop.subject), *day):
            assert secret not in response.text


def test_a_bank_asks_for_itself_alone(place):
    asked = place.request([one_form(QUESTION)])
    with pytest.raises(ApiError) as refused:
        place.other_bank().post("/v1/consent-requests", place.asking(asked))
    assert refused.value.status in {403, 422}


def test_a1_a_bank_verifies_under_its_own_consents_alone(place, things):
    consent = things["GET /v1/consents/{consent}"][0].rpartition("/")[2]
    other = place.other_bank()
    for tried in (consent, ID):
        claims = place.verify(tried, [QUESTION], client=other)["presentation"]["claims"]
        assert [(claim["verdict"], claim["reason"]) for claim in claims] == [("cannot_tell", "consent_unknown")]


def test_a_webhook_is_its_members_own(place):
    other = place.other_bank()
    url = "https://hooks.example/x"
    assert other._http.delete("/v1/webhook").status_code in {200, 404}
    assert url not in place.bank._http.get("/v1/webhook").text


@pytest.mark.parametrize("row", rows_of(Own.SIGNED))
def test_where_signatures_are_the_authority_being_signed_in_is_none(place, row):
    """The firm itself is signed in; the signatures are a stranger's."""
    key, domain, consent = random_bytes(32), place.ledger.consent_domain, place.grant(QUESTION)
    raw = bytes.fromhex(consent[2:])
    asked = place.bank.post("/v1/consent-requests", place.asking(place.request([one_form(QUESTION)])))["id"]
    fresh = place.consent([one_form(QUESTION)])
    bounds = fresh.bounds.to_json()

    firm = f"/v1/subjects/{to_hex(place.shop.subject)}"
    control = {"controllers": [{"person": 1, "address": "0x" + "11" * 20}], "threshold": 1, "salt": ID}
    soon = {"deadline": place.now() + DAY, "signatures": [to_hex(sign(random_bytes(32), key))]}

    def signed(digest):
        return [to_hex(sign(digest, key))]

    bodies = {
        "POST /v1/token": ("/v1/token", {}, None),
        "POST /v1/sign-in-keys": (
            "/v1/sign-in-keys",
            {
                "client": to_hex(place.bank_id),
                "number": 2,
                "keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}],
                "signatures": signed(random_bytes(32)),
            },
            "key_not_valid",
        ),
        "POST /v1/consent-requests/{request_id}/refusal": (
            f"/v1/consent-requests/{asked}/refusal",
            {"signatures": signed(refusal_digest(bytes.fromhex(asked[2:]), domain))},
            "signer_not_controller",
        ),
        "POST /v1/subjects/{subject}/rotations": (
            f"{firm}/rotations",
            {**control, **soon, "entry": 1},
            "signer_not_controller",
        ),
        "POST /v1/subjects/{subject}/recoveries/{number}/cancellation": (
            f"{firm}/recoveries/1/cancellation",
            {},
            "not_allowed",
        ),
        "POST /v1/subjects/{subject}/holds": (f"{firm}/holds", {**soon, "number": 1}, "signer_not_controller"),
        "POST /v1/consents": (
            "/v1/consents",
            {"terms": fresh.terms.to_json(), "bounds": bounds, "signatures": signed(fresh.digest(domain))},
            "signer_not_controller",
        ),
        "POST /v1/invitations/welcome": ("/v1/invitations/welcome", {"code": "00000-00000"}, "code_unknown"),
        "POST /v1/invitations/passkeys": (
            "/v1/invitations/passkeys",
            {
                "code": "00000-00000",
                "token": "00" * 40,
                **dict.fromkeys(("credential_id", "attestation_object", "client_data_json"), "0x00"),
            },
            "sign_in_late",
        ),
        "POST /v1/withdrawals": (
            "/v1/withdrawals",
            {"terms_hash": to_hex(fresh.terms.struct_hash), "bounds": bounds, "secret": to_hex(random_bytes(32))},
            "consent_wrong_secret",
        ),
        "POST /v1/consents/{consent}/withdrawal": (
            f"/v1/consents/{consent}/withdrawal",
            {"signatures": signed(withdrawal_digest(raw, domain))},
            "signer_not_controller",
        ),
        "POST /v1/consents/{consent}/changes": (
            f"/v1/consents/{consent}/changes",
            {"change": "pause", "number": 1, "signatures": signed(change_digest(raw, Change.PAUSE, 1, domain))},
            "signer_not_controller",
        ),
    }
    path, body, reason = bodies[row]
    response = place.shop.client._http.post(path, json=body)
    assert 400 <= response.status_code < 500
    assert reason in {None, response.json()["reason"]}
