"""S9 to S12: the node reads and answers JSON-RPC as the standards of Ethereum and of JSON-RPC say."""

import json

import pytest
from web3 import Web3

from ledger_node.node.embedded.rpc import Rpc
from tests.kit.node import account, deploy, sign, word

UNKNOWN = "0x" + "ab" * 32


@pytest.fixture
def rpc(engine):
    return Rpc(engine)


def ask(rpc, method, *params):
    body = {"jsonrpc": "2.0", "id": 3, "method": method, "params": params}
    return json.loads(rpc.handle(json.dumps(body).encode()))


def post(rpc, request):
    answer = rpc.handle(request if isinstance(request, bytes) else json.dumps(request).encode())
    return json.loads(answer) if answer else None


@pytest.fixture
def counter(engine):
    """Give a contract whose slot 0 held 1, 2 and 3, and the hash of the block of each."""
    contract = deploy(engine)
    hashes = []
    for value in (1, 2, 3):
        engine.submit(sign(account(1), value - 1, contract, word(0) + word(value)))
        hashes.append("0x" + engine.head.hash.hex())
    return "0x" + contract.hex(), hashes


def _questions(contract):
    read = {"to": contract, "data": "0x" + word(0).hex()}
    return [
        ("eth_getBalance", [contract]),
        ("eth_getTransactionCount", [account(1).address]),
        ("eth_getCode", [contract]),
        ("eth_getStorageAt", [contract, "0x0"]),
        ("eth_getProof", [contract, ["0x0"]]),
        ("eth_call", [read]),
        ("eth_estimateGas", [read]),
    ]


@pytest.mark.parametrize("number", range(7))
def test_s9_a_block_hash_as_text_or_object_is_that_block(rpc, counter, number):
    contract, hashes = counter
    method, params = _questions(contract)[number]
    for place, block_hash in enumerate(hashes):
        by_number = ask(rpc, method, *params, hex(place + 2))["result"]
        forms = [
            block_hash,
            "0x" + block_hash[2:].upper(),
            {"blockHash": block_hash},
            {"blockHash": block_hash, "requireCanonical": True},
            {"blockHash": block_hash, "requireCanonical": False},
            {"blockNumber": hex(place + 2)},
        ]
        assert [ask(rpc, method, *params, form)["result"] for form in forms] == [by_number] * len(forms)


@pytest.mark.parametrize("number", range(7))
def test_s9_an_unknown_block_hash_is_an_error_and_no_empty_state(rpc, counter, number):
    method, params = _questions(counter[0])[number]
    for form in (UNKNOWN, {"blockHash": UNKNOWN}, {"blockHash": UNKNOWN, "requireCanonical": True}):
        answer = ask(rpc, method, *params, form)
        assert answer == {
            "jsonrpc": "2.0",
            "id": 3,
            "error": {"code": -32000, "message": "block not found for hash"},
        }
    assert ask(rpc, method, *params, "0x99")["error"]["message"] == "block not found"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getLogs", [{"fromBlock": UNKNOWN}]),
        ("eth_getLogs", [{"fromBlock": "0x0", "toBlock": {"blockHash": UNKNOWN}}]),
        ("eth_feeHistory", ["0x1", UNKNOWN, []]),
        ("eth_getBlockByNumber", [UNKNOWN, False]),
        ("eth_getBlockByNumber", [{"blockHash": UNKNOWN}, False]),
        ("eth_getBlockTransactionCountByNumber", [UNKNOWN]),
        ("eth_getTransactionByBlockNumberAndIndex", [UNKNOWN, "0x0"]),
    ],
)
def test_s9_a_hash_where_only_a_number_can_stand_is_refused_and_not_read_as_a_number(rpc, method, params):
    error = ask(rpc, method, *params)["error"]
    assert error["code"] == -32602
    assert "must be a block number" in error["message"]


