"""Reading state proofs: what the contracts' storage holds at one block, and the sealed header that it hangs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.port import Block, StateProof
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.bundle import SealedBlock
from ledger_node.domain.evidence.contract import Contract
from ledger_node.domain.evidence.finality import in_one_form
from ledger_node.domain.evidence.slot import Slot
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES


def read_state_proof(book: AddressBook, rpc: Rpc, slots: Mapping[Contract, Sequence[int]], block: Block) -> StateProof:
    """Return the proofs of ``slots`` at ``block``, and that block's header with its seals, in one batched request.

    They are as the node gave them; whoever relies on them checks them against the header's state root.

    Raises:
        ChainError: the endpoint does not answer, has another block of this number, or answers something else.
    """
    at = hex(block.number)
    header, *answers = rpc.batch(
        [
            ("eth_getBlockByNumber", [at, False]),
            *(
                ("eth_getProof", [to_hex(book.contracts[contract]), [_word(slot) for slot in listed], at])
                for contract, listed in slots.items()
            ),
        ]
    )
    try:
        sealed = _sealed(header, block)
        known: dict[str, bytes] = {}
        proofs = [
            _proof(answer, contract, slots[contract], known) for contract, answer in zip(slots, answers, strict=True)
        ]
    except (CredenceError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ChainError(
            Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no state proof of this block"
        ) from error
    return StateProof(
        block=sealed,
        words={slot: word for proof in proofs for slot, (word, _) in proof.storage.items()},
        accounts={contract: proof.account for contract, proof in zip(slots, proofs, strict=True)},
        storage={slot: path for proof in proofs for slot, (_, path) in proof.storage.items()},
    )


@dataclass(frozen=True, slots=True)
class _Proof:
    account: tuple[bytes, ...]
    storage: Mapping[Slot, tuple[int, tuple[bytes, ...]]]


def _sealed(answer: Any, block: Block) -> SealedBlock:
    # the embedded node shows its seal beside the header; Besu's are inside it
    seal = answer.get("seal")
    seal = None if seal is None else from_hex(seal, "seal", length=SIGNATURE_BYTES)
    sealed = SealedBlock(BlockHeader.from_rpc(answer), seal)
    if sealed.hash != block.hash:
        raise LookupError(block.number)
    return in_one_form(sealed)


def _proof(answer: Any, contract: Contract, slots: Sequence[int], known: dict[str, bytes]) -> _Proof:
    storage = {}
    for slot, shown in zip(slots, answer["storageProof"], strict=True):
        if int(shown["key"], 16) != slot:
            raise LookupError(slot)
        storage[contract, slot] = int(shown["value"], 16), _path(shown["proof"], known)
    return _Proof(_path(answer["accountProof"], known), storage)


def _path(nodes: Any, known: dict[str, bytes]) -> tuple[bytes, ...]:
    """Return the nodes of a path. ``known``: those that were read before; most paths begin alike."""
    path = []
    for node in nodes:
        read = known.get(node)
        if read is None:
            read = known[node] = bytes.fromhex(node.removeprefix("0x"))
        path.append(read)
    return tuple(path)


def _word(slot: int) -> str:
    return to_hex(slot.to_bytes(HASH_BYTES, "big"))
