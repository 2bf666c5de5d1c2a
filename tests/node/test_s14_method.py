"""S14: methods that standard clients call, and calls on a state that the caller alters."""

import json

import pytest
from web3 import Web3

from ledger_node.node.embedded.rpc import Rpc
from tests.kit.node import account, deploy, initcode, runtime, sign, word

STRANGER = "0x" + "77" * 20
NOWHERE = "0x" + "99" * 20
WORD = "0x" + word(0).hex()


@pytest.fixture
def rpc(engine):
    return Rpc(engine)


def ask(rpc, method, *params):
    body = {"jsonrpc": "2.0", "id": 3, "method": method, "params": params}
    return json.loads(rpc.handle(json.dumps(body).encode()))


def result(rpc, method, *params):
    answer = ask(rpc, method, *params)
    assert "error" not in answer, answer
    return answer["result"]


def test_s14_the_node_says_its_sealer_its_peers_and_the_blob_fee(engine, rpc):
    assert result(rpc, "eth_coinbase") == "0x" + engine._sealer.address.hex()
    assert result(rpc, "eth_coinbase") == result(rpc, "eth_getBlockByNumber", "latest", False)["miner"]
    assert result(rpc, "net_peerCount") == "0x0"
    # code that returns what BLOBBASEFEE gives
    in_code = result(rpc, "eth_call", {"data": "0x4a60005260206000f3"}, "latest")
    history = result(rpc, "eth_feeHistory", "0x1", "latest", [])["baseFeePerBlobGas"]
    assert int(result(rpc, "eth_blobBaseFee"), 16) == int(in_code, 16) == int(history[0], 16) == 1
    for method in ("eth_coinbase", "net_peerCount", "eth_blobBaseFee"):
        assert ask(rpc, method, "0x0")["error"]["code"] == -32602


def test_s14_the_receipts_of_a_block_are_those_of_its_transactions(engine, rpc):
    contract = deploy(engine)
    with engine.writer.guard:  # so that all of them go into one block
        raws = [sign(account(n), 0, contract, word(n) + word(9)) for n in (1, 2)]
        raws += [sign(account(3), 0, contract, b"\xde\xad\xbe\xef"), sign(account(4), 0, b"", initcode())]
        results = [engine.submit_later(raw) for raw in raws]
    hashes = ["0x" + result.result(30).hex() for result in results]
    receipts = result(rpc, "eth_getBlockReceipts", "latest")
    while len(receipts) < 4:  # the writer may have taken the first of them before the others
        head = int(receipts[0]["blockNumber"], 16)
        receipts = result(rpc, "eth_getBlockReceipts", hex(head - 1)) + receipts
    assert receipts == [result(rpc, "eth_getTransactionReceipt", one) for one in hashes]
    assert [receipt["status"] for receipt in receipts] == ["0x1", "0x1", "0x0", "0x1"]
    assert [len(receipt["logs"]) for receipt in receipts] == [1, 1, 0, 0]
    block = result(rpc, "eth_getBlockByNumber", "latest", False)
    forms = [block["hash"], {"blockHash": block["hash"]}, block["number"], "latest", "pending", "safe"]
    answers = [result(rpc, "eth_getBlockReceipts", form) for form in forms]
    assert answers == [answers[0]] * len(forms)
    assert [receipt["transactionHash"] for receipt in answers[0]] == block["transactions"]
    assert result(rpc, "eth_getBlockReceipts", "earliest") == []
    for absent in ("0x99", "0x" + "ab" * 32, {"blockHash": "0x" + "ab" * 32}):
        assert result(rpc, "eth_getBlockReceipts", absent) is None
    assert ask(rpc, "eth_getBlockReceipts", "newest")["error"]["code"] == -32602
    assert ask(rpc, "eth_getBlockReceipts")["error"]["code"] == -32602


def balance_of(address):
    """Return a call that answers with an address's balance: push20; balance; mstore(0); return(0, 32)."""
    return {"data": "0x73" + address[2:] + "3160005260206000f3"}