def test_s9_web3_reads_past_states_by_block_hash(node):
    web3 = Web3(Web3.HTTPProvider(node.url))
    who = account(1).address
    for nonce in range(2):
        web3.eth.send_raw_transaction(sign(account(1), nonce, account(2).address))
    hashes = [web3.eth.get_block(number)["hash"] for number in range(3)]
    assert [web3.eth.get_transaction_count(who, block_hash) for block_hash in hashes] == [0, 1, 2]
    assert [web3.eth.get_transaction_count(who, block_hash.to_0x_hex()) for block_hash in hashes] == [0, 1, 2]
    web3.provider._request_session_manager.session_cache.clear()


@pytest.mark.usefixtures("counter")
def test_s10_transactions_logs_and_receipts_carry_the_time_of_their_block(engine, rpc):
    block = ask(rpc, "eth_getBlockByNumber", "latest", True)["result"]
    stamp = block["timestamp"]
    tx_hash = block["transactions"][0]["hash"]
    receipt = ask(rpc, "eth_getTransactionReceipt", tx_hash)["result"]
    found = [
        block["transactions"][0],
        ask(rpc, "eth_getTransactionByHash", tx_hash)["result"],
        ask(rpc, "eth_getTransactionByBlockNumberAndIndex", "latest", "0x0")["result"],
        ask(rpc, "eth_getTransactionByBlockHashAndIndex", block["hash"], "0x0")["result"],
        receipt["logs"][0],
        ask(rpc, "eth_getLogs", {"blockHash": block["hash"]})["result"][0],
    ]
    assert [one["blockTimestamp"] for one in found] == [stamp] * len(found)
    assert found[:4] == [found[0]] * 4
    assert found[4] == found[5]
    assert "blockTimestamp" not in receipt  # the public schema has it in its logs only
    late = engine.submit(sign(account(2), 1, account(3).address))
    waiting = ask(rpc, "eth_getTransactionByHash", "0x" + late.hex())["result"]
    assert [waiting[name] for name in ("blockHash", "blockNumber", "blockTimestamp", "transactionIndex")] == [None] * 4


@pytest.mark.parametrize(
    "marks", [[-1], [-0.001], [100.001], [50, 25], [10, 20, 15], [True], ["50"], [None], [[]], [0] * 101, 5]
)
@pytest.mark.usefixtures("counter")
def test_s11_percentiles_are_numbers_from_0_to_100_that_do_not_fall(rpc, marks):
    error = ask(rpc, "eth_feeHistory", "0x2", "latest", marks)["error"]
    assert error["code"] == -32602
    assert "rewardPercentiles" in error["message"]


@pytest.mark.parametrize(
    ("literal", "code"), [(b"NaN", -32700), (b"Infinity", -32700), (b"1e400", -32602), (b"-0.1e1", -32602)]
)
def test_s11_what_is_no_json_number_is_no_percentile(rpc, literal, code):
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_feeHistory","params":["0x1","latest",[' + literal + b"]]}"
    assert post(rpc, body)["error"]["code"] == code


@pytest.mark.parametrize("count", ["0x0", "0x401", "0xffffffffffffffff", 0, 1025, True, "8", 1.5, None])
@pytest.mark.usefixtures("counter")
def test_s11_a_block_count_is_from_1_to_1024(rpc, count):
    error = ask(rpc, "eth_feeHistory", count, "latest", [])["error"]
    assert error["code"] == -32602
    assert "blockCount" in error["message"]


@pytest.mark.usefixtures("counter")
def test_s11_a_history_beyond_the_head_is_refused(rpc):
    error = ask(rpc, "eth_feeHistory", "0x1", "0x5", [])["error"]
    assert (error["code"], error["message"]) == (-32000, "request beyond head block: requested 5, head 4")


