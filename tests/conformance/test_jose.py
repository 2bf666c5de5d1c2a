"""Sign-in against the examples of RFC 9449 (proofs, thumbprint, hash of a token), 7515, 7519 and 8037."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from api.sign_in.protocol.error import SignInError
from api.sign_in.protocol.jose import public_key, read
from api.sign_in.protocol.proof import Target, check_proof, token_hash
from ledger_node.domain.reason import Reason

VECTORS = json.loads((Path(__file__).parent / "jose.json").read_text("utf-8"))
PROOFS = [{**example, "proof": "".join(example["proof"])} for example in VECTORS["proofs"]]
sections = pytest.mark.parametrize("example", PROOFS, ids=lambda example: example["section"])


def checked(example, **changes):
    target = Target(example["method"], example["url"], example["token"])
    options = {"now": example["iat"], "thumbprint": VECTORS["jkt"]} | {
        name: changes.pop(name) for name in ("now", "thumbprint") if name in changes
    }
    return check_proof(changes.pop("proof", example["proof"]), replace(target, **changes), **options)


def refused(example, **changes):
    with pytest.raises(SignInError) as error:
        checked(example, **changes)
    return error.value.reason


@sections
def test_a_proof_of_rfc_9449_checks(example):
    proof = checked(example)
    assert (proof.identifier, proof.issued_at, proof.nonce) == (example["jti"], example["iat"], None)
    assert proof.key.thumbprint == VECTORS["jkt"]
    assert dict(proof.key.jwk) == VECTORS["jwk"]


@sections
def test_a_proof_of_rfc_9449_is_for_its_request_time_and_key_alone(example):
    assert refused(example, method="PUT") == "proof_other_request"
    assert refused(example, url=example["url"] + "/x") == "proof_other_request"
    assert refused(example, token="another") == "proof_other_token"
    assert refused(example, now=example["iat"] + 60) == "proof_time"
    assert refused(example, now=example["iat"] - 11) == "proof_time"
    assert refused(example, thumbprint="another") == "proof_other_key"
    changed = example["proof"][:-2] + ("A" if example["proof"][-2] != "A" else "B") + example["proof"][-1]
    assert refused(example, proof=changed) == "proof_malformed"


def test_the_hash_of_the_token_of_rfc_9449_is_its_ath():
    (example,) = (example for example in PROOFS if example["token"] is not None)
    assert token_hash(example["token"]) == example["ath"]


@pytest.mark.parametrize("example", VECTORS["jws"], ids=lambda example: example["source"])
def test_a_signature_of_rfc_7515_checks_with_its_key_alone(example):
    signed = read("".join(example["token"]), Reason.PROOF_MALFORMED)
    assert signed.is_by(public_key(example["jwk"]))
    assert not signed.is_by(public_key(VECTORS["jwk"]))


@pytest.mark.parametrize("example", VECTORS["refused"], ids=lambda example: example["source"])
def test_what_the_rfcs_say_must_be_refused_is(example):
    with pytest.raises(SignInError) as error:
        read("".join(example["token"]), Reason.PROOF_MALFORMED)
    assert error.value.reason == example["reason"]


@pytest.mark.parametrize("example", VECTORS["thumbprints"], ids=lambda example: example["source"])
def test_a_thumbprint_is_that_of_rfc_7638(example):
    assert public_key(example["jwk"]).thumbprint == example["thumbprint"]
