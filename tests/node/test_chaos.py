"""The node is killed at random moments; what it acknowledged must be there, once."""

import http.client
import itertools
import random
import signal
import sqlite3
import threading
import time

import pytest

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded import Engine
from ledger_node.node.embedded.engine import read_header
from tests.kit.node import SEALER_KEY, NodeProcess, account, deploy, genesis, sign, word

SENDERS = 4


@pytest.fixture
def rounds(request):
    """15 rounds, or 150 with --chaos where the project's conftest defines it."""
    return 150 if request.config.getoption("--chaos", default=False) else 15


def send_until_the_node_dies(node, sender, nonce, contract, acknowledged):
    while True:
        raw = sign(account(sender), nonce, contract, word(sender * 2**32 + nonce) + word(nonce + 1))
        try:
            answer = node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        except (OSError, http.client.HTTPException, ValueError):
            node.hang_up()
            return
        assert "error" not in answer, answer
        acknowledged[sender].append(keccak(raw))
        nonce += 1


def check(path, contract, acknowledged):
    """Open the chain, and hold everything in it against what was acknowledged; return the next nonces."""
    with Engine.open(path, SEALER_KEY) as engine:
        state = engine.state(engine.head.header)
        nonces = {sender: state.get_nonce(bytes.fromhex(account(sender).address[2:])) for sender in acknowledged}
        for sender, nonce in nonces.items():
            assert nonce >= len(acknowledged[sender])
            for done in range(nonce):
                assert state.get_storage(contract, sender * 2**32 + done) == done + 1
        head = engine.head.number
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        mined = [row[0] for row in connection.execute("SELECT hash FROM tx")]
        logs = connection.execute("SELECT count(*) FROM log").fetchone()[0]
        headers = [read_header(row[0]) for row in connection.execute("SELECT header FROM block ORDER BY number")]
    connection.close()
    assert [header.block_number for header in headers] == list(range(head + 1))
    assert all(child.parent_hash == parent.hash for parent, child in itertools.pairwise(headers))
    assert len(mined) == len(set(mined)) == 1 + sum(nonces.values())
    assert logs == sum(nonces.values())
    assert {tx_hash for hashes in acknowledged.values() for tx_hash in hashes} <= set(mined)
    return nonces


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
def test_a_killed_node_has_every_acknowledged_transaction_exactly_once(path, rounds):
    chance = random.Random(20_261_122)
    with Engine.create(path, genesis(), SEALER_KEY) as engine:
        contract = deploy(engine)
    acknowledged = {sender: [] for sender in range(1, SENDERS + 1)}
    nonces = dict.fromkeys(acknowledged, 0)
    for _ in range(rounds):
        node = NodeProcess(path)
        threads = [
            threading.Thread(target=send_until_the_node_dies, args=(node, sender, nonce, contract, acknowledged))
            for sender, nonce in nonces.items()
        ]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.02, 0.4))
        node.end(signal.SIGKILL)
        for thread in threads:
            thread.join(30)
        nonces = check(path, contract, acknowledged)
    assert sum(nonces.values()) > rounds
