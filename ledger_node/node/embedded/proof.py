"""EIP-1186 proofs of accounts and storage slots."""

from collections.abc import Sequence

import rlp
from eth.constants import BLANK_ROOT_HASH
from eth.rlp.accounts import Account
from trie.hexary import HexaryTrie

from ledger_node.domain.hashing import keccak

from .database import NodeDB
from .view import Json, hexed


def _path(trie: HexaryTrie, key: bytes) -> list[str | None]:
    """Return the RLP of the nodes from the root towards ``keccak(key)``; empty for an empty trie."""
    if trie.root_hash == BLANK_ROOT_HASH:
        return []
    return [hexed(rlp.encode(node)) for node in trie.get_proof(keccak(key))]  # type: ignore[no-untyped-call] # untyped upstream


def account_proof(database: NodeDB, state_root: bytes, address: bytes, slots: Sequence[int]) -> Json:
    """Return eth_getProof's answer for an account at a state root, present or absent."""
    accounts = HexaryTrie(database, state_root)
    encoded = accounts[keccak(address)]
    account = rlp.decode(encoded, sedes=Account) if encoded else Account()
    storage = HexaryTrie(database, account.storage_root)
    proofs = []
    for slot in slots:
        key = slot.to_bytes(32, "big")
        value = storage[keccak(key)]
        number = int.from_bytes(rlp.decode(value), "big") if value else 0
        proofs.append({"key": hexed(key), "value": hex(number), "proof": _path(storage, key)})
    return {
        "address": hexed(address),
        "accountProof": _path(accounts, address),
        "balance": hex(account.balance),
        "codeHash": hexed(account.code_hash),
        "nonce": hex(account.nonce),
        "storageHash": hexed(account.storage_root),
        "storageProof": proofs,
    }
