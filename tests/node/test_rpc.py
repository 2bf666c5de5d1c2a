import json
import logging
import signal
import subprocess
import sys

import pytest
from eth_abi import encode
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractCustomError, ContractLogicError

from ledger_node.node.embedded import Engine
from ledger_node.node.embedded.rpc import Rpc
from tests.kit.node import CHAIN_ID, ROOT, account, deploy, initcode, runtime, sign, word

ZERO = "0x" + "00" * 20
HASH = "0x" + "ab" * 32
CUSTOM = "0xdeadbeef"


@pytest.fixture
def rpc(engine):
    return Rpc(engine)


def ask(rpc, method, *params):
    return json.loads(rpc.handle(json.dumps({"jsonrpc": "2.0", "id": 3, "method": method, "params": params}).encode()))


def test_web3_deploys_calls_and_reads_events_over_http(node):
    with_session = HTTPProvider(node.url)
    web3 = Web3(with_session)
    assert web3.eth.chain_id == CHAIN_ID
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(sign(account(0), 0, b"", initcode())))
    contract = receipt["contractAddress"]
    assert web3.eth.get_code(contract) == runtime()
    gas = web3.eth.estimate_gas({"from": account(1).address, "to": contract, "data": word(7) + word(42)})
    web3.eth.send_raw_transaction(sign(account(1), 0, contract, word(7) + word(42), gas=gas))
    web3.eth.send_raw_transaction(sign(account(1), 1, contract, word(8) + word(43), legacy=True))
    assert web3.eth.call({"to": contract, "data": word(7)}) == word(42)
    assert web3.eth.get_storage_at(contract, 7) == word(42)
    logs = web3.eth.get_logs({"address": contract, "fromBlock": 0, "topics": [word(1), word(7)]})
    assert [log["data"] for log in logs] == [word(42)]
    assert web3.eth.get_logs({"fromBlock": 0, "topics": [None, [word(7), word(8)]]})[1]["logIndex"] == 0
    assert web3.eth.get_transaction_count(account(1).address) == 2
    block = web3.eth.get_block("latest", full_transactions=True)
    assert block["transactions"][0]["from"] == account(1).address
    assert block["sealer"].lower() == web3.eth.get_block(0)["miner"].lower()
    proof = web3.eth.get_proof(contract, [7], "latest")
    assert proof["storageProof"][0]["value"] == word(42).lstrip(b"\x00")
    assert web3.eth.fee_history(4, "latest", [10, 90])["baseFeePerGas"] == [0] * 5
    assert web3.eth.gas_price == web3.eth.max_priority_fee == 0
    assert web3.eth.get_balance(contract) == 0
    assert web3.client_version.startswith("Credence/0.1.0/py-evm")
    with_session._request_session_manager.session_cache.clear()


def test_a_revert_reaches_web3_as_a_custom_error(node):
    web3 = Web3(HTTPProvider(node.url))
    receipt = web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(sign(account(0), 0, b"", initcode())))
    message = {"to": receipt["contractAddress"], "data": CUSTOM, "from": account(1).address}
    for ask_it in (web3.eth.call, web3.eth.estimate_gas):
        with pytest.raises(ContractCustomError) as caught:
            ask_it(message)
        assert caught.value.data == CUSTOM


def test_a_reason_string_is_in_the_message(engine, rpc):
    # codecopy(0, 11, n); revert(0, n), followed by the revert data
    data = bytes.fromhex("08c379a0") + encode(["string"], ["no such issuer"])
    code = bytes.fromhex(f"60{len(data):02x}600c60003960{len(data):02x}6000fd") + data
    answer = ask(rpc, "eth_call", {"data": "0x" + code.hex()}, "latest")
    assert answer["error"] == {
        "code": 3,
        "message": "execution reverted: no such issuer",
        "data": "0x" + data.hex(),
    }
    assert issubclass(ContractCustomError, ContractLogicError)
    assert engine.head.number == 0


def test_a_reverted_transaction_is_mined_with_status_zero(engine, rpc):
    contract = deploy(engine)
    tx_hash = engine.submit(sign(account(1), 0, contract, bytes.fromhex(CUSTOM[2:])))
    receipt = ask(rpc, "eth_getTransactionReceipt", "0x" + tx_hash.hex())["result"]
    assert (receipt["status"], receipt["logs"], receipt["contractAddress"]) == ("0x0", [], None)


def test_an_endless_loop_ends_with_out_of_gas(rpc):
    answer = ask(rpc, "eth_call", {"data": "0x5b600056", "gas": "0x30d40"})
    assert (answer["error"]["code"], answer["error"]["message"]) == (-32000, "out of gas")


