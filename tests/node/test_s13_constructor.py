"""S13: what a constructor stored and gave back, and a transaction that the engine cannot carry out."""

import json

import pytest
from eth_utils import keccak

from ledger_node.node.embedded import Engine
from ledger_node.node.embedded.block_builder import BlockBuilder
from ledger_node.node.embedded.error import RpcError
from ledger_node.node.embedded.rpc import Rpc
from ledger_node.node.embedded.state.account_state import NodeAccountDB
from ledger_node.node.embedded.transaction import read_transaction
from tests.kit.node import SEALER_KEY, account, deploy, sign, word

# a constructor that stores 1 in slot 0 and reverts
_CHILD = bytes.fromhex("600160005560006000fd")
# code that puts the ten bytes of the child into memory and creates it with CREATE2 and salt 0
_FACTORY = bytes.fromhex(f"69{_CHILD.hex()}6000526000600a60166000f560005260206000f3")


def ask(engine, method, *params):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.loads(Rpc(engine).handle(json.dumps(body).encode()))["result"]


def create(code):
    """Return initcode that deploys ``code``."""
    return bytes.fromhex(f"60{len(code):02x}600c60003960{len(code):02x}6000f3") + code


def endow(engine, *addresses):
    """Store a block in which these addresses have a balance; no transaction of this chain gives one."""
    builder = engine._start_block()
    for address in addresses:
        builder.state.set_balance(address, 5)
    engine._store(builder.finish())


def contract_of(engine, tx_hash):
    return bytes.fromhex(ask(engine, "eth_getTransactionReceipt", "0x" + tx_hash.hex())["contractAddress"][2:])


def test_s13_a_constructor_at_an_address_with_a_balance_that_stores_and_reverts_leaves_the_balance(engine, path):
    factory = contract_of(engine, engine.submit(sign(account(0), 0, b"", create(_FACTORY))))
    child = keccak(b"\xff" + factory + word(0) + keccak(_CHILD))[12:]
    endow(engine, child)
    tx_hash = engine.submit(sign(account(1), 0, factory))
    receipt = ask(engine, "eth_getTransactionReceipt", "0x" + tx_hash.hex())
    assert receipt["status"] == "0x1"
    assert engine.is_healthy
    contract = deploy(engine, nonce=1)
    assert ask(engine, "eth_getBalance", "0x" + child.hex()) == "0x5"
    assert ask(engine, "eth_getStorageAt", "0x" + child.hex(), "0x0") == "0x" + word(0).hex()
    assert ask(engine, "eth_getTransactionCount", "0x" + child.hex()) == "0x0"
    engine.close()
    with Engine.open(path, SEALER_KEY) as again:
        assert ask(again, "eth_getCode", "0x" + contract.hex()) != "0x"


@pytest.mark.parametrize("place", ["apply", "record"])
def test_s13_a_transaction_that_cannot_be_carried_out_is_refused_and_leaves_nothing(engine, monkeypatch, caplog, place):
    contract = deploy(engine)
    bad = sign(account(1), 0, contract, word(5) + word(66))
    name = "apply_transaction" if place == "apply" else "finalize_gas_used"
    owner = type(engine._start_block().state) if place == "apply" else _cancun_vm()
    real = getattr(owner, name)

    def failing(*given):
        if given[0 if place == "record" else 1].sender == bytes.fromhex(account(1).address[2:]):
            if place == "apply":
                real(*given)
            raise KeyError("a fault of the engine")
        return real(*given)

    monkeypatch.setattr(owner, name, staticmethod(failing) if place == "record" else failing)
    good = sign(account(2), 0, contract, word(6) + word(7))
    results = [engine.submit_later(raw) for raw in (bad, good)]
    with pytest.raises(RpcError, match="could not be executed") as refused:
        results[0].result(30)
    results[1].result(30)
    assert refused.value.code == -32603
    monkeypatch.undo()
    assert engine.is_healthy
    assert engine.state(engine.head.header).get_storage(contract, 5) == 0
    assert engine.state(engine.head.header).get_storage(contract, 6) == 7
    assert ask(engine, "eth_getTransactionCount", account(1).address) == "0x0"
    assert [ask(engine, "eth_getTransactionByHash", "0x" + keccak(raw).hex()) is None for raw in (bad, good)] == [
        True,
        False,
    ]
    logs = ask(engine, "eth_getLogs", {"fromBlock": "0x0"})
    assert [log["data"] for log in logs] == ["0x" + word(7).hex()]
    engine.submit(bad)
    assert engine.state(engine.head.header).get_storage(contract, 5) == 66
    assert "a fault of the engine" in caplog.text


