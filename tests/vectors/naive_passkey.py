"""A passkey of a controller, naively: its assertions, and whether they count (format.md, clause 8). No ledger_node."""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.vectors.naive import hexed, require

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DOMAIN = "firm.example"
_SECRET = ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1())
_POINT = _SECRET.public_key().public_numbers()
KEY = {
    "rp_id_hash": hexed(hashlib.sha256(DOMAIN.encode()).digest()),
    "public_key": hexed(_POINT.x.to_bytes(32, "big") + _POINT.y.to_bytes(32, "big")),
}


def assertion(digest: bytes, *, flags: int = 5, form: str = "low", extra: bytes = b"", **client: object) -> dict:
    """What the passkey makes of a digest; ``form`` is how r and s are written: low, high, or der."""
    said = {"type": "webauthn.get", "challenge": challenge(digest), "origin": f"https://{DOMAIN}"}
    text = json.dumps({**said, "crossOrigin": False, **client}, separators=(",", ":")).encode()
    data = hashlib.sha256(DOMAIN.encode()).digest() + bytes([flags]) + bytes(4) + extra
    made = _SECRET.sign(data + hashlib.sha256(text).digest(), ec.ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(made)
    s = max(s, ORDER - s) if form == "high" else min(s, ORDER - s)
    written = encode_dss_signature(r, s) if form == "der" else r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return {"authenticator_data": hexed(data), "client_data_json": hexed(text), "signature": hexed(written)}


def challenge(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def require_signer(shown: dict, digest: bytes, keys: list) -> str:
    """The public key of the passkey that made an assertion; as much of clause 8 as these vectors need."""
    data, text, signature = (
        bytes.fromhex(shown[name][2:]) for name in ("authenticator_data", "client_data_json", "signature")
    )
    require(37 <= len(data) <= 1024, "signature_malformed")
    flags = data[32]
    require(not flags & 0x40 and bool(flags & 0x80) == (len(data) > 37), "signature_malformed")
    require(not flags & 0x10 or flags & 0x08, "signature_malformed")
    require(len(text) <= 2048, "signature_malformed")
    client = json.loads(text)
    require(client.get("type") == "webauthn.get", "signature_malformed")
    if len(signature) == 64:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    else:
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            r, s = 0, 0
    require(0 < r < ORDER and 0 < s < ORDER, "signature_malformed")
    require(client.get("challenge") == challenge(digest), "challenge_mismatch")
    require(client.get("crossOrigin", False) is False and "topOrigin" not in client, "origin_mismatch")
    domain = client.get("origin", "").removeprefix("https://")
    require(client["origin"] == f"https://{domain}", "origin_mismatch")
    require(hashlib.sha256(domain.encode()).digest() == data[:32], "origin_mismatch")
    require(flags & 5 == 5, "user_not_verified")
    message = data + hashlib.sha256(text).digest()
    for key in keys:
        if isinstance(key, dict) and key["rp_id_hash"] == hexed(data[:32]):
            point = ec.EllipticCurvePublicKey.from_encoded_point(
                ec.SECP256R1(), b"\x04" + bytes.fromhex(key["public_key"][2:])
            )
            try:
                point.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
            except InvalidSignature:
                continue
            return key["public_key"]
    require(condition=False, reason="signer_not_controller")
    raise AssertionError


def in_one_form(shown: dict) -> bool:
    """Whether the signature is r || s with the smaller of the two values of s."""
    signature = bytes.fromhex(shown["signature"][2:])
    return len(signature) == 64 and int.from_bytes(signature[32:], "big") <= ORDER // 2