def test_s14_a_call_sees_the_balance_that_it_is_given_and_the_chain_keeps_its_own(rpc):
    given = {STRANGER: {"balance": "0x64"}}
    assert int(result(rpc, "eth_call", balance_of(STRANGER), "latest", given), 16) == 100
    assert int(result(rpc, "eth_call", balance_of(STRANGER), "latest"), 16) == 0
    pays = {"from": STRANGER, "to": NOWHERE, "value": "0x64"}
    assert result(rpc, "eth_call", pays, "latest", given) == "0x"
    assert "insufficient funds" in ask(rpc, "eth_call", pays | {"value": "0x65"}, "latest", given)["error"]["message"]
    assert result(rpc, "eth_estimateGas", pays, "latest", given) == hex(21_000)
    assert ask(rpc, "eth_estimateGas", pays, "latest")["error"]["code"] == -32000
    assert result(rpc, "eth_getBalance", STRANGER) == "0x0"


def test_s14_a_call_runs_the_code_that_it_is_given(engine, rpc):
    contract = "0x" + deploy(engine).hex()
    seven = "0x600760005260206000f3"  # mstore(0, 7); return(0, 32)
    assert result(rpc, "eth_call", {"to": STRANGER}, "latest", {STRANGER: {"code": seven}}) == "0x" + word(7).hex()
    assert result(rpc, "eth_call", {"to": contract}, "latest", {contract: {"code": "0x"}}) == "0x"
    moved = {STRANGER: {"code": "0x" + runtime().hex(), "stateDiff": {WORD: "0x" + word(5).hex()}}}
    assert int(result(rpc, "eth_call", {"to": STRANGER, "data": WORD}, "latest", moved), 16) == 5
    assert result(rpc, "eth_getCode", STRANGER) == "0x"
    assert result(rpc, "eth_getCode", contract) == "0x" + runtime().hex()


def test_s14_state_replaces_a_storage_and_a_difference_only_its_slots(engine, rpc):
    contract = deploy(engine)
    for slot in (0, 1):
        engine.submit(sign(account(1), slot, contract, word(slot) + word(slot + 50)))
    address = "0x" + contract.hex()

    def slots(member):
        given = {address: {member: {WORD: "0x" + word(9).hex()}}} if member else {}
        reads = [{"to": address, "data": "0x" + word(slot).hex()} for slot in (0, 1)]
        return [int(result(rpc, "eth_call", read, "latest", given), 16) for read in reads]

    assert (slots(None), slots("stateDiff"), slots("state")) == ([50, 51], [9, 51], [9, 0])
    assert slots(None) == [50, 51]
    zero = {address: {"stateDiff": {WORD: WORD}}}
    assert int(result(rpc, "eth_call", {"to": address, "data": WORD}, "latest", zero), 16) == 0
    empty = {address: {"state": {}}}
    assert int(result(rpc, "eth_call", {"to": address, "data": WORD}, "latest", empty), 16) == 0


def test_s14_a_nonce_decides_the_address_of_what_a_call_creates(rpc):
    create = {"from": STRANGER, "data": "0x3060005260206000f3"}  # address; mstore(0); return(0, 32)
    created = [result(rpc, "eth_call", create, "latest", {STRANGER: {"nonce": nonce}}) for nonce in ("0x0", "0x1")]
    assert created[0] == result(rpc, "eth_call", create, "latest")
    assert created[0] != created[1]


def test_s14_what_a_call_is_given_is_where_its_gas_is_counted_from(engine, rpc):
    """A slot that is given counts as one that stood there before the transaction (EIP-2200's original value)."""
    contract = deploy(engine)
    address = "0x" + contract.hex()
    write = {"to": address, "data": "0x" + (word(0) + word(8)).hex()}
    cold = int(result(rpc, "eth_estimateGas", write, "latest"), 16)
    given = {address: {"stateDiff": {WORD: "0x" + word(7).hex()}}}
    warm = int(result(rpc, "eth_estimateGas", write, "latest", given), 16)
    engine.submit(sign(account(1), 0, contract, word(0) + word(7)))
    assert warm == int(result(rpc, "eth_estimateGas", write, "latest"), 16)
    assert cold - warm > 15_000


