"""Events of the contracts, decoded into what the port returns."""

from collections.abc import Sequence

from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import UseResult
from ledger_node.chain.receipt import TransactionReceipt
from ledger_node.domain.batch import Anchor
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason


def use_results(receipt: TransactionReceipt, registry: bytes, uses: Sequence[tuple[bytes, bytes]]) -> list[UseResult]:
    """Return what became of each of ``uses``, (consent id, use id), in their order, from the receipt of recordUses.

    ``registry``: the address of the ConsentRegistry. It writes one log a use, in the order of the call; so each use is
    judged by its own log, also where ids repeat.

    Raises:
        ChainError: ``ledger_refused``; these are not the logs of these uses.
    """
    contract = artifact("ConsentRegistry")
    results: list[UseResult] = []
    told: list[tuple[bytes, bytes]] = []
    for address, topics, data in receipt.logs:
        if address != registry:
            continue
        match contract.event(topics, data):
            case ("UseRecorded", values):
                results.append(UseResult(True, values["uses"], None, receipt.mined))
            case ("UseRefused", values):
                results.append(UseResult(False, 0, values["reason"], receipt.mined))
            case _:
                continue
        told.append((topics[1], topics[2]))
    if told != list(uses):
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger tells of other uses than those that were sent")
    return results


def anchor_of(topics: list[bytes], data: bytes) -> Anchor:
    """Return the batch that a BatchAnchored event is about.

    Raises:
        ChainError: ``ledger_refused``; it is the event of another contract.
    """
    event = artifact("AnchorRegistry").event(topics, data)
    if event is None:
        raise ChainError(Reason.LEDGER_REFUSED, "the ledger returned a log of another contract")
    values = event[1]
    return Anchor(
        member=values["member"],
        stream=values["stream"],
        number=values["number"],
        root=values["root"],
        size=values["size"],
        start=values["start"],
        anchored_at=values["anchoredAt"],
        key=bytes.fromhex(values["key"][2:]),
    )
