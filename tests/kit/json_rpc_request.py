"""Requests beside the plain ones, and what is due: an answer, or a refusal with its code."""

from dataclasses import dataclass

from tests.kit.json_rpc_chain import NOWHERE, SLOT, UNKNOWN
from tests.kit.node import account, sign, word

UNREADABLE, NO_REQUEST, NO_METHOD, BAD_PARAMS, OUR_FAULT = -32700, -32600, -32601, -32602, -32603
PROTOCOL = frozenset({UNREADABLE, NO_REQUEST, NO_METHOD, BAD_PARAMS, OUR_FAULT})
"""Codes that say that a request was not understood, or that the node broke."""


@dataclass(frozen=True)
class Request:
    """A body, and the code it is refused with; None is understood: a result, or an error of the call itself."""

    body: object
    code: int | None

    @property
    def method(self):
        return self.body["method"]


def call(method, *params, code=None):
    return Request({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}, code)


def understood(chain):
    """Return forms that public clients send, of which each must be understood."""
    who, block = chain.contract, chain.block_hash
    reading, listed = {"to": who, "input": SLOT}, [{"address": who, "storageKeys": [SLOT]}]
    fees = {"maxFeePerGas": "0x7", "maxPriorityFeePerGas": "0x1"}
    filters = [
        {},
        {"address": None, "topics": None, "fromBlock": None},
        {"address": [who, NOWHERE], "fromBlock": "earliest", "toBlock": "finalized"},
        {"address": [], "fromBlock": "0x0", "toBlock": "safe", "topics": []},
        {"blockHash": block, "topics": [[], [SLOT, UNKNOWN], None, UNKNOWN]},
        {"blockHash": UNKNOWN},
    ]
    messages = [
        {},
        {"to": None, "input": "0x"},
        {"to": who, "data": SLOT},
        {"to": who, "data": SLOT, "input": SLOT},
        {"to": who, "input": "0xdeadbeef"},
        {"from": NOWHERE, "to": who, "value": "0x1"},
        {"to": who.upper().replace("0X", "0x"), "gas": "0xea60", "gasPrice": "0x0"},
        reading | fees | {"type": "0x2", "nonce": "0x0", "chainId": "0x1", "accessList": listed},
    ]
    places = [
        {"blockNumber": "0x1"},
        {"blockHash": block},
        {"blockHash": block, "requireCanonical": True},
        {"blockHash": UNKNOWN},
        "0x99",
        UNKNOWN,
        None,
    ]
    other_chain = sign(account(1), 2, account(2).address, chain_id=1)
    return [
        *(call("eth_getLogs", one) for one in filters),
        *(call(method, one) for method in ("eth_call", "eth_estimateGas") for one in messages),
        *(call("eth_call", reading, place) for place in places),
        *(call("eth_getBalance", who, place) for place in places),
        *(call("eth_getProof", who, [], place) for place in places),
        *(call("eth_getStorageAt", who, slot) for slot in ("0x00", "0xff", "0x" + "f" * 64, "0x" + "F" * 64)),
        call("eth_getProof", who, ["0x00", "0x0", "0x" + "0" * 63]),
        call("eth_feeHistory", 3, "latest", []),
        call("eth_feeHistory", "0x1", "0x99"),
        call("eth_feeHistory", "0x2", "pending", None),
        call("eth_getTransactionByHash", "0x" + "0" * 64),
        call("eth_getBlockReceipts", "0x" + "0" * 64),
        call("eth_sendRawTransaction", "0x" + other_chain.hex()),
        call("eth_sendRawTransaction", "0x03" + "00" * 40),
        call("eth_sendRawTransaction", "0x"),
        Request({"jsonrpc": "2.0", "id": "a", "method": "eth_chainId"}, None),
        Request({"jsonrpc": "2.0", "id": 1.5, "method": "eth_chainId", "params": None}, None),
        Request({"jsonrpc": "2.0", "id": None, "method": "eth_chainId", "params": []}, None),
    ]


