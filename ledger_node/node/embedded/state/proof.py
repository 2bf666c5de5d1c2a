"""EIP-1186 proofs of accounts and storage slots."""

from collections.abc import Callable, Sequence

from ledger_node.node.embedded.json_view import Json, hexed
from ledger_node.node.embedded.state.account import read_account, read_slot


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
