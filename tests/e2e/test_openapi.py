"""What OpenAPI says is what the code does."""

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.http.openapi.document import TAGS
from api.http.request.permission import PERMISSIONS
from ledger_node.domain.consent import Terms
from ledger_node.domain.subject import keys_from_json, keys_to_json

POSTS = {
    "/v1/invitations/{invitation}/cancellation",
    "/v1/rotation-drafts/{draft}/cancellation",
    "/v1/invitations",
    "/v1/invitations/{invitation}/codes",
    "/v1/invitations/welcome",
    "/v1/invitations/passkeys",
    "/v1/invitations/{invitation}/confirmation",
    "/v1/drafts",
    "/v1/drafts/{draft}/signatures",
    "/v1/drafts/cancellation",
    "/v1/rotation-drafts",
    "/v1/rotation-drafts/{draft}/signatures",
    "/v1/token",
    "/v1/sign-in-keys",
    "/v1/attestations",
    "/v1/subjects",
    "/v1/subjects/{subject}/rotations",
    "/v1/subjects/{subject}/holds",
    "/v1/subjects/{subject}/recoveries",
    "/v1/subjects/{subject}/recoveries/{number}/cancellation",
    "/v1/subjects/{subject}/recoveries/{number}/completion",
    "/v1/consents",
    "/v1/consents/{consent}/changes",
    "/v1/consent-requests",
    "/v1/consent-requests/{request_id}/refusal",
    "/v1/consent-texts",
    "/v1/consents/{consent}/withdrawal",
    "/v1/steward-keys",
    "/v1/withdrawals",
    "/v1/verifications",
    "/v1/erasures",
    "/v1/consent-requests/{request_id}/own-answers",
    "/v1/contacts",
    "/v1/contacts/confirmation",
    "/v1/contacts/{contact}/removal",
    "/v1/devices",
    "/v1/handovers",
    "/v1/handovers/redemption",
    "/v1/looks",
    "/v1/records",
    "/v1/records/file",
    "/v1/records/file-wish",
    "/v1/subjects/search",
    "/v1/staff",
    "/v1/staff/{staff}/end",
}
OPERATIONS = {
    "listVerifications": "GET /v1/verifications",
    "getCatalogue": "GET /v1/catalogue",
    "listInvitations": "GET /v1/invitations",
    "openInvitation": "POST /v1/invitations",
    "issueSignerCode": "POST /v1/invitations/{invitation}/codes",
    "showWelcome": "POST /v1/invitations/welcome",
    "bringPasskey": "POST /v1/invitations/passkeys",
    "confirmInvitation": "POST /v1/invitations/{invitation}/confirmation",
    "endInvitation": "POST /v1/invitations/{invitation}/cancellation",
    "listRecoveries": "GET /v1/recoveries",
    "listDrafts": "GET /v1/drafts",
    "startDraft": "POST /v1/drafts",
    "getDraft": "GET /v1/drafts/{draft}",
    "signDraft": "POST /v1/drafts/{draft}/signatures",
    "cancelDraft": "POST /v1/drafts/cancellation",
    "listRotationDrafts": "GET /v1/rotation-drafts",
    "startRotationDraft": "POST /v1/rotation-drafts",
    "signRotationDraft": "POST /v1/rotation-drafts/{draft}/signatures",
    "cancelRotationDraft": "POST /v1/rotation-drafts/{draft}/cancellation",
    "endStaff": "POST /v1/staff/{staff}/end",
    "inviteStaff": "POST /v1/staff",
    "listReleases": "GET /v1/releases",
    "listStaff": "GET /v1/staff",
    "addContact": "POST /v1/contacts",
    "beginLook": "POST /v1/looks",
    "listLooks": "GET /v1/looks",
    "confirmContact": "POST /v1/contacts/confirmation",
    "fetchFile": "POST /v1/records/file",
    "getConsentRequest": "GET /v1/consent-requests/{request_id}",
    "listContacts": "GET /v1/contacts",
    "listRecords": "GET /v1/records",
    "lookAtOwnAnswers": "POST /v1/consent-requests/{request_id}/own-answers",
    "lookAtRecords": "POST /v1/records",
    "listDevices": "GET /v1/devices",
    "offerDevice": "POST /v1/devices",
    "makeHandover": "POST /v1/handovers",
    "redeemHandover": "POST /v1/handovers/redemption",
    "removeContact": "POST /v1/contacts/{contact}/removal",
    "searchSubject": "POST /v1/subjects/search",
    "wishForFile": "POST /v1/records/file-wish",
    "cancelRecovery": "POST /v1/subjects/{subject}/recoveries/{number}/cancellation",
    "changeConsent": "POST /v1/consents/{consent}/changes",
    "completeRecovery": "POST /v1/subjects/{subject}/recoveries/{number}/completion",
    "eraseRecords": "POST /v1/erasures",
    "getAttestation": "GET /v1/attestations/{digest}",
    "getConsent": "GET /v1/consents/{consent}",
    "getConsentRequestReceipt": "GET /v1/consent-requests/{request_id}/receipt",
    "getConsentTermsSchema": "GET /v1/consent-terms.schema.json",
    "getConsentText": "POST /v1/consent-texts",
    "getEvidence": "GET /v1/verifications/{use}/evidence",
    "getEvidencePage": "GET /v1/verifications/{use}/evidence.html",
    "getJob": "GET /v1/jobs/{job}",
    "getLedger": "GET /v1/ledger",
    "getLiveness": "GET /livez",
    "getMe": "GET /v1/me",
    "getMetrics": "GET /metrics",
    "getReadiness": "GET /readyz",
    "getReceipt": "GET /v1/consents/{consent}/receipts/{receipt}",
    "getStewardKey": "POST /v1/steward-keys",
    "getResourceMetadata": "GET /.well-known/oauth-protected-resource",
    "getServerMetadata": "GET /.well-known/oauth-authorization-server",
    "getSignInKeys": "GET /v1/sign-in-keys/{member}",
    "getSubject": "GET /v1/subjects/{subject}",
    "getWebhook": "GET /v1/webhook",
    "getSpendSeed": "GET /v1/spend-seed",
    "handOverSpendSeed": "PUT /v1/spend-seed",
    "takeBackSpendSeed": "DELETE /v1/spend-seed",
    "holdSubject": "POST /v1/subjects/{subject}/holds",
    "grantConsent": "POST /v1/consents",
    "listAccessLog": "GET /v1/access-log",
    "listConsentRequests": "GET /v1/consent-requests",
    "listConsents": "GET /v1/consents",
    "listJobResults": "GET /v1/jobs/{job}/results",
    "listMembers": "GET /v1/members",
    "listNotifications": "GET /v1/notifications",
    "getWording": "GET /v1/wording",
    "listPurposes": "GET /v1/purposes",
    "listReceipts": "GET /v1/consents/{consent}/receipts",
    "listSchemas": "GET /v1/schemas",
    "publishSignInKeys": "POST /v1/sign-in-keys",
    "refuseConsentRequest": "POST /v1/consent-requests/{request_id}/refusal",
    "registerSubject": "POST /v1/subjects",
    "registerWebhook": "PUT /v1/webhook",
    "removeWebhook": "DELETE /v1/webhook",
    "requestConsent": "POST /v1/consent-requests",
    "requestRecovery": "POST /v1/subjects/{subject}/recoveries",
    "requestToken": "POST /v1/token",
    "relayWithdrawal": "POST /v1/withdrawals",
    "rotateControllers": "POST /v1/subjects/{subject}/rotations",
    "uploadRecords": "POST /v1/attestations",
    "verifyClaims": "POST /v1/verifications",
    "withdrawConsent": "POST /v1/consents/{consent}/withdrawal",
}
"""Names that generated clients call routes by; they stay as they are."""


