"""Reading a network's trust file from a node: contracts with the hashes of their code, and who sealed since when.

What comes out is the node's word. Its fingerprint is compared with that of other members before it is used.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.rpc import Rpc
from ledger_node.domain.error import ChainError, CredenceError
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.era import Era, FinalityKind, SealerSet
from ledger_node.domain.evidence.finality import ExtraData
from ledger_node.domain.evidence.trust import Contract, ContractCode, Trust
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address

STRIDE: Final = 1_000
"""Sets are looked up at every so many blocks, and in between wherever two neighbours differ."""
_GROUP: Final = 200


def read_trust(book: AddressBook, rpc: Rpc) -> Trust:
    """Return the trust file of the network of ``book``, as the node at ``rpc`` knows it now.

    A set of validators that came and went between two blocks that were looked at is not seen; blocks that it sealed
    do not check under this file.

    Raises:
        ChainError: the node does not answer, serves another chain, or answers something else.
    """
    chain_id, genesis, head, *proofs = rpc.batch(
        [
            ("eth_chainId", []),
            ("eth_getBlockByNumber", ["0x0", False]),
            ("eth_getBlockByNumber", ["latest", False]),
            *(("eth_getProof", [to_hex(book.contracts[contract]), [], "latest"]) for contract in Contract),
        ]
    )
    if int(chain_id, 16) != book.chain_id or genesis["hash"] != to_hex(book.genesis):
        raise ChainError(Reason.LEDGER_WRONG_CHAIN, "the node serves another chain than the address book names")
    try:
        contracts = {
            contract: ContractCode(book.contracts[contract], from_hex(proof["codeHash"], "codeHash"))
            for contract, proof in zip(Contract, proofs, strict=True)
        }
        kind, _ = _sealers(head)
        return Trust(book.chain_id, contracts, (Era(book.genesis, kind, tuple(_history(rpc, head))),))
    except (CredenceError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, ChainError):
            raise
        raise ChainError(
            Reason.LEDGER_UNAVAILABLE, "the ledger node answered something that tells nothing of contracts or sealers"
        ) from error


def _sealers(block: Mapping[str, Any]) -> tuple[FinalityKind, tuple[bytes, ...]]:
    sealer = block.get("sealer")
    if sealer is not None:
        return FinalityKind.SEALER, (parse_address(sealer, "sealer"),)
    extra = ExtraData.decode(BlockHeader.from_rpc(block).extra_data)
    return FinalityKind.QBFT, tuple(sorted(extra.validators))


def _history(rpc: Rpc, head: Mapping[str, Any]) -> Iterator[SealerSet]:
    last = int(head["number"], 16)
    marks = [*range(0, last, STRIDE), last]
    sets = _sets_at(rpc, marks)
    yield SealerSet(0, sets[0])
    for low, high in pairwise(marks):
        yield from _between(rpc, low, high, sets)


def _between(rpc: Rpc, low: int, high: int, sets: dict[int, tuple[bytes, ...]]) -> Iterator[SealerSet]:
    """Yield the sets that begin after ``low`` and not after ``high``."""
    if sets[low] == sets[high]:
        return
    if high - low == 1:
        yield SealerSet(high, sets[high])
        return
    middle = (low + high) // 2
    sets |= _sets_at(rpc, [middle])
    yield from _between(rpc, low, middle, sets)
    yield from _between(rpc, middle, high, sets)


def _sets_at(rpc: Rpc, numbers: Sequence[int]) -> dict[int, tuple[bytes, ...]]:
    blocks: list[Any] = []
    for start in range(0, len(numbers), _GROUP):
        wanted = numbers[start : start + _GROUP]
        blocks += rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in wanted])
    return {number: _sealers(block)[1] for number, block in zip(numbers, blocks, strict=True)}