@pytest.mark.parametrize(
    ("count", "newest", "marks"),
    [("0x1", "latest", [0, 0, 12.5, 100]), ("0x400", "latest", [50]), (2, "0x1", []), ("0x3", "earliest", [0] * 100)],
)
@pytest.mark.usefixtures("counter")
def test_s11_a_right_question_gets_as_many_figures_as_blocks(rpc, count, newest, marks):
    history = ask(rpc, "eth_feeHistory", count, newest, marks)["result"]
    newest = {"latest": 4, "earliest": 0}.get(newest, 1)
    blocks = min(newest + 1, int(count, 16) if isinstance(count, str) else count)
    assert history["oldestBlock"] == hex(newest - blocks + 1)
    assert [len(history[name]) for name in ("gasUsedRatio", "blobGasUsedRatio")] == [blocks, blocks]
    assert [len(history[name]) for name in ("baseFeePerGas", "baseFeePerBlobGas")] == [blocks + 1, blocks + 1]
    assert history.get("reward", []) == ([["0x0"] * len(marks)] * blocks if marks else [])


def _send(engine, request_id):
    raw = "0x" + sign(account(0), 0, account(1).address).hex()
    assert engine.head.number == 0
    return {"jsonrpc": "2.0", "id": request_id, "method": "eth_sendRawTransaction", "params": [raw]}


@pytest.mark.parametrize("request_id", [{}, {"a": 1}, [], [1], True, False])
def test_s12_a_request_whose_id_is_no_text_number_or_null_is_invalid_and_not_executed(engine, rpc, request_id):
    request = _send(engine, request_id)
    refusal = post(rpc, request)
    assert refusal["error"]["code"] == -32600
    assert (refusal["id"], set(refusal)) == (None, {"jsonrpc", "id", "error"})
    answers = post(rpc, [request, request | {"id": 7, "method": "eth_chainId", "params": []}])
    assert [(answer["id"], "error" in answer) for answer in answers] == [(None, True), (7, False)]
    assert engine.head.number == 0
    assert next(iter(engine.writer.pool), None) is None


@pytest.mark.parametrize("literal", [b"NaN", b"-Infinity", b"1e999", b"-1e400"])
def test_s12_an_id_that_no_json_number_can_give_back_is_not_executed(engine, rpc, literal):
    body = json.dumps(_send(engine, 1)).encode().replace(b'"id": 1', b'"id": ' + literal)
    refusal = post(rpc, body)
    assert (refusal["id"], refusal["error"]["code"]) == (
        None,
        -32600 if b"e" in literal else -32700,
    )  # one reads as infinite
    assert engine.head.number == 0


@pytest.mark.parametrize("request_id", ["", "a", "数", 0, -1, 2**70, 1.5, None])
def test_s12_an_id_that_is_a_text_a_number_or_null_comes_back_as_it_was(rpc, request_id):
    answer = post(rpc, {"jsonrpc": "2.0", "id": request_id, "method": "eth_blockNumber"})
    assert answer == {"jsonrpc": "2.0", "id": request_id, "result": "0x0"}


def test_s12_a_notification_is_executed_and_gets_no_answer(engine, rpc):
    request = _send(engine, 1)
    del request["id"]
    assert post(rpc, request) is None
    assert engine.head.number == 1
    wrong = {"jsonrpc": "2.0", "method": "eth_mine"}
    assert post(rpc, [wrong, wrong]) is None
    number = {"jsonrpc": "2.0", "id": 5, "method": "eth_blockNumber"}
    assert post(rpc, [wrong, number, wrong]) == [{"jsonrpc": "2.0", "id": 5, "result": "0x1"}]


@pytest.mark.parametrize("batch", [[], [[]], [1, "a", None, True], [{}]])
def test_s12_an_empty_batch_and_what_is_no_request_are_invalid(rpc, batch):
    answer = post(rpc, batch)
    answers = answer if batch else [answer]
    assert len(answers) == max(1, len(batch))
    assert [(one["id"], one["error"]["code"]) for one in answers] == [(None, -32600)] * len(answers)
