"""What a browser returns of a new passkey is read strictly: this page, this site, ES256, and a verified person."""

import json
from dataclasses import replace

import cbor2
import pytest

from api.services.passkey.registration import MAX_ATTESTATION, NewPasskey, Registration
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from tests.kit.authenticator import AT, BE, BS, UP, UV, Authenticator, base64url
from tests.kit.small_instance import refused

RP_ID, ORIGIN, CHALLENGE, ID = "localhost", "http://localhost:8700", b"\x05" * 32, b"\x09" * 16
DEVICE = Authenticator(77, RP_ID)
ES256, RS256 = -7, -257


def registration(*, flags=UP | UV | AT, algorithm=ES256, device=DEVICE, key=DEVICE.public_key, shown=ID, **client):
    cose = cbor2.dumps({1: 2, 3: algorithm, -1: 1, -2: key[:32], -3: key[32:]})
    data = device.authenticator_data(flags, extensions=bytes(16) + len(ID).to_bytes(2, "big") + ID + cose)
    attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
    said = {"type": "webauthn.create", "challenge": base64url(CHALLENGE), "origin": ORIGIN, "crossOrigin": False}
    return Registration(shown, attestation, json.dumps({**said, **client}).encode())


def read(made):
    return made.read(CHALLENGE, rp_id=RP_ID, origin=ORIGIN)


@pytest.mark.parametrize(("flags", "is_synced"), [(UP | UV | AT, False), (UP | UV | AT | BE | BS, True)])
def test_a_new_passkey_is_read_with_whether_it_has_copies(flags, is_synced):
    passkey = Passkey(sha256_digest(RP_ID.encode()), DEVICE.public_key)
    assert read(registration(flags=flags)) == NewPasskey(ID, passkey, is_synced)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"flags": UP | AT}, Reason.USER_NOT_VERIFIED),
        ({"algorithm": RS256}, Reason.PASSKEY_MALFORMED),
        ({"device": Authenticator(77, "evil.example")}, Reason.PASSKEY_MALFORMED),
        ({"device": Authenticator(77, "shop.localhost")}, Reason.PASSKEY_MALFORMED),
        ({"key": b"\x01" * 64}, Reason.PASSKEY_MALFORMED),
        ({"shown": b"another id than that"}, Reason.PASSKEY_MALFORMED),
        ({"shown": b""}, Reason.PASSKEY_MALFORMED),
        ({"type": "webauthn.get"}, Reason.PASSKEY_MALFORMED),
        ({"challenge": base64url(bytes(32))}, Reason.CHALLENGE_MISMATCH),
        ({"origin": "http://localhost:8701"}, Reason.ORIGIN_MISMATCH),
        ({"origin": "https://localhost"}, Reason.ORIGIN_MISMATCH),
        ({"crossOrigin": True}, Reason.ORIGIN_MISMATCH),
        ({"topOrigin": ORIGIN}, Reason.ORIGIN_MISMATCH),
    ],
)
def test_what_was_made_otherwise_is_no_passkey_here(changes, reason):
    assert refused(read, registration(**changes)) is reason


@pytest.mark.parametrize("attestation", [b"", b"\xa0", b"\xff", b"x" * 99, bytes(MAX_ATTESTATION + 1)])
def test_bytes_that_hold_no_passkey_are_refused(attestation):
    assert refused(read, replace(registration(), attestation_object=attestation)) is Reason.PASSKEY_MALFORMED


@pytest.mark.parametrize("client", [b"", b"[]", b"{", b"\xff"])
def test_client_data_that_is_no_strict_json_is_refused(client):
    assert refused(read, replace(registration(), client_data_json=client)) is Reason.PASSKEY_MALFORMED


def test_the_fields_of_a_form_are_hexadecimal():
    made = registration()
    names = ("credential_id", "attestation_object", "client_data_json")
    form = {name: getattr(made, name).hex() for name in names}
    assert Registration.of_form(form) == made
    assert refused(Registration.of_form, form | {"credential_id": "zz"}) is Reason.PASSKEY_MALFORMED
    assert refused(Registration.of_form, {}) is Reason.PASSKEY_MALFORMED