_FULL = {STRANGER: {"balance": "0x1", "nonce": "0x1", "code": "0x00", "stateDiff": {WORD: WORD}}}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "must be an object"),
        ({"0x12": {}}, "must be 20 bytes long"),
        ({STRANGER: []}, "must be an object"),
        ({STRANGER: {"storage": {}}}, "unknown member 'storage'"),
        ({STRANGER: {"balance": 5}}, ".balance must be"),
        ({STRANGER: {"balance": "0x" + "f" * 65}}, ".balance must be"),
        ({STRANGER: {"nonce": "0x10000000000000000"}}, ".nonce must be less than 2^64"),
        ({STRANGER: {"code": "0x1"}}, ".code must be"),
        ({STRANGER: {"state": {}, "stateDiff": {}}}, "either state or stateDiff"),
        ({STRANGER: {"state": []}}, ".state must be an object"),
        ({STRANGER: {"state": {"0x00": WORD}}}, "must be 32 bytes long"),
        ({STRANGER: {"stateDiff": {WORD: "0x1"}}}, "must be 0x-prefixed hex with two digits"),
        ({STRANGER: {"stateDiff": {WORD: "0x01"}}}, "must be 32 bytes long"),
        ({STRANGER: {"stateDiff": {WORD: None}}}, "must be 0x-prefixed hex"),
        ({STRANGER: {"movePrecompileToAddress": NOWHERE}}, "unknown member 'movePrecompileToAddress'"),
        ({STRANGER: {}, STRANGER.upper().replace("0X", "0x"): {}, "0x" + "aB" * 20: {}, "0x" + "Ab" * 20: {}}, "twice"),
        ({f"0x{n:040x}": {} for n in range(1_025)}, "has 1025 members"),
        ({STRANGER: {"state": {f"0x{n:064x}": WORD for n in range(10_001)}}}, "more than 10000 slots"),
    ],
)
def test_s14_a_wrong_override_is_named(rpc, given, words):
    for method in ("eth_call", "eth_estimateGas"):
        error = ask(rpc, method, {"to": NOWHERE}, "latest", given)["error"]
        assert error["code"] == -32602
        assert words in error["message"]


def test_s14_an_override_that_is_null_or_empty_alters_nothing(rpc):
    for given in (None, {}, {STRANGER: {}}, {STRANGER: {"balance": None, "state": None}}):
        assert int(result(rpc, "eth_call", balance_of(STRANGER), "latest", given), 16) == 0
    assert result(rpc, "eth_call", {"to": NOWHERE}, "latest", _FULL) == "0x"


def test_s14_an_override_of_thousands_of_slots_is_carried_out_and_leaves_no_trace(engine, rpc):
    contract = "0x" + deploy(engine).hex()
    root = engine.head.header.state_root
    given = {contract: {"state": {f"0x{n:064x}": f"0x{n + 1:064x}" for n in range(10_000)}}}
    read = {"to": contract, "data": "0x" + word(9_999).hex()}
    assert int(result(rpc, "eth_call", read, "latest", given), 16) == 10_000
    assert (engine.head.header.state_root, engine.head.number) == (root, 1)


def test_s14_balances_that_no_chain_can_have_are_refused_in_words(rpc):
    most = "0x" + "f" * 64
    given = {STRANGER: {"balance": most}, NOWHERE: {"balance": most, "code": balance_of(NOWHERE)["data"]}}
    assert result(rpc, "eth_call", {"to": NOWHERE}, "latest", given) == most
    pays = {"from": STRANGER, "to": NOWHERE, "value": "0x1"}
    for method in ("eth_call", "eth_estimateGas"):
        error = ask(rpc, method, pays, "latest", given)["error"]
        assert (error["code"], error["message"][:28]) == (-32000, "the call cannot be executed:")


def test_s14_web3_alters_the_state_of_a_call_and_reads_the_receipts_of_a_block(node):
    web3 = Web3(Web3.HTTPProvider(node.url))
    web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(sign(account(0), 0, b"", initcode())))
    stranger = Web3.to_checksum_address(STRANGER)
    given = {stranger: {"code": "0x" + runtime().hex(), "stateDiff": {WORD: "0x" + word(5).hex()}}}
    assert web3.eth.call({"to": stranger, "data": word(0)}, "latest", given) == word(5)
    assert [receipt["status"] for receipt in web3.eth.get_block_receipts("latest")] == [1]
    assert web3.eth.blob_base_fee == 1
    assert web3.net.peer_count == 0
    web3.provider._request_session_manager.session_cache.clear()
