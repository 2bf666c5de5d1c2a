"""A WebAuthn authenticator and browser in a few lines, from the W3C text; nothing of the product is used."""

import base64
import hashlib
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
RP_ID = "firm.example"
ORIGIN = "https://firm.example"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def integer(value):
    body = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return bytes([2, len(body)]) + body


def der(r, s):
    body = integer(r) + integer(s)
    return bytes([0x30, len(body)]) + body


@dataclass(frozen=True)
class Authenticator:
    """One P-256 key made for one relying party."""

    scalar: int
    rp_id: str = RP_ID

    @property
    def key(self):
        return ec.derive_private_key(self.scalar, ec.SECP256R1())

    @property
    def rp_id_hash(self):
        return hashlib.sha256(self.rp_id.encode()).digest()

    @property
    def public_key(self):
        numbers = self.key.public_key().public_numbers()
        return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

    def client_data(self, digest, **changes):
        members = {"type": "webauthn.get", "challenge": base64url(digest), "origin": ORIGIN, "crossOrigin": False}
        return {name: value for name, value in {**members, **changes}.items() if value is not ...}

    def authenticator_data(self, flags=UP | UV, counter=0, extensions=b""):
        return self.rp_id_hash + bytes([flags]) + counter.to_bytes(4, "big") + extensions

    def sign(self, authenticator_data, client_data_json, high=None):
        """(r, s) over authenticatorData || SHA-256(clientDataJSON); ``high`` True or False forces that half of s."""
        message = authenticator_data + hashlib.sha256(client_data_json).digest()
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        if high is not None and (s > ORDER // 2) is not high:
            s = ORDER - s
        return r, s

    def assertion(self, digest, *, high=None, raw=False, data=None, client=None):
        """(authenticatorData, clientDataJSON, signature) over a 32-byte digest."""
        data = self.authenticator_data() if data is None else data
        client = self.client_data(digest) if client is None else client
        text = client if isinstance(client, bytes) else json.dumps(client, separators=(",", ":")).encode()
        r, s = self.sign(data, text, high)
        return data, text, r.to_bytes(32, "big") + s.to_bytes(32, "big") if raw else der(r, s)