def test_calls_as_deep_as_gas_allows_end(engine, rpc):
    # call(gas, self, ...) again and again: 63/64 of the gas each time, about 600 levels
    code = bytes.fromhex("60006000600060006000305af100")
    creation = bytes.fromhex(f"60{len(code):02x}600c60003960{len(code):02x}6000f3") + code
    tx_hash = engine.submit(sign(account(0), 0, b"", creation))
    contract = ask(rpc, "eth_getTransactionReceipt", "0x" + tx_hash.hex())["result"]["contractAddress"]
    assert ask(rpc, "eth_call", {"to": contract}, "latest")["result"] == "0x"
    engine.submit(sign(account(0), 1, bytes.fromhex(contract[2:]), gas=500_000_000))
    assert engine.head.header.gas_used > 50_000


def test_the_pending_block_has_the_time_of_now(engine, rpc, monkeypatch):
    read_time = {"data": "0x4260005260206000f3"}  # timestamp; mstore(0); return(0, 32)
    monkeypatch.setattr(engine, "_now", lambda: 2_000_000_000)
    assert int(ask(rpc, "eth_call", read_time, "pending")["result"], 16) == 2_000_000_000
    assert int(ask(rpc, "eth_call", read_time, "latest")["result"], 16) == engine.head.header.timestamp


def test_block_hashes_of_ancestors_are_readable_in_code(engine, rpc):
    contract = deploy(engine)
    engine.submit(sign(account(1), 0, contract, word(1) + word(1)))
    first = ask(rpc, "eth_getBlockByNumber", "0x1", False)["result"]["hash"]
    of_first = {"data": "0x60014060005260206000f3"}  # blockhash(1); mstore(0); return(0, 32)
    assert ask(rpc, "eth_call", of_first, "latest")["result"] == first
    assert int(ask(rpc, "eth_call", of_first, "0x1")["result"], 16) == 0


@pytest.mark.parametrize("legacy", [False, True])
def test_every_way_to_a_transaction_gives_the_same_one(engine, rpc, legacy):
    tx_hash = "0x" + engine.submit(sign(account(0), 0, b"", initcode(), legacy=legacy)).hex()
    block = ask(rpc, "eth_getBlockByNumber", "latest", True)["result"]
    views = [
        ask(rpc, "eth_getTransactionByHash", tx_hash)["result"],
        ask(rpc, "eth_getTransactionByBlockNumberAndIndex", "latest", "0x0")["result"],
        ask(rpc, "eth_getTransactionByBlockHashAndIndex", block["hash"], "0x0")["result"],
        block["transactions"][0],
    ]
    assert views == [views[0]] * 4
    assert ask(rpc, "eth_getBlockByHash", block["hash"], True)["result"] == block
    assert ask(rpc, "eth_getBlockTransactionCountByHash", block["hash"])["result"] == "0x1"
    assert ask(rpc, "eth_getBlockTransactionCountByNumber", "earliest")["result"] == "0x0"
    assert ask(rpc, "eth_getTransactionByBlockNumberAndIndex", "0x0", "0x0")["result"] is None


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBlockByNumber", ["0x99", False]),
        ("eth_getBlockByNumber", ["0xffffffffffffffffffff", False]),
        ("eth_getBlockByHash", [HASH, False]),
        ("eth_getBlockTransactionCountByHash", [HASH]),
        ("eth_getTransactionByHash", [HASH]),
        ("eth_getTransactionReceipt", [HASH]),
        ("eth_getTransactionByBlockHashAndIndex", [HASH, "0x0"]),
    ],
)
def test_what_is_not_there_is_null(rpc, method, params):
    assert ask(rpc, method, *params)["result"] is None


def test_log_filters_select_by_contract_topic_and_block(engine, rpc):
    first, second = deploy(engine), deploy(engine, account(2))
    for nonce, contract in enumerate((first, second, first, second)):
        engine.submit(sign(account(1), nonce, contract, word(nonce % 3) + word(nonce)))
    one, two = "0x" + first.hex(), "0x" + second.hex()

    def values(**criteria):
        found = ask(rpc, "eth_getLogs", {"fromBlock": "0x0"} | criteria)["result"]
        return [int(log["data"], 16) for log in found]

    topic = ["0x" + word(n).hex() for n in range(4)]
    assert values() == [0, 1, 2, 3]
    assert values(address=one) == [0, 2]
    assert values(address=[one, two]) == [0, 1, 2, 3]
    assert values(address=two, topics=[topic[1]]) == [1, 3]
    assert values(address=[one, two], topics=[topic[1], topic[0]]) == [0, 3]
    assert values(topics=[None, [topic[1], topic[2]]]) == [1, 2]
    assert values(topics=[[], topic[2]]) == [2]
    assert values(topics=[topic[2]]) == []
    assert values(topics=[topic[1], topic[0], None]) == []
    assert values(fromBlock="0x4", toBlock="0x5") == [1, 2]
    block_hash = ask(rpc, "eth_getBlockByNumber", "0x5", False)["result"]["hash"]
    by_hash = ask(rpc, "eth_getLogs", {"blockHash": block_hash})["result"]
    assert [log["data"] for log in by_hash] == ["0x" + word(2).hex()]


