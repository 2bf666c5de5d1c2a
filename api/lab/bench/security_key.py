"""A passkey in software, so that a benchmark signs as a person does. Nobody else may take it for one."""

import base64
import json
import warnings

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.randomness import random_bytes

_PRESENT_AND_VERIFIED = 0x05


class InsecureSoftwareKey:
    """One key for one host; it asks nobody."""

    def __init__(self, host: str, origin: str) -> None:
        warnings.warn("a passkey in software is for measuring only", stacklevel=2)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._host_hash = sha256_digest(host.encode())
        self._origin = origin
        self.credential = random_bytes(16)

    @property
    def passkey(self) -> Passkey:
        """Its public part."""
        point = self._key.public_key().public_numbers()
        return Passkey(self._host_hash, point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big"))

    def sign(self, digest: bytes) -> Assertion:
        """Return an assertion over 32 bytes."""
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        said = {"type": "webauthn.get", "challenge": challenge, "origin": self._origin, "crossOrigin": False}
        client = json.dumps(said, separators=(",", ":")).encode()
        data = self._host_hash + bytes([_PRESENT_AND_VERIFIED]) + bytes(4)
        return Assertion(data, client, self._key.sign(data + sha256_digest(client), ec.ECDSA(SHA256())))
