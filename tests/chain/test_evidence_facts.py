"""What state proofs of a real chain prove is what its contracts answer, and its blocks are final by the trust file."""

from dataclasses import replace

import pytest
from eth_utils.address import to_checksum_address
from web3 import Web3
from web3.providers import BaseProvider

from ledger_node.chain.artifact import artifact
from ledger_node.chain.port import Role
from ledger_node.domain.controller_entry import ControllerEntry, ControllerHistory, ControllerQuery, EntryKind
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.bundle import node_set
from ledger_node.domain.evidence.era import Era, FinalityKind, SealerSet
from ledger_node.domain.evidence.finality import SealedBlock, require_final
from ledger_node.domain.evidence.slot import facts_of, require_names, slots_of
from ledger_node.domain.evidence.state_proof import StateProofs, prove
from ledger_node.domain.evidence.trust import Contract, ContractCode, Trust
from ledger_node.domain.fact import (
    ConsentRecord,
    ConsentState,
    FactQuery,
    IssuerPeriod,
    KeyPurpose,
    KeyRecord,
    LedgerFacts,
    MemberStanding,
)
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import Plane
from tests.kit.engine_rpc import SEALER_KEY
from tests.kit.evidence import in_era
from tests.kit.ledger_consent import WORD, Granted
from tests.kit.ledger_firm import new_firm, people
from tests.kit.ledger_world import DEPARTMENT, FOREVER, GOVERNOR, RELAYER, RELAYER_KEY, NodeWorld

MEMBER, SCHEMA, OTHER = (keccak(name) for name in (b"member", b"schema", b"?"))
NAME = "虚构市市场监督管理局（统一社会信用代码登记）"
SIGNING_KEY = b"\x5e" * 32
KEY = address_of(SIGNING_KEY)
PURPOSES = KeyPurpose.ATTEST | KeyPurpose.STATUS | KeyPurpose.ERASE


class Place(NodeWorld):
    """A ledger with some of everything, and a trust file for it."""

    def __init__(self, folder):
        super().__init__(folder)
        self.rpc, ledger, council = self._rpc, self.ledger, self.council
        council.add_member(MEMBER, Role.RELAYER | Role.DEPARTMENT, NAME, "")
        council.add_key(MEMBER, KEY, 0, FOREVER, PURPOSES)
        council.register_schema(SCHEMA, "s")
        council.allow_issuer(SCHEMA, MEMBER)
        ledger.anchor(self.order(MEMBER, SIGNING_KEY, size=300))
        ledger.anchor(self.order(MEMBER, SIGNING_KEY, size=7, positions=(258,)))
        ledger.change_status(*self.change(MEMBER, SIGNING_KEY, [0, 255, 256]))
        self.firm = new_firm(ledger, RELAYER)
        self.firm.rotate(people(3, 2))
        self.firm.hold()
        self.consent = Granted.of(self).granted()
        ledger.record_uses([self.consent.use(3)])
        ledger.change_consent(self.consent.pause())
        self.pass_time(7)
        ledger.change_consent(self.consent.resume())
        asker = (RELAYER, address_of(RELAYER_KEY))
        self.subject = ControllerQuery(
            self.firm.id, frozenset({0, 1}), frozenset({1, 2}), frozenset({1, 2}), frozenset({asker})
        )
        self.query = FactQuery(
            anchors=frozenset({(MEMBER, 0, 1), (MEMBER, 0, 2), (MEMBER, 0, 3), (MEMBER, 1, 1)}),
            keys=frozenset({(MEMBER, KEY), (MEMBER, bytes(20)), (OTHER, KEY)}),
            issuers=frozenset({(SCHEMA, MEMBER), (SCHEMA, OTHER)}),
            positions=frozenset({(MEMBER, 0), (MEMBER, 299), (OTHER, 5)}),
            standings=frozenset({MEMBER, DEPARTMENT, OTHER}),
            consent=self.consent.id,
            subject=self.subject,
        )

    def trust(self):
        codes = {}
        for name in Contract:
            address = self.book.contracts[name]
            code = from_hex(self.rpc.request("eth_getCode", to_hex(address), "latest"), "code", length=None)
            codes[name] = ContractCode(address, keccak(code))
        sealers = SealerSet(0, (address_of(SEALER_KEY),))
        return Trust(self.book.chain_id, codes, (Era(self.book.genesis, FinalityKind.SEALER, (sealers,)),))

    def sealed(self, number):
        block = self.rpc.request("eth_getBlockByNumber", hex(number), False)
        return block, SealedBlock(BlockHeader.from_rpc(block), from_hex(block["seal"], "seal", length=65))

    def nodes(self, slots, number):
        found = []
        for name, each in slots.items():
            keys = [f"0x{slot:064x}" for slot in each]
            answer = self.rpc.request("eth_getProof", to_hex(self.book.contracts[name]), keys, hex(number))
            found += answer["accountProof"]
            found += [node for proof in answer["storageProof"] for node in proof["proof"]]
        return node_set(from_hex(node, "node", length=None) for node in found)


