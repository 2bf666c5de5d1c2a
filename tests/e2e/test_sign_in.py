"""Sign-in from the outside: what the client does by itself, and what HTTP says when something is wrong."""

import json
import re

import httpx
import pytest
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode
from sqlalchemy import select

from api.client.credential import Credential, credential_named
from api.client.session import Session
from api.http.request.oauth import printable
from api.sign_in.protocol.assertion import ASSERTION_TYPE, new_key_file
from api.sign_in.protocol.proof import Target, make_proof
from api.storage.table import access_token, assertion_used
from ledger_node import clock
from ledger_node.chain.port import Role
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes
from tests.kit.command import printed
from tests.kit.served import write_rows


@pytest.fixture
def token(place):
    """A token of the demo bank with the key that it is bound to."""
    session = Session(place.served.url, credential_named(place.home, "demo-bank"))
    client = place._keep(httpx.Client(base_url=place.served.url, auth=session, trust_env=False))
    assert client.get("/v1/me").status_code == 200
    return session._token, session._key, session._nonce


def call(place, token, key, *, nonce=None, scheme="DPoP", proof=None, url="/v1/me", iat=None):
    target = Target("GET", place.served.url + url, token)
    made = make_proof(target, key, now=clock.now() if iat is None else iat, nonce=nonce)
    headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", one) for one in (proof or [made]))]
    return place.http().get("/v1/me", headers=headers)


def refusal(response, status, reason, error=None):
    assert (response.status_code, response.json()["reason"]) == (status, reason), response.text
    assert response.headers["content-type"] == "application/problem+json"
    asked = response.headers.get("www-authenticate", "")
    assert error is None or f'error="{error}"' in asked


def test_a2_a_stolen_token_is_worth_nothing(place, token):
    value, key, nonce = token
    assert call(place, value, key, nonce=nonce, scheme="dpop").json()["kind"] == "bank"
    refusal(call(place, value, new_key_file()[1], nonce=nonce), 401, "proof_other_key", "invalid_token")
    refusal(call(place, value, key, nonce=nonce, scheme="Bearer"), 401, "sign_in_needed")
    refusal(call(place, "ab" * 32, key, nonce=nonce), 401, "token_unknown", "invalid_token")
    refusal(call(place, value, key, nonce="another"), 401, "proof_nonce", "use_dpop_nonce")


def test_a2_proofs_are_for_one_request_and_one_use(place, token):
    value, key, nonce = token
    refusal(call(place, value, key, nonce=nonce, url="/v1/consents"), 401, "proof_other_request", "invalid_dpop_proof")
    refusal(call(place, value, key, nonce=nonce, iat=clock.now() - 60), 401, "proof_time", "invalid_dpop_proof")
    proof = make_proof(Target("GET", f"{place.served.url}/v1/me", value), key, now=clock.now(), nonce=nonce)
    assert call(place, value, key, proof=[proof]).status_code == 200
    refusal(call(place, value, key, proof=[proof]), 401, "proof_replayed", "invalid_dpop_proof")


@pytest.mark.parametrize("proof", [["x"], ["a.b.c"], ["\xff"], ["x", "y"]])
def test_what_is_no_proof_is_refused(place, token, proof):
    value, key, _ = token
    refusal(call(place, value, key, proof=[one.encode("latin-1") for one in proof]), 401, "proof_malformed")


def test_one_authorization_counts_and_no_more(place, token):
    value, _, _ = token
    response = place.http().get("/v1/me", headers=[("Authorization", f"DPoP {value}")] * 2)
    refusal(response, 401, "sign_in_needed")


def refused_token(answer, status, reason, error):
    """Check an answer of the token endpoint that is no token: what RFC 6749 (5.2) has, and our reason beside it."""
    assert (answer.status_code, answer.json()["reason"], answer.json()["error"]) == (status, reason, error), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", answer.json()["error_description"])
    assert answer.json()["error_uri"].endswith(f"/problems/{reason}")
    assert not answer.json().keys() & {"type", "title", "status", "detail", "access_token"}
    assert ("dpop-nonce" in answer.headers) is (error == "use_dpop_nonce")


