"""WebAuthn passkeys as controllers: P-256 keys whose assertions sign a 32-byte digest.

What an assertion must show (W3C Web Authentication, "Verifying an Authentication Assertion"; what that leaves
to the relying party is settled here):

 1. Its parts have their sizes; the client data is strict JSON of an assertion (``webauthn.get``).
 2. Its challenge is the digest, as base64url without padding: that digest was signed and no other.
 3. It was not made in a frame of another origin, and its origin is https:// and the relying party's domain.
    For the domain localhost it is http://localhost and a port.
 4. The user was present and verified.
 5. A passkey of the set, committed with this relying party, made the signature over
    authenticatorData || SHA-256(clientDataJSON).

ECDSA with SHA-256 (ES256) is the only algorithm: the key says so, nothing that is sent does. High and low s both
count, for many authenticators make either and nothing here rests on the bytes of a signature: what is counted is
who holds the key. The signature counter is not looked at: it is per device and most synced passkeys leave it at zero.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger_node.domain.canonical import JSON, decode
from ledger_node.domain.eip712 import uint_word
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import HASH_BYTES, sha256_digest
from ledger_node.domain.json_object import JsonObject, to_hex
from ledger_node.domain.reason import Reason

KEY_BYTES: Final = 64
MAX_CLIENT_DATA: Final = 2048
MAX_AUTHENTICATOR_DATA: Final = 1024
_TAG: Final = b"\x02"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RAW_BYTES: Final = 64
_MAX_DER_BYTES: Final = 72
_HEAD_BYTES: Final = 37
"""rpIdHash (32), flags (1), signature counter (4); extension outputs follow where their flag is set."""
_USER_PRESENT, _USER_VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
_HOST: Final = re.compile(r"https://([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,20})")
_LOOPBACK: Final = re.compile(r"http://(localhost):([1-9][0-9]{0,4})")
_LAST_PORT: Final = 65_535
_ABI_HEAD_BYTES: Final = 6 * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Passkey:
    """A P-256 key (x || y, 64 bytes) with the SHA-256 of the relying party's domain it was made for."""

    rp_id_hash: bytes
    public_key: bytes

    def __post_init__(self) -> None:
        """Refuse what is no point of the curve, so that every committed key can be checked against."""
        if len(self.rp_id_hash) != HASH_BYTES or len(self.public_key) != KEY_BYTES:
            raise _no_key("a passkey is a 32-byte rp_id_hash and a 64-byte public_key")
        try:
            _point(self.public_key)
        except ValueError as error:
            raise _no_key("the public key of a passkey is a point of P-256: x, then y") from error

    @property
    def encoded(self) -> bytes:
        """0x02 || 32-byte rpIdHash || x || y, as the commitment to controllers holds it."""
        return _TAG + self.rp_id_hash + self.public_key

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Return whether this key made the DER ``signature`` over ``message``."""
        try:
            _point(self.public_key).verify(signature, message, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {"rp_id_hash": to_hex(self.rp_id_hash), "public_key": to_hex(self.public_key)}

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed, or the key is none of P-256.
        """
        with JsonObject(value, "passkey") as record:
            return cls(record.blob("rp_id_hash"), record.blob("public_key", length=KEY_BYTES))


