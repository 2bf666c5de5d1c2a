"""A member's signing key in a device: secp256k1, as the contracts check it."""

from api.hsm.device import DeviceKey
from ledger_node.domain.error import InvalidInputError, VerificationError
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of_point, low, recover


class DeviceSigner:
    """Signs digests as ``SigningKey`` does; the device gives r and s, and what else it takes follows from them."""

    def __init__(self, device: DeviceKey) -> None:
        self.address = address_of_point(device.point)
        self._device = device

    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte signature of a 32-byte digest.

        Raises:
            InvalidInputError: ``configuration``; the device's key is on another curve.
            ChainError: the device does not answer.
        """
        signature = low(self._device.sign(digest))
        for v in (27, 28):
            try:
                if recover(digest, signature + bytes([v])) == self.address:
                    return signature + bytes([v])
            except VerificationError:
                continue
        raise InvalidInputError(Reason.CONFIGURATION, "the device's key is not on secp256k1")
