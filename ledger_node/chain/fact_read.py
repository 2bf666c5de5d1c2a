"""Reading facts: words of the contracts' storage at one block, with their proofs and the sealed header over them.

Only the domain decides what the words say (``evidence/slot``), here and where a bundle is checked.
Names of members and lists have no such form: names are read by contract calls, lists are put together from events.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import Block, StateProof
from ledger_node.chain.rpc import HEAD_CALL, Rpc, block_of, pinned
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.finality import SealedBlock, in_one_form
from ledger_node.domain.evidence.slot import Slot, StorageWords, consent_record, consent_slots, facts_of, slots_of
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import ConsentRecord, FactQuery, LedgerFacts
from ledger_node.domain.hashing import HASH_BYTES
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import SIGNATURE_BYTES

_SLOTS_AT_ONCE: Final = 500
"""How many slots one request asks for: nodes bound both the request and the answer, of some 2 kB a slot."""


def read_state_proof(book: AddressBook, rpc: Rpc, slots: Mapping[Contract, Sequence[int]], block: Block) -> StateProof:
    """Return the proofs of ``slots`` at ``block``, and that block's header with its seals, in one batched request.

    They are as the node gave them; whoever relies on them checks them against the header's state root.

    Raises:
        ChainError: the endpoint does not answer, has another block of this number, or answers something else.
    """
    at = pinned(block)
    header, *answers = rpc.batch(
        [
            ("eth_getBlockByNumber", [hex(block.number), False]),
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


class FactReader:
    """Reads facts of one network."""

    def __init__(self, book: AddressBook, rpc: Rpc) -> None:
        self._book = book
        self._rpc = rpc
        self._anchor_domain = SigningDomain(book.chain_id, book.contracts["AnchorRegistry"])
        self._consent_domain = SigningDomain(book.chain_id, book.contracts["ConsentRegistry"])

    def read(self, query: FactQuery, block: Block) -> LedgerFacts:
        """Return the facts that ``query`` asks for, in one request unless it asks for very many.

        Raises:
            ChainError: the endpoint does not answer.
        """
        return facts_of(
            query,
            self._words(slots_of(query, {}), block),
            anchor_domain=self._anchor_domain,
            consent_domain=self._consent_domain,
            number=block.number,
            block_hash=block.hash,
            time=block.time,
        )

    def consents(self, ids: Sequence[bytes], block: Block) -> Sequence[ConsentRecord | None]:
        """Return consents, in the order of ``ids``; None for one that the ledger does not know.

        Raises:
            ChainError: the endpoint does not answer.
        """
        slots = [slot for consent in dict.fromkeys(ids) for _, slot in consent_slots(consent)]
        words = self._words({Contract.CONSENTS: slots}, block)
        return [consent_record(consent, words) for consent in ids]

    def _words(self, slots: Mapping[Contract, Sequence[int]], block: Block) -> StorageWords:
        words: dict[Slot, int] = {}
        for portion in _portions(slots):
            words.update(read_state_proof(self._book, self._rpc, portion, block).words)
        return words


def _portions(slots: Mapping[Contract, Sequence[int]]) -> Iterator[Mapping[Contract, Sequence[int]]]:
    count = sum(map(len, slots.values()))
    if count <= _SLOTS_AT_ONCE:
        yield from [slots] if count else []
        return
    for contract, listed in slots.items():
        for start in range(0, len(listed), _SLOTS_AT_ONCE):
            yield {contract: listed[start : start + _SLOTS_AT_ONCE]}


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


class IssuerReader:
    """Reads who may issue what at the newest block: a list, so from events, of which only new ones are read each time.

    What a list says of one issuer is proven with the facts.
    """

    def __init__(self, book: AddressBook, rpc: Rpc) -> None:
        self._rpc = rpc
        self._registry = to_hex(book.contracts["SchemaRegistry"])
        self._allowed = artifact("SchemaRegistry").topic("IssuerAllowed")
        self._disallowed = artifact("SchemaRegistry").topic("IssuerDisallowed")
        self._lock = threading.Lock()
        self._from = 0
        self._issuers: dict[bytes, frozenset[bytes]] = {}

    def read(self) -> Mapping[bytes, frozenset[bytes]]:
        """Return by schema id the ids of the members that may issue it, at the newest block.

        Raises:
            ChainError: the endpoint does not answer.
        """
        with self._lock:
            topics = [[self._allowed, self._disallowed]]
            query = {"address": self._registry, "fromBlock": hex(self._from), "toBlock": "latest", "topics": topics}
            head, logs = self._rpc.batch([HEAD_CALL, ("eth_getLogs", [query])])
            try:
                issuers = dict(self._issuers)
                for log in logs:
                    self._apply(log, issuers)
                # the last block is read again, so that there always is one; an event that counts twice changes nothing
                self._from, self._issuers = block_of(head).number, issuers
            except (InvalidInputError, KeyError, TypeError, ValueError) as error:
                raise ChainError(
                    Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that is no event of our contracts"
                ) from error
            return issuers

    def _apply(self, log: Any, issuers: dict[bytes, frozenset[bytes]]) -> None:
        topic, schema_id, member = (from_hex(each, "topic") for each in log["topics"])
        known = issuers.get(schema_id, frozenset())
        issuers[schema_id] = known | {member} if to_hex(topic) == self._allowed else known - {member}
