"""Merkle Patricia proofs of accounts and storage under one state root (EIP-1186).

A bundle holds one set of trie nodes for all its proofs. A node counts only where its hash stands in a node above it, up
to the state root, so nothing is decoded that the root does not vouch for. What is not there is proven as
well: the path to a slot that was never written ends where something else begins.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.rlp import Item, decode, encode
from ledger_node.domain.evidence.slot import Slot
from ledger_node.domain.evidence.trust import Contract, ContractCode
from ledger_node.domain.hashing import HASH_BYTES, keccak
from ledger_node.domain.reason import Reason

EMPTY_ROOT: Final = keccak(encode(b""))
"""The root of a trie that holds nothing."""
_BRANCH: Final = 17
_SHORT_NODE: Final = 2
_ODD, _LEAF, _FLAGS = 1, 2, 4


def find(node_of: Callable[[bytes], Item], root: bytes, key: bytes) -> bytes:
    """Return the value of ``key``, or nothing where the nodes prove that there is none.

    ``node_of`` returns the node that has a hash.

    Raises:
        ValueError: a node on the path is none.
    """
    if root == EMPTY_ROOT:
        return b""
    node, rest = _node(node_of, root), key.hex()
    while True:
        if len(node) == _BRANCH:
            if not rest:
                return _text(node[16])
            child, rest = node[int(rest[0], 16)], rest[1:]
        elif len(node) == _SHORT_NODE:
            is_leaf, path = _path(_text(node[0]))
            if is_leaf:
                return _text(node[1]) if path == rest else b""
            if not rest.startswith(path):
                return b""
            child, rest = node[1], rest[len(path) :]
        else:
            raise ValueError("a node has 17 parts or two")
        if child == b"":
            return b""
        node = _node(node_of, child)


def _node(node_of: Callable[[bytes], Item], reference: Item) -> list[Item]:
    """Return a node: one that has a hash, or one that is shorter than a hash and lies inside its parent."""
    if isinstance(reference, bytes):
        if len(reference) != HASH_BYTES:
            raise ValueError("a node is named by its hash")
        node = node_of(reference)
    elif len(encode(reference)) < HASH_BYTES:
        node = reference
    else:
        raise ValueError("a node inside another one is shorter than a hash")
    if isinstance(node, bytes):
        raise ValueError("a node is a list")  # noqa: TRY004 - every fault of a node is one
    return node


def _path(prefixed: bytes) -> tuple[bool, str]:
    """Return whether a node is a leaf, and the hexadecimal digits of its path (Yellow Paper, appendix C)."""
    digits = prefixed.hex()
    flag = int(digits[:1] or "f", 16)
    if flag >= _FLAGS or (not flag & _ODD and digits[1] != "0"):
        raise ValueError("a path begins with its kind")
    path = digits[1:] if flag & _ODD else digits[2:]
    if not path and not flag & _LEAF:
        raise ValueError("a path that leads on is not empty")
    return bool(flag & _LEAF), path


def _text(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise ValueError("a list stands where bytes belong")  # noqa: TRY004 - as above
    return item


MAX_NODE_BYTES: Final = 1024
"""A branch of 16 hashes has 532 bytes; a leaf holds a word or an account."""
_ACCOUNT_FIELDS: Final = 4


class StateProofs:
    """The shown nodes over one state root, and what they prove."""

    def __init__(self, nodes: Sequence[bytes], state_root: bytes) -> None:
        """Take the nodes of a bundle.

        Raises:
            VerificationError: ``state_proof_malformed``; they are not in order, each once, or one is too long.
        """
        hashes = [keccak(node) for node in nodes]
        if hashes != sorted(set(hashes)) or not all(HASH_BYTES <= len(node) <= MAX_NODE_BYTES for node in nodes):
            raise _malformed("its nodes are not in order, each once, of a length that nodes have")
        self._nodes = dict(zip(hashes, nodes, strict=True))
        self._decoded: dict[bytes, Item] = {}
        self._state_root = state_root

    def storage_root(self, contract: Contract, code: ContractCode) -> bytes:
        """Return the root of a contract's storage, whose code must be the expected one.

        Raises:
            VerificationError: ``code_differs``, ``state_proof_missing`` or ``state_proof_malformed``.
        """
        encoded = self._get(self._state_root, code.address)
        account = _decode(encoded) if encoded else []
        if not isinstance(account, list) or len(account) != _ACCOUNT_FIELDS or account[3] != code.code_hash:
            raise VerificationError(
                Reason.CODE_DIFFERS, f"at the place of the {contract.value} is not the code that the trust file names"
            )
        root = account[2]
        if not isinstance(root, bytes):
            raise _malformed("the root of a storage is a hash")
        return root

    def storage_word(self, storage_root: bytes, slot: int) -> int:
        """Return what a slot holds; zero is proven like anything else.

        Raises:
            VerificationError: ``state_proof_missing`` or ``state_proof_malformed``.
        """
        encoded = self._get(storage_root, slot.to_bytes(HASH_BYTES, "big"))
        value = _decode(encoded) if encoded else b""
        if not isinstance(value, bytes) or len(value) > HASH_BYTES:
            raise _malformed("a slot holds one word")
        return int.from_bytes(value, "big")

    def require_all_read(self) -> None:
        """Require that every node was needed by something that was proven.

        Raises:
            VerificationError: ``state_proof_unneeded``.
        """
        if len(self._decoded) != len(self._nodes):
            raise VerificationError(Reason.STATE_PROOF_UNNEEDED, "a node of the state proofs proves nothing")

    def _get(self, root: bytes, key: bytes) -> bytes:
        try:
            return find(self._node, root, keccak(key))
        except ValueError as error:
            raise _malformed(str(error)) from error

    def _node(self, digest: bytes) -> Item:
        if digest not in self._nodes:
            raise VerificationError(
                Reason.STATE_PROOF_MISSING, "the proof of a fact is missing, or is of another state"
            )
        if digest not in self._decoded:
            self._decoded[digest] = decode(self._nodes[digest])
        return self._decoded[digest]


def prove(
    proofs: StateProofs, contracts: Mapping[Contract, ContractCode], slots: Mapping[Contract, Sequence[int]]
) -> dict[Slot, int]:
    """Return the words of ``slots`` as the nodes prove them, and require that no node is left over.

    Raises:
        VerificationError: ``code_differs``, ``state_proof_missing``, ``…_malformed`` or ``…_unneeded``.
    """
    storage_words = {}
    for contract, wanted in slots.items():
        root = proofs.storage_root(contract, contracts[contract])
        storage_words.update({(contract, slot): proofs.storage_word(root, slot) for slot in wanted})
    proofs.require_all_read()
    return storage_words


def _decode(encoded: bytes) -> Item:
    try:
        return decode(encoded)
    except ValueError as error:
        raise _malformed("a value is not RLP") from error


def _malformed(why: str) -> VerificationError:
    return VerificationError(Reason.STATE_PROOF_MALFORMED, f"this is no proof of a state: {why}")
