"""One elliptic-curve key in a PKCS#11 token: what signs is the device; what we hold is a handle.

Needs the package python-pkcs11 (``pip install 'credence[hsm]'``) and the library of the device's maker.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from api.files.private import read_private_text
from ledger_node.domain.canonical import decode
from ledger_node.domain.error import ChainError, InvalidInputError, VerificationError
from ledger_node.domain.json_object import JsonObject
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of_point, low, recover

SUFFIX: Final = ".hsm.json"
"""Files that name a key in a device, in the place of a file that holds one."""
_UNCOMPRESSED: Final = b"\x04\x41\x04"
"""DER of an octet string of 65 bytes, and the mark of an uncompressed point."""
_POINT_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class KeyReference:
    """Where a key is. ``module``: the maker's library; ``pin_file``: holds the user's PIN, for its owner alone."""

    module: str
    token: str
    key: str
    pin_file: Path

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read ``{module, token, key, pin_file}``; a relative ``pin_file`` is beside the file.

        Raises:
            InvalidInputError: a member is missing or malformed.
        """
        record = JsonObject(decode(path.read_bytes()), path.name)
        reference = cls(
            record.text("module"), record.text("token"), record.text("key"), path.parent / record.text("pin_file")
        )
        record.done()
        return reference


class DeviceKey:
    """A key that is there and can sign; a device signs one thing at a time."""

    def __init__(self, point: bytes, handle: Any) -> None:  # noqa: ANN401 - PKCS#11 objects have no static type
        self.point = point
        self._handle = handle
        self._lock = threading.Lock()

    @classmethod
    def open(cls, reference: KeyReference) -> Self:
        """Open a session of its own and find the key and its public part by their label.

        Raises:
            InvalidInputError: ``configuration``; library, token, key or PIN is missing or wrong.
        """
        try:
            import pkcs11
        except ImportError as error:
            raise InvalidInputError(
                Reason.CONFIGURATION, "keys in a device need the package python-pkcs11: pip install 'credence[hsm]'"
            ) from error
        pin = read_private_text(reference.pin_file)
        try:
            session = _session(pkcs11.lib(reference.module).get_token(token_label=reference.token), pin)
            handle = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=reference.key)
            public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=reference.key)
            point = bytes(public[pkcs11.Attribute.EC_POINT])
        except (pkcs11.exceptions.PKCS11Error, RuntimeError) as error:
            raise InvalidInputError(
                Reason.CONFIGURATION,
                f"no key '{reference.key}' in token '{reference.token}' of {reference.module}: {type(error).__name__}",
            ) from error
        if not point.startswith(_UNCOMPRESSED) or len(point) != len(_UNCOMPRESSED) + _POINT_BYTES:
            raise InvalidInputError(Reason.CONFIGURATION, f"'{reference.key}' is no key on a curve of 256 bits")
        return cls(point[len(_UNCOMPRESSED) :], handle)

    def sign(self, digest: bytes) -> bytes:
        """Return r || s over a digest of 32 bytes.

        Raises:
            ChainError: ``ledger_unavailable``; the device does not answer.
        """
        import pkcs11

        with self._lock:
            try:
                return bytes(self._handle.sign(digest, mechanism=pkcs11.Mechanism.ECDSA))
            except pkcs11.exceptions.PKCS11Error as error:
                raise ChainError(
                    Reason.LEDGER_UNAVAILABLE, f"the device that holds a signing key failed: {type(error).__name__}"
                ) from error


def _session(token: Any, pin: str) -> Any:  # noqa: ANN401 - PKCS#11 objects have no static type
    import pkcs11

    try:
        return token.open(user_pin=pin)
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        # PKCS#11 knows one log-in a process and token, which holds for all its sessions
        return token.open()


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
