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


def event(name, schema_id, member, block):
    topic = artifact("SchemaRegistry").topic(name)
    return {"blockNumber": block, "topics": [topic, to_hex(schema_id), to_hex(member)], "data": "0x"}


class Node:
    """Answers from a list of events; a block that is not there yet is an error of the one who asks."""

    def __init__(self):
        self.events, self.head, self.asked = [], 7, []

    def batch(self, calls):
        (_, (_, _)), (_, (query,)) = calls
        first = int(query["fromBlock"], 16)
        assert first <= self.head
        self.asked.append(first)
        head = {"number": hex(self.head), "hash": "0x" + "00" * 32, "timestamp": "0x1"}
        return [head, [one for one in self.events if one["blockNumber"] >= first]]


def test_f4_only_new_events_are_read_and_none_counts_twice():
    node = Node()
    ledger = Web3Ledger(BOOK, node)
    assert ledger.issuers() == {}
    node.events += [event("IssuerAllowed", PENALTY, TAX, 7), event("IssuerAllowed", PENALTY, COURT, 8)]
    node.events.append(event("IssuerAllowed", RATING, TAX, 8))
    node.head = 8
    assert ledger.issuers() == {PENALTY: {TAX, COURT}, RATING: {TAX}}
    node.events.append(event("IssuerDisallowed", PENALTY, TAX, 8))
    assert ledger.issuers() == {PENALTY: {COURT}, RATING: {TAX}}
    assert ledger.issuers() == {PENALTY: {COURT}, RATING: {TAX}}
    node.head = 20
    assert ledger.issuers() == {PENALTY: {COURT}, RATING: {TAX}}
    assert node.asked == [0, 7, 8, 8, 8]


@pytest.mark.parametrize("broken", [{"topics": ["0x00"]}, {"topics": None}, {}, {"topics": ["0x", "0x", "0x"]}])
def test_f4_what_is_no_event_of_ours_changes_nothing(broken):
    node = Node()
    ledger = Web3Ledger(BOOK, node)
    node.events.append(event("IssuerAllowed", PENALTY, TAX, 3))
    assert ledger.issuers() == {PENALTY: {TAX}}
    node.events.append({"blockNumber": 7, **broken})
    with pytest.raises(ChainError) as failed:
        ledger.issuers()
    assert failed.value.reason is Reason.LEDGER_UNAVAILABLE
    node.events.pop()
    assert ledger.issuers() == {PENALTY: {TAX}}