def form(credential, url, **changes):
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": credential.assertion(url, now=clock.now()),
    }
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def ask(place, data, *, nonce=None, key=None):
    url = f"{place.served.url}/v1/token"
    proof = make_proof(Target("POST", url), key or new_key_file()[1], now=clock.now(), nonce=nonce)
    return place.http().post("/v1/token", data=data, headers={"DPoP": proof})


def test_a_token_is_answered_as_oauth_says(place, token):
    answer = ask(place, form(credential_named(place.home, "demo-bank"), place.served.url), nonce=token[2])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["dpop-nonce"] == token[2]
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("DPoP", 300)


OTHER_CLIENT = "0x" + "11" * 32
REFUSED_FORMS = [
    ({"grant_type": "password"}, 400, "request_invalid", "unsupported_grant_type"),
    ({"grant_type": "authorization_code"}, 400, "request_invalid", "unsupported_grant_type"),
    ({"grant_type": None}, 400, "field_missing", "invalid_request"),
    ({"grant_type": ""}, 400, "field_missing", "invalid_request"),
    ({"scope": "openid"}, 400, "request_invalid", "invalid_scope"),
    ({"scope": "a b"}, 400, "request_invalid", "invalid_scope"),
    ({"scope": ["a", "a"]}, 400, "request_invalid", "invalid_request"),
    ({"grant_type": ["client_credentials", "client_credentials"]}, 400, "request_invalid", "invalid_request"),
    ({"unknown": ["a", ""]}, 400, "request_invalid", "invalid_request"),
    ({"client_secret": "x"}, 401, "request_invalid", "invalid_client"),
    ({"client_id": OTHER_CLIENT}, 401, "assertion_other_client", "invalid_client"),
    ({"client_id": "me"}, 401, "assertion_other_client", "invalid_client"),
    ({"client_assertion_type": "x"}, 400, "request_invalid", "invalid_request"),
    ({"client_assertion_type": None}, 400, "field_missing", "invalid_request"),
    ({"client_assertion": None}, 400, "field_missing", "invalid_request"),
    ({"client_assertion": "x.y.z"}, 401, "assertion_malformed", "invalid_client"),
    ({"client_assertion": "x" * 20_000}, 400, "too_large", "invalid_request"),
]


def rows(place):
    """Return how many tokens and used assertions the store holds."""
    store = place.store()
    try:
        with store.connect() as connection:
            return [len(connection.execute(select(kept)).all()) for kept in (access_token, assertion_used)]
    finally:
        store.dispose()


@pytest.mark.parametrize(("changes", "status", "reason", "error"), REFUSED_FORMS)
def test_s6_a_form_that_is_refused_says_why_as_oauth_does(place, token, changes, status, reason, error):
    bank = credential_named(place.home, "demo-bank")
    before = rows(place)
    refused_token(ask(place, form(bank, place.served.url, **changes), nonce=token[2]), status, reason, error)
    assert rows(place) == before
    # what was refused used up nothing: the same assertion counts in a form that is right
    good = form(bank, place.served.url)
    if "client_assertion" not in changes:
        refused_token(ask(place, good | changes, nonce=token[2]), status, reason, error)
        assert ask(place, good, nonce=token[2]).status_code == 200


def test_s4_a_form_may_name_its_client_and_what_nobody_knows_and_leave_members_empty(place, token):
    bank = credential_named(place.home, "demo-bank")
    more = {"client_id": bank.client, "resource": "x", "scope": "", "client_secret": "", "audience": ""}
    assert ask(place, form(bank, place.served.url, **more), nonce=token[2]).status_code == 200
    assert ask(place, form(bank, place.served.url, client_id=""), nonce=token[2]).status_code == 200


