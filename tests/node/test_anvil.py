"""The same transactions on anvil, an independent EVM, must give the same roots, receipts and gas."""

import json
import random

import pytest
import rlp
from trie import HexaryTrie

from ledger_node.domain.hashing import keccak
from ledger_node.node.embedded.rpc import Rpc
from tests.kit.anvil import mined_by, running_anvil
from tests.kit.node import CHAIN_ID, account, initcode, sign, word

# creates a contract with the code in calldata (create2 with salt 0) and returns its address:
#   36 6000 6000 37       calldatacopy(0, 0, calldatasize)
#   6000 36 6000 6000 f5  create2(0, 0, calldatasize, 0)
#   6000 52 6020 6000 f3  mstore(0); return(0, 32)
FACTORY = bytes.fromhex("3660006000376000366000" + "6000f560005260206000f3")
# call(gas, self, ...) without end: 63/64 of the gas each time, up to the depth the gas allows
RECURSIVE = bytes.fromhex("60006000600060006000305af100")
# stores transiently calldata[0], from there to slot 1, the chain id to slot 2, and flips slot 3
TRANSIENT = bytes.fromhex("6000356000" + "5d" + "60005c600155" + "46600255" + "6003541560035500")
# selfdestruct(caller) right in its creation
DESTROYED = bytes.fromhex("33ff")


def deployer(code):
    return bytes.fromhex(f"60{len(code):02x}600c60003960{len(code):02x}6000f3") + code


@pytest.fixture
def anvil():
    with running_anvil(CHAIN_ID) as ask:
        yield ask


def script(chance):
    """Yield (sender, to, data, gas); ``to`` is an index of an earlier creation, or None to create."""
    for code in (initcode(), deployer(FACTORY), deployer(RECURSIVE), deployer(TRANSIENT), DESTROYED):
        yield 0, None, code, 300_000
    for _ in range(60):
        slot, value = chance.randrange(12), chance.choice([0, 0, 1, 2**255, chance.randrange(2**64)])
        yield chance.randrange(4), 0, word(slot) + word(value), 120_000
        if chance.random() < 0.2:
            yield chance.randrange(4), 0, bytes.fromhex("deadbeef"), 100_000
        if chance.random() < 0.2:
            yield chance.randrange(4), 3, word(chance.randrange(5)), 120_000
    for nth in range(4):
        yield 1, 1, deployer(bytes([0x60, nth, 0x00])), 400_000
    yield 1, 1, deployer(bytes([0x60, 0, 0x00])), 400_000  # the same once more: create2 collides
    yield 2, 2, b"", 30_000_000
    yield 2, 0, word(5) + word(5), 30_000  # runs out of gas
    yield 3, None, bytes.fromhex("fe"), 100_000  # creation that fails
    yield 3, None, bytes.fromhex("60ef60005360016000f3"), 100_000  # code may not begin with ef (EIP-3541)
    yield 3, None, bytes.fromhex("6160016000f3"), 100_000


def storage_root(values):
    """Return the root of anvil's values; its own ``storageHash`` wrongly has leaves for zeroed slots."""
    trie = HexaryTrie({})
    for slot, value in values.items():
        if value:
            trie[keccak(word(slot))] = rlp.encode(value)
    return "0x" + trie.root_hash.hex()


@pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode:DeprecationWarning")
def test_roots_receipts_and_gas_equal_those_of_anvil(engine, anvil):
    rpc = Rpc(engine)

    def ours(method, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return json.loads(rpc.handle(json.dumps(body).encode()))["result"]

    nonces, created = dict.fromkeys(range(8), 0), []
    for sender, to, data, gas in script(random.Random(3)):
        target = b"" if to is None else bytes.fromhex(created[to][2:])
        raw = "0x" + sign(account(sender), nonces[sender], target, data, gas=gas).hex()
        nonces[sender] += 1
        tx_hash = anvil("eth_sendRawTransaction", raw)
        assert ours("eth_sendRawTransaction", raw) == tx_hash
        theirs, mine = mined_by(anvil, tx_hash), ours("eth_getTransactionReceipt", tx_hash)
        for member in ("status", "gasUsed", "cumulativeGasUsed", "logsBloom", "type"):
            assert mine[member] == theirs[member], (member, to, data.hex())
        shapes = [[(log["topics"], log["data"], log["address"]) for log in one["logs"]] for one in (mine, theirs)]
        assert shapes[0] == shapes[1]
        block = anvil("eth_getBlockByHash", theirs["blockHash"], False)
        our_block = ours("eth_getBlockByHash", mine["blockHash"], False)
        for member in (
            "transactionsRoot",
            "receiptsRoot",
            "logsBloom",
            "gasUsed",
            "baseFeePerGas",
            "sha3Uncles",
        ):
            assert our_block[member] == block[member], member
        if to is None:
            created.append(theirs["contractAddress"] or "0x" + "00" * 20)
    for address in {*created, *(account(index).address for index in range(4))}:
        theirs, mine = (
            one("eth_getProof", address, ["0x" + word(0).hex(), "0x" + word(5).hex()], "latest")
            for one in (anvil, ours)
        )
        for member in ("codeHash", "nonce", "balance"):
            assert mine[member] == theirs[member], (member, address)
        values = {slot: int(anvil("eth_getStorageAt", address, hex(slot), "latest"), 16) for slot in range(16)}
        assert values == {slot: int(ours("eth_getStorageAt", address, hex(slot)), 16) for slot in range(16)}
        assert mine["storageHash"] == storage_root(values)
