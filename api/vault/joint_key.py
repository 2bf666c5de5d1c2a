"""Keys made of several data keys: what is sealed under one cannot be opened once any of them is erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from api.vault.cipher import KeyEncryptionKey
from api.vault.key_ledger import KEY_ID_BYTES, KeyLedger
from ledger_node.domain.hashing import HASH_BYTES, hmac_sha256

_ENTRY_BYTES: Final = HASH_BYTES + KEY_ID_BYTES


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
