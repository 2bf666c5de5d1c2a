"""What a client signs in with: its id, and a private key that stays with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, derive_private_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from api.files.private import read_private
from api.home.home import Home
from api.hsm.device import SUFFIX, DeviceKey, KeyReference
from api.hsm.private_key import sign_in_key
from api.sign_in.protocol.assertion import make_assertion
from api.sign_in.protocol.jose import MEMBER_ALGORITHMS, Key, public_part
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason

_KEYSTORE = ".json"
"""A keystore holds a controller's key, which signs in by itself; other files hold keys that were published."""


@dataclass(frozen=True, slots=True)
class Credential:
    """``client``: a member's or a subject's id. ``header``: what tells the instance which key signs."""

    client: str
    header: Mapping[str, JSON]
    key: Key = field(repr=False)

    @classmethod
    def published(cls, client: bytes, key: Key) -> "Credential":
        """Return the credential of a member, or subject, with one of its published sign-in keys."""
        return cls(to_hex(client), {"kid": public_part(key).thumbprint}, key)

    @classmethod
    def of_controller(cls, subject: bytes, private_key: bytes) -> "Credential":
        """Return the credential of a subject with the secp256k1 key of one of its controllers."""
        key = ECKey.import_key(derive_private_key(int.from_bytes(private_key, "big"), SECP256K1()))
        return cls(to_hex(subject), {"jwk": dict(public_part(key).jwk)}, key)

    def assertion(self, audience: str, *, now: int) -> str:
        """Return a fresh client assertion for the instance at ``audience``."""
        return make_assertion(self.client, audience, self.key, self.header, now=now)


def read_key_file(path: Path) -> Key:
    """Return the private key of a file, JWK or PEM, that nobody but its owner may read, or that NAME.hsm.json names.

    Raises:
        InvalidInputError: ``configuration``; the file is missing, open to others, or no such key.
    """
    if path.name.endswith(SUFFIX):
        return sign_in_key(DeviceKey.open(KeyReference.read(path)))
    content = read_private(path)
    for kind in (ECKey, OKPKey):
        try:
            key: Key = kind.import_key(json.loads(content) if content.lstrip().startswith(b"{") else content)
            known = public_part(key).algorithm in MEMBER_ALGORITHMS
        except (JoseError, ValueError, TypeError, KeyError, InvalidInputError):
            continue
        if known and key.is_private:
            return key
    raise InvalidInputError(
        Reason.CONFIGURATION, f"{path} holds no private key on P-256 or Ed25519 as JWK or unencrypted PEM"
    )


def credential_named(home: Home, name: str) -> Credential:
    """Return the credential of a name in credentials.json.

    Raises:
        InvalidInputError: ``configuration``; there is no such name, or its key cannot be used.
    """
    held = home.credential(name)
    if "key" not in held:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"the credential '{name}' in {home.path} names no key; have one: credence sign-in rotate --as {name}",
        )
    client, file = from_hex(held["id"], "id"), home.path / held["key"]
    if held["kind"] == "subject" and file.suffix == _KEYSTORE and not file.name.endswith(SUFFIX):
        return Credential.of_controller(client, home.read_key(file.stem))
    return Credential.published(client, read_key_file(file))