def test_too_many_logs_are_refused(engine, rpc, monkeypatch):
    contract = deploy(engine)
    for nonce in range(3):
        engine.submit(sign(account(1), nonce, contract, word(1) + word(1)))
    monkeypatch.setattr("ledger_node.node.embedded.lookup.MAX_LOGS", 2)
    error = ask(rpc, "eth_getLogs", {"fromBlock": "earliest"})["error"]
    assert error["code"] == -32005
    assert "more than 2 results or" in error["message"]


def test_a_batch_is_answered_in_order_and_notifications_are_not(engine, rpc):
    raws = [sign(account(0), nonce, b"", initcode()) for nonce in range(3)]
    calls = [("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws]
    calls = [("eth_blockNumber", []), *calls, ("eth_blockNumber", []), ("eth_mine", [])]
    batch = [{"jsonrpc": "2.0", "id": n, "method": m, "params": p} for n, (m, p) in enumerate(calls)]
    batch.append({"jsonrpc": "2.0", "method": "eth_chainId"})
    answers = json.loads(rpc.handle(json.dumps(batch).encode()))
    assert [answer["id"] for answer in answers] == list(range(6))
    assert answers[0]["result"] == "0x0"
    assert answers[4]["result"] == hex(engine.head.number) != "0x0"
    assert answers[5]["error"]["code"] == -32601
    assert rpc.handle(b'{"jsonrpc":"2.0","method":"eth_chainId"}') == b""


def test_an_unexpected_failure_shows_and_logs_no_parameters(engine, rpc, monkeypatch, caplog):
    monkeypatch.setattr(engine, "state", lambda _: 1 // 0)
    with caplog.at_level(logging.ERROR):
        error = ask(rpc, "eth_getBalance", "0x" + "5e" * 20, "latest")["error"]
    assert error == {"code": -32603, "message": "internal error"}
    assert "eth_getBalance" in caplog.text
    assert "5e5e" not in caplog.text


def test_estimates_are_enough_for_what_they_estimate(engine, rpc):
    contract = deploy(engine)
    message = {
        "from": account(1).address,
        "to": "0x" + contract.hex(),
        "data": "0x" + (word(9) + word(9)).hex(),
    }
    gas = int(ask(rpc, "eth_estimateGas", message)["result"], 16)
    tx_hash = engine.submit(sign(account(1), 0, contract, word(9) + word(9), gas=gas))
    receipt = ask(rpc, "eth_getTransactionReceipt", "0x" + tx_hash.hex())["result"]
    assert receipt["status"] == "0x1"
    assert int(receipt["gasUsed"], 16) <= gas < int(receipt["gasUsed"], 16) * 1.2
    assert ask(rpc, "eth_estimateGas", {"to": ZERO})["result"] == hex(21_000)
    create = int(ask(rpc, "eth_estimateGas", {"data": "0x" + initcode().hex()}, "latest")["result"], 16)
    tx_hash = engine.submit(sign(account(2), 0, b"", initcode(), gas=create))
    assert ask(rpc, "eth_getTransactionReceipt", "0x" + tx_hash.hex())["result"]["status"] == "0x1"


def test_pending_nonces_count_the_pool(engine, rpc):
    contract = deploy(engine)
    engine.submit(sign(account(1), 1, contract, word(1) + word(1)))
    who = account(1).address
    assert ask(rpc, "eth_getTransactionCount", who, "pending")["result"] == "0x0"
    engine.submit(sign(account(1), 0, contract, word(1) + word(1)))
    assert ask(rpc, "eth_getTransactionCount", who, "pending")["result"] == "0x2"


def test_http_refuses_other_types_and_large_bodies_and_tells_its_health(node):
    assert node.post(b"{}", "text/plain")[0] == 415
    node.hang_up()
    status, _ = node.post(b" " * (5 * 1024 * 1024 + 1))
    assert status == 413
    node.hang_up()
    assert node.result("eth_blockNumber") == "0x0"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, "stdin"])
def test_the_node_ends_cleanly(node, how):
    node.result("eth_sendRawTransaction", "0x" + sign(account(0), 0, b"", initcode()).hex())
    assert node.end(how) == (0, "")


def test_a_node_whose_parent_is_killed_ends(path):
    from tests.kit.node import SEALER_KEY, genesis  # noqa: PLC0415 - only here

    Engine.create(path, genesis(), SEALER_KEY).close()
    program = (
        "import sys, pathlib, time\n"
        "from tests.kit.node import NodeProcess\n"
        "node = NodeProcess(pathlib.Path(sys.argv[1])); print(node.process.pid, flush=True); time.sleep(60)"
    )
    run = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    reopened = None
    for _ in range(100):
        try:
            reopened = Engine.open(path, SEALER_KEY)
            break
        except Exception:  # noqa: BLE001 - it is still ending
            subprocess.run(["sleep", "0.1"], check=True)
    assert reopened is not None, child
    reopened.close()
