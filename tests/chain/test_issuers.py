"""F4: who may issue what is followed from the SchemaRegistry's events."""

import pytest

from ledger_node.chain.address_book import CONTRACTS, AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.error import ChainError
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

BOOK = AddressBook(31337, bytes(32), dict.fromkeys(CONTRACTS, b"\x11" * 20))
TAX, COURT, PENALTY, RATING = (bytes([n]) * 32 for n in range(1, 5))


class Node:
    """Answers from a list of events; a block that is not there yet is an error of the one who asks."""

    def __init__(self):
        self.events, self.head, self.asked = [], 7, []

    def event(self, name, schema_id, member, block):
        topic = artifact("SchemaRegistry").topic(name)
        topics = [topic, to_hex(schema_id), to_hex(member)]
        place = {"blockNumber": hex(block), "logIndex": hex(len(self.events))}
        self.events.append({**place, "topics": topics, "data": "0x"})

    def batch(self, calls):
        return [self._answer(method, *params) for method, params in calls]

    def _answer(self, method, query, *_):
        if method == "eth_getBlockByNumber":
            number = self.head if query == "latest" else int(query, 16)
            assert number <= self.head
            return {"number": hex(number), "hash": "0x" + number.to_bytes(32).hex(), "timestamp": "0x1"}
        assert method == "eth_getLogs"
        first, last = (int(query[name], 16) for name in ("fromBlock", "toBlock"))
        assert first <= last <= self.head
        self.asked.append((first, last))
        return [one for one in self.events if first <= int(one.get("blockNumber", hex(last)), 16) <= last]


def test_f4_only_new_blocks_are_read_and_no_event_counts_twice():
    node = Node()
    ledger = Web3Ledger(BOOK, node)
    assert ledger.issuers() == {}
    node.event("IssuerAllowed", PENALTY, TAX, 8)
    node.event("IssuerAllowed", PENALTY, COURT, 9)
    node.event("IssuerAllowed", RATING, TAX, 9)
    node.head = 9
    assert ledger.issuers() == {PENALTY: {TAX, COURT}, RATING: {TAX}}
    assert ledger.issuers() == {PENALTY: {TAX, COURT}, RATING: {TAX}}
    node.event("IssuerDisallowed", PENALTY, TAX, 10)
    node.head = 2_500
    assert ledger.issuers() == {PENALTY: {COURT}, RATING: {TAX}}
    assert node.asked == [(0, 7), (8, 9), (10, 1_009), (1_010, 2_009), (2_010, 2_500)]


@pytest.mark.parametrize("broken", [{"topics": ["0x00"]}, {"topics": None}, {}, {"topics": ["0x", "0x", "0x"]}])
def test_f4_what_is_no_event_of_ours_changes_nothing(broken):
    node = Node()
    ledger = Web3Ledger(BOOK, node)
    node.event("IssuerAllowed", PENALTY, TAX, 3)
    assert ledger.issuers() == {PENALTY: {TAX}}
    node.head = 8
    node.events.append({"blockNumber": "0x8", "logIndex": "0x0", **broken})
    with pytest.raises(ChainError) as failed:
        ledger.issuers()
    assert failed.value.reason is Reason.LEDGER_UNAVAILABLE
    node.events.pop()
    assert ledger.issuers() == {PENALTY: {TAX}}