class Provider(BaseProvider):
    """The place's node, for web3's own calls."""

    def __init__(self, rpc):
        super().__init__()
        self._rpc = rpc

    def make_request(self, method, params):
        return {"jsonrpc": "2.0", "id": 1, "result": self._rpc.request(method, *params)}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("chain"))
    yield place
    place.close()


def proven(place, query=None, names=None):
    """The facts as state proofs show them, at the newest block."""
    query = place.query if query is None else query
    head, trust = place.ledger.head(), place.trust()
    names = {MEMBER: NAME} if names is None else names
    slots = slots_of(query, names)
    _, block = place.sealed(head.number)
    words = prove(StateProofs(place.nodes(slots, head.number), block.header.state_root), trust.contracts, slots)
    require_names(names, words)
    header, final = block.header, require_final(block, trust, trust.genesis)
    domains = {"anchor_domain": trust.anchor_domain, "consent_domain": trust.consent_domain}
    facts = facts_of(query, words, **domains, number=header.number, block_hash=final.hash, time=header.timestamp)
    return facts, place.ledger.facts(query, head), answered(place, query, head)


def answered(place, query, head):
    """The same facts as the contracts answer calls: what storage holds is read by code of its own."""
    web3 = Web3(Provider(place.rpc))

    def call(name, function, *args):
        address = to_checksum_address(place.book.contracts[name])
        contract = web3.eth.contract(address, abi=artifact(name).abi)
        return contract.functions[function](*args).call(block_identifier=head.number)

    anchors = {anchor: call("AnchorRegistry", "anchorDigest", *anchor) for anchor in query.anchors}
    status = {}
    for member, position in query.positions:
        word = position // 256
        (revoked,), (superseded,) = call("AnchorRegistry", "statusWords", member, [word])
        status |= {(member, Plane.REVOKED, word): revoked, (member, Plane.SUPERSEDED, word): superseded}
    state, *consent = call("ConsentRegistry", "consent", query.consent)
    consent[6] = from_hex(consent[6].lower(), "spend_key", length=20)
    subject, entries = query.subject.subject, call("SubjectRegistry", "count", query.subject.subject)
    holds = call("SubjectRegistry", "holdCount", subject)

    def key_record(member, key):
        *times, purposes = call("MemberRegistry", "keyRecord", member, to_checksum_address(key))
        return KeyRecord(*times, KeyPurpose(purposes))

    def entry(index):
        commitment, key, since, kind, *rest = call("SubjectRegistry", "entry", subject, index)
        return ControllerEntry(commitment, from_hex(key.lower(), "key", length=20), since, EntryKind(kind), *rest)

    return LedgerFacts(
        block_number=head.number,
        block_hash=head.hash,
        block_time=head.time,
        anchor_domain=place.ledger.anchor_domain,
        consent_domain=place.ledger.consent_domain,
        anchor_digests={anchor: digest for anchor, digest in anchors.items() if any(digest)},
        keys={(member, key): key_record(member, key) for member, key in query.keys},
        issuers={issuer: IssuerPeriod(*call("SchemaRegistry", "issuerPeriod", *issuer)) for issuer in query.issuers},
        status=status,
        standings={one: MemberStanding(*call("MemberRegistry", "member", one)[:2]) for one in query.standings},
        consent=None if state == 0 else ConsentRecord(ConsentState(state), *consent),
        controllers=ControllerHistory(
            {index: entry(index) for index in query.subject.entries},
            {index: entry(index).since if index < entries else 0 for index in query.subject.begins},
            {
                number: call("SubjectRegistry", "holdOf", subject, number)[0] if number <= holds else 0
                for number in query.subject.holds
            },
        ),
    )


