"""Slots, state proofs and facts: where things lie, what proves them, and nodes that no honest chain makes."""

from dataclasses import replace

import pytest

from ledger_node.domain.controller_entry import ControllerEntry, ControllerHistory, ControllerQuery, EntryKind
from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.bundle import node_set
from ledger_node.domain.evidence.check import examine
from ledger_node.domain.evidence.slot import (
    anchor_slot,
    consent_slots,
    entry_slots,
    facts_of,
    hold_slot,
    key_record,
    key_slot,
    member_slots,
    name_words,
    period_slot,
    require_names,
    slots_of,
    status_slot,
    status_words_of,
)
from ledger_node.domain.evidence.state_proof import MAX_NODE_BYTES, StateProofs, prove
from ledger_node.domain.evidence.trust import Contract, ContractCode
from ledger_node.domain.fact import NO_PURPOSE, ConsentState, FactQuery, KeyPurpose, KeyRecord, query_of
from ledger_node.domain.presentation import Presentation
from ledger_node.domain.reason import Reason
from ledger_node.domain.status import Plane
from tests.kit.evidence import Bundle, Trust, data_of, found, naive_state, world
from tests.kit.reference import H

A, B = (H(name) for name in (b"a", b"b"))
KEY = A[:20]
CODE = ContractCode(B[:20], H(b"code"))
BLANK = naive_state.BLANK
rlp = naive_state.rlp.encode
TRUST = Trust.from_json(world.trust())


def naive(words):
    return {(Contract(contract), slot): value for (contract, slot), value in words.items()}


def test_every_slot_lies_where_the_reference_says():
    assert {anchor_slot(A, 1, 7)} == naive(naive_state.anchor_words(A, 1, 7, b"")).keys()
    assert {status_slot(A, plane, 300) for plane in Plane} == naive(naive_state.status_words(A, 300, (0, 0))).keys()
    assert {key_slot(A, KEY)} == naive(naive_state.key_words(A, KEY, (0, 0, 0))).keys()
    assert {period_slot(A, B)} == naive(naive_state.period_words(A, B, (0, 0))).keys()
    assert set(consent_slots(A)) == naive(naive_state.consent_words(A, (0,) * 7, (KEY, 0), (A, A, A))).keys()
    assert [(one.value, slot) for one, slot in entry_slots(A, 3)] == naive_state.entry_slots(A, 3)
    assert (hold_slot(A, 5)[0].value, hold_slot(A, 5)[1]) == naive_state.hold_slot(A, 5)


@pytest.mark.parametrize("name", ["", "n", "n" * 31, "n" * 32, "n" * 33, "n" * 64, "名" * 21, "名" * 22])
def test_a_name_lies_in_storage_as_solidity_puts_it(name):
    assert name_words(A, name) == naive(naive_state.name_words(A, name))


def test_a_query_needs_each_slot_once_by_contract_and_rising():
    query = FactQuery(
        anchors=frozenset({(A, 0, 1), (A, 0, 2)}),
        keys=frozenset({(A, KEY)}),
        issuers=frozenset({(B, A)}),
        positions=frozenset({(A, 0), (A, 255), (A, 256)}),
        consent=B,
        subject=ControllerQuery(A, frozenset({0}), frozenset({1}), frozenset({1}), frozenset({(A, KEY)})),
    )
    slots = slots_of(query, {A: "n" * 40})
    assert {contract: len(each) for contract, each in slots.items()} == {
        Contract.MEMBERS: 4,
        Contract.SCHEMAS: 1,
        Contract.SUBJECTS: 5,
        Contract.ANCHORS: 6,
        Contract.CONSENTS: 5,
    }
    assert all(list(each) == sorted(set(each)) for each in slots.values())
    assert set(status_words_of(query)) == {(A, 0), (A, 1)}


def test_what_a_member_is_lies_before_its_name():
    (standing, successor), name = member_slots(A), min(slot for _, slot in name_words(A, "x"))
    assert (standing[1] + 1, standing[1] + 2) == (successor[1], name)
    assert standing[0] is successor[0] is Contract.MEMBERS


def test_an_answer_that_shows_nothing_asks_for_no_facts():
    assert query_of(Presentation(()), None) == FactQuery()


