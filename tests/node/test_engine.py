import json
import threading

import coincurve
import pytest
import rlp
from trie import HexaryTrie

from ledger_node.clock import now
from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded import Engine, NodeError
from ledger_node.node.embedded.block_seal import Sealer, recover_sealer
from ledger_node.node.embedded.error import RpcError
from ledger_node.node.embedded.lookup import block_row
from ledger_node.node.embedded.rpc import Rpc
from tests.kit.node import (
    GENESIS_TIME,
    SEALER_KEY,
    account,
    deploy,
    genesis,
    initcode,
    runtime,
    sign,
    word,
)


def ask(engine, method, *params):
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
    answer = json.loads(Rpc(engine).handle(json.dumps(body).encode()))
    assert "error" not in answer, answer
    return answer["result"]


def test_a_contract_is_deployed_and_keeps_what_is_stored(engine):
    contract = deploy(engine)
    engine.submit(sign(account(1), 0, contract, word(5) + word(77)))
    state = engine.state(engine.head.header)
    assert state.get_code(contract) == runtime()
    assert state.get_storage(contract, 5) == 77
    assert engine.head.number == 2


def test_legacy_and_dynamic_fee_transactions_of_empty_accounts_are_taken(engine):
    contract = deploy(engine)
    engine.submit(sign(account(1), 0, contract, word(1) + word(1), legacy=True))
    tx_hash = engine.submit(sign(account(1), 1, contract, word(1) + word(2)))
    receipt = ask(engine, "eth_getTransactionReceipt", "0x" + tx_hash.hex())
    assert (receipt["type"], receipt["status"], receipt["effectiveGasPrice"]) == ("0x2", "0x1", "0x0")


def test_block_time_follows_the_clock_and_never_runs_ahead(engine):
    contract = deploy(engine)
    for nonce in range(30):
        engine.submit(sign(account(1), nonce, contract, word(nonce) + word(1)))
    times = [int(ask(engine, "eth_getBlockByNumber", hex(n), False)["timestamp"], 16) for n in range(32)]
    assert times == sorted(times)
    assert times[0] == GENESIS_TIME
    assert times[-1] <= now()


def test_a_header_hashes_to_its_block_and_bears_the_sealers_signature(engine):
    deploy(engine)
    for number in (0, 1):
        row = block_row(engine, number)
        assert keccak(row.header) == row.hash
        assert len(rlp.decode(row.header)) == 20
        assert int.from_bytes(row.seal[32:64], "big") <= coincurve.utils.GROUP_ORDER_INT // 2
        assert row.seal[64] in {0, 1}
        assert recover_sealer(row.hash, row.seal) == engine._sealer.address
    assert recover_sealer(b"\x01" * 32, b"\xff" * 65) is None
    assert recover_sealer(b"\x01" * 32, b"") is None


def test_the_sealer_key_is_in_no_repr_or_refusal(engine, path):
    shown = repr(Sealer(SEALER_KEY)) + repr(engine) + repr(vars(engine)) + repr(engine.genesis)
    assert SEALER_KEY.hex() not in shown
    assert repr(SEALER_KEY) not in shown
    engine.close()
    for bad in (b"\x00" * 32, b"\x11" * 31, b"\x12" * 32):
        with pytest.raises(NodeError) as caught:
            Engine.open(path, bad)
        assert caught.value.reason == "sealer_invalid"
        assert bad.hex() not in str(caught.value)


def test_reopening_finds_the_same_head_and_state_without_executing_anything(engine, path, monkeypatch):
    contract = deploy(engine)
    engine.submit(sign(account(1), 0, contract, word(5) + word(77)))
    head = engine.head
    engine.close()
    monkeypatch.setattr("ledger_node.node.embedded.block_builder.BlockBuilder.apply", None)
    with Engine.open(path, SEALER_KEY) as again:
        assert again.head == head
        assert again.state(again.head.header).get_storage(contract, 5) == 77
        assert again.genesis == genesis()


