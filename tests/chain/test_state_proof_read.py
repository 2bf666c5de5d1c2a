"""State proofs and trust files from a node: the embedded one, and Besu's shapes."""

from dataclasses import replace

import pytest

from ledger_node.chain import trust_read
from ledger_node.chain.address_book import AddressBook
from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import Block
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.controller_entry import ControllerQuery
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.era import FinalityKind, SealerSet
from ledger_node.domain.evidence.finality import ExtraData, block_hash, require_final, sealed_digest
from ledger_node.domain.evidence.slot import key_record, key_slot, slots_of
from ledger_node.domain.evidence.state_proof import StateProofs, prove
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of, sign
from tests.kit.chain import RELAYER, RELAYER_ID
from tests.kit.node import CHAIN_ID, SEALER_KEY

KEY = address_of(RELAYER)
QUERY = FactQuery(
    keys=frozenset({(RELAYER_ID, KEY), (RELAYER_ID, b"\x77" * 20)}),
    anchors=frozenset({(RELAYER_ID, 0, 1)}),
    positions=frozenset({(RELAYER_ID, 300)}),
    consent=keccak(b"never granted"),
    subject=ControllerQuery(keccak(b"never registered"), entries=frozenset({0})),
)
SLOTS = slots_of(QUERY, {RELAYER_ID: "Relayer"})


@pytest.fixture
def ledger(book, rpc):
    return Web3Ledger(book, rpc)


def test_slots_of_five_contracts_are_proven_under_the_sealed_header(ledger):
    head, trust = ledger.head(), ledger.trust()
    read = ledger.state_proof(SLOTS, head)
    assert require_final(read.block, trust, trust.genesis).hash == head.hash
    words = prove(StateProofs(read.nodes_of(SLOTS), read.block.header.state_root), trust.contracts, SLOTS)
    assert words == read.words
    record = key_record(words[key_slot(RELAYER_ID, KEY)])
    assert (record.valid_from, record.valid_until, record.compromised_from) == (0, 2**64 - 1, 0)
    assert not any(word for slot, word in words.items() if slot[0] is not Contract.MEMBERS)


def test_the_nodes_of_some_slots_are_those_that_prove_them_and_no_more(ledger):
    read, trust = ledger.state_proof(SLOTS, ledger.head()), ledger.trust()
    some = slots_of(FactQuery(keys=QUERY.keys), {})
    nodes = read.nodes_of(some)
    prove(StateProofs(nodes, read.block.header.state_root), trust.contracts, some)
    with pytest.raises(VerificationError) as left_over:
        prove(StateProofs(read.nodes_of(SLOTS), read.block.header.state_root), trust.contracts, some)
    assert left_over.value.reason == "state_proof_unneeded"


def test_proofs_of_an_earlier_block_are_as_they_were(ledger, relayer, book):
    head = ledger.head()
    before = ledger.state_proof(SLOTS, head)
    registry = artifact("ConsentRegistry")
    relayer.send(book.contracts["ConsentRegistry"], registry.encode("request", keccak(b"request")), gas=200_000)
    assert ledger.head().number > head.number
    assert ledger.state_proof(SLOTS, head) == before


def test_the_trust_file_names_the_code_of_every_contract_and_the_sealer(ledger, book, rpc):
    trust = ledger.trust()
    assert (trust.chain_id, trust.genesis, trust.current.finality) == (CHAIN_ID, book.genesis, FinalityKind.SEALER)
    assert trust.current.sets == (SealerSet(0, (address_of(SEALER_KEY),)),)
    assert {contract: code.address for contract, code in trust.contracts.items()} == {
        contract: book.contracts[contract] for contract in Contract
    }
    code = rpc.request("eth_getCode", to_hex(book.contracts["MemberRegistry"]), "latest")
    assert trust.contracts[Contract.MEMBERS].code_hash == keccak(bytes.fromhex(code[2:]))


def test_a_trust_file_of_another_chain_is_not_written(rpc, book):
    other = AddressBook(book.chain_id, keccak(b"another genesis"), book.contracts)
    with pytest.raises(ChainError) as refused:
        Web3Ledger(other, rpc).trust()
    assert refused.value.reason == "ledger_wrong_chain"


@pytest.mark.parametrize("changed", [{"hash": b"\x01" * 32}, {"number": 10**6}])
def test_a_block_that_the_node_does_not_have_is_refused(ledger, changed):
    with pytest.raises(ChainError):
        ledger.state_proof(SLOTS, replace(ledger.head(), **changed))