@dataclass(frozen=True, slots=True)
class Assertion:
    """What ``navigator.credentials.get`` returns: authenticatorData, clientDataJSON, and r, s (DER, or 64 bytes)."""

    authenticator_data: bytes
    client_data_json: bytes
    signature: bytes

    def require_signer(self, digest: bytes, passkeys: Sequence[Passkey]) -> Passkey:
        """Return the one of ``passkeys`` that signed ``digest``; of several that fit, the first.

        Raises:
            VerificationError: ``signature_malformed``, ``challenge_mismatch``, ``origin_mismatch``,
                ``user_not_verified`` or ``signer_not_controller``.
        """
        signature = self._require_sizes()  # 1
        client = self._client_data()  # 1
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
        if client.get("challenge") != challenge:  # 2
            raise VerificationError(
                Reason.CHALLENGE_MISMATCH, "the passkey signed something else than is asked for here"
            )
        rp_id_hash, flags = self.authenticator_data[:HASH_BYTES], self.authenticator_data[HASH_BYTES]
        self._require_origin(client, rp_id_hash)  # 3
        if not flags & _USER_PRESENT or not flags & _USER_VERIFIED:  # 4
            raise VerificationError(
                Reason.USER_NOT_VERIFIED, "the passkey must ask for a fingerprint, face or PIN (user verification)"
            )
        message = self.authenticator_data + sha256_digest(self.client_data_json)
        for passkey in passkeys:  # 5
            if passkey.rp_id_hash == rp_id_hash and passkey.signed(message, signature):
                return passkey
        raise VerificationError(
            Reason.SIGNER_NOT_CONTROLLER, "a signature is by a passkey that does not control the subject"
        )

    def _require_sizes(self) -> bytes:
        """Return the signature in DER."""
        length = len(self.authenticator_data)
        if not _HEAD_BYTES <= length <= MAX_AUTHENTICATOR_DATA:
            raise _malformed(f"authenticator data has {_HEAD_BYTES} to {MAX_AUTHENTICATOR_DATA} bytes")
        flags = self.authenticator_data[HASH_BYTES]
        if flags & _ATTESTED or bool(flags & _EXTENDED) != (length > _HEAD_BYTES):
            raise _malformed("authenticator data of an assertion holds extensions where their flag is set, and no key")
        if flags & _BACKED_UP and not flags & _BACKUP_ELIGIBLE:
            raise _malformed("the authenticator says that a key is backed up which cannot be")
        r, s = _parts(self.signature)
        if not (0 < r < _ORDER and 0 < s < _ORDER):
            raise _malformed("no key of P-256 can have made this signature")
        return encode_dss_signature(r, s)

    def _client_data(self) -> Mapping[str, JSON]:
        try:
            client = decode(self.client_data_json, max_bytes=MAX_CLIENT_DATA)
        except InvalidInputError as error:
            raise _malformed("the client data of an assertion is no strict JSON") from error
        if not isinstance(client, Mapping) or client.get("type") != "webauthn.get":
            raise _malformed("the client data is not that of an assertion (webauthn.get)")
        return client

    @staticmethod
    def _require_origin(client: Mapping[str, JSON], rp_id_hash: bytes) -> None:
        if client.get("crossOrigin", False) is not False or "topOrigin" in client:
            raise VerificationError(Reason.ORIGIN_MISMATCH, "the passkey was asked from a frame of another origin")
        origin = client.get("origin")
        domain = _domain(origin) if isinstance(origin, str) else None
        if domain is None or sha256_digest(domain.encode()) != rp_id_hash:
            raise VerificationError(
                Reason.ORIGIN_MISMATCH, "the origin does not belong to the domain that the passkey was made for"
            )

    def in_one_form(self) -> Self:
        """Return this assertion with its signature as r || s of 32 bytes each, s the smaller of the two that sign."""
        r, s = _parts(self.signature)
        return replace(self, signature=r.to_bytes(HASH_BYTES, "big") + min(s, _ORDER - s).to_bytes(HASH_BYTES, "big"))

    def for_chain(self, digest: bytes) -> bytes:
        """Return abi.encode(r, s, challengeIndex, typeIndex, authenticatorData, clientDataJSON), for the contract.

        The contract looks for type and challenge as browsers write them (W3C Web Authentication, "Serialization").

        Raises:
            VerificationError: ``signature_malformed``; it is written in another way, which only the chain refuses.
        """
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
        places = [
            self.client_data_json.find(member)
            for member in (b'"challenge":"' + challenge + b'"', b'"type":"webauthn.get"')
        ]
        if min(places) < 0:
            raise _malformed("the client data is not written as browsers write it, so the ledger cannot check it")
        signature = self.in_one_form().signature
        data = _padded(self.authenticator_data)
        head = [*places, _ABI_HEAD_BYTES, _ABI_HEAD_BYTES + len(data)]
        return signature + b"".join(map(uint_word, head)) + data + _padded(self.client_data_json)

    def to_json(self) -> dict[str, JSON]:
        """Return the JSON form."""
        return {
            "authenticator_data": to_hex(self.authenticator_data),
            "client_data_json": to_hex(self.client_data_json),
            "signature": to_hex(self.signature),
        }

    @classmethod
    def from_json(cls, value: JSON) -> Self:
        """Read the JSON form, all members in hexadecimal; what they hold is checked with the digest.

        Raises:
            InvalidInputError: a member is missing, unknown or malformed.
        """
        with JsonObject(value, "assertion") as record:
            names = ("authenticator_data", "client_data_json", "signature")
            return cls(*(record.blob(name, length=None) for name in names))


def _padded(data: bytes) -> bytes:
    """Return bytes as the ABI writes them: their length, then whole words."""
    return uint_word(len(data)) + data + bytes(-len(data) % HASH_BYTES)


def _domain(origin: str) -> str | None:
    """Return the one domain that passkeys of an origin are made for, or None for an origin that does not count.

    ``localhost`` is that of an embedded engine on one machine; no address of a consortium is.
    """
    match = _HOST.fullmatch(origin)
    if match is not None:
        return None if match[1] == "localhost" else match[1]
    match = _LOOPBACK.fullmatch(origin)
    return match[1] if match is not None and int(match[2]) <= _LAST_PORT else None


def _point(public_key: bytes) -> EllipticCurvePublicKey:
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x04" + public_key)


def _parts(signature: bytes) -> tuple[int, int]:
    """Return r and s of 64 bytes r || s, or of any other length as strict DER."""
    if len(signature) == _RAW_BYTES:
        return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) > _MAX_DER_BYTES:
        raise _malformed("a signature of P-256 is 64 bytes r, s or at most 72 bytes of DER")
    try:
        return decode_dss_signature(signature)
    except ValueError as error:
        raise _malformed("a signature of P-256 is 64 bytes r, s or DER") from error


def _no_key(message: str) -> InvalidInputError:
    return InvalidInputError(Reason.VALUE_MALFORMED, message, field="public_key")


def _malformed(message: str) -> VerificationError:
    return VerificationError(Reason.SIGNATURE_MALFORMED, message)
