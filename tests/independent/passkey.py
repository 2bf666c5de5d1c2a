"""WebAuthn assertions of passkeys (clause 8)."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from . import strict
from .errors import RefusedError, need

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
MAX_DATA, MAX_CLIENT = 1024, 2048
DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?\Z")
LOCAL = re.compile(r"http://localhost:([1-9][0-9]{0,4})\Z")


@dataclass(frozen=True)
class Passkey:
    """A point of P-256 and the domain it is for."""

    rp_id_hash: bytes
    public_key: bytes

    def encoded(self) -> bytes:
        """As it stands in the commitment."""
        return b"\x02" + self.rp_id_hash + self.public_key

    def point(self) -> ec.EllipticCurvePublicKey:
        """The point; refused where it is none of the curve."""
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + self.public_key)
        except ValueError as error:
            raise RefusedError("value_malformed") from error


@dataclass(frozen=True)
class Assertion:
    """What an authenticator gave."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    def numbers(self) -> tuple[int, int]:
        """r and s, of strict DER or 64 bytes."""
        raw = self.signature
        if len(raw) == 64:
            return int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        try:
            r, s = utils.decode_dss_signature(raw)
        except ValueError as error:
            raise RefusedError("signature_malformed") from error
        need(utils.encode_dss_signature(r, s) == raw, "signature_malformed")
        return r, s

    def in_one_form(self) -> bool:
        """64 bytes with the smaller s."""
        return len(self.signature) == 64 and int.from_bytes(self.signature[32:]) <= ORDER // 2


def read(value: Any) -> Assertion:
    """The JSON of an assertion; how long its byte texts are is looked at in rule 10."""
    strict.members(value, "authenticator_data client_data_json signature")
    data, client = strict.octets(value["authenticator_data"]), strict.octets(value["client_data_json"])
    return Assertion(data, client, strict.octets(value["signature"]))


def signer(assertion: Assertion, digest: bytes, keys: list[Passkey]) -> Passkey:
    """The passkey that signed, after the five steps of clause 8."""
    client = _well_formed(assertion)
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    need(client.get("challenge") == challenge, "challenge_mismatch")
    rp_id_hash, flags = assertion.authenticator_data[:32], assertion.authenticator_data[32]
    need(client.get("crossOrigin", False) is False and "topOrigin" not in client, "origin_mismatch")
    need(_origin_fits(client.get("origin"), rp_id_hash), "origin_mismatch")
    need(flags & UP and flags & UV, "user_not_verified")
    for key in keys:
        if key.rp_id_hash == rp_id_hash and _signed(assertion, key):
            return key
    raise RefusedError("signer_not_controller")


def _well_formed(assertion: Assertion) -> dict[str, Any]:
    data, reason = assertion.authenticator_data, "signature_malformed"
    need(37 <= len(data) <= MAX_DATA, reason)
    flags = data[32]
    need((len(data) > 37) == bool(flags & ED), reason)
    need(not flags & AT and (flags & BE or not flags & BS), reason)
    r, s = assertion.numbers()
    need(1 <= r < ORDER and 1 <= s < ORDER, reason)
    try:
        client = strict.parse(assertion.client_data, MAX_CLIENT)
    except RefusedError as error:
        raise RefusedError(reason) from error
    need(isinstance(client, dict) and client.get("type") == "webauthn.get", reason)
    return client


def _origin_fits(origin: object, rp_id_hash: bytes) -> bool:
    if not isinstance(origin, str):
        return False
    if rp_id_hash == hashlib.sha256(b"localhost").digest():
        local = LOCAL.match(origin)
        return local is not None and int(local[1]) <= 65535
    domain = origin.removeprefix("https://")
    fits = origin.startswith("https://") and DOMAIN.match(domain) is not None
    return fits and hashlib.sha256(domain.encode()).digest() == rp_id_hash


def _signed(assertion: Assertion, key: Passkey) -> bool:
    message = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
    try:
        key.point().verify(utils.encode_dss_signature(*assertion.numbers()), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
