"""What a node must allow is looked at before it is relied on, and each limit has its words."""

import pytest

from ledger_node.chain.deployment import deploy
from ledger_node.chain.node_limit import MAX_CODE_BYTES, MAX_TRANSACTION_GAS, require_limits
from ledger_node.chain.sender import Sender
from ledger_node.domain.error import ChainError
from ledger_node.domain.reason import Reason
from tests.kit.besu_limit import BLOCKS, LOG_RANGE, LimitedRpc, Limits
from tests.kit.contract_set import NAMES, deployed_code

KEY, CHAIN_ID, NOW = b"\x01" * 32, 77, 1_800_000_000


@pytest.fixture
def node(tmp_path):
    made = []

    def make(blocks=0, **limits):
        made.append(LimitedRpc(tmp_path, CHAIN_ID, [KEY], NOW, limits=Limits(**limits), blocks=blocks))
        return made[0]

    yield make
    for rpc in made:
        rpc.close()


def refusal(call, *arguments):
    with pytest.raises(ChainError) as refused:
        call(*arguments)
    assert refused.value.reason is Reason.NODE_LIMIT
    return refused.value.message


def test_k18_besus_defaults_are_enough_to_found_a_network_and_to_read_it(node):
    rpc = node(blocks=BLOCKS)
    book = deploy(rpc, Sender(rpc, CHAIN_ID, KEY), [], [], {})
    require_limits(rpc, book)
    assert rpc.limits.refusals == []
    assert rpc.limits.most_gas <= MAX_TRANSACTION_GAS


def test_k18_a_node_whose_blocks_are_too_small_is_refused(node):
    assert "a block of this chain holds 15000000 gas" in refusal(require_limits, node(block_gas=15_000_000))


def test_k18_a_node_that_refuses_large_contracts_is_refused(node):
    assert "24576 bytes" in refusal(require_limits, node(code_bytes=MAX_CODE_BYTES - 1))


def test_k18_a_node_that_refuses_a_page_of_logs_is_refused(node):
    rpc = node(blocks=1_100, log_range=LOG_RANGE)
    book = deploy(rpc, Sender(rpc, CHAIN_ID, KEY), [], [], {})
    require_limits(rpc, book)
    rpc.limits.log_range = 999
    assert "logs of 1000 blocks" in refusal(require_limits, rpc, book)


def test_k18_a_network_is_not_founded_where_it_could_not_run(node):
    rpc = node(block_gas=15_000_000)
    refusal(lambda: deploy(rpc, Sender(rpc, CHAIN_ID, KEY), [], [], {}))
    assert rpc.request("eth_blockNumber") == "0x0"


def test_k18_a_transaction_that_networks_refuse_is_not_sent(node):
    sender = Sender(node(), CHAIN_ID, KEY)
    assert "send less at once" in refusal(lambda: sender.send(bytes(20), b"", gas=MAX_TRANSACTION_GAS + 1))
    assert sender.send(bytes(20), b"", gas=MAX_TRANSACTION_GAS).succeeded


@pytest.mark.parametrize("name", NAMES)
def test_k18_the_code_of_every_contract_is_below_the_limit(name):
    assert len(deployed_code(name)) <= MAX_CODE_BYTES