VALIDATORS = sorted(([bytes([n]) * 32 for n in range(21, 26)]), key=address_of)
HEADER_LENGTHS = (32, 32, 20, 32, 32, 32, 256, 0, 0, 0, 0, 0, 0, 32, 8, 0, 32, 0, 0, 32)


class Besu:
    """What Besu answers for a chain of empty blocks; the seals lie in the header, and there is no seal beside it."""

    NAMES = (
        *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
        *("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"),
        *("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"),
    )
    NUMBERS = frozenset({7, 8, 9, 10, 11, 15, 17, 18})

    def __init__(self, keys_at, head, seals=3, order=1):
        self._keys_at, self._head, self._seals, self._order = keys_at, head, seals, order
        self.asked = 0

    def header(self, number):
        keys = self._keys_at(number)
        fields = [bytes(length) for length in HEADER_LENGTHS]
        for place, value in ((7, 1), (8, number), (9, 10**8), (11, 1_700_000_000 + number)):
            fields[place] = value.to_bytes((value.bit_length() + 7) // 8, "big")
        extra = ExtraData(bytes(32), tuple(address_of(key) for key in keys), None, 1, ())
        fields[12] = extra.encode()
        bare = BlockHeader(tuple(fields))
        seals = [sign(sealed_digest(bare), key) for key in keys[: self._seals]][:: self._order]
        extra = replace(extra, seals=tuple(seal[:-1] + bytes([seal[-1] - 27]) for seal in seals))
        return bare.with_extra_data(extra.encode())

    def block(self, number):
        header = self.header(number)
        shown = {
            name: hex(int.from_bytes(field, "big")) if place in self.NUMBERS else to_hex(field)
            for place, (name, field) in enumerate(zip(self.NAMES, header.fields, strict=True))
        }
        extras = {"size": "0x300", "totalDifficulty": hex(number), "uncles": [], "transactions": [], "withdrawals": []}
        return shown | extras | {"hash": to_hex(block_hash(header)), "requestsHash": None}

    def batch(self, calls):
        self.asked += len(calls)
        return [getattr(self, method)(*params) for method, params in calls]

    def eth_chainId(self):  # noqa: N802 - the method's name
        return hex(CHAIN_ID)

    def eth_getBlockByNumber(self, number, _):  # noqa: N802 - the method's name
        return self.block(self._head if number == "latest" else int(number, 16))

    def eth_getProof(self, address, slots, _):  # noqa: N802 - the method's name
        storage = [{"key": hex(int(slot, 16)), "value": "0x0", "proof": ["0xc0"]} for slot in slots]
        return {
            "address": address,
            "codeHash": to_hex(keccak(address.encode())),
            "accountProof": ["0xc1c0"],
            "storageProof": storage,
        }


def network(besu):
    contracts = {contract.value: keccak(contract.value.encode())[:20] for contract in Contract}
    return Web3Ledger(AddressBook(CHAIN_ID, block_hash(besu.header(0)), contracts), besu)


def test_the_header_of_a_consortium_is_read_with_its_validators_seals_in_it():
    besu = Besu(lambda _: VALIDATORS[:4], head=9)
    ledger = network(besu)
    block = Block(7, block_hash(besu.header(7)), 1_700_000_007)
    read = ledger.state_proof({Contract.MEMBERS: (1, 2**255)}, block)
    assert (read.block.seal, read.block.header, read.block.hash) == (None, besu.header(7), block.hash)
    assert read.words == {(Contract.MEMBERS, 1): 0, (Contract.MEMBERS, 2**255): 0}
    trust = ledger.trust()
    assert trust.current.finality is FinalityKind.QBFT
    assert len(require_final(read.block, trust, trust.genesis).signers) == 3


@pytest.mark.parametrize(("seals", "order"), [(3, -1), (4, 1), (4, -1)])
def test_e6_seals_in_any_order_and_number_are_read_into_one_form(seals, order):
    plain, other = (Besu(lambda _: VALIDATORS[:4], 9, *shown) for shown in ((3, 1), (seals, order)))
    block = Block(7, block_hash(plain.header(7)), 1_700_000_007)
    assert plain.header(7) != other.header(7)
    read = network(other).state_proof({}, block)
    assert (read.block.header, read.block.hash) == (plain.header(7), block.hash)
    trust = network(other).trust()
    assert len(require_final(read.block, trust, trust.genesis).signers) == 3


def test_h6_a_block_without_a_quorum_of_seals_is_read_and_does_not_check():
    besu = Besu(lambda _: VALIDATORS[:4], head=9, seals=2)
    ledger = network(besu)
    read = ledger.state_proof({}, Block(7, block_hash(besu.header(7)), 1_700_000_007))
    trust = ledger.trust()
    with pytest.raises(VerificationError) as refused:
        require_final(read.block, trust, trust.genesis)
    assert refused.value.reason == "block_not_final"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {1: 5},
        {777: 5, 778: 3},
        {999: 5, 1000: 3, 1001: 5},
        {1500: 5, 2999: 3, 3000: 4, 3001: 5},
        {3210: 5},
    ],
)
def test_the_history_of_validators_is_found_to_the_block(changes):
    def keys_at(number):
        sizes = [size for begin, size in sorted(changes.items()) if begin <= number]
        return VALIDATORS[: sizes[-1] if sizes else 4]

    besu = Besu(keys_at, head=3210)
    found = network(besu).trust().current.sets
    expected = [SealerSet(0, tuple(address_of(key) for key in keys_at(0)))]
    expected += [SealerSet(begin, tuple(address_of(key) for key in keys_at(begin))) for begin in sorted(changes)]
    assert found == tuple(expected)
    assert besu.asked < 100


