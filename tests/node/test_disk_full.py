"""A disk that takes nothing more: the node tells nobody that a transaction failed, ends, and goes on after a start."""

import json
import resource

import pytest

from ledger_node.node.embedded import Engine
from tests.kit.node import SEALER_KEY, NodeProcess, account, genesis, sign


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "chain.sqlite3"
    Engine.create(made, genesis(), SEALER_KEY).close()
    return made


def sending(raw):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + raw.hex()]})


def test_n7_a_node_that_cannot_store_a_block_ends_and_nothing_is_lost_or_done_twice(path):
    first, second = (sign(account(0), nonce, account(1).address, value=0) for nonce in range(2))
    node = NodeProcess(path)
    assert node.post(sending(first))[0] == 200
    resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (0, 0))
    status, words = node.post(sending(second))
    assert (status, b"could not be stored" in words) == (503, True)
    node.process.wait(30)  # by itself
    code, said = node.end()
    assert code != 0
    assert "disk" in said
    assert "start the node again when the disk can be written" in said
    again = NodeProcess(path)
    assert again.post(sending(first))[0] == again.post(sending(second))[0] == 200
    assert again.result("eth_getTransactionCount", account(0).address, "latest") == "0x2"
    again.end()
