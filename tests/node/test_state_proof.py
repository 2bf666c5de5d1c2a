"""State proofs of the contracts, as evidence hangs on them: the embedded node's are anvil's, node by node."""

import gzip
import json

import pytest
import rlp
from trie import HexaryTrie

from ledger_node.chain.address_book import CONTRACTS
from ledger_node.chain.artifact import artifact
from ledger_node.chain.deployment import created_at
from ledger_node.domain.fact import EVERY_PURPOSE
from ledger_node.domain.hashing import keccak
from ledger_node.domain.signature import address_of
from ledger_node.domain.signature import sign as sign_digest
from ledger_node.domain.status import changes_digest
from ledger_node.node.embedded import Engine
from ledger_node.node.embedded.block_seal import recover_sealer
from ledger_node.node.embedded.rpc import Rpc
from tests.kit.anvil import mined_by, running_anvil
from tests.kit.node import CHAIN_ID, GENESIS_TIME, SEALER_KEY, account, genesis, sign, word

GOVERNOR = account(0)
GOVERNOR_KEY = bytes(GOVERNOR.key)
MEMBER, SCHEMA = keccak(b"member"), keccak(b"schema")
COUNCIL = ([GOVERNOR.address], 1, 0, (0, 0), [])
TAKES = {
    "MemberRegistry": ("Council",),
    "SchemaRegistry": ("Council",),
    "SubjectRegistry": ("MemberRegistry", "Council"),
    "AnchorRegistry": ("Council", "MemberRegistry"),
    "ConsentRegistry": ("MemberRegistry",),
    "DisputeVerifier": ("AnchorRegistry", "MemberRegistry", "SchemaRegistry"),
}
ROLES = 1 | 4 | 8
RICH = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
"""anvil's first account: it cannot be had without one."""
SEALER = address_of(SEALER_KEY)


def octets(value):
    return bytes.fromhex(value[2:])


def number(value):
    return int(value, 16)


HEADER = {
    "parentHash": octets,
    "sha3Uncles": octets,
    "miner": octets,
    "stateRoot": octets,
    "transactionsRoot": octets,
    "receiptsRoot": octets,
    "logsBloom": octets,
    "difficulty": number,
    "number": number,
    "gasLimit": number,
    "gasUsed": number,
    "timestamp": number,
    "extraData": octets,
    "mixHash": octets,
    "nonce": octets,
    "baseFeePerGas": number,
    "withdrawalsRoot": octets,
    "blobGasUsed": number,
    "excessBlobGas": number,
    "parentBeaconBlockRoot": octets,
}
"""The members of a Cancun header in their order, and how each is encoded."""


class Clock:
    """The time of both nodes."""

    def __init__(self):
        self.time = GENESIS_TIME

    def __call__(self):
        return self.time