def test_s5_a_proof_that_is_none_is_invalid_dpop_proof(place, token):
    bank, url = credential_named(place.home, "demo-bank"), f"{place.served.url}/v1/token"
    target, nonce = Target("POST", url), token[2]
    good = make_proof(target, token[1], now=clock.now(), nonce=nonce)
    wrong_algorithm = make_proof(target, ECKey.generate_key("secp256k1"), now=clock.now(), nonce=nonce)
    late = make_proof(target, token[1], now=clock.now() - 61, nonce=nonce)
    elsewhere = make_proof(Target("POST", url + "s"), token[1], now=clock.now(), nonce=nonce)
    before = rows(place)
    for proofs, reason in (
        ([], "proof_malformed"),
        (["x"], "proof_malformed"),
        ([good, good], "proof_malformed"),
        ([wrong_algorithm], "algorithm_not_allowed"),
        ([late], "proof_time"),
        ([elsewhere], "proof_other_request"),
    ):
        fields = form(bank, place.served.url)
        answer = place.http().post("/v1/token", data=fields, headers=[("DPoP", proof) for proof in proofs])
        refused_token(answer, 400, reason, "invalid_dpop_proof")
    assert rows(place) == before
    value, key = token[:2]
    shown = make_proof(Target("GET", f"{place.served.url}/v1/me", value), key, now=clock.now(), nonce=nonce)
    head, rest = shown.split(".", 1)
    changed = {**json.loads(urlsafe_b64decode(head.encode())), "alg": "ES256K"}
    shown = urlsafe_b64encode(json.dumps(changed).encode()).decode() + "." + rest
    refusal(call(place, value, key, proof=[shown]), 401, "algorithm_not_allowed", "invalid_dpop_proof")


def test_s1_a_nonce_is_asked_for_as_rfc_9449_says_at_both_ends(place, token):
    """RFC 9449, 8 and 9: at the token endpoint by status 400 and ``error``, elsewhere by a challenge."""
    value, key, nonce = token
    bank = credential_named(place.home, "demo-bank")
    before = rows(place)
    fields = form(bank, place.served.url)
    answer = ask(place, fields, nonce="of another life")
    refused_token(answer, 400, "proof_nonce", "use_dpop_nonce")
    assert rows(place) == before
    # the assertion was not used up by that
    again = ask(place, fields, nonce=answer.headers["dpop-nonce"])
    assert (again.status_code, again.headers["dpop-nonce"]) == (200, nonce)
    asked = call(place, value, key, nonce="of another life")
    refusal(asked, 401, "proof_nonce", "use_dpop_nonce")
    assert asked.headers["dpop-nonce"] == nonce
    assert call(place, value, key, nonce=asked.headers["dpop-nonce"]).status_code == 200


def test_s1_a_challenge_names_algorithms_fault_and_metadata(place, token):
    value, key, nonce = token
    asked = call(place, "ab" * 32, key, nonce=nonce).headers["www-authenticate"]
    assert asked.startswith('DPoP algs="ES256 Ed25519 EdDSA", error="invalid_token", error_description="')
    assert asked.endswith(f'resource_metadata="{place.served.url}/.well-known/oauth-protected-resource"')
    assert len(re.findall('"', asked)) == 8
    assert call(place, value, key, nonce=nonce).status_code == 200


def test_s1_a_limit_at_the_token_endpoint_is_told_as_oauth_does(place):
    answer = place.http().post("/v1/token?a=1", data=form(credential_named(place.home, "demo-bank"), place.served.url))
    refused_token(answer, 400, "field_unknown", "invalid_request")
    assert answer.json()["field"] == "a"


def test_s1_a_description_has_the_characters_that_oauth_allows():
    assert printable('a "b" \\ 注 \x00\n~') == "a 'b' / ? ??~"


