"""Accounts and storage slots as the tries hold them, and proofs of them (EIP-1186)."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from eth.constants import BLANK_ROOT_HASH, EMPTY_SHA3

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.json_view import Json, hexed
from ledger_node.node.embedded.state.trie import decode_node, encode_node, lookup


class AccountRecord(NamedTuple):
    """The four members of an account in the state trie."""

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes

    @property
    def is_empty(self) -> bool:
        """Whether it has no nonce, no balance and no code (EIP-161)."""
        return self.nonce == 0 and self.balance == 0 and self.code_hash == EMPTY_SHA3


NO_ACCOUNT: Final = AccountRecord(0, 0, bytes(BLANK_ROOT_HASH), bytes(EMPTY_SHA3))


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def read_account(fetch: Callable[[bytes], bytes], state_root: bytes, address: bytes) -> AccountRecord:
    """Return an account at a state root; an absent one is empty."""
    encoded = lookup(fetch, state_root, keccak(address))
    if not encoded:
        return NO_ACCOUNT
    nonce, balance, storage_root, code_hash = decode_node(encoded)
    return AccountRecord(int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage_root, code_hash)


def read_slot(fetch: Callable[[bytes], bytes], storage_root: bytes, slot: int) -> int:
    """Return a storage slot at a storage root; an absent one is 0."""
    encoded = lookup(fetch, storage_root, keccak(slot.to_bytes(32, "big")))
    if not encoded:
        return 0
    first = encoded[0]  # the RLP of a number of at most 32 bytes
    return first if first < 0x80 else int.from_bytes(encoded[1:], "big")  # noqa: PLR2004 - RLP's single byte


def slot_value(value: int) -> bytes:
    """Return the RLP of a slot's value; empty for 0, which is not kept."""
    if value == 0:
        return b""
    octets = _octets(value)
    return octets if value < 0x80 else bytes((0x80 + len(octets),)) + octets  # noqa: PLR2004 - RLP's single byte


def account_value(account: AccountRecord) -> bytes:
    """Return the RLP of an account."""
    members = [_octets(account.nonce), _octets(account.balance), account.storage_root, account.code_hash]
    return encode_node(members)


class _Path:
    """The nodes that a lookup fetches: from the root towards a key, none for an empty trie."""

    def __init__(self, fetch: Callable[[bytes], bytes]) -> None:
        self._fetch = fetch
        self._nodes: list[bytes] = []

    def fetch(self, digest: bytes) -> bytes:
        """Return a node and remember it."""
        node = self._fetch(digest)
        self._nodes.append(node)
        return node

    def to_json(self) -> list[str | None]:
        """Return the RLP of the nodes."""
        return [hexed(node) for node in self._nodes]


def account_proof(fetch: Callable[[bytes], bytes], state_root: bytes, address: bytes, slots: Sequence[int]) -> Json:
    """Return eth_getProof's answer for an account at a state root, present or absent."""
    path = _Path(fetch)
    account = read_account(path.fetch, state_root, address)
    proofs = []
    for slot in slots:
        way = _Path(fetch)
        value = read_slot(way.fetch, account.storage_root, slot)
        proofs.append({"key": hexed(slot.to_bytes(32, "big")), "value": hex(value), "proof": way.to_json()})
    return {
        "address": hexed(address),
        "accountProof": path.to_json(),
        "balance": hex(account.balance),
        "codeHash": hexed(account.code_hash),
        "nonce": hex(account.nonce),
        "storageHash": hexed(account.storage_root),
        "storageProof": proofs,
    }
