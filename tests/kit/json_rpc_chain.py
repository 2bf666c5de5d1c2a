"""A chain for questions by JSON-RPC, and every method of the node with what it is asked."""

import json

from ledger_node.node.embedded.rpc import Rpc
from tests.kit.node import account, initcode, runtime, sign, word

NOWHERE = "0x" + "99" * 20
UNKNOWN = "0x" + "ab" * 32
SLOT = "0x" + word(0).hex()


def hexed(octets):
    return "0x" + octets.hex()


class Chain:
    """A chain with a deployment, calls that log, a revert, every kind of transaction, and one that waits."""

    def __init__(self, engine):
        self.engine, self.rpc = engine, Rpc(engine)
        deployment = engine.submit(sign(account(0), 0, b"", initcode()))
        self.contract = self.ask("eth_getTransactionReceipt", hexed(deployment))["result"]["contractAddress"]
        address = bytes.fromhex(self.contract[2:])
        raws = [
            sign(account(1), 0, address, word(0) + word(5)),
            sign(account(1), 1, address, word(1) + word(6), legacy=True),
            bytes(account(2).sign_transaction(self._access_list(address)).raw_transaction),
            sign(account(3), 0, address, b"\xde\xad\xbe\xef"),
            sign(account(4), 0, account(5).address),
            sign(account(6), 0, b"", b"\xfe"),  # a deployment that fails
        ]
        self.hashes = [hexed(deployment), *(hexed(engine.submit(raw)) for raw in raws)]
        self.waiting = hexed(engine.submit(sign(account(7), 1, account(5).address)))
        self.next_raw = hexed(sign(account(5), 0, account(6).address))
        self.block_hash = hexed(engine.head.hash)

    @staticmethod
    def _access_list(address):
        listed = [{"address": "0x" + address.hex(), "storageKeys": [SLOT]}]
        fields = {"nonce": 0, "to": address, "data": word(2) + word(7), "gas": 300_000, "chainId": 7_357, "gasPrice": 0}
        return fields | {"value": 0, "type": 1, "accessList": listed}

    def ask(self, method, *params):
        return self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})

    def post(self, body):
        return json.loads(self.rpc.handle(body if isinstance(body, bytes) else json.dumps(body).encode()))


def calls(chain):
    """Return every method of the node with the parameters that it is asked with."""
    read = {"to": chain.contract, "input": SLOT}
    write = {"from": account(1).address, "to": chain.contract, "input": "0x" + (word(8) + word(9)).hex()}
    altered = {chain.contract: {"stateDiff": {SLOT: "0x" + word(77).hex()}}}
    moved = {NOWHERE: {"balance": "0x5", "nonce": "0x1", "code": hexed(runtime()), "state": {SLOT: SLOT}}}
    block, blocks = chain.block_hash, [hex(n) for n in range(8)]
    states = [(), ("latest",), ("earliest",), ("pending",), ("safe",), ("finalized",), ("0x1",), (block,)]
    return {
        "web3_clientVersion": [()],
        "net_version": [()],
        "net_listening": [()],
        "net_peerCount": [()],
        "eth_chainId": [()],
        "eth_syncing": [()],
        "eth_accounts": [()],
        "eth_coinbase": [()],
        "eth_gasPrice": [()],
        "eth_maxPriorityFeePerGas": [()],
        "eth_blobBaseFee": [()],
        "eth_blockNumber": [()],
        "eth_feeHistory": [("0x1", "latest", []), ("0x400", "latest", [0, 12.5, 100]), ("0x3", "0x4", [50])],
        "eth_getBlockByNumber": [
            (number, full) for number in [*blocks, "latest", "earliest", "pending", "0x99"] for full in (False, True)
        ],
        "eth_getBlockByHash": [(one, full) for one in (block, UNKNOWN) for full in (False, True)],
        "eth_getBlockTransactionCountByNumber": [("0x0",), ("latest",), ("0x99",)],
        "eth_getBlockTransactionCountByHash": [(block,), (UNKNOWN,)],
        "eth_getBlockReceipts": [(number,) for number in [*blocks, "latest", block, "0x99"]],
        "eth_getTransactionByHash": [(one,) for one in [*chain.hashes, UNKNOWN]],
        "eth_getTransactionByBlockNumberAndIndex": [("0x1", "0x0"), ("0x1", "0x1"), ("latest", "0x0")],
        "eth_getTransactionByBlockHashAndIndex": [(block, "0x0"), (block, "0x9"), (UNKNOWN, "0x0")],
        "eth_getTransactionReceipt": [(one,) for one in [*chain.hashes, chain.waiting, UNKNOWN]],
        "eth_getLogs": [
            ({"fromBlock": "earliest", "toBlock": "latest"},),
            ({"fromBlock": "0x0", "address": chain.contract, "topics": [None, [SLOT]]},),
            ({"blockHash": chain.block_hash},),
            ({"fromBlock": "0x0", "topics": [UNKNOWN]},),
        ],
        "eth_getTransactionCount": [(account(1).address, *state) for state in states],
        "eth_getBalance": [(chain.contract, *state) for state in states],
        "eth_getCode": [(who, *state) for who in (chain.contract, NOWHERE) for state in states],
        "eth_getStorageAt": [(chain.contract, slot, *state) for slot in ("0x0", SLOT) for state in states],
        "eth_getProof": [
            (who, ["0x0", SLOT, UNKNOWN], *state) for who in (chain.contract, NOWHERE) for state in states
        ],
        "eth_call": [(read,), (read, block), (read, "pending"), (read, "latest", altered), (read, "latest", moved)],
        "eth_estimateGas": [(write,), (write, "latest"), (write, "latest", altered), ({"input": hexed(initcode())},)],
        "eth_sendRawTransaction": [(chain.next_raw,), (chain.next_raw,)],
    }
