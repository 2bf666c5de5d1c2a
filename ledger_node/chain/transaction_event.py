"""Events of the contracts, decoded into what the port returns."""

from collections.abc import Sequence

from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import UseResult
from ledger_node.chain.receipt import Receipt
from ledger_node.domain.batch import Anchor
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason


def use_results(receipt: Receipt, uses: Sequence[bytes]) -> list[UseResult]:
    """Return what became of each of ``uses``, in their order, from the receipt of recordUses."""
    registry = artifact("ConsentRegistry")
    results: dict[bytes, UseResult] = {}
    for _, topics, data in receipt.logs:
        match registry.event(topics, data):
            case ("UseRecorded", values):
                results[values["useId"]] = UseResult(True, values["uses"], None, receipt.mined)
            case ("UseRefused", values):
                results[values["useId"]] = UseResult(False, 0, values["reason"], receipt.mined)
            case _:
                pass
    return [results[use] for use in uses]


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
