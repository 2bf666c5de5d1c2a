"""Sealing: AES-256-GCM under a fresh data key, and the data key wrapped by the department's key.

What is sealed under several data keys (``joint_key``) cannot be opened once any of them is erased. Of an attestation,
a ``VaultRecord`` is sealed: seed, credit code and values.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from ledger_node.domain.canonical import JSON
from ledger_node.domain.error import CredenceError
from ledger_node.domain.hashing import HASH_BYTES, hmac_sha256
from ledger_node.domain.reason import Reason
from ledger_node.domain.value import Special, Value
from ledger_node.randomness import random_bytes

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_NO_KIND: Final = bytes(32)
_ENTRY_BYTES: Final = HASH_BYTES + KEY_ID_BYTES
_SPECIAL = {
    Special.ABSENT: {"special": "absent"},
    Special.NONE_ON_RECORD: {"special": "none"},
    Special.NO_END: {"special": "no end"},
}
_CODE_BYTES = 18


def seal(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Return nonce || ciphertext || tag; ``context`` is authenticated and must be given to open it."""
    nonce = random_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return the plaintext.

    Raises:
        CredenceError: ``internal``; the key, the context or the bytes are not those that were sealed.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
    except InvalidTag as error:
        raise CredenceError(
            Reason.INTERNAL, "the vault cannot open a record: its bytes or the department's key were changed"
        ) from error


class KeyEncryptionKey:
    """A department's key-encryption key: wraps data keys and keys the blind index of subjects."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY_BYTES:
            raise CredenceError(Reason.CONFIGURATION, "a key-encryption key is 32 bytes")
        self._aead = AESGCM(hmac_sha256(secret, b"credence/vault/wrap"))
        self._index = hmac_sha256(secret, b"credence/vault/index")
        self._kind = hmac_sha256(secret, b"credence/vault/kind")

    def new_data_key(self) -> tuple[bytes, bytes]:
        """Return a fresh data key and its wrapped form."""
        key, nonce = random_bytes(_KEY_BYTES), random_bytes(_NONCE_BYTES)
        return key, nonce + self._aead.encrypt(nonce, key, b"data key")

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the data key.

        Raises:
            CredenceError: ``configuration``; this is not the key that wrapped it.
        """
        try:
            return self._aead.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], b"data key")
        except InvalidTag as error:
            raise CredenceError(
                Reason.CONFIGURATION, "the department's key in the key folder is not the one of this vault"
            ) from error

    def blind_index(self, credit_code: str) -> bytes:
        """Return what rows of a firm are found by, in place of its credit code."""
        return self.keyed_digest(credit_code.encode())

    def keyed_digest(self, text: bytes) -> bytes:
        """Return a digest that only the holder of this key can compute."""
        return hmac_sha256(self._index, text)

    def derive_key(self, label: bytes) -> bytes:
        """Return a key for one purpose, which ``label`` names."""
        return self.keyed_digest(label)

    def kind_index(self, credit_code: str, schema: str, per: Sequence[tuple[str, str]]) -> bytes:
        """Return the blind index of what tells attestations of one firm, type and period apart; zeros for nothing.

        It is another one for every firm, so that a store does not show which firms have the same.
        """
        if not per:
            return _NO_KIND
        return hmac_sha256(self._kind, json.dumps([credit_code, schema, per], ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True)
class VaultKey:
    """A data key, and whose it is."""

    member: bytes
    id: bytes
    key: bytes = field(repr=False)


def joint_key(keys: Sequence[bytes], label: bytes) -> bytes:
    """Return a key that nobody has who lacks one of ``keys``. ``label``: what it is for."""
    joint = bytes(HASH_BYTES)
    for each in keys:
        joint = hmac_sha256(each, label + joint)
    return joint


def names_of(keys: Sequence[VaultKey]) -> bytes:
    """Return member and id of every key, in their order."""
    return b"".join(each.member + each.id for each in keys)


def key_ids_of(names: bytes) -> list[bytes]:
    """Return the ids in what ``names_of`` returned."""
    return [names[at + HASH_BYTES : at + _ENTRY_BYTES] for at in range(0, len(names), _ENTRY_BYTES)]


class KeyRing:
    """Finds data keys again by their names. ``keks``: the key-encryption keys of this instance's departments."""

    def __init__(self, keys: KeyLedger, keks: Mapping[bytes, KeyEncryptionKey]) -> None:
        self._keys = keys
        self._keks = keks

    def find(self, names: bytes) -> list[bytes] | None:
        """Return the keys that ``names`` lists, in their order, or None if one of them is erased or in quarantine."""
        listed = [names[at : at + _ENTRY_BYTES] for at in range(0, len(names), _ENTRY_BYTES)]
        wrapped = self._keys.get([name[HASH_BYTES:] for name in listed])
        if any(name[HASH_BYTES:] not in wrapped for name in listed):
            return None
        return [self._keks[name[:HASH_BYTES]].unwrap(wrapped[name[HASH_BYTES:]]) for name in listed]

    def is_quarantined(self, names: bytes) -> bool:
        """Return whether one of the keys that ``names`` lists is in quarantine, so that all may come back."""
        return bool(self._keys.quarantines.hidden(key_ids_of(names)))


@dataclass(frozen=True, slots=True)
class VaultRecord:
    """The secrets of one attestation."""

    seed: bytes = field(repr=False)
    credit_code: str = field(repr=False)
    values: Sequence[Value] = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the plaintext that is sealed: seed || credit code || JSON of the values."""
        values = [_SPECIAL[value] if isinstance(value, Special) else value for value in self.values]
        return self.seed + self.credit_code.encode("ascii") + json.dumps(values, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "VaultRecord":
        """Read what ``to_bytes`` wrote."""
        code_end = HASH_BYTES + _CODE_BYTES
        values = [_read(value) for value in json.loads(data[code_end:])]
        return cls(data[:HASH_BYTES], data[HASH_BYTES:code_end].decode("ascii"), values)


def _read(value: JSON) -> Value:
    match value:
        case dict():
            return next(special for special, form in _SPECIAL.items() if form == value)
        case list():
            return tuple(str(member) for member in value)
        case int() | str():
            return value
        case _:
            raise CredenceError(Reason.INTERNAL, "the vault holds a record of another form")