def test_proven_facts_are_those_that_the_contracts_answer(place):
    facts, read, called = proven(place)
    assert facts == read == called
    assert (facts.consent.used, facts.consent.changes, facts.consent.word_digest) == (0b100, 2, WORD.digest)
    assert facts.consent.changed_at > facts.consent.granted_at > 0
    assert facts.controllers.entries[1].commitment == place.firm.people.commitment
    assert (facts.controllers.begins[1] > 0, facts.controllers.begins[2]) == (True, 0)
    assert (facts.controllers.holds[1] > 0, facts.controllers.holds[2]) == (True, 0)
    assert facts.keys[MEMBER, KEY].purposes == PURPOSES
    assert len(facts.anchor_digests) == 2
    assert facts.status[MEMBER, Plane.REVOKED, 0] == 2**255 + 1
    assert facts.status[MEMBER, Plane.SUPERSEDED, 1] == 4


def test_a_consent_that_nobody_granted_is_proven_not_to_be_there(place):
    facts, read, called = proven(place, replace(place.query, consent=OTHER))
    assert facts == read == called
    assert facts.consent is None


def test_an_entry_that_there_is_not_cannot_be_proven(place):
    with pytest.raises(VerificationError) as refused:
        proven(place, replace(place.query, subject=replace(place.subject, entries=frozenset({2}))))
    assert refused.value.reason is Reason.STATE_PROOF_MISSING


def test_another_name_than_the_chain_knows_is_refused(place):
    with pytest.raises(VerificationError) as refused:
        proven(place, names={MEMBER: NAME + "!"})
    assert refused.value.reason is Reason.MEMBER_DIFFERS


def test_the_hash_of_a_header_is_the_one_the_node_gives(place):
    for number in range(place.ledger.head().number + 1):
        block, sealed = place.sealed(number)
        assert to_hex(sealed.header.hash) == block["hash"]
        assert require_final(sealed, place.trust(), place.book.genesis).hash == sealed.header.hash


def test_h6_a_block_sealed_by_another_node_is_not_final(place):
    other = SealerSet(0, (address_of(GOVERNOR),))
    _, sealed = place.sealed(place.ledger.head().number)
    with pytest.raises(VerificationError) as refused:
        require_final(sealed, in_era(place.trust(), sets=(other,)), place.book.genesis)
    assert refused.value.reason is Reason.SEAL_BY_OUTSIDER


def test_facts_of_very_many_places_are_read_in_portions(place):
    positions = frozenset((MEMBER, 256 * word) for word in range(600)) | place.query.positions
    read = place.ledger.facts(replace(place.query, positions=positions))
    assert len(read.status) == 2 * 601
    assert read.status[MEMBER, Plane.REVOKED, 1] == 1
    assert replace(read, status={}) == replace(place.ledger.facts(place.query), status={})


def test_what_asks_for_nothing_reads_nothing(place):
    assert place.ledger.facts(FactQuery()).status == {}
    assert place.ledger.consents([])[0] == []


def test_consents_are_read_in_their_order_also_one_that_is_named_twice(place):
    (known, unknown, again), block = place.ledger.consents([place.consent.id, OTHER, place.consent.id])
    assert (known.uses, unknown, again) == (1, None, known)
    assert block == place.ledger.head()