def test_proofs_verify_against_the_header(engine):
    contract = deploy(engine)
    for slot in range(20):
        engine.submit(sign(account(1), slot, contract, word(slot) + word(slot + 1_000)))
    block = ask(engine, "eth_getBlockByNumber", "latest", False)
    keys = [hex(slot) for slot in (0, 7, 19, 999)]
    proof = ask(engine, "eth_getProof", "0x" + contract.hex(), keys, "latest")
    nodes = [rlp.decode(bytes.fromhex(node[2:])) for node in proof["accountProof"]]
    encoded = HexaryTrie.get_from_proof(bytes.fromhex(block["stateRoot"][2:]), keccak(contract), nodes)
    assert rlp.decode(encoded)[2].hex() == proof["storageHash"][2:]
    for entry, wanted in zip(proof["storageProof"], (1_000, 1_007, 1_019, 0), strict=True):
        nodes = [rlp.decode(bytes.fromhex(node[2:])) for node in entry["proof"]]
        root, key = bytes.fromhex(proof["storageHash"][2:]), keccak(bytes.fromhex(entry["key"][2:]))
        value = HexaryTrie.get_from_proof(root, key, nodes)
        assert int.from_bytes(rlp.decode(value) if value else b"", "big") == wanted == int(entry["value"], 16)


def test_a_proof_of_an_absent_account_verifies_too(engine):
    deploy(engine)
    absent = b"\xee" * 20
    proof = ask(engine, "eth_getProof", "0x" + absent.hex(), [], "latest")
    nodes = [rlp.decode(bytes.fromhex(node[2:])) for node in proof["accountProof"]]
    assert HexaryTrie.get_from_proof(engine.head.header.state_root, keccak(absent), nodes) == b""
    assert (proof["balance"], proof["nonce"]) == ("0x0", "0x0")


def test_past_states_stay_readable(engine):
    contract = deploy(engine)
    for value in (1, 2, 3):
        engine.submit(sign(account(1), value - 1, contract, word(0) + word(value)))
    read = {"to": "0x" + contract.hex(), "data": "0x" + word(0).hex()}
    assert [int(ask(engine, "eth_call", read, hex(n)), 16) for n in (2, 3, 4)] == [1, 2, 3]
    third = ask(engine, "eth_getBlockByNumber", "0x3", False)["hash"]
    assert int(ask(engine, "eth_call", read, {"blockHash": third}), 16) == 2


def test_an_unlisted_sender_is_refused_until_it_is_listed(engine, path):
    stranger = account(9)
    with pytest.raises(RpcError, match="Sender account not authorized to send transactions") as caught:
        engine.submit(sign(stranger, 0, b"", initcode()))
    assert caught.value.code == -32007
    engine.set_allowlist([stranger.address])
    engine.submit(sign(stranger, 0, b"", initcode()))
    with pytest.raises(RpcError, match="not authorized"):
        engine.submit(sign(account(0), 0, b"", initcode()))
    engine.close()
    with Engine.open(path, SEALER_KEY) as again:
        assert again.allowlist == (stranger.address.lower(),)


def test_transactions_after_a_gap_wait_and_are_mined_in_order(engine):
    contract = deploy(engine)
    late = [sign(account(1), nonce, contract, word(nonce) + word(nonce + 1)) for nonce in (3, 1, 2)]
    hashes = [engine.submit(raw) for raw in late]
    assert engine.head.number == 1
    assert engine.writer.pool.next_nonce(account(1).address, 0) == 0
    assert ask(engine, "eth_getTransactionByHash", "0x" + hashes[0].hex())["blockNumber"] is None
    engine.submit(sign(account(1), 0, contract, word(0) + word(1)))
    assert engine.head.number == 2
    places = [ask(engine, "eth_getTransactionReceipt", "0x" + h.hex())["transactionIndex"] for h in hashes]
    assert places == ["0x3", "0x1", "0x2"]