def test_s7_metadata_says_what_a_standard_client_needs(place, token):
    """RFC 8414: with this alone, and a published key, a client gets a token that the resource takes."""
    http = place.http()
    found = http.get("/.well-known/oauth-authorization-server")
    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    said = found.json()
    assert said["issuer"] == place.served.url
    assert said["grant_types_supported"] == ["client_credentials"]
    assert said["response_types_supported"] == []
    assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert said["token_endpoint_auth_signing_alg_values_supported"] == ["ES256", "ES256K", "Ed25519", "EdDSA"]
    assert said["dpop_signing_alg_values_supported"] == ["ES256", "Ed25519", "EdDSA"]
    assert http.get(said["service_documentation"]).status_code == 200
    bank = credential_named(place.home, "demo-bank")
    key = new_key_file()[1]
    proof = make_proof(Target("POST", said["token_endpoint"]), key, now=clock.now(), nonce=token[2])
    got = http.post(said["token_endpoint"], data=form(bank, said["issuer"]), headers={"DPoP": proof})
    resource = http.get("/.well-known/oauth-protected-resource").json()
    assert resource["authorization_servers"] == [said["issuer"]]
    assert said["protected_resources"] == [resource["resource"]]
    assert resource["dpop_bound_access_tokens_required"] is True
    assert call(place, got.json()["access_token"], key, nonce=token[2]).json()["kind"] == "bank"


@pytest.mark.parametrize("body", [b"\xff", b"a=1&a=2", b"grant_type", b"&".join(b"a%d=1" % n for n in range(99)), b"&"])
def test_s6_a_form_that_is_none_is_refused(place, token, body):
    proof = make_proof(Target("POST", f"{place.served.url}/v1/token"), token[1], now=clock.now(), nonce=token[2])
    answer = place.http().post("/v1/token", content=body, headers={"DPoP": proof})
    refused_token(answer, 400, "request_invalid", "invalid_request")


def test_s6_an_empty_form_lacks_its_grant(place):
    refused_token(place.http().post("/v1/token"), 400, "field_missing", "invalid_request")


def test_a3_assertions_for_others_again_and_by_strangers_are_refused(place, token):
    bank = credential_named(place.home, "demo-bank")
    nonce = token[2]
    elsewhere = ask(place, form(bank, "https://other.example"), nonce=nonce)
    refused_token(elsewhere, 401, "assertion_other_audience", "invalid_client")
    fields = form(bank, place.served.url)
    assert ask(place, fields, nonce=nonce).status_code == 200
    refused_token(ask(place, fields, nonce=nonce), 401, "assertion_replayed", "invalid_client")
    stranger = Credential(bank.client, bank.header, new_key_file()[1])
    unknown = ask(place, form(stranger, place.served.url), nonce=nonce)
    refused_token(unknown, 401, "client_unknown", "invalid_client")


def test_a3_a_rotated_out_key_is_refused_at_once(place, token):
    registry_key, (_, old), (_, new) = random_bytes(32), new_key_file(), new_key_file()
    member = random_bytes(32)
    place.vote(
        ("addMember", member, int(Role.BANK), "Rotating bank", ""),
        ("addKey", member, to_hex(address_of(registry_key)), int(EVERY_PURPOSE), 0, 2**64 - 1),
    )
    place.publish_keys(member, registry_key, 1, old)
    before = place.client_with(Credential.published(member, old))
    assert before.get("/v1/me")["label"] == "Rotating bank"
    assert place.publish_keys(member, registry_key, 2, new)["number"] == 2
    shown = place.client_with(None).get(f"/v1/sign-in-keys/{to_hex(member)}")
    assert (shown["number"], len(shown["keys"])) == (2, 1)
    rotated_out = ask(place, form(Credential.published(member, old), place.served.url), nonce=token[2])
    refused_token(rotated_out, 401, "client_unknown", "invalid_client")
    response = before._http.get("/v1/me", auth=None, headers={"Authorization": f"DPoP {before._http.auth._token}"})
    refusal(response, 401, "proof_malformed")
    with pytest.raises(Exception, match="no such client"):
        before.get("/v1/me")
    assert place.client_with(Credential.published(member, new)).get("/v1/me")["kind"] == "bank"


