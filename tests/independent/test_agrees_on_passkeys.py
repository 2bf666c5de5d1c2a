"""Assertions of passkeys, which no vector of evidence has: each step of clause 8 and its reason."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from . import controllers, passkey
from .controllers import Controllers
from .errors import RefusedError
from .passkey import ORDER, Assertion, Passkey

DIGEST = hashlib.sha256(b"a digest").digest()
SECRET = ec.derive_private_key(7, ec.SECP256R1())
NUMBERS = SECRET.public_key().public_numbers()
POINT = NUMBERS.x.to_bytes(32) + NUMBERS.y.to_bytes(32)
GOOD = {
    "type": "webauthn.get",
    "challenge": base64.urlsafe_b64encode(DIGEST).rstrip(b"=").decode(),
    "origin": "https://bank.example",
    "crossOrigin": False,
}


def assertion(domain: str = "bank.example", flags: int = 0x05, extra: bytes = b"", **client: Any) -> Assertion:
    """An assertion with the smaller s, changed as told; a member None is left out."""
    said = {name: value for name, value in {**GOOD, **client}.items() if value is not None}
    data = hashlib.sha256(domain.encode()).digest() + bytes([flags]) + bytes(4) + extra
    text = json.dumps(said).encode()
    r, s = utils.decode_dss_signature(SECRET.sign(data + hashlib.sha256(text).digest(), ec.ECDSA(hashes.SHA256())))
    return Assertion(data, text, r.to_bytes(32) + min(s, ORDER - s).to_bytes(32))


def outcome(signed: Assertion, domain: str = "bank.example") -> str:
    """`counts`, or the reason."""
    key = Passkey(hashlib.sha256(domain.encode()).digest(), POINT)
    try:
        kept = Controllers((key,), (1,), 1, bytes(32))
        controllers.check_form(kept, [signed], controllers.check(kept, [signed], DIGEST))
    except RefusedError as refused:
        return refused.reason
    return "counts"


@pytest.mark.parametrize(
    ("changes", "expect"),
    [
        ({}, "counts"),
        ({"crossOrigin": None}, "counts"),
        ({"flags": 0x1D}, "counts"),
        ({"flags": 0x85, "extra": b"\xa0"}, "counts"),
        ({"flags": 0x05, "extra": b"\xa0"}, "signature_malformed"),
        ({"flags": 0x85}, "signature_malformed"),
        ({"flags": 0x45}, "signature_malformed"),
        ({"flags": 0x15}, "signature_malformed"),
        ({"type": "webauthn.create"}, "signature_malformed"),
        ({"challenge": GOOD["challenge"] + "="}, "challenge_mismatch"),
        ({"crossOrigin": True}, "origin_mismatch"),
        ({"topOrigin": "https://bank.example"}, "origin_mismatch"),
        ({"origin": "https://bank.example/"}, "origin_mismatch"),
        ({"origin": "https://www.bank.example"}, "origin_mismatch"),
        ({"origin": "http://bank.example"}, "origin_mismatch"),
        ({"flags": 0x01}, "user_not_verified"),
        ({"flags": 0x04}, "user_not_verified"),
        ({"domain": "other.example", "origin": "https://other.example"}, "signer_not_controller"),
    ],
)
def test_e7_steps_of_an_assertion(changes: dict[str, Any], expect: str) -> None:
    """The five steps, in their order."""
    assert outcome(assertion(**changes)) == expect


@pytest.mark.parametrize(
    ("origin", "expect"),
    [
        ("http://localhost:8080", "counts"),
        ("http://localhost:65535", "counts"),
        ("http://localhost:65536", "origin_mismatch"),
        ("http://localhost:08", "origin_mismatch"),
        ("http://localhost", "origin_mismatch"),
        ("https://localhost", "origin_mismatch"),
    ],
)
def test_e7_localhost(origin: str, expect: str) -> None:
    """The one domain with a port."""
    assert outcome(assertion(domain="localhost", origin=origin), "localhost") == expect


def test_e7_one_form_of_a_passkeys_signature() -> None:
    """High s and DER count, but a bundle has neither."""
    good = assertion()
    r, s = good.numbers()
    high = Assertion(good.authenticator_data, good.client_data, r.to_bytes(32) + (ORDER - s).to_bytes(32))
    der = Assertion(good.authenticator_data, good.client_data, utils.encode_dss_signature(r, s))
    keys = [Passkey(good.authenticator_data[:32], POINT)]
    assert {passkey.signer(one, DIGEST, keys) for one in (good, high, der)} == set(keys)
    assert [outcome(one) for one in (good, high, der)] == ["counts", "not_canonical", "not_canonical"]
