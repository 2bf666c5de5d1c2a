"""What the RFCs say of assertions and proofs: which members count, when, for whom, and which do not."""

import json
import warnings

import pytest
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode
from sqlalchemy import func, select

from api.sign_in.protocol.error import ProofError
from api.sign_in.protocol.jose import public_part
from api.sign_in.protocol.proof import Target, make_proof, normal, token_hash
from api.storage.table import access_token, assertion_used
from tests.kit.sign_in import ME, NOW, TOKEN_URL, URL, new_key, refused


@pytest.fixture
def bank(desk):
    return desk.join()


@pytest.fixture
def key():
    return new_key()


def jwt(header, claims, key):
    """Sign whatever header and claims there are; texts stand for themselves, as JSON that no library would write."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
    text = ".".join(urlsafe_b64encode(part.encode()).decode() for part in parts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        algorithm = JWSRegistry.algorithms[public_part(key).algorithm.value]
        return f"{text}.{urlsafe_b64encode(algorithm.sign(text.encode(), key)).decode()}"


def assertion(bank, header=None, **claims):
    credential = bank.credential
    who = credential.client
    made = {"iss": who, "sub": who, "aud": URL, "jti": "a", "iat": NOW, "exp": NOW + 60, **claims}
    return jwt({"alg": "ES256", **credential.header, **(header or {})}, made, credential.key)


def proof(key, header=None, *, token=None, **claims):
    made = {"jti": "p", "htm": "POST", "htu": TOKEN_URL, "iat": NOW, **claims}
    if token is not None:
        made |= {"htm": "GET", "htu": ME, "ath": token_hash(token), **claims}
    full = {"typ": "dpop+jwt", "alg": public_part(key).algorithm.value, "jwk": dict(public_part(key).jwk)}
    return jwt({**full, **(header or {})}, made, key)


def ask(desk, made, key=None, shown=None, now=NOW):
    return desk.token(None, key or new_key(), assertion=made, proof=shown, now=now)


def left_behind(desk):
    """Return how many tokens, used assertions and used proofs are kept."""
    with desk.store.connect() as connection:
        rows = [connection.execute(select(func.count()).select_from(kept)).scalar() for kept in _KEPT]
    return (*rows, len(desk.sign_in.proofs))


_KEPT = (access_token, assertion_used)
NOTHING = (0, 0, 0)
UNKNOWN = {
    "cty": 5,
    "x5t": None,
    "x5u": "ftp://example",
    "jku": "not an address",
    "b64": False,
    "nonce": [1],
    "vendor": {"a": 1.5},
    "x5c": ["A" * 1200],
}


def test_s2_unknown_header_members_of_an_assertion_do_not_matter(desk, bank):
    assert ask(desk, assertion(bank, UNKNOWN))


def test_s2_unknown_header_members_of_a_proof_do_not_matter(desk, bank, key):
    token = ask(desk, assertion(bank), key, proof(key, UNKNOWN))
    assert desk.call(token, key, proof=proof(key, UNKNOWN, token=token, jti="q")).kind == "bank"


def test_s2_unknown_claims_do_not_matter_whatever_they_hold(desk, bank, key):
    more = {"amr": None, "score": 0.25, "big": 10**60, "deep": {"a": [1e-3]}}
    token = ask(desk, assertion(bank, **more), key, proof(key, **more))
    assert desk.call(token, key, proof=proof(key, token=token, jti="q", **more)).kind == "bank"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", "Client-Authentication+JWT"])
def test_s2_types_of_assertions_are_media_types_in_any_case(desk, bank, typ):
    assert ask(desk, assertion(bank, {"typ": typ}))


@pytest.mark.parametrize("typ", ["DPoP+JWT", "application/dpop+jwt", "Application/DPOP+jwt"])
def test_s2_types_of_proofs_are_media_types_in_any_case(desk, bank, key, typ):
    assert ask(desk, assertion(bank), key, proof(key, {"typ": typ}))


@pytest.mark.parametrize("typ", ["text/dpop+jwt", "dpop+jwt;x=1", "dpop", "", 5, ["dpop+jwt"]])
def test_s2_another_type_is_no_proof(desk, bank, key, typ):
    refused("proof_malformed", ask, desk, assertion(bank), key, proof(key, {"typ": typ}))
    assert left_behind(desk) == NOTHING


@pytest.mark.parametrize(
    "changes", [{"nbf": NOW + 11}, {"nbf": NOW + 10.5}, {"nbf": NOW + 3600}, {"exp": NOW}, {"exp": NOW - 0.5}]
)
def test_s3_an_assertion_that_does_not_count_yet_or_any_more_is_refused(desk, bank, changes):
    refused("assertion_time", ask, desk, assertion(bank, **changes))
    assert left_behind(desk) == NOTHING


@pytest.mark.parametrize(
    "changes", [{"nbf": NOW + 11}, {"nbf": NOW + 3600}, {"exp": NOW}, {"exp": NOW - 1}, {"exp": 0}]
)
def test_s3_a_proof_that_does_not_count_yet_or_any_more_is_refused(desk, bank, key, changes):
    assert isinstance(refused("proof_time", ask, desk, assertion(bank), key, proof(key, **changes)), ProofError)
    assert left_behind(desk) == NOTHING
    token = desk.token(bank.credential, key)
    before = left_behind(desk)
    refused("proof_time", desk.call, token, key, proof=proof(key, token=token, **changes))
    assert left_behind(desk) == before


@pytest.mark.parametrize(
    "changes", [{"nbf": NOW + 10}, {"nbf": NOW - 9.5}, {"exp": NOW + 1}, {"iat": NOW + 0.75}, {"exp": NOW + 9e9}]
)
def test_s3_what_counts_now_is_taken_with_fractions_of_seconds_too(desk, bank, key, changes):
    token = ask(desk, assertion(bank, **changes), key, proof(key, **changes))
    assert desk.call(token, key, proof=proof(key, token=token, jti="q", **changes)).kind == "bank"


@pytest.mark.parametrize("value", ["1800000000", None, True, -1, 2**60, [NOW]])
@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
def test_s3_a_time_that_is_none_is_refused(desk, bank, key, name, value):
    refused("assertion_malformed", ask, desk, assertion(bank, **{name: value}))
    refused("proof_malformed", ask, desk, assertion(bank), key, proof(key, **{name: value}))
    assert left_behind(desk) == NOTHING


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_s3_a_number_that_is_none_is_refused(desk, bank, number):
    who = bank.credential.client
    claims = f'{{"iss":"{who}","sub":"{who}","aud":"{URL}","jti":"a","iat":{NOW},"exp":{number}}}'
    made = jwt({"alg": "ES256", **bank.credential.header}, claims, bank.credential.key)
    refused("assertion_malformed", ask, desk, made)
    assert left_behind(desk) == NOTHING


def test_s3_a_claim_that_stands_twice_is_refused(desk, bank, key):
    claims = f'{{"jti":"p","htm":"POST","htu":"{TOKEN_URL}","iat":{NOW},"exp":{NOW + 9},"exp":{NOW - 9}}}'
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": dict(public_part(key).jwk)}
    refused("proof_malformed", ask, desk, assertion(bank), key, jwt(header, claims, key))


def other_client(desk):
    return desk.join().credential.client


def test_s4_a_client_id_of_another_client_is_refused(desk, bank, key):
    named = other_client(desk)

    def asking(client):
        shown = make_proof(Target("POST", TOKEN_URL), key, now=NOW)
        target = Target("POST", TOKEN_URL)
        return desk.sign_in.token(assertion(bank), shown, target, audience=URL, now=NOW, client=client)

    for client in (named, "nobody", bank.credential.client.upper()):
        refused("assertion_other_client", asking, client)
    assert left_behind(desk) == NOTHING
    assert asking(bank.credential.client).value


def test_s4_who_is_unknown_hears_so_whatever_client_is_named(desk, bank):
    bank.credential = type(bank.credential)(bank.credential.client, bank.credential.header, new_key())
    refused("client_unknown", ask, desk, assertion(bank, client_id=other_client(desk)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_id": "0x" + "11" * 32}, "assertion_other_client"),
        ({"client_id": 5}, "assertion_other_client"),
        ({"client_id": ""}, "assertion_other_client"),
        ({"nbf": NOW + 60}, "assertion_time"),
        ({"nbf": "tomorrow"}, "assertion_malformed"),
    ],
)
def test_f11_a_client_assertion_that_names_another_client_or_a_later_time_is_refused(desk, bank, changes, reason):
    refused(reason, ask, desk, assertion(bank, **changes))
    assert left_behind(desk) == NOTHING


def test_f11_a_client_assertion_may_name_its_client_and_a_time_that_has_come(desk, bank):
    assert ask(desk, assertion(bank, client_id=bank.credential.client, nbf=NOW))


@pytest.mark.parametrize("algorithm", ["ES256K", "ES384", "HS256", "none", "", "es256", 5])
def test_s5_a_wrong_algorithm_is_a_fault_of_the_proof(desk, bank, algorithm):
    signer = new_key("secp256k1" if algorithm == "ES256K" else "P-256")
    made = proof(signer, {"alg": algorithm})
    reason = "proof_malformed" if algorithm == 5 else "algorithm_not_allowed"
    assert isinstance(refused(reason, ask, desk, assertion(bank), signer, made), ProofError)
    assert left_behind(desk) == NOTHING


def test_s5_an_algorithm_of_another_key_is_a_fault_of_the_proof(desk, bank, key):
    made = proof(key, {"alg": "Ed25519"})
    assert isinstance(refused("proof_malformed", ask, desk, assertion(bank), key, made), ProofError)
    assert left_behind(desk) == NOTHING


def test_s5_a_wrong_algorithm_of_the_assertion_is_none_of_the_proof(desk, bank):
    error = refused("algorithm_not_allowed", ask, desk, assertion(bank, {"alg": "RS256"}))
    assert not isinstance(error, ProofError)
    assert left_behind(desk) == NOTHING


CRITICAL = [[], ["b64"], ["exp"], ["alg"], ["vendor"], "b64", 5, None, {}]


@pytest.mark.parametrize("critical", CRITICAL)
def test_s6_critical_extensions_of_an_assertion_are_refused_and_an_empty_list_of_them(desk, bank, critical):
    header = {"crit": critical, "b64": True, "exp": NOW + 60, "vendor": 1}
    refused("assertion_malformed", ask, desk, assertion(bank, header))
    assert left_behind(desk) == NOTHING


@pytest.mark.parametrize("critical", CRITICAL)
def test_s6_critical_extensions_of_a_proof_are_refused_and_an_empty_list_of_them(desk, bank, key, critical):
    header = {"crit": critical, "b64": True, "exp": NOW + 60, "vendor": 1}
    made = proof(key, header)
    assert isinstance(refused("proof_malformed", ask, desk, assertion(bank), key, made), ProofError)
    assert left_behind(desk) == NOTHING


@pytest.mark.parametrize("method", ["post", "Post", "GET"])
def test_s5_methods_are_compared_letter_by_letter(desk, bank, key, method):
    refused("proof_other_request", ask, desk, assertion(bank), key, proof(key, htm=method))


@pytest.mark.parametrize("size", [257, 2000])
def test_s5_an_identifier_that_is_too_long_is_refused(desk, bank, key, size):
    refused("proof_malformed", ask, desk, assertion(bank), key, proof(key, jti="x" * size))
    assert left_behind(desk) == NOTHING


def test_s5_a_private_key_in_the_header_is_refused(desk, bank, key):
    made = proof(key, {"jwk": key.as_dict(private=True)})
    refused("proof_malformed", ask, desk, assertion(bank), key, made)
    assert left_behind(desk) == NOTHING


SAME = {
    "HTTPS://Credence.Example/v1/token",
    "https://credence.example:443/v1/token",
    "https://credence.example:/v1/token",
    "https://credence.example/v1/token?a=b#c",
    "https://credence.example/v1/%74oken",
    "https://credence.example/v1/x/../token",
    "https://credence.example/./v1/./token",
    "https://credence.example/../v1/token",
}
OTHER = {
    "http://credence.example/v1/token",
    "https://credence.example:444/v1/token",
    "https://user@credence.example/v1/token",
    "https://credence.example/v1/Token",
    "https://credence.example/v1/token/",
    "https://credence.example//v1/token",
    "https://credence.example/v1%2Ftoken",
    "https://credence.example/v1/token/..",
    "https://[credence.example/v1/token",
    "/v1/token",
    "",
}


def test_s5_an_address_counts_by_the_rules_of_rfc_3986():
    assert {normal(url) for url in SAME} == {normal(TOKEN_URL)}
    assert normal(TOKEN_URL) not in {normal(url) for url in OTHER}
    assert normal("https://a.example/%e4%bd%a0/%2f") == ("https", "a.example", "/%E4%BD%A0/%2F")
    assert normal("https://a.example") == normal("https://a.example/")
    assert normal("https://a.example/b/..") == (*normal("https://a.example/b/.")[:2], "/")


@pytest.mark.parametrize("url", sorted(SAME))
def test_s5_a_proof_for_the_same_address_counts(desk, bank, key, url):
    assert ask(desk, assertion(bank), key, proof(key, htu=url))


@pytest.mark.parametrize("url", sorted(OTHER))
def test_s5_a_proof_for_another_address_is_refused(desk, bank, key, url):
    refused("proof_other_request", ask, desk, assertion(bank), key, proof(key, htu=url))
    assert left_behind(desk) == NOTHING