def test_a_suspended_member_is_refused_at_the_next_token(place, token):
    credential = place.join(Role.BANK, "Suspended bank")
    assert ask(place, form(credential, place.served.url), nonce=token[2]).status_code == 200
    place.vote(("suspend", from_hex(credential.client, "id")))
    refused = ask(place, form(credential, place.served.url), nonce=token[2])
    refused_token(refused, 400, "member_not_active", "unauthorized_client")


def test_the_client_goes_on_when_its_token_ends_or_its_nonce_is_of_another_life(place, tmp_path):
    session = Session(place.served.url, credential_named(place.home, "tax-bureau"))
    client = place.client_with(None)
    client._http.auth = session
    assert client.get("/v1/me")["kind"] == "department"
    for name, value in (("_token", "ab" * 32), ("_nonce", "of another life"), ("_renew_at", 0)):
        setattr(session, name, value)
        file = write_rows(tmp_path / "again.csv", "tax_payment", [(place.fresh(), {})])
        assert client.upload(file, "tax_payment")


def test_the_command_line_rotates_and_signs_for_curl(place):
    credentials = place.home.credentials()
    old = credential_named(place.home, "operator")
    done = place.credence("sign-in", "rotate", "--as", "operator", "--json")
    assert done.returncode == 0, done.stderr
    assert printed(done)["number"] == 2
    held = place.home.credentials()["operator"]
    assert (held["id"], held["kind"]) == (credentials["operator"]["id"], "operator")
    assert not (place.home.path / credentials["operator"]["key"]).exists()
    assert (place.home.path / held["key"]).stat().st_mode & 0o777 == 0o600
    with pytest.raises(Exception, match="no such client"):
        place.client_with(old).get("/v1/me")
    url = f"{place.served.url}/v1/me"
    signed = place.credence("sign-in", "headers", "get", url, "--as", "operator")
    assert signed.returncode == 0, signed.stderr
    headers = dict(line.split(": ", 1) for line in signed.stdout.splitlines())
    assert place.http().get("/v1/me", headers=headers).json()["kind"] == "operator"
    pem = place.folder / "operator.pem"
    pem.touch(mode=0o600)
    pem.write_bytes(new_key_file()[1].as_pem(private=True))
    kept = place.credence("sign-in", "rotate", "--as", "operator", "--key", str(pem), "--keep", "--json")
    assert kept.returncode == 0, kept.stderr
    assert (printed(kept)["keys"], printed(kept)["key"]) == (2, str(pem))
    assert place.client("operator").get("/v1/me")["kind"] == "operator"


def test_d1_no_token_assertion_or_private_key_is_in_a_file_but_the_key_files(place, token):
    """Whatever was refused or accepted: logs and store hold none of it."""
    value, key, nonce = token
    bank = credential_named(place.home, "demo-bank")
    fields = form(bank, place.served.url)
    assert ask(place, fields, nonce=nonce).status_code == 200
    refused_token(ask(place, fields, nonce=nonce), 401, "assertion_replayed", "invalid_client")
    refusal(call(place, value, new_key_file()[1], nonce=nonce), 401, "proof_other_key")
    secrets = [value, fields["client_assertion"], key.as_dict(private=True)["d"], bank.key.as_dict(private=True)["d"]]
    raw = [bytes.fromhex(value), *(urlsafe_b64decode(secret.encode()) for secret in secrets[2:])]
    needles = [*(secret.encode() for secret in secrets), *raw]
    files = [path for path in place.home.path.rglob("*") if path.is_file() and path.suffix != ".jwk"]
    assert {"serve.log", "store.sqlite3"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        assert not any(needle in content for needle in needles), path


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["rotate"], "sign_in_needed"),
        (["rotate", "--as", "nobody"], "configuration"),
        (["headers", "GET", "http://127.0.0.1/v1/me"], "sign_in_needed"),
        (["headers", "GET", "http://127.0.0.1/v1/me", "--as", "nobody"], "configuration"),
    ],
)
def test_the_command_line_says_what_is_missing(place, arguments, word):
    done = place.credence("sign-in", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
    assert "Traceback" not in done.stderr