class Twins:
    """The same transactions at the same times on the embedded node and on anvil."""

    def __init__(self, engine, anvil, clock):
        self._rpc = Rpc(engine)
        self.theirs = anvil
        self._nonce = 0
        self._clock = clock

    def ours(self, method, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = json.loads(self._rpc.handle(json.dumps(body).encode()))
        assert "error" not in answer, answer
        return answer["result"]

    def send(self, to, data):
        self._clock.time += 10
        raw = "0x" + sign(GOVERNOR, self._nonce, to, data, gas=16_000_000).hex()
        self._nonce += 1
        self.theirs("evm_setNextBlockTimestamp", hex(self._clock.time))
        tx_hash = self.theirs("eth_sendRawTransaction", raw)
        theirs = mined_by(self.theirs, tx_hash)
        assert self.ours("eth_sendRawTransaction", raw) == tx_hash
        mine = self.ours("eth_getTransactionReceipt", tx_hash)
        assert (mine["status"], theirs["status"]) == ("0x1", "0x1")
        return bytes.fromhex(mine["contractAddress"][2:]) if mine["contractAddress"] else int(mine["blockNumber"], 16)


def life(twins):
    """Deploy the contracts and let a consortium live; yield the block of each step with the contracts."""
    contracts = {name: created_at(address_of(GOVERNOR_KEY), place) for place, name in enumerate(CONTRACTS)}
    named = {name: "0x" + address.hex() for name, address in contracts.items()}

    def call(name, function, *args):
        return twins.send(contracts[name], artifact(name).encode(function, *args))

    def govern(*calls):
        proposal = [(named[name], artifact(name).encode(*call)) for name, *call in calls]
        return call("Council", "proposeAndExecute", proposal)

    def anchor(number, root, previous, words, masks):
        batch = (MEMBER, 0, number, root, 300, previous, changes_digest(words, masks), 2**40)
        asked = {
            "to": named["AnchorRegistry"],
            "data": "0x" + artifact("AnchorRegistry").encode("batchDigest", batch).hex(),
        }
        signature = sign_digest(octets(twins.ours("eth_call", asked, "latest")), GOVERNOR_KEY)
        return call("AnchorRegistry", "anchor", batch, signature, words, masks)

    for name, expected in contracts.items():
        takes = [named[each] for each in TAKES[name]] if name != "Council" else COUNCIL
        assert twins.send(b"", artifact(name).construct(*takes)) == expected
    yield (
        govern(
            ("MemberRegistry", "addMember", MEMBER, ROLES, "Member", ""),
            ("MemberRegistry", "addKey", MEMBER, GOVERNOR.address, int(EVERY_PURPOSE), 0, 2**64 - 1),
            ("SchemaRegistry", "register", SCHEMA, "schema"),
            ("SchemaRegistry", "allowIssuer", SCHEMA, MEMBER),
        ),
        contracts,
    )
    yield call("SubjectRegistry", "register", keccak(b"controllers"), bytes(32)), contracts
    yield anchor(1, keccak(b"root 1"), bytes(32), [], []), contracts
    yield anchor(2, keccak(b"root 2"), keccak(b"root 1"), [0, 1], [8, 1]), contracts
    yield call("ConsentRegistry", "request", keccak(b"request")), contracts
    revoked = ("AnchorRegistry", "changeStatusFor", MEMBER, 0, 1, [0], [2])
    yield govern(("MemberRegistry", "suspend", MEMBER), revoked), contracts
    yield govern(("MemberRegistry", "markCompromised", GOVERNOR.address, 12_345)), contracts


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """The steps, with what each node says after every one of them; anvil's values are those of its dump."""
    path = tmp_path_factory.mktemp("twins") / "chain.sqlite"
    options = ("--timestamp", str(GENESIS_TIME), "--disable-default-create2-deployer")
    Engine.create(path, genesis(), SEALER_KEY).close()
    clock = Clock()
    with Engine.open(path, SEALER_KEY, clock) as engine, running_anvil(CHAIN_ID, *options) as anvil:
        twins = Twins(engine, anvil, clock)
        yield twins, [Step(twins, block, contracts) for block, contracts in life(twins)]


class Step:
    """A block, its contracts, and both nodes' proofs of every slot that it has by then, and of one more."""

    def __init__(self, twins, block, contracts):
        self.block = block
        packed = bytes.fromhex(twins.theirs("anvil_dumpState")[2:])
        self.accounts = json.loads(gzip.decompress(packed))["accounts"]
        self.header = twins.ours("eth_getBlockByNumber", hex(block), False)
        self.ours, self.theirs = {}, {}
        for name, contract in contracts.items():
            address = "0x" + contract.hex()
            slots = [*self.accounts[address]["storage"], "0x" + word(2**200).hex()]
            self.ours[name] = twins.ours("eth_getProof", address, slots, hex(block))
            self.theirs[name] = twins.theirs("eth_getProof", address, slots, "latest")


def storage_trie(values):
    """Return the trie of a storage. anvil keeps leaves for slots that are zero, read or set; a trie has none."""
    trie = HexaryTrie({})
    for slot, value in values.items():
        if int(value, 16):
            trie[keccak(bytes.fromhex(slot[2:]))] = rlp.encode(int(value, 16))
    return trie


def state_trie(accounts):
    """Return the trie of the accounts that are not empty, without the one that anvil gives money to."""
    trie = HexaryTrie({})
    for address, account_ in accounts.items():
        code = bytes.fromhex(account_["code"][2:])
        if address != RICH and (account_["nonce"] or code):
            root = storage_trie(account_["storage"]).root_hash
            trie[keccak(bytes.fromhex(address[2:]))] = rlp.encode([account_["nonce"], 0, root, keccak(code)])
    return trie


def nodes(trie, key):
    return ["0x" + rlp.encode(node).hex() for node in trie.get_proof(keccak(key))]


def test_every_state_root_and_every_proof_is_that_of_the_trie_of_anvils_values(steps):
    for step in steps[1]:
        accounts = state_trie(step.accounts)
        assert step.header["stateRoot"] == "0x" + accounts.root_hash.hex()
        for proof in step.ours.values():
            storage = storage_trie(step.accounts[proof["address"]]["storage"])
            assert proof["storageHash"] == "0x" + storage.root_hash.hex()
            assert proof["accountProof"] == nodes(accounts, bytes.fromhex(proof["address"][2:]))
            for slot in proof["storageProof"]:
                assert slot["proof"] == nodes(storage, bytes.fromhex(slot["key"][2:]))


def test_the_storage_proofs_of_both_nodes_are_the_same_where_anvil_keeps_no_zeros(steps):
    compared = {}
    for step in steps[1]:
        for name, mine in step.ours.items():
            theirs = step.theirs[name]
            for member in ("balance", "codeHash", "nonce"):
                assert mine[member] == theirs[member]
            for ours, other in zip(mine["storageProof"], theirs["storageProof"], strict=True):
                assert int(ours["value"], 16) == int(other["value"], 16)
            values = step.accounts[mine["address"]]["storage"].values()
            # without any storage anvil shows the empty node, we and geth nothing
            if not values or any(int(value, 16) == 0 for value in values):
                continue
            assert mine["storageHash"] == theirs["storageHash"]
            assert [slot["proof"] for slot in mine["storageProof"]] == [
                slot["proof"] for slot in theirs["storageProof"]
            ]
            assert rlp.decode(rlp.decode(bytes.fromhex(mine["accountProof"][-1][2:]))[1]) == rlp.decode(
                rlp.decode(bytes.fromhex(theirs["accountProof"][-1][2:]))[1]
            )
            compared[name] = compared.get(name, 0) + 1
    # Council and MemberRegistry read or set slots that stay zero; ConsentRegistry has storage from its request on
    assert compared == {"SchemaRegistry": 7, "AnchorRegistry": 7, "SubjectRegistry": 7, "ConsentRegistry": 3}


def test_proofs_of_earlier_blocks_stay_available_by_number_and_by_hash(steps):
    twins, done = steps
    for step in done:
        for proof in step.ours.values():
            slots = [slot["key"] for slot in proof["storageProof"]]
            for block in (hex(step.block), {"blockHash": step.header["hash"]}, {"blockNumber": hex(step.block)}):
                assert twins.ours("eth_getProof", proof["address"], slots, block) == proof


def test_the_header_hashes_to_its_block_and_carries_the_sealers_signature(steps):
    for step in steps[1]:
        header = step.header
        encoded = rlp.encode([field(header[name]) for name, field in HEADER.items()])
        assert "0x" + keccak(encoded).hex() == header["hash"]
        seal = bytes.fromhex(header["seal"][2:])
        assert recover_sealer(keccak(encoded), seal) == bytes.fromhex(header["sealer"][2:]) == SEALER
