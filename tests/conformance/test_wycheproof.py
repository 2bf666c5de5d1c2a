"""What checks signatures and opens sealed records, against Project Wycheproof."""

from joserfc.util import urlsafe_b64encode
from wycheproof_kit import given, shipped, wrong

from api.sign_in.jose import Algorithm, Header, Signed, public_key
from api.vault.cipher import unseal
from ledger_node.domain.error import CredenceError, VerificationError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.record import Record
from ledger_node.domain.signature import _HALF_ORDER, address_of_point, recover

NONCE_BITS, TAG_BITS = 96, 128
AUTHENTICATOR_DATA = bytes(32) + b"\x05" + bytes(4)


def by_passkey(case):
    """Whether a passkey's signature counts, by the reader of sizes and DER and the check that assertions go through."""
    passkey = Passkey(bytes(32), bytes.fromhex(case.group["publicKey"]["uncompressed"])[1:])
    try:
        signature = Assertion(AUTHENTICATOR_DATA, b"{}", case.blob("sig"))._require_sizes()
    except VerificationError:
        return False
    return passkey.signed(case.blob("msg"), signature)


def by_sign_in(algorithm):
    """Whether a token with this signature counts."""

    def accepts(case):
        header = Header(algorithm.value, None, None, None)
        signed = Signed(algorithm, header, Record({}, "claims"), case.blob("msg"), case.blob("sig"))
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


def test_signatures_on_secp256k1(wycheproof):
    """In scope: r, s with low s, as contracts take them (EIP-2); a valid one with high s is refused as malformed."""
    cases = given(wycheproof, "ecdsa_secp256k1_sha256_p1363_test.json")

    def accepts(case):
        signer = address_of_point(bytes.fromhex(case.group["publicKey"]["uncompressed"])[1:])
        digest = sha256_digest(case.blob("msg"))
        return any(by(digest, case.blob("sig") + bytes([v])) == signer for v in (27, 28))

    def by(digest, signature):
        try:
            return recover(digest, signature)
        except VerificationError:
            return None

    def is_high(case):
        return len(case.blob("sig")) == 64 and int.from_bytes(case.blob("sig")[32:], "big") > _HALF_ORDER

    assert len(cases) >= 100
    high = [case for case in cases if is_high(case)]
    assert any(case.is_valid for case in high)
    assert not any(accepts(case) for case in high)
    assert wrong([case for case in cases if not is_high(case)], accepts) == []


def test_tokens_of_controllers_on_secp256k1(wycheproof):
    cases = given(wycheproof, "ecdsa_secp256k1_sha256_p1363_test.json")
    assert wrong(cases, by_sign_in(Algorithm.ES256K)) == []
