"""Case A2: a token counts only with a fresh proof of possession, for that very request."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey
from joserfc.util import urlsafe_b64encode

from api.sign_in.protocol.error import SignInError
from api.sign_in.protocol.jose import public_part, sign
from api.sign_in.protocol.proof import Target, check_proof, make_proof, token_hash
from tests.kit.sign_in import ME, NOW, URL, new_key, refused


@pytest.fixture
def bank(desk):
    return desk.join()


@pytest.fixture
def key():
    return new_key()


@pytest.fixture
def token(desk, bank, key):
    return desk.token(bank.credential, key)


def forged(key, header=None, *, leave_out=(), **claims):
    """Return a proof with changed members."""
    made = {"jti": "a", "htm": "GET", "htu": ME, "iat": NOW, **claims}
    jwk = dict(public_part(key).jwk)
    full = {"typ": "dpop+jwt", "alg": public_part(key).algorithm, "jwk": jwk, **(header or {})}
    return sign(full, {name: value for name, value in made.items() if name not in leave_out}, key)


@pytest.mark.parametrize("curve", ["P-256", "Ed25519"])
def test_a_token_with_a_proof_is_its_owners(desk, bank, curve):
    key = new_key(curve)
    principal = desk.call(desk.token(bank.credential, key), key)
    assert (principal.id, principal.kind, principal.label) == (bank.id, "bank", "A bank")


def test_a2_a_stolen_token_without_its_key_is_refused(desk, token):
    refused("proof_other_key", desk.call, token, new_key())


@pytest.mark.parametrize("url", [f"{URL}/v1/consents", "https://other.example/v1/me", "http://credence.example/v1/me"])
def test_a2_a_proof_for_another_url_is_refused(desk, token, key, url):
    proof = make_proof(Target("GET", url, token), key, now=NOW)
    refused("proof_other_request", desk.call, token, key, proof=proof)


def test_a2_a_proof_for_another_method_is_refused(desk, token, key):
    proof = make_proof(Target("POST", ME, token), key, now=NOW)
    refused("proof_other_request", desk.call, token, key, proof=proof)


@pytest.mark.parametrize("other", ["another token", None])
def test_a2_a_proof_for_another_token_or_none_is_refused(desk, token, key, other):
    proof = make_proof(Target("GET", ME, other), key, now=NOW)
    refused("proof_other_token", desk.call, token, key, proof=proof)


def test_a2_a_proof_is_used_once(desk, token, key):
    proof = make_proof(Target("GET", ME, token), key, now=NOW)
    desk.call(token, key, proof=proof)
    for later in (0, 1, 59):
        refused("proof_replayed", desk.call, token, key, proof=proof, now=NOW + later)
    refused("proof_time", desk.call, token, key, proof=proof, now=NOW + 60)


def test_a2_a_jti_is_used_once_whatever_else_the_proof_says(desk, token, key):
    desk.call(token, key, proof=forged(key, ath=token_hash(token)))
    refused("proof_replayed", desk.call, token, key, proof=forged(key, ath=token_hash(token), iat=NOW - 3))


@pytest.mark.parametrize("off", [-60, -61, -3600, 11, 60])
def test_a2_a_proof_whose_iat_is_off_is_refused(desk, token, key, off):
    refused("proof_time", desk.call, token, key, made_at=NOW + off)


@pytest.mark.parametrize("off", [-59, -1, 0, 1, 10])
def test_a2_a_clock_may_be_10_s_ahead_and_a_proof_be_59_s_old(desk, token, key, off):
    assert desk.call(token, key, made_at=NOW + off).kind == "bank"


def test_a2_alg_none_is_refused(desk, token, key):
    header = {"typ": "dpop+jwt", "alg": "none", "jwk": dict(public_part(key).jwk)}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, {"jti": "a"})]
    refused("algorithm_not_allowed", desk.call, token, key, proof=".".join([*parts, ""]))


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES384", "ES256K"])
def test_a2_other_algorithms_are_refused(desk, token, key, algorithm):
    """HS256 over the public key as a secret is what an attacker would try first."""
    public = dict(public_part(key).jwk)
    header = {"typ": "dpop+jwt", "alg": "HS256", "jwk": public}
    claims = {"jti": "a", "htm": "GET", "htu": ME, "iat": NOW, "ath": token_hash(token)}
    made = jws.serialize_compact(header, json.dumps(claims), OctKey.import_key(json.dumps(public)), ["HS256"])
    _, body, signature = made.split(".")
    header = urlsafe_b64encode(json.dumps({**header, "alg": algorithm}).encode()).decode()
    refused("algorithm_not_allowed", desk.call, token, key, proof=f"{header}.{body}.{signature}")


def test_a_proof_whose_signature_is_anothers_is_refused(desk, token, key):
    header = {"jwk": dict(public_part(key).jwk)}
    refused("proof_malformed", desk.call, token, key, proof=forged(new_key(), header, ath=token_hash(token)))


@pytest.mark.parametrize("leave_out", ["jti", "htm", "htu", "iat"])
def test_a_proof_without_one_of_its_claims_is_refused(desk, token, key, leave_out):
    proof = forged(key, ath=token_hash(token), leave_out=(leave_out,))
    assert leave_out in refused("proof_malformed", desk.call, token, key, proof=proof).message


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"jwk": None},
        {"jwk": {}},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jwk": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}},
        {"jwk": {"kty": "EC", "crv": "P-521", "x": "A" * 43, "y": "A" * 43}},
        {"jwk": {"kty": "OKP", "crv": "P-256", "x": "A" * 43}},
        {"jwk": {"kty": ["EC"], "crv": "P-256", "x": "A" * 43, "y": "A" * 43}},
    ],
)
def test_a_proof_with_an_odd_header_is_refused(desk, token, key, header):
    _, claims, signature = forged(key, ath=token_hash(token)).split(".")
    shown = {"typ": "dpop+jwt", "alg": "ES256", "jwk": dict(public_part(key).jwk), **header}
    odd = urlsafe_b64encode(json.dumps(shown).encode()).decode()
    refused("proof_malformed", desk.call, token, key, proof=f"{odd}.{claims}.{signature}")


def test_a_proof_that_shows_its_private_key_is_refused(desk, token, key):
    proof = forged(key, {"jwk": key.as_dict(private=True)}, ath=token_hash(token))
    refused("proof_malformed", desk.call, token, key, proof=proof)


def test_the_query_does_not_count_and_host_and_scheme_may_be_in_any_case(desk, token, key):
    for number, url in enumerate(("HTTPS://Credence.Example:443/v1/me", f"{ME}?after=1", f"{ME}#x")):
        proof = forged(key, ath=token_hash(token), htu=url, jti=str(number))
        assert desk.call(token, key, proof=proof).kind == "bank"


def test_the_token_ends_after_five_minutes(desk, token, key):
    assert desk.call(token, key, now=NOW + 299).kind == "bank"
    refused("token_unknown", desk.call, token, key, now=NOW + 300)


def test_a_token_that_nobody_issued_is_unknown(desk, key):
    refused("token_unknown", desk.call, "ab" * 32, key)


def test_a_restart_opens_no_window_for_proofs_of_before(desk, token, key):
    """Whatever an earlier process may have accepted, the next one does not, unless it carries its nonce."""
    used = [make_proof(Target("GET", ME, token), key, now=NOW + ahead) for ahead in (-40, 0, 10)]
    for proof in used:
        desk.call(token, key, proof=proof)
    old = desk.sign_in.proofs.nonce
    carried = make_proof(Target("GET", ME, token), key, now=NOW, nonce=old)
    desk.call(token, key, proof=carried)
    desk.start(NOW + 1)
    for proof in (*used, carried):
        refused("proof_nonce", desk.call, token, key, proof=proof, now=NOW + 2)
    assert desk.sign_in.proofs.nonce != old
    assert desk.call(token, key, now=NOW + 2, nonce=desk.sign_in.proofs.nonce).kind == "bank"
    assert desk.call(token, key, now=NOW + 12).kind == "bank"
    refused("proof_nonce", desk.call, token, key, now=NOW + 30, nonce=old)


def test_a_clock_that_is_set_back_opens_no_window(desk, token, key):
    proof = make_proof(Target("GET", ME, token), key, now=NOW)
    desk.call(token, key, proof=proof)
    desk.call(token, key, now=NOW + 100)
    refused("proof_time", desk.call, token, key, proof=proof, now=NOW + 1)


def test_proofs_are_forgotten_when_they_count_no_longer(desk, token, key):
    for second in range(200):
        desk.call(token, key, now=NOW + second)
    assert len(desk.sign_in.proofs) <= 61


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(st.text(max_size=60), min_size=3, max_size=3).map(".".join)))
def test_whatever_is_sent_as_a_proof_is_refused_and_nothing_breaks(text):
    with pytest.raises(SignInError):
        check_proof(text, Target("GET", ME), now=NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(json_values, st.dictionaries(st.sampled_from(["alg", "typ", "jwk", "kid", "crit", "b64"]), json_values)),
    json_values | st.dictionaries(st.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]), json_values),
)
def test_whatever_json_a_proof_is_made_of_is_refused_and_nothing_breaks(header, claims):
    parts = [urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, claims)]
    with pytest.raises(SignInError):
        check_proof(".".join([*parts, "AAAA"]), Target("GET", ME), now=NOW)
