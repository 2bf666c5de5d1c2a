"""What state proofs of a real chain prove is what its contracts answer, and its blocks are final by the trust file."""

from dataclasses import replace

import pytest
from eth_utils.address import to_checksum_address
from web3 import Web3

from ledger_node.chain.artifact import artifact
from ledger_node.chain.deployment import Founder, FounderKey, FoundingSchema, deploy
from ledger_node.chain.port import BatchOrder, Role
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.batch import ATTESTATIONS, NO_ROOT, Batch
from ledger_node.domain.consent import Terms
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.block_header import BlockHeader
from ledger_node.domain.evidence.bundle import node_set
from ledger_node.domain.evidence.era import Era, FinalityKind, SealerSet
from ledger_node.domain.evidence.finality import SealedBlock, require_final
from ledger_node.domain.evidence.slot import facts_of, require_names, slots_of
from ledger_node.domain.evidence.state_proof import StateProofs, prove
from ledger_node.domain.evidence.trust import Contract, ContractCode, Trust
from ledger_node.domain.fact import (
    EVERY_PURPOSE,
    ConsentRecord,
    ConsentState,
    FactQuery,
    IssuerPeriod,
    KeyRecord,
    LedgerFacts,
    MemberStanding,
)
from ledger_node.domain.hashing import keccak
from ledger_node.domain.json_object import from_hex, to_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.status import Plane, StatusChange, StatusReason, changes_digest
from tests.kit.chain import GOVERNOR, RELAYER
from tests.kit.evidence import in_era
from tests.kit.node import CHAIN_ID, SEALER_KEY

MEMBER, SCHEMA, SUBJECT, CONSENT, OTHER = (
    keccak(name) for name in (b"member", b"schema", b"subject", b"consent", b"?")
)
NAME = "虚构市市场监督管理局（统一社会信用代码登记）"
KEY = address_of(RELAYER)
QUERY = FactQuery(
    anchors=frozenset({(MEMBER, 0, 1), (MEMBER, 0, 2), (MEMBER, 0, 3), (MEMBER, 1, 1)}),
    keys=frozenset({(MEMBER, KEY), (MEMBER, bytes(20)), (OTHER, KEY)}),
    issuers=frozenset({(SCHEMA, MEMBER), (SCHEMA, OTHER)}),
    positions=frozenset({(MEMBER, 0), (MEMBER, 299), (OTHER, 5)}),
    standings=frozenset({MEMBER, OTHER}),
    consent=CONSENT,
    subject=(SUBJECT, 0),
)


def terms():
    return Terms(
        subject=SUBJECT,
        grantee=OTHER,
        grantee_name="bank",
        purpose="loan_application",
        purpose_text="Decide",
        questions=("q",),
        departments=(),
        not_before=77,
        expires_at=2**39,
        max_uses=5,
        retention_days=31,
        salt=bytes(32),
        language="zh",
        text_digest=bytes(32),
        withdrawal_hash=withdrawal_hash(SCHEMA),
    )


class Place:
    """A ledger with some of everything, and a trust file for it."""

    def __init__(self, rpc):
        roles = Role.RELAYER | Role.REGISTRAR | Role.DEPARTMENT
        founder = Founder(MEMBER, NAME, roles, (FounderKey(KEY, EVERY_PURPOSE),))
        self.book = deploy(
            rpc, Sender(rpc, CHAIN_ID, GOVERNOR), [founder], [FoundingSchema("s", SCHEMA, (MEMBER,))], {}
        )
        sender = Sender(rpc, CHAIN_ID, RELAYER)
        self.rpc, self.ledger = rpc, Web3Ledger(self.book, rpc, relayer=sender, registrar=sender)
        ledger = self.ledger
        self.anchor(Batch(MEMBER, ATTESTATIONS, 1, keccak(b"1"), 300, NO_ROOT, changes_digest([], [])), [], [])
        superseded = changes_digest([1], [4])
        self.anchor(Batch(MEMBER, ATTESTATIONS, 2, keccak(b"2"), 7, keccak(b"1"), superseded), [1], [4])
        digest = changes_digest([0, 1], [2**255 + 1, 1])
        change = StatusChange(MEMBER, 1, Plane.REVOKED, digest, StatusReason.ERASED)
        signature = sign(change.digest(ledger.anchor_domain), RELAYER)
        ledger.change_status(change, signature, [0, 1], [2**255 + 1, 1])
        ledger.register_subject(SUBJECT, keccak(b"controllers"))
        ledger.grant(CONSENT, terms())
        ledger.record_uses([(CONSENT, keccak(b"use"))])

    def anchor(self, batch, words, masks):
        self.ledger.anchor(BatchOrder(batch, sign(batch.digest(self.ledger.anchor_domain), RELAYER), words, masks))

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


@pytest.fixture(scope="module")
def place(rpc):
    return Place(rpc)


def proven(place, query=QUERY, names=None):
    """The facts as state proofs show them, at the newest block."""
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
    web3 = Web3(place.rpc)

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
    state, granted_at, not_before, expires_at, max_uses, uses, _, changes, revocation = call(
        "ConsentRegistry", "consent", query.consent
    )
    bounds = (granted_at, not_before, expires_at, max_uses, uses, changes)
    commitment, since, _ = call("SubjectRegistry", "entry", *query.subject)
    return LedgerFacts(
        block_number=head.number,
        block_hash=head.hash,
        block_time=head.time,
        anchor_domain=place.ledger.anchor_domain,
        consent_domain=place.ledger.consent_domain,
        anchor_digests={anchor: digest for anchor, digest in anchors.items() if any(digest)},
        keys={
            (member, key): KeyRecord(*call("MemberRegistry", "keyRecord", member, to_checksum_address(key)))
            for member, key in query.keys
        },
        issuers={issuer: IssuerPeriod(*call("SchemaRegistry", "issuerPeriod", *issuer)) for issuer in query.issuers},
        status=status,
        standings={one: MemberStanding(*call("MemberRegistry", "member", one)[:2]) for one in query.standings},
        consent=None if state == 0 else ConsentRecord(ConsentState(state), *bounds, revocation),
        controllers=commitment if 0 < since <= granted_at else None,
    )


def test_proven_facts_are_those_that_the_contracts_answer(place):
    facts, read, called = proven(place)
    assert facts == read == called
    assert facts.consent.uses == 1
    assert facts.controllers == keccak(b"controllers")
    assert len(facts.anchor_digests) == 2
    assert facts.status[MEMBER, Plane.REVOKED, 0] == 2**255 + 1
    assert facts.status[MEMBER, Plane.SUPERSEDED, 1] == 4


def test_a_consent_that_nobody_granted_is_proven_not_to_be_there(place):
    facts, read, called = proven(place, replace(QUERY, consent=OTHER))
    assert facts == read == called
    assert facts.consent is None


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
    positions = frozenset((MEMBER, 256 * word) for word in range(600)) | QUERY.positions
    read = place.ledger.facts(replace(QUERY, positions=positions))
    assert len(read.status) == 2 * 601
    assert read.status[MEMBER, Plane.REVOKED, 1] == 1
    assert replace(read, status={}) == replace(place.ledger.facts(QUERY), status={})


def test_what_asks_for_nothing_reads_nothing(place):
    assert place.ledger.facts(FactQuery()).status == {}
    assert place.ledger.consents([])[0] == []


def test_consents_are_read_in_their_order_also_one_that_is_named_twice(place):
    (known, unknown, again), block = place.ledger.consents([CONSENT, OTHER, CONSENT])
    assert (known.uses, unknown, again) == (1, None, known)
    assert block == place.ledger.head()
