"""Sign-in from the outside: what the client does by itself, and what HTTP says when something is wrong."""

import json

import httpx
import pytest
from joserfc.util import urlsafe_b64decode
from served_kit import write_rows

from api.client.credential import Credential, new_key_file
from api.client.session import Session
from api.credential_of import credential_named
from api.sign_in.assertion import ASSERTION_TYPE
from api.sign_in.proof import Target, make_proof
from ledger_node import clock
from ledger_node.chain.port import Role
from ledger_node.domain.record import from_hex, to_hex
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes


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


@pytest.mark.parametrize(
    ("changes", "status", "reason", "error"),
    [
        ({"grant_type": "password"}, 400, "request_invalid", "unsupported_grant_type"),
        ({"grant_type": None}, 400, "request_invalid", "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, 400, "request_invalid", "invalid_request"),
        ({"client_assertion": None}, 400, "field_missing", "invalid_request"),
        ({"client_assertion": "x.y.z"}, 401, "assertion_malformed", "invalid_client"),
        ({"client_assertion": "x" * 20_000}, 400, "too_large", "invalid_request"),
    ],
)
def test_a_refused_token_is_a_problem_that_oauth_clients_read(place, token, changes, status, reason, error):
    answer = ask(place, form(credential_named(place.home, "demo-bank"), place.served.url, **changes), nonce=token[2])
    refusal(answer, status, reason)
    assert (answer.json()["error"], answer.json()["error_description"]) == (error, answer.json()["detail"])
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("body", [b"\xff", b"a=1&a=2", b"grant_type", b"&".join(b"a%d=1" % n for n in range(99)), b""])
def test_a_form_that_is_none_is_refused(place, token, body):
    proof = make_proof(Target("POST", f"{place.served.url}/v1/token"), token[1], now=clock.now(), nonce=token[2])
    answer = place.http().post("/v1/token", content=body, headers={"DPoP": proof})
    refusal(answer, 400, "request_invalid")


def test_a3_assertions_for_others_again_and_by_strangers_are_refused(place, token):
    bank = credential_named(place.home, "demo-bank")
    nonce = token[2]
    refusal(ask(place, form(bank, "https://other.example"), nonce=nonce), 401, "assertion_other_audience")
    fields = form(bank, place.served.url)
    assert ask(place, fields, nonce=nonce).status_code == 200
    refusal(ask(place, fields, nonce=nonce), 401, "assertion_replayed")
    stranger = Credential(bank.client, bank.header, new_key_file()[1])
    refusal(ask(place, form(stranger, place.served.url), nonce=nonce), 401, "client_unknown")


def test_a3_a_rotated_out_key_is_refused_at_once(place, token):
    registry_key, (_, old), (_, new) = random_bytes(32), new_key_file(), new_key_file()
    member = random_bytes(32)
    place.vote(
        ("addMember", member, int(Role.BANK), "Rotating bank", ""),
        ("addKey", member, to_hex(address_of(registry_key)), 0, 2**64 - 1),
    )
    place.publish_keys(member, registry_key, 1, old)
    before = place.client_with(Credential.published(member, old))
    assert before.get("/v1/me")["label"] == "Rotating bank"
    assert place.publish_keys(member, registry_key, 2, new)["number"] == 2
    shown = place.client_with(None).get(f"/v1/sign-in-keys/{to_hex(member)}")
    assert (shown["number"], len(shown["keys"])) == (2, 1)
    refusal(
        ask(place, form(Credential.published(member, old), place.served.url), nonce=token[2]), 401, "client_unknown"
    )
    response = before._http.get("/v1/me", auth=None, headers={"Authorization": f"DPoP {before._http.auth._token}"})
    refusal(response, 401, "proof_malformed")
    with pytest.raises(Exception, match="no such client"):
        before.get("/v1/me")
    assert place.client_with(Credential.published(member, new)).get("/v1/me")["kind"] == "bank"


def test_a_suspended_member_is_refused_at_the_next_token(place, token):
    credential = place.join(Role.BANK, "Suspended bank")
    assert ask(place, form(credential, place.served.url), nonce=token[2]).status_code == 200
    place.vote(("setState", from_hex(credential.client, "id"), 2))
    refused = ask(place, form(credential, place.served.url), nonce=token[2])
    refusal(refused, 400, "member_not_active")
    assert refused.json()["error"] == "unauthorized_client"


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
    assert json.loads(done.stdout)["number"] == 2
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
    assert (json.loads(kept.stdout)["keys"], json.loads(kept.stdout)["key"]) == (2, str(pem))
    assert place.client("operator").get("/v1/me")["kind"] == "operator"


def test_d1_no_token_assertion_or_private_key_is_in_a_file_but_the_key_files(place, token):
    """Whatever was refused or accepted: logs and store hold none of it."""
    value, key, nonce = token
    bank = credential_named(place.home, "demo-bank")
    fields = form(bank, place.served.url)
    assert ask(place, fields, nonce=nonce).status_code == 200
    refusal(ask(place, fields, nonce=nonce), 401, "assertion_replayed")
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
