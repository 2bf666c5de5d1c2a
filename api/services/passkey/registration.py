"""What a browser returns of a new passkey (W3C Web Authentication, "Registering a New Credential").

The attestation is read by the library ``webauthn``; no statement about the device is asked for or kept. Only ES256
counts, user verification is required, and the origin is exactly that of the portal's pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from webauthn import verify_registration_response
from webauthn.helpers import decode_credential_public_key
from webauthn.helpers.bytes_to_base64url import bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorAttestationResponse,
    CredentialDeviceType,
    RegistrationCredential,
)

from ledger_node.domain.canonical import decode
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.hashing import sha256_digest
from ledger_node.domain.passkey import MAX_CLIENT_DATA, Passkey
from ledger_node.domain.reason import Reason

MAX_ATTESTATION: Final = 8 << 10
MAX_CREDENTIAL_ID: Final = 1023
_COORDINATE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was just made. ``is_synced``: it can be copied to other devices of its owner."""

    credential_id: bytes
    passkey: Passkey
    is_synced: bool


@dataclass(frozen=True, slots=True)
class Registration:
    """What ``navigator.credentials.create`` returns."""

    credential_id: bytes
    attestation_object: bytes
    client_data_json: bytes

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> "Registration":
        """Read the fields that ``createPasskey`` gives, in hexadecimal.

        Raises:
            VerificationError: ``passkey_malformed``.
        """
        try:
            parts = [bytes.fromhex(form[name]) for name in ("credential_id", "attestation_object", "client_data_json")]
        except (KeyError, ValueError) as error:
            raise _malformed("the parts of a new passkey are sent in hexadecimal") from error
        return cls(*parts)

    def read(self, challenge: bytes, *, rp_id: str, origin: str) -> NewPasskey:
        """Return the passkey that was made for ``challenge`` on a page of ``origin``.

        Raises:
            VerificationError: ``passkey_malformed``, ``challenge_mismatch``, ``origin_mismatch`` or
                ``user_not_verified``.
        """
        self._require_client_data(challenge, origin)
        try:
            made = verify_registration_response(
                credential=RegistrationCredential(
                    id=bytes_to_base64url(self.credential_id),
                    raw_id=self.credential_id,
                    response=AuthenticatorAttestationResponse(
                        client_data_json=self.client_data_json, attestation_object=self.attestation_object
                    ),
                ),
                expected_challenge=challenge,
                expected_rp_id=rp_id,
                expected_origin=origin,
                require_user_verification=False,
                supported_pub_key_algs=[COSEAlgorithmIdentifier.ECDSA_SHA_256],
            )
            key = decode_credential_public_key(made.credential_public_key)
        except (WebAuthnException, ValueError, KeyError, TypeError, IndexError) as error:
            raise _malformed("this is no new passkey of ES256 for this site") from error
        if not made.user_verified:
            raise VerificationError(Reason.USER_NOT_VERIFIED, "the device must ask for a fingerprint, face or PIN")
        if made.credential_id != self.credential_id or not isinstance(key, DecodedEC2PublicKey):
            raise _malformed("this is no new passkey of ES256 for this site")
        return NewPasskey(
            self.credential_id,
            _passkey(rp_id, key),
            made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        )

    def _require_client_data(self, challenge: bytes, origin: str) -> None:
        if not 1 <= len(self.credential_id) <= MAX_CREDENTIAL_ID or len(self.attestation_object) > MAX_ATTESTATION:
            raise _malformed("the parts of a new passkey have not their sizes")
        try:
            client = decode(self.client_data_json, max_bytes=MAX_CLIENT_DATA)
        except InvalidInputError as error:
            raise _malformed("the client data is no strict JSON") from error
        if not isinstance(client, Mapping) or client.get("type") != "webauthn.create":
            raise _malformed("the client data is not that of a new passkey")
        if client.get("challenge") != bytes_to_base64url(challenge):
            raise VerificationError(Reason.CHALLENGE_MISMATCH, "this passkey was made for another page")
        is_framed = client.get("crossOrigin", False) is not False or "topOrigin" in client
        if client.get("origin") != origin or is_framed:
            raise VerificationError(Reason.ORIGIN_MISMATCH, "this passkey was made on another site")


def _passkey(rp_id: str, key: DecodedEC2PublicKey) -> Passkey:
    if len(key.x) != _COORDINATE_BYTES or len(key.y) != _COORDINATE_BYTES:
        raise _malformed("the key is none of P-256")
    try:
        return Passkey(sha256_digest(rp_id.encode()), key.x + key.y)
    except InvalidInputError as error:
        raise _malformed("the key is none of P-256") from error


def _malformed(message: str) -> VerificationError:
    return VerificationError(Reason.PASSKEY_MALFORMED, message)
