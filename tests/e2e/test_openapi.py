"""What OpenAPI says is what the code does."""

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.http.openapi.answer import ANSWERS
from ledger_node.domain.consent import Terms
from ledger_node.domain.subject import keys_from_json, keys_to_json

POSTS = {
    "/v1/token",
    "/v1/sign-in-keys",
    "/v1/attestations",
    "/v1/subjects",
    "/v1/subjects/{subject}/rotations",
    "/v1/subjects/{subject}/recoveries",
    "/v1/subjects/{subject}/recoveries/{number}/cancellation",
    "/v1/subjects/{subject}/recoveries/{number}/completion",
    "/v1/consents",
    "/v1/consents/{consent}/changes",
    "/v1/consent-requests",
    "/v1/consent-requests/{request_id}/refusal",
    "/v1/consent-texts",
    "/v1/consents/{consent}/withdrawal",
    "/v1/verifications",
    "/v1/erasures",
}


def test_every_route_that_takes_a_body_describes_it_with_an_example(place):
    paths = place.bank.get("/openapi.json")["paths"]
    posts = {path for path, item in paths.items() if "post" in item}
    assert posts == POSTS
    for path in posts:
        for content in paths[path]["post"]["requestBody"]["content"].values():
            assert content["schema"]
            assert content["example"] or not content["schema"]["properties"]


def test_the_document_is_openapi_3_1(place):
    document = place.bank.get("/openapi.json")
    assert document["openapi"].startswith("3.1.")
    validate(document)


FILES = {
    ("get", "/metrics"),
    ("get", "/v1/consent-terms.schema.json"),
    ("get", "/v1/verifications/{use}/evidence"),
    ("get", "/v1/verifications/{use}/evidence.html"),
}


def test_every_route_says_what_it_answers_and_shows_it(place):
    document = place.bank.get("/openapi.json")
    said = {(method, path) for path, item in document["paths"].items() for method in item}
    assert said - FILES == set(ANSWERS)
    for method, path in ANSWERS:
        responses = document["paths"][path][method]["responses"]
        (answered,) = (response for status, response in responses.items() if status.startswith("2"))
        content = answered["content"]["application/json"]
        Draft202012Validator.check_schema(content["schema"])
        Draft202012Validator(content["schema"]).validate(content["example"])


def test_every_body_that_is_shown_is_what_its_schema_says(place):
    for item in place.bank.get("/openapi.json")["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                Draft202012Validator(content["schema"]).validate(content["example"])


def test_the_example_of_consent_terms_is_read_by_the_code(place):
    post = place.bank.get("/openapi.json")["paths"]["/v1/consents"]["post"]
    example = post["requestBody"]["content"]["application/json"]["example"]["terms"]
    assert Terms.from_json(example).to_json() == example


def test_the_examples_of_controllers_are_read_by_the_code(place):
    paths = place.bank.get("/openapi.json")["paths"]
    for path in ("/v1/subjects", "/v1/subjects/{subject}/rotations", "/v1/subjects/{subject}/recoveries"):
        example = paths[path]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert keys_to_json(keys_from_json(example["controllers"])) == example["controllers"]


def test_every_route_says_how_it_refuses(place):
    for path, item in place.bank.get("/openapi.json")["paths"].items():
        for operation in item.values():
            if path.startswith("/v1/"):
                assert "application/problem+json" in operation["responses"]["422"]["content"]


def test_the_served_schema_of_consent_terms_is_what_openapi_says_and_takes_real_terms(place):
    answer = place.http().get("/v1/consent-terms.schema.json")
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    paths = place.bank.get("/openapi.json")["paths"]
    body = paths["/v1/consents"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["terms"] == schema["$defs"]["ConsentTerms"]
    body = paths["/v1/consent-requests"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["request"] == schema["$defs"]["ConsentRequest"]
    valid = Draft202012Validator(schema).is_valid
    granted = place.bank.get(f"/v1/consents/{place.grant('tax_credit_rating.grade in {A, B}')}")["terms"]
    assert valid(granted)
    assert not valid(granted | {"max_uses": 0})
