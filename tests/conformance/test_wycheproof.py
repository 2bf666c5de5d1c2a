"""What checks signatures and opens sealed records, against Project Wycheproof."""

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.util import urlsafe_b64encode

from api.sign_in.protocol.jose import Algorithm, Header, Signed, public_key
from api.vault.cipher import unseal
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.signature import _HALF_ORDER, address_of_point, recover
from tests.kit.wycheproof import kept, shipped, wrong

NONCE_BITS, TAG_BITS = 96, 128
MALLEABLE, LARGE_X = "signature malleability", "k*G has a large x-coordinate"
AUTHENTICATOR_DATA = bytes(32) + b"\x05" + bytes(4)


def by_passkey(case):
    """Whether a passkey's signature counts, by the reader of sizes and DER and the check that assertions go through."""
    passkey = Passkey(bytes(32), bytes.fromhex(case.group["publicKey"]["uncompressed"])[1:])
    try:
        signature = Assertion(AUTHENTICATOR_DATA, b"{}", case.blob("sig"))._require_sizes()
    except VerificationError:
        return False
    return passkey.signed(case.blob("msg"), signature)


def as_it_came(case):
    return case.blob("sig")


def by_sign_in(algorithm, form=as_it_came):
    """Whether a token with this signature counts, in the form that is sent."""

    def accepts(case):
        header = Header(algorithm.value, None, None, None)
        signed = Signed(algorithm, header, JsonObject({}, "claims"), case.blob("msg"), form(case))
        return signed.is_by(public_key(jwk_of(case.group["publicKey"])))

    return accepts


def jwk_of(key):
    """Return a key of Wycheproof as a JWK; some of its groups have one, and some have none."""
    if "pk" in key:
        return {"kty": "OKP", "crv": "Ed25519", "x": encoded(bytes.fromhex(key["pk"]))}
    point = bytes.fromhex(key["uncompressed"])[1:]
    curve = {"secp256r1": "P-256"}.get(key["curve"], key["curve"])
    return {"kty": "EC", "crv": curve, "x": encoded(point[:32]), "y": encoded(point[32:])}


def encoded(data):
    return urlsafe_b64encode(data).decode()


def test_signatures_of_passkeys_in_der():
    cases = shipped("Signature", "ecdsa_secp256r1_sha256_test.json")
    assert len(cases) >= 480
    assert wrong(cases, by_passkey) == []


def test_signatures_of_passkeys_as_r_and_s():
    cases = shipped("Signature", "ecdsa_secp256r1_sha256_p1363_test.json")
    assert len(cases) >= 260
    assert wrong(cases, by_passkey) == []


def test_signatures_of_sign_in_keys_on_p_256():
    cases = shipped("Signature", "ecdsa_secp256r1_sha256_p1363_test.json")
    assert wrong(cases, by_sign_in(Algorithm.ES256)) == []


def test_signatures_of_sign_in_keys_on_ed25519():
    cases = shipped("Signature", "ed25519_test.json")
    assert len(cases) >= 200
    for algorithm in (Algorithm.ED25519, Algorithm.EDDSA):
        assert wrong(cases, by_sign_in(algorithm)) == []


def test_sealed_records():
    """In scope: nonces of 12 bytes and whole tags, which is all that the vault writes."""

    def opens(case):
        sealed = case.blob("iv") + case.blob("ct") + case.blob("tag")
        try:
            return unseal(case.blob("key"), sealed, case.blob("aad")) == case.blob("msg")
        except CredenceError:
            return False

    cases = shipped("Cipher", "aes_gcm_test.json")
    ours = [case for case in cases if (case.group["ivSize"], case.group["tagSize"]) == (NONCE_BITS, TAG_BITS)]
    assert len(ours) >= 180
    assert {case.group["keySize"] for case in ours} == {128, 192, 256}
    assert wrong(ours, opens) == []
    # whatever else there is has nonces of another length, which no record has
    assert all(case.group["ivSize"] != NONCE_BITS for case in cases if case not in ours)


def test_the_cases_for_secp256k1_have_every_flag():
    cases = kept("secp256k1.json")
    assert len(set().union(*(case.flags for case in cases))) == 18
    read = [case for case in cases if len(r_and_s(case)) == 64]
    assert sum(case.is_valid for case in read) >= 50
    assert sum(not case.is_valid for case in read) >= 25
    # what has no r and s of 32 bytes each goes in as it came, and none of it counts
    assert not any(case.is_valid for case in cases if case not in read)


def test_signatures_on_secp256k1():
    """In scope: r, s with low s and v 27 or 28, as contracts take them (EIP-2). What else is valid is refused.

    A point whose x is at least the order of the group needs another v. Nobody ever met one.
    """
    cases = kept("secp256k1.json")

    def accepts(case):
        signer = address_of_point(bytes.fromhex(case.group["publicKey"]["uncompressed"])[1:])
        digest = sha256_digest(case.blob("msg"))
        return any(by(digest, r_and_s(case) + bytes([v])) == signer for v in (27, 28))

    def by(digest, signature):
        try:
            return recover(digest, signature)
        except VerificationError:
            return None

    refused = [case for case in cases if is_high(case) or case.values["comment"] == LARGE_X]
    assert {is_high(case) for case in refused if case.is_valid} == {True, False}
    assert not any(accepts(case) for case in refused)
    assert wrong([case for case in cases if case not in refused], accepts) == []


def test_tokens_of_controllers_on_secp256k1():
    """JOSE has no rule of low s: what the cases of Bitcoin hold for invalid for that alone counts here."""
    cases = kept("secp256k1.json")
    accepts = by_sign_in(Algorithm.ES256K, r_and_s)
    malleable = [case for case in cases if MALLEABLE in case.values["comment"].lower()]
    assert [(case.is_valid, is_high(case), accepts(case)) for case in malleable] == [(False, True, True)] * 2
    assert wrong([case for case in cases if case not in malleable], accepts) == []


def is_high(case):
    return len(r_and_s(case)) == 64 and int.from_bytes(r_and_s(case)[32:], "big") > _HALF_ORDER


def r_and_s(case):
    """Return r || s of 32 bytes each, as we take signatures on secp256k1; whatever has no such form stays as it is."""
    try:
        return b"".join(part.to_bytes(32, "big") for part in decode_dss_signature(case.blob("sig")))
    except (ValueError, OverflowError):
        return case.blob("sig")
