"""Every byte of a chain, cut at calls, logs and storage words, each with what the contracts' ABIs say it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from api.lab.attack.corpus import UNKNOWN, Corpus, Event, Transaction
from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact

_COUNCIL: Final = "Council"
KNOWN: Final = (*CONTRACTS, "DisputeVerifier")


@dataclass(frozen=True, slots=True)
class DecodedBytes:
    """``data`` of a call, log or word; ``contract`` and ``place`` are None where no ABI explains every byte of it."""

    data: bytes
    contract: str | None = None
    place: str | None = None


def decode_all(corpus: Corpus) -> Iterator[DecodedBytes]:
    """Yield calls, and the calls that a council's proposal carries by themselves too; logs; storage; headers."""
    contracts = _contracts(corpus)
    for transaction in corpus.transactions:
        yield from _calls(transaction, contracts)
        yield DecodedBytes(transaction.sender, None, "sender")
        for event in transaction.events:
            yield _log(event, contracts)
    for contract, word in corpus.storage:
        name = contracts.get(contract)
        yield DecodedBytes(word, name, f"storage of {name}")
    yield DecodedBytes(corpus.headers, None, "block headers")


def _contracts(corpus: Corpus) -> dict[bytes, str]:
    return {
        transaction.created: name
        for transaction in corpus.transactions
        for name in KNOWN
        if transaction.created is not None and artifact(name).construction(transaction.data) is not None
    }


def _calls(transaction: Transaction, contracts: Mapping[bytes, str]) -> Iterator[DecodedBytes]:
    if transaction.to is not None:
        yield from _call(transaction.to, transaction.data, contracts)
    else:
        name = contracts.get(transaction.created or b"")
        yield DecodedBytes(transaction.data, name, None if name is None else f"creation of {name}")


def _call(target: bytes, data: bytes, contracts: Mapping[bytes, str]) -> Iterator[DecodedBytes]:
    name = contracts.get(target)
    found = None if name is None else artifact(name).call(data)
    if name is None or found is None:
        yield DecodedBytes(data)
        return
    function, arguments = found
    yield DecodedBytes(data, name, f"{name}.{function}")
    if name == _COUNCIL:
        for proposal in (value for value in arguments.values() if isinstance(value, tuple)):
            for address, inner in proposal:
                yield from _call(bytes.fromhex(address[2:]), inner, contracts)


def _log(event: Event, contracts: Mapping[bytes, str]) -> DecodedBytes:
    data, name = b"".join(event.topics) + event.data, contracts.get(event.contract)
    if name is None or event.name == UNKNOWN:
        return DecodedBytes(data)
    return DecodedBytes(data, name, f"log {name}.{event.name}")