def test_a_query_of_nothing_needs_no_slot():
    assert slots_of(FactQuery(), {}) == {}


def facts_at(query, words):
    domains = {"anchor_domain": TRUST.anchor_domain, "consent_domain": TRUST.consent_domain}
    return facts_of(query, words, **domains, number=1, block_hash=A, time=2)


def test_facts_that_nobody_asked_for_are_not_there():
    facts = facts_at(FactQuery(), {})
    assert (facts.consent, facts.controllers, facts.anchor_digests) == (None, None, {})
    assert (facts.block_number, facts.block_hash, facts.block_time) == (1, A, 2)


def test_a_word_of_zeros_is_a_key_that_is_not_the_members():
    assert key_record(0) == KeyRecord(0, 0, 0, NO_PURPOSE)


def test_k14_a_word_of_a_key_holds_its_times_and_its_purposes():
    word = 5 | 7 << 64 | 9 << 128 | 0x81 << 192 | 1 << 200
    assert key_record(word) == KeyRecord(5, 7, 9, KeyPurpose.ATTEST | KeyPurpose.SIGN_IN)


def consent_facts(state):
    words = naive(naive_state.consent_words(A, (state, 1, 2, 3, 4, 5, 6), (KEY, 0b101), (A, B, H(b"word"))))
    return facts_at(FactQuery(consent=A), words)


@pytest.mark.parametrize("state", [1, 2, 3])
def test_a_consent_is_unpacked(state):
    record = consent_facts(state).consent
    bounds = (record.granted_at, record.not_before, record.expires_at, record.max_uses)
    assert record.state is ConsentState(state)
    assert (*bounds, record.changes, record.changed_at) == (1, 2, 3, 4, 5, 6)
    assert (record.spend_key, record.uses, record.free_numbers) == (KEY, 2, (2, 4))
    assert (record.uses_digest, record.grant_digest, record.word_digest) == (A, B, H(b"word"))


def test_a_consent_in_no_state_that_there_is_is_refused():
    assert consent_facts(0).consent is None
    with pytest.raises(VerificationError) as refused:
        consent_facts(4)
    assert refused.value.reason is Reason.STATE_PROOF_MALFORMED


ENTRY = {"commitment": B, "key": KEY, "since": 5, "kind": 2, "link": 7, "registrar": A}


def history(entry):
    query = ControllerQuery(A, frozenset({0}), frozenset({1}), frozenset({3}))
    words = naive(naive_state.entry_words(A, 0, entry) | naive_state.entry_words(A, 1, {**ENTRY, "since": 9}))
    words |= naive({naive_state.hold_slot(A, 3): 11 | 1 << 40})
    return facts_at(FactQuery(subject=query), words).controllers


def test_entries_and_holds_are_unpacked():
    entry = ControllerEntry(B, KEY, 5, EntryKind.RECOVERED, 7, A)
    assert history(ENTRY) == ControllerHistory({0: entry}, {1: 9}, {3: 11})


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"since": 0}, Reason.STATE_PROOF_MISSING), ({"kind": 3}, Reason.STATE_PROOF_MALFORMED)],
)
def test_an_entry_that_there_is_not_is_no_fact(change, reason):
    with pytest.raises(VerificationError) as refused:
        history({**ENTRY, **change})
    assert refused.value.reason is reason


def test_another_name_is_refused():
    words = name_words(A, "one")
    require_names({A: "one"}, words)
    with pytest.raises(VerificationError) as refused:
        require_names({A: "two"}, words)
    assert refused.value.reason is Reason.MEMBER_DIFFERS


def account(storage=BLANK, code=CODE.code_hash):
    return rlp([1, 0, storage, code])


def leaf_root(key, value):
    """A trie of one leaf: its node and its root."""
    node = rlp([b"\x20" + H(key), value])
    return node, H(node)


def world_of(storage_node=None, value=None):
    """An account trie of one leaf over a storage trie whose root node is given."""
    root = BLANK if storage_node is None else H(storage_node)
    top, state_root = leaf_root(CODE.address, account(root) if value is None else value)
    return StateProofs(node_set([top] if storage_node is None else [top, storage_node]), state_root)


def proven(proofs, slot=0):
    return prove(proofs, {Contract.MEMBERS: CODE}, {Contract.MEMBERS: [slot]})