def test_a_set_that_came_and_went_between_two_looks_is_not_seen():
    besu = Besu(lambda number: VALIDATORS[: 5 if 1100 <= number < 1200 else 4], head=3210)
    assert len(network(besu).trust().current.sets) == 1
    assert trust_read.STRIDE > 100


def half(answer):
    return {name: answer[name] for name in list(answer)[: len(answer) // 2]}


@pytest.mark.parametrize(
    ("method", "spoil"),
    [
        ("eth_getBlockByNumber", lambda _: None),
        ("eth_getBlockByNumber", half),
        ("eth_getBlockByNumber", lambda answer: answer | {"stateRoot": "0x12"}),
        ("eth_getBlockByNumber", lambda answer: answer | {"extraData": "0x"}),
        ("eth_getBlockByNumber", lambda answer: answer | {"stateRoot": "0x" + "12" * 32}),
        ("eth_getBlockByNumber", lambda _: "<html>"),
        ("eth_getProof", lambda _: None),
        ("eth_getProof", lambda _: []),
        ("eth_getProof", half),
        ("eth_getProof", lambda answer: answer | {"storageProof": []}),
        ("eth_getProof", lambda answer: answer | {"storageProof": answer["storageProof"][::-1]}),
        ("eth_getProof", lambda answer: answer | {"accountProof": ["zz"]}),
        ("eth_getProof", lambda answer: answer | {"accountProof": 5}),
        ("eth_getProof", lambda answer: answer | {"storageProof": [{"key": None}] * 2}),
    ],
)
def test_n4_half_an_answer_or_none_is_a_ledger_that_does_not_answer(monkeypatch, method, spoil):
    besu = Besu(lambda _: VALIDATORS[:4], head=9)
    ledger, block = network(besu), Block(7, block_hash(besu.header(7)), 1_700_000_007)
    honest = getattr(besu, method)
    monkeypatch.setattr(besu, method, lambda *params: spoil(honest(*params)), raising=False)
    with pytest.raises(ChainError) as refused:
        ledger.state_proof({Contract.MEMBERS: (1, 2)}, block)
    assert refused.value.reason == "ledger_unavailable"


@pytest.mark.parametrize(
    ("method", "spoil"),
    [
        ("eth_getBlockByNumber", half),
        ("eth_getBlockByNumber", lambda answer: answer | {"extraData": "0x"}),
        ("eth_getBlockByNumber", lambda answer: answer | {"number": "nine"}),
        ("eth_getProof", lambda _: None),
        ("eth_getProof", lambda answer: answer | {"codeHash": "0x12"}),
    ],
)
def test_n4_no_trust_file_comes_of_half_an_answer(monkeypatch, method, spoil):
    besu = Besu(lambda _: VALIDATORS[:4], head=9)
    ledger, honest = network(besu), getattr(besu, method)
    keep = {"hash": to_hex(block_hash(besu.header(0)))} if method == "eth_getBlockByNumber" else {}
    monkeypatch.setattr(
        besu, method, lambda *params: (spoil(honest(*params)) or {}) | keep if keep else spoil(honest(*params))
    )
    with pytest.raises(ChainError) as refused:
        ledger.trust()
    assert refused.value.reason == "ledger_unavailable"