@pytest.fixture(scope="module")
def document(place):
    return place.bank.get("/openapi.json")


def operations(document):
    """Yield every operation with its method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def validator(document, schema):
    """Return what checks JSON against a schema of the document."""
    return Draft202012Validator({**schema, "components": document["components"]})


def resolved(document, schema):
    """Return the schema that a reference leads to."""
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]


def example_of(content):
    """Return the one example that a body is shown with."""
    (example,) = content["examples"].values()
    return example["value"]


def body_of(document, method, path):
    return document["paths"][path][method]["requestBody"]["content"]["application/json"]


def test_every_route_that_takes_a_body_describes_it_with_an_example(document):
    paths = document["paths"]
    posts = {path for path, item in paths.items() if "post" in item}
    assert posts == POSTS
    for path in posts:
        for content in paths[path]["post"]["requestBody"]["content"].values():
            assert content["schema"]
            assert example_of(content) or path.endswith(("completion", "cancellation", "holds"))


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_every_operation_has_the_name_that_it_always_had(document):
    assert {operation["operationId"]: name for name, operation in operations(document)} == OPERATIONS


def test_every_tag_says_what_it_is_about(document):
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in TAGS} == {tag["name"] for tag in document["tags"]}
    assert all(tag["description"] for tag in document["tags"])


def test_every_operation_that_needs_sign_in_says_so(document):
    for name, operation in operations(document):
        kinds = sorted(PERMISSIONS[name].kinds)
        assert operation.get("security") == ([{"dpop": []}] if kinds else None)
        assert operation.get("x-callers", []) == kinds
    assert document["components"]["securitySchemes"]["dpop"]["scheme"] == "dpop"


FILES = {
    "GET /metrics",
    "GET /v1/consent-terms.schema.json",
    "GET /v1/verifications/{use}/evidence",
    "GET /v1/verifications/{use}/evidence.html",
}


def test_every_route_says_what_it_answers_and_shows_it(document):
    for name, operation in operations(document):
        (answered,) = (response for status, response in operation["responses"].items() if status.startswith("2"))
        if name in FILES:
            assert "application/json" not in answered["content"]
            continue
        content = answered["content"]["application/json"]
        Draft202012Validator.check_schema(resolved(document, content["schema"]))
        validator(document, content["schema"]).validate(example_of(content))


SIGNED = {"ConsentTerms", "ConsentRequestTerms", "NewConsentRequestTerms", "ConsentBounds"}
"""What is signed: described member by member."""


def test_every_component_is_used_and_described(document):
    text = str(document)
    for kind, components in document["components"].items():
        for name, component in components.items():
            assert kind == "securitySchemes" or f"#/components/{kind}/{name}'" in text
            if kind == "schemas" and component.get("type") == "object":
                assert component.get("description") or name in SIGNED


def test_every_body_that_is_shown_is_what_its_schema_says(document):
    for _, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            validator(document, content["schema"]).validate(example_of(content))


def test_the_example_of_consent_terms_is_read_by_the_code(document):
    example = example_of(body_of(document, "post", "/v1/consents"))["terms"]
    assert Terms.from_json(example).to_json() == example


def test_the_examples_of_controllers_are_read_by_the_code(document):
    for path in ("/v1/subjects", "/v1/subjects/{subject}/rotations", "/v1/subjects/{subject}/recoveries"):
        example = example_of(body_of(document, "post", path))
        assert keys_to_json(keys_from_json(example["controllers"])) == example["controllers"]


def test_every_route_says_how_it_refuses(document):
    shared = document["components"]["responses"]
    for name, operation in operations(document):
        refusals = {status: body for status, body in operation["responses"].items() if status[0] not in "23"}
        assert {"429", "503", "default"} <= set(refusals)
        oauth = name == "POST /v1/token"
        assert ("404" in refusals) == ("{" in name)
        assert ("409" in refusals) == ("requestBody" in operation and not oauth)
        given = [one for one in operation.get("parameters", []) if "$ref" not in one]
        assert "422" in refusals or oauth or not (given or "requestBody" in operation)
        for status, refusal in refusals.items():
            content = shared[refusal["$ref"].rpartition("/")[2]]["content"]
            assert list(content) == [
                "application/json" if oauth and status != "default" else "application/problem+json"
            ]


def test_the_served_schema_of_consent_terms_is_what_openapi_says_and_takes_real_terms(place, document):
    answer = place.http().get("/v1/consent-terms.schema.json")
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    for path, member, name, left_out in (
        ("/v1/consents", "terms", "Terms", None),
        ("/v1/consents", "bounds", "Bounds", None),
        # an instance that holds the bank's seed fills it in
        ("/v1/consent-requests", "request", "Asked", "spend_key"),
    ):
        body, signed = resolved(document, body_of(document, "post", path)["schema"]), schema["$defs"][name]
        needed = [one for one in signed["required"] if one != left_out]
        assert resolved(document, body["properties"][member]) == signed | {"required": needed}
    valid = Draft202012Validator(schema).is_valid
    granted = place.bank.get(f"/v1/consents/{place.grant('tax_credit_rating.grade in {A, B}')}")["terms"]
    assert valid(granted)
    assert not valid(granted | {"max_uses": 1})
