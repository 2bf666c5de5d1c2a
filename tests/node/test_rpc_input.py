import json

import pytest

from ledger_node.node.embedded.rpc import Rpc

ZERO = "0x" + "00" * 20
HASH = "0x" + "ab" * 32
CALL = {"to": ZERO}
BAD = [
    ("eth_getBlockByNumber", [], "takes 2 params, not 0"),
    ("eth_getBlockByNumber", ["latest"], "takes 2 params"),
    ("eth_getBlockByNumber", ["latest", "true"], "fullTransactions"),
    ("eth_getBlockByNumber", ["newest", False], "block must be"),
    ("eth_getBlockByNumber", [1, False], "block must be"),
    ("eth_getBlockByNumber", ["0x01", False], "block must be"),
    ("eth_getBlockByNumber", ["1", False], "block must be"),
    ("eth_getBlockByNumber", ["0x", False], "block must be"),
    ("eth_getBlockByNumber", ["0x" + "1" * 65, False], "block must be"),
    ("eth_getBlockByNumber", [{"blockNumber": "0x0", "blockHash": HASH}, False], "either blockNumber or"),
    ("eth_getBlockByNumber", [{}, False], "either blockNumber or"),
    ("eth_getBlockByNumber", [{"number": "0x0"}, False], "unknown member 'number'"),
    ("eth_getBlockByHash", ["0x12", False], "blockHash must be 32 bytes"),
    ("eth_getBlockByHash", [HASH + "0", False], "blockHash must be 0x-prefixed"),
    ("eth_getBlockByHash", ["0x" + "zz" * 32, False], "blockHash must be"),
    ("eth_getBlockByHash", ["0x" + "\uff11" * 64, False], "blockHash must be"),
    ("eth_getTransactionByHash", [None], "transactionHash"),
    ("eth_getTransactionReceipt", [{}], "transactionHash"),
    ("eth_getTransactionByBlockNumberAndIndex", ["latest", 0], "index must be"),
    ("eth_getBalance", ["0x1234"], "address must be 20 bytes"),
    ("eth_getBalance", [ZERO, "latest", 1], "takes 1 to 2 params"),
    ("eth_getTransactionCount", [12], "address must be"),
    ("eth_getCode", [ZERO, {"blockHash": "0x1"}], "block.blockHash"),
    ("eth_getStorageAt", [ZERO, 0], "position must be"),
    ("eth_getStorageAt", [ZERO, "0x" + "1" * 65], "position must be"),
    ("eth_getProof", [ZERO, "0x0"], "storageKeys must be a list"),
    ("eth_getProof", [ZERO, ["0x0", "zz"]], "storageKeys[1]"),
    ("eth_getProof", [ZERO, ["0x0"] * 1_025], "storageKeys has 1025 members"),
    ("eth_call", ["0x"], "call must be an object"),
    ("eth_call", [{"to": "0x12"}], "call.to must be 20 bytes"),
    ("eth_call", [{"too": ZERO}], "unknown member 'too'"),
    ("eth_call", [{"to": ZERO, "data": "0x1"}], "call.data"),
    ("eth_call", [{"to": ZERO, "data": "0x11", "input": "0x12"}], "call.data and call.input differ"),
    ("eth_call", [{"to": ZERO, "gas": 100}], "call.gas"),
    ("eth_call", [{"to": ZERO, "value": "-1"}], "call.value"),
    ("eth_call", [{"to": ZERO, "accessList": {}}], "call.accessList"),
    ("eth_call", [{"to": ZERO, "accessList": [{"address": ZERO, "storageKeys": ["0x1"]}]}], "storageKeys"),
    ("eth_call", [CALL, "latest", {}, {}], "takes 1 to 3 params"),
    ("eth_estimateGas", [[]], "call must be an object"),
    ("eth_sendRawTransaction", ["02f8"], "transaction must be"),
    ("eth_sendRawTransaction", [{}], "transaction must be"),
    ("eth_getLogs", [[]], "filter must be an object"),
    ("eth_getLogs", [{"block": "0x1"}], "unknown member 'block'"),
    ("eth_getLogs", [{"fromBlock": "0x2", "toBlock": "0x1"}], "filter.fromBlock is after"),
    ("eth_getLogs", [{"fromBlock": {"blockHash": HASH}}], "filter.fromBlock"),
    ("eth_getLogs", [{"blockHash": HASH, "fromBlock": "0x0"}], "both blockHash and fromBlock"),
    ("eth_getLogs", [{"address": "0x12"}], "filter.address"),
    ("eth_getLogs", [{"address": [ZERO] * 1_001}], "filter.address has 1001"),
    ("eth_getLogs", [{"topics": [HASH] * 5}], "filter.topics has 5"),
    ("eth_getLogs", [{"topics": ["0x12"]}], "filter.topics[0]"),
    ("eth_getLogs", [{"topics": [None, [12]]}], "filter.topics[1]"),
    ("eth_feeHistory", [-1, "latest"], "blockCount"),
    ("eth_feeHistory", ["0x1", "latest", 5], "rewardPercentiles"),
]


@pytest.fixture
def rpc(engine):
    return Rpc(engine)


def ask(rpc, method, *params):
    body = {"jsonrpc": "2.0", "id": 3, "method": method, "params": params}
    return json.loads(rpc.handle(json.dumps(body).encode()))


@pytest.mark.parametrize(("method", "params", "words"), BAD)
def test_a_bad_parameter_is_named(rpc, method, params, words):
    error = ask(rpc, method, *params)["error"]
    assert error["code"] == -32602
    assert words in error["message"].replace("be 20 bytes long", "be 20 bytes").replace("32 bytes long", "32 bytes")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"1", -32600),
        (b'"eth_chainId"', -32600),
        (b"{}", -32600),
        (b'{"id":1,"method":"eth_chainId"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_mine"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}', -32602),
        (json.dumps([{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}] * 1_001).encode(), -32600),
    ],
)
def test_a_bad_request_gets_its_code(rpc, body, code):
    answer = json.loads(rpc.handle(body))
    assert answer["error"]["code"] == code