def test_a_slot_of_an_empty_storage_is_proven_to_be_zero():
    assert proven(world_of()) == {(Contract.MEMBERS, 0): 0}


def test_a_slot_that_is_not_there_is_proven_to_be_zero_by_what_is_in_its_place():
    other, _ = leaf_root(naive_state.word(5), rlp(9))
    assert proven(world_of(other)) == {(Contract.MEMBERS, 0): 0}
    assert proven(world_of(other), slot=5) == {(Contract.MEMBERS, 5): 9}


def test_an_extension_that_leads_elsewhere_proves_zero():
    path = H(naive_state.word(0)).hex()
    elsewhere = bytes.fromhex("00" + "".join(format(15 - int(digit, 16), "x") for digit in path[:2]))
    assert proven(world_of(rlp([elsewhere, A]))) == {(Contract.MEMBERS, 0): 0}


def test_nodes_are_taken_from_any_number_of_answers_without_those_inside_others():
    nodes = [b"x" * 40, b"y" * 40, b"x" * 40, b"z" * 31, b"w" * 32]
    assert node_set(nodes) == tuple(sorted({b"x" * 40, b"y" * 40, b"w" * 32}, key=H))


def refused_with(proofs, slot=0):
    with pytest.raises(VerificationError) as refused:
        proven(proofs, slot)
    return refused.value.reason


@pytest.mark.parametrize(
    "node",
    [
        b"\xb8" * 40,
        b"\xc1" * 900 + b"\xc0",
        b"\x00" * 40,
        rlp([bytes(32), bytes(32), bytes(32)]),
        rlp([b"", bytes(40)]),
        rlp([b"\x20" + H(naive_state.word(0)), [b"a"]]),
        rlp([[bytes(40)], b"value"]),
        rlp([[b"\x00"] for _ in range(17)]),
        rlp([*[b"\x01" * 5] * 16, b""]),
    ],
    ids=range(9),
)
def test_a_node_that_no_honest_chain_makes_proves_nothing_and_crashes_nothing(node):
    assert refused_with(world_of(node)) in {Reason.STATE_PROOF_MALFORMED, Reason.STATE_PROOF_MISSING}


@pytest.mark.parametrize("value", [rlp(bytes(33)), rlp([b"a"]), b"\xb8", b"\xc1" * 900 + b"\xc0"], ids=range(4))
def test_a_value_that_is_no_word_is_refused(value):
    node, _ = leaf_root(naive_state.word(0), value)
    assert refused_with(world_of(node)) is Reason.STATE_PROOF_MALFORMED


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (account(code=A), Reason.CODE_DIFFERS),
        (rlp([1, 0, BLANK]), Reason.CODE_DIFFERS),
        (rlp(b"account"), Reason.CODE_DIFFERS),
        (rlp([1, 0, [], CODE.code_hash]), Reason.STATE_PROOF_MALFORMED),
        (rlp([1, 0, bytes(31), CODE.code_hash]), Reason.STATE_PROOF_MALFORMED),
        (b"\xb8", Reason.STATE_PROOF_MALFORMED),
    ],
    ids=range(6),
)
def test_an_account_that_is_none_or_has_other_code_is_refused(value, reason):
    assert refused_with(world_of(value=value)) is reason


def test_an_account_that_is_not_there_is_refused():
    top, root = leaf_root(A[:20], account())
    assert refused_with(StateProofs([top], root)) is Reason.CODE_DIFFERS


@pytest.mark.parametrize("nodes", [[b"x" * 31], [b"x" * (MAX_NODE_BYTES + 1)], [b"x" * 40] * 2])
def test_nodes_out_of_order_or_size_are_refused(nodes):
    with pytest.raises(VerificationError) as refused:
        StateProofs(nodes, A)
    assert refused.value.reason is Reason.STATE_PROOF_MALFORMED


def test_every_single_missing_node_is_noticed():
    bundle = Bundle.decode(data_of("two_claims"))
    for place in range(len(bundle.nodes)):
        fewer = replace(bundle, nodes=bundle.nodes[:place] + bundle.nodes[place + 1 :])
        assert found(examine(fewer.encode(), TRUST)) == {"check": "state", "reason": "state_proof_missing"}
