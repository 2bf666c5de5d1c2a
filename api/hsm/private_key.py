"""A key in a device as the library ``cryptography`` knows private keys, so that JOSE is joserfc's there as well."""

from typing import NoReturn, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64encode
from typing_extensions import override

from api.hsm.device import DeviceKey
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason

_HALF = 32


class DevicePrivateKey(ec.EllipticCurvePrivateKey):
    """Signs by the device on P-256; everything that would need the secret is refused."""

    def __init__(self, device: DeviceKey) -> None:
        self._device = device

    @property
    @override
    def curve(self) -> ec.EllipticCurve:
        return ec.SECP256R1()

    @property
    @override
    def key_size(self) -> int:
        return self.curve.key_size

    @override
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, b"\x04" + self._device.point)

    @override
    def sign(self, data: object, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)  # type: ignore[arg-type]
        signature = self._device.sign(digest.finalize())
        return encode_dss_signature(int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big"))

    @override
    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        _refuse()

    @override
    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        _refuse()

    @override
    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,
        encryption_algorithm: KeySerializationEncryption,
    ) -> bytes:
        _refuse()

    @override
    def __copy__(self) -> Self:
        return self

    @override
    def __deepcopy__(self, memo: dict[object, object]) -> Self:
        return self


def sign_in_key(device: DeviceKey) -> ECKey:
    """Return the key as joserfc takes it.

    Raises:
        InvalidInputError: ``configuration``; it is not on P-256.
    """
    private = DevicePrivateKey(device)
    try:
        private.public_key()
    except ValueError as error:
        raise InvalidInputError(Reason.CONFIGURATION, "the device's key is not on P-256") from error
    x, y = device.point[:_HALF], device.point[_HALF:]
    shown = {"crv": "P-256", "x": urlsafe_b64encode(x).decode(), "y": urlsafe_b64encode(y).decode()}
    return ECKey(private, shown)


def _refuse() -> NoReturn:
    raise NotImplementedError("the secret of this key stays in its device")
