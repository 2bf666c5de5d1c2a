"""What the council, the members and the anchors cost; docs/gas.md has the same figures beside those of set 1."""

import pytest

from tests.kit.contract_anchor import ERASED
from tests.kit.contract_set import DELAYS, FOREVER, NAMES, Chain, ContractSet, call_of, deployed_code, events, word

FULL = 2**256 - 1
TRANSACTION_CAP = 16_700_000


@pytest.fixture
def anchored(consortium, chain):
    """The gas of the first and of the second anchor of a stream, of 4,096 leaves each."""
    tax = consortium.tax
    first = consortium.batch(tax, size=4096)
    second = consortium.batch(tax, 2, size=4096, previous=first["root"])
    return [chain.send(consortium.anchor(b, tax.key))["gasUsed"] for b in (first, second)]


def test_anchoring_4096_attestations_costs_less_than_20_gas_each(anchored):
    _, later = anchored
    assert later < 20 * 4096
    assert later < 81_000, "more than it was; if on purpose, say so here and in docs/gas.md"


def test_a_first_anchor_pays_for_its_two_slots_more(anchored):
    first, later = anchored
    assert later < first < 119_000


def test_a_batch_costs_the_same_whatever_its_size(consortium, chain):
    gas = []
    for member, size in ((consortium.tax, 4096), (consortium.court, 2**24 - 1)):
        batch = consortium.batch(member, size=size)
        gas.append(chain.send(consortium.anchor(batch, member.key))["gasUsed"])
    assert abs(gas[0] - gas[1]) < 200


@pytest.mark.parametrize(("words", "limit"), [(1, 123_000), (100, 2_510_000)])
def test_a_change_of_status_costs_its_fresh_words_and_one_mark(consortium, chain, words, limit):
    tax = consortium.tax
    chain.send(consortium.anchor(consortium.batch(tax, size=words * 256), tax.key))
    lists = (list(range(words)), [FULL] * words)
    change = consortium.change(tax, *lists, reason=ERASED)
    assert chain.send(consortium.change_status(change, tax.key, *lists))["gasUsed"] < limit


def test_a_decision_of_three_costs_less_than_500_000_gas(chain):
    trio = ContractSet(chain, governors=chain.accounts[1:4], threshold=2, delays=DELAYS)
    first, second, _ = trio.governors
    council, members = trio.council.functions, trio.members.functions
    calls = [call_of(members.addMember(word("new"), 1, "name", "https://service"))]
    opened = chain.send(council.propose(calls), first)
    event = events(trio.council, opened, "ProposalOpened")[0]
    approved = chain.send(council.approve(event["number"], event["digest"], 1), second)
    chain.wait(DELAYS[0])
    executed = chain.send(council.execute(event["number"]), first)
    gas = [receipt["gasUsed"] for receipt in (opened, approved, executed)]
    for used, limit in zip(gas, (400_000, 110_000, 260_000), strict=True):
        assert used < limit


def test_a_key_costs_less_than_200_000_gas_with_its_decision(consortium):
    key = consortium.members.functions.addKey(consortium.tax.id, consortium.stranger.address, 1, 0, FOREVER)
    assert consortium.govern(key)["gasUsed"] < 510_000


def test_every_contract_is_deployed_in_one_transaction():
    chain = Chain()
    made = ContractSet(chain)
    for number in range(1, chain.w3.eth.block_number + 1):
        for sent in chain.w3.eth.get_block(number)["transactions"]:
            assert chain.w3.eth.get_transaction_receipt(sent)["gasUsed"] < TRANSACTION_CAP
    assert len(made.contract) == len(NAMES)
    for name in NAMES:
        assert len(deployed_code(name)) < 24_576