def test_the_same_transaction_twice_is_one_transaction(engine):
    contract = deploy(engine)
    raw = sign(account(1), 0, contract, word(1) + word(1))
    gapped = sign(account(1), 2, contract, word(2) + word(1))
    assert engine.submit(raw) == engine.submit(raw)
    assert engine.submit(gapped) == engine.submit(gapped)
    assert engine.head.number == 2


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "too short"),
        (b"\x01\x02", "cannot be decoded"),
        (b"\xc0", "cannot be decoded"),
        (b"\x7f\x00", "not supported"),
        (b"\x03\x00", "not supported"),
        (sign(account(0), 0, b"", initcode(), chain_id=1), "invalid chain id"),
        (sign(account(0), 0, b"", initcode(), chain_id=1, legacy=True), "invalid chain id"),
        (sign(account(0), 0, b"", initcode()) + b"\x00", "cannot be decoded"),
        (sign(account(0), 0, b"", initcode(), gas=60_000 - 8_000), "intrinsic gas too low"),
        (sign(account(0), 0, b"", initcode(), gas=500_000_001), "exceeds block gas limit"),
        (sign(account(0), 0, b"", b"\x00" * 49_153, gas=5_000_000), "max initcode size exceeded"),
        (sign(account(0), 0, account(1).address, value=1), "insufficient funds"),
        (b"\x02" + b"\x00" * 140_000, "oversized data"),
    ],
)
def test_a_bad_transaction_is_refused_in_words(engine, raw, message):
    with pytest.raises(RpcError, match=message):
        engine.submit(raw)
    assert engine.head.number == 0


def test_a_used_nonce_and_a_second_transaction_for_a_waiting_nonce_are_refused(engine):
    contract = deploy(engine)
    with pytest.raises(RpcError, match="nonce too low"):
        engine.submit(sign(account(0), 0, contract, word(1) + word(1)))
    engine.submit(sign(account(1), 4, contract, word(1) + word(1)))
    with pytest.raises(RpcError, match="replacement transaction underpriced"):
        engine.submit(sign(account(1), 4, contract, word(1) + word(2)))


def test_an_altered_signature_is_another_senders(engine):
    raw = bytearray(sign(account(0), 0, b"", initcode()))
    raw[-1] ^= 1
    with pytest.raises(RpcError, match=r"not authorized|invalid"):
        engine.submit(bytes(raw))


def test_a_bad_transaction_does_not_stop_the_good_ones_beside_it(engine):
    contract = deploy(engine)
    good = [sign(account(1), nonce, contract, word(nonce) + word(9)) for nonce in range(20)]
    bad = [sign(account(index), 0, contract, value=5) for index in range(2, 8)]
    results = [engine.submit_later(raw) for pair in zip(good, bad * 4, strict=False) for raw in pair]
    outcomes = [result.exception(30) for result in results]
    assert outcomes[0::2] == [None] * 20
    assert all(isinstance(outcome, RpcError) for outcome in outcomes[1::2])


def test_waiting_transactions_share_a_block_and_a_block_stays_below_half_of_the_gas(path):
    with Engine.create(path, genesis(gas_limit=4_000_000), SEALER_KEY) as engine:
        contract = deploy(engine)
        raws = [sign(account(1), n, contract, word(n) + word(9), gas=900_000) for n in range(120)]
        results = [engine.submit_later(raw) for raw in raws]
        for result in results:
            result.result(30)
        assert 3 <= engine.head.number < 60
        for number in range(engine.head.number + 1):
            block = ask(engine, "eth_getBlockByNumber", hex(number), False)
            assert int(block["gasUsed"], 16) <= 2_000_000
            assert block["baseFeePerGas"] == "0x0"


def test_many_threads_lose_and_double_nothing(engine):
    contract = deploy(engine)
    raws = [[sign(account(i), n, contract, word(i * 100 + n) + word(1)) for n in range(25)] for i in range(1, 8)]
    threads = [threading.Thread(target=lambda own=own: [engine.submit(raw) for raw in own]) for own in raws]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with engine.store.reader() as connection:
        mined = {row[0] for row in connection.execute("SELECT hash FROM tx")}
    assert {keccak(raw) for own in raws for raw in own} <= mined
    assert len(mined) == 1 + 7 * 25