def refused(chain):
    """Return requests with a fault each, and the code that is due."""
    who, block = chain.contract, chain.block_hash
    authorization = {"chainId": "0x1", "address": who, "nonce": "0x0", "yParity": "0x0", "r": "0x1", "s": "0x1"}
    wrong = {
        "eth_chainId": [("0x1",)],
        "eth_getBalance": [(), (who, "latest", "0x1"), *((one,) for one in wrong_addresses(who))]
        + [(who, one) for one in wrong_blocks(block)],
        "eth_getTransactionCount": [(None,), (who, "newest")],
        "eth_getCode": [(who[:-1],), (who, 1)],
        "eth_getStorageAt": [(who,)]
        + [(who, one) for one in ("0x", "0x" + "0" * 65, "0xkey", "0", 0, None)]
        + [(who, SLOT, "0x01")],
        "eth_getProof": [(who,), (who, SLOT), (who, ["0x" + "1" * 65]), (who, [None]), (who, ["0x0"] * 1025)],
        "eth_getBlockByNumber": [
            ("latest",),
            ("latest", "true"),
            ("latest", 1),
            ("0x01", True),
            (block, True),
            (7, True),
        ],
        "eth_getBlockByHash": [(block,), (block[:-2], True), (block + "00", True), ("latest", True), (block, None)],
        "eth_getBlockTransactionCountByHash": [("0x1",), (block, block)],
        "eth_getBlockTransactionCountByNumber": [(block,), ("",)],
        "eth_getBlockReceipts": [("0x00",), ("first",), (None,)],
        "eth_getTransactionByHash": [(block[2:],), (block[:-1] + "g",), (1,), ([block],)],
        "eth_getTransactionByBlockHashAndIndex": [(block, 0), (block, "0x00"), ("0x1", "0x0")],
        "eth_getTransactionByBlockNumberAndIndex": [("0x1", "1"), ("0x1", None), ("1", "0x0")],
        "eth_getTransactionReceipt": [("0x",), (), ({},)],
        "eth_getLogs": [(one,) for one in wrong_filters(who, block)] + [()],
        "eth_feeHistory": [("0x1",)]
        + [(count, "latest", []) for count in ("0x0", "0x401", "1", "0x01", -1, 0, True)]
        + [("0x1", "latest", marks) for marks in ([50, 10], [-1], [101], ["50"], [True], "50", [1] * 101)]
        + [("0x1", block)],
        "eth_call": [(one,) for one in wrong_messages(who)]
        + [({"to": who}, "latest", one) for one in wrong_states(who)],
        "eth_estimateGas": [(one,) for one in wrong_messages(who)]
        + [({"to": who, "blobVersionedHashes": ["0x01" + "00" * 31]},)]  # blobs, which this chain does not take
        + [({"to": who, "authorizationList": [authorization]},)],  # delegations came after Cancun
        "eth_sendRawTransaction": [("",), ("0x0",), ("02f8",), (None,), (["0x02"],), ()],
    }
    return [
        *(call(method, *params, code=BAD_PARAMS) for method, each in wrong.items() for params in each),
        *(call(method, code=NO_METHOD) for method in ("eth_sign", "eth_accounts ", "ETH_CHAINID", "")),
        Request({"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": {"address": who}}, BAD_PARAMS),
        Request({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": "0x1"}, BAD_PARAMS),
        *(Request(one, NO_REQUEST) for one in NO_REQUESTS),
        *(Request(one, UNREADABLE) for one in (b"", b"{", b"{'id': 1}", b'{"id": NaN}', b"\xff", b"[" * 100)),
    ]


NO_REQUESTS = (
    {},
    [],
    1,
    "eth_chainId",
    None,
    {"id": 1, "method": "eth_chainId", "params": []},
    {"jsonrpc": "1.0", "id": 1, "method": "eth_chainId"},
    {"jsonrpc": 2.0, "id": 1, "method": "eth_chainId"},
    {"jsonrpc": "2.0", "id": 1},
    {"jsonrpc": "2.0", "id": 1, "method": 7},
    {"jsonrpc": "2.0", "id": True, "method": "eth_chainId"},
    {"jsonrpc": "2.0", "id": [1], "method": "eth_chainId"},
)


def wrong_addresses(who):
    return ["0x", who[2:], who[:-2], who + "00", "0X" + who[2:], who[:-1] + "g", " " + who, 0, None, {}]


def wrong_blocks(block):
    both, neither = {"blockNumber": "0x1", "blockHash": block}, {"requireCanonical": True}
    plain = ["0x01", "0x", "1", "LATEST", "", 1, 1.5, True, [], "0X1", "-0x1", block[:-1] + "g", "0x1\n"]
    return [
        *plain,
        both,
        neither,
        {"blockHash": "0x1"},
        {"blockHash": block, "requireCanonical": "yes"},
        {"hash": block},
    ]


def wrong_filters(who, block):
    return [
        {"blockHash": block, "fromBlock": "0x1"},
        {"blockHash": block, "toBlock": "0x1"},
        {"blockHash": "0x1"},
        {"fromBlock": "0x2", "toBlock": "0x1"},
        {"fromBlock": "0x0", "toBlock": "0x99"},
        {"fromBlock": 0},
        {"address": who[:-1]},
        {"address": [who, None]},
        {"topics": "0x"},
        {"topics": ["0x1"]},
        {"topics": [[SLOT + "00"]]},
        {"topics": [None] * 5},
        {"topic": [SLOT]},
        [],
        None,
    ]


def wrong_messages(who):
    numbers = ("gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "value", "nonce", "type", "chainId")
    keys = [{"address": who, "storageKeys": ["0x0"]}], [{"address": "0x0", "storageKeys": []}], {}, [{"more": who}]
    return [
        *({"to": who, number: value} for number in numbers for value in ("0x00", "1", 1)),
        *({"to": who, "accessList": one} for one in keys),
        *({"to": who, name: data} for name in ("data", "input") for data in ("0x1", "12", "0xgg", 1, [])),
        {"to": who, "data": "0x01", "input": "0x02"},
        {"to": "0x"},
        {"from": who[2:], "to": who},
        {"to": who, "gasLimit": "0x1"},
        "0x",
        [],
        None,
    ]


def wrong_states(who):
    value = "0x" + word(1).hex()
    return [
        {who: {"state": {SLOT: value}, "stateDiff": {SLOT: value}}},
        {who: {"stateDiff": {"0x0": value}}},
        {who: {"state": {SLOT: "0x1"}}},
        {who: {"nonce": "0x1" + "0" * 16}},
        {who: {"balance": "0x00"}},
        {who: {"code": "0x1"}},
        {who: {"storage": {}}},
        {who[:-1]: {}},
        {who: []},
        [],
    ]