def _cancun_vm():
    from eth.vm.forks.cancun import CancunVM  # noqa: PLC0415 - only here

    return CancunVM


def test_s13_a_transaction_that_spoils_its_block_is_refused_and_the_others_are_stored(engine, monkeypatch, caplog):
    contract = deploy(engine)
    bad = sign(account(1), 0, contract, word(5) + word(66))
    after = sign(account(1), 1, contract, word(5) + word(67))
    good = [sign(account(n), 0, contract, word(n) + word(7)) for n in (2, 3)]
    real = NodeAccountDB._write_storage

    def failing(self, address, slots):
        if 5 in slots:
            raise KeyError("a fault of the state")
        return real(self, address, slots)

    monkeypatch.setattr(NodeAccountDB, "_write_storage", failing)
    with engine.writer.guard:  # so that all of them go into one block
        results = [engine.submit_later(raw) for raw in (good[0], bad, after, good[1])]
    with pytest.raises(RpcError, match="could not be executed") as refused:
        results[1].result(30)
    assert refused.value.code == -32603
    assert [results[n].result(30) for n in (0, 2, 3)] == [keccak(raw) for raw in (good[0], after, good[1])]
    assert engine.is_healthy
    state = engine.state(engine.head.header)
    assert [state.get_storage(contract, slot) for slot in (2, 3, 5)] == [7, 7, 0]
    assert ask(engine, "eth_getTransactionCount", account(1).address) == "0x0"
    assert ask(engine, "eth_getTransactionReceipt", "0x" + keccak(bad).hex()) is None
    waiting = ask(engine, "eth_getTransactionByHash", "0x" + keccak(after).hex())
    assert waiting["blockNumber"] is None  # it waits for the nonce before it, as any other behind a gap
    monkeypatch.undo()
    engine.submit(bad)
    assert ask(engine, "eth_getTransactionReceipt", "0x" + keccak(after).hex())["status"] == "0x1"
    assert engine.state(engine.head.header).get_storage(contract, 5) == 67
    assert "a fault of the state" in caplog.text


def test_s13_a_fault_while_a_transaction_is_admitted_refuses_that_one_only(engine, monkeypatch):
    contract = deploy(engine)
    bad, good = (sign(account(n), 0, contract, word(n) + word(7)) for n in (1, 2))
    real = engine.writer.pool.add

    def failing(transaction):
        if transaction.raw == bad:
            raise KeyError("a fault of the pool")
        return real(transaction)

    monkeypatch.setattr(engine.writer.pool, "add", failing)
    results = [engine.submit_later(raw) for raw in (bad, good)]
    with pytest.raises(RpcError, match="could not be executed"):
        results[0].result(30)
    assert results[1].result(30) == keccak(good)
    assert engine.is_healthy


def test_s13_a_block_is_not_stored_twice_when_it_cannot_be_written(engine, monkeypatch):
    contract = deploy(engine)
    calls = []
    monkeypatch.setattr(engine.store, "write_block", lambda *_: calls.append(1) or 1 // 0)
    with pytest.raises(RpcError, match="must be started again"):
        engine.submit(sign(account(1), 0, contract, word(5) + word(66)))
    assert (len(calls), engine.is_healthy) == (1, False)


def test_s13_a_record_that_fails_counts_no_gas(engine, monkeypatch):
    contract = deploy(engine)
    builder = engine._start_block()
    raw = sign(account(1), 0, contract, word(5) + word(66))
    transaction = read_transaction(raw, engine.genesis.chain_id, engine.genesis.gas_limit)
    before = dict(vars(builder))
    monkeypatch.setattr(transaction.evm.__class__, "make_receipt", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        builder.apply(transaction)
    assert isinstance(builder, BlockBuilder)
    assert vars(builder) == before
    assert len(builder) == 0
    assert builder.state.get_storage(contract, 5) == 0
    assert builder.state.get_nonce(transaction.sender) == 0
