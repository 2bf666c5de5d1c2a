"""The layouts that the interfaces promise, read slot by slot: state proofs hang on them."""

import pytest
from eth_utils import keccak

from ledger_node.domain.evidence.slot import (
    anchor_slot,
    consent_slots,
    entry_slots,
    key_slot,
    member_slots,
    name_words,
    period_slot,
    standing_of,
    status_slot,
)
from ledger_node.domain.fact import ACTIVE_STATE, RELAYER_ROLE, MemberStanding
from tests.kit.contract import DEPARTMENT, FOREVER, ZERO, events, lists_digest, word

SECRET_HASH = word("hash")


def at(key, slot):
    """k . s: the slot of a mapping's entry."""
    key = bytes.fromhex(key[2:]) if isinstance(key, str) else key
    key = key.to_bytes(32) if isinstance(key, int) else key.rjust(32, b"\0")
    return int.from_bytes(keccak(key + slot.to_bytes(32)))


def packed(*parts):
    """(value, bits) from the low end."""
    value = shift = 0
    for part, bits in parts:
        value |= part << shift
        shift += bits
    return value


@pytest.fixture
def slot(chain):
    return lambda contract, where: int.from_bytes(chain.w3.eth.get_storage_at(contract.address, where))


def number(data):
    return int.from_bytes(data)


def test_a_member_and_its_key(consortium, chain, slot):
    members, tax = consortium.members, consortium.tax
    functions = members.functions
    consortium.govern(
        functions.setSuccessor(tax.id, consortium.court.id),
        functions.endKey(tax.key.address, 2**40),
        functions.markCompromised(tax.key.address, 12345),
    )
    record = chain.read(functions.member(tax.id))
    place = at(tax.id, 1)
    assert slot(members, 0) == number(bytes.fromhex(consortium.council.address[2:]))
    assert slot(members, place) == packed((DEPARTMENT, 8), (1, 8), (record[2], 64), (record[3], 64))
    assert slot(members, place + 1) == number(consortium.court.id)
    assert [where for _, where in member_slots(tax.id)] == [place, place + 1]
    assert standing_of(slot(members, place)) == MemberStanding(DEPARTMENT, ACTIVE_STATE)
    assert slot(members, place + 2) == number(b"name".ljust(31, b"\0") + b"\x08")
    assert name_words(tax.id, "name") == {("MemberRegistry", place + 2): slot(members, place + 2)}
    key_place = at(tax.key.address, at(tax.id, 2))
    assert key_slot(tax.id, bytes.fromhex(tax.key.address[2:])) == ("MemberRegistry", key_place)
    assert slot(members, key_place) == packed((0, 64), (2**40, 64), (12345, 64))
    assert slot(members, at(tax.key.address, 3)) == number(tax.id)


def test_e2_a_keeper_is_one_by_its_role_and_no_more_once_it_is_suspended_or_has_left(consortium, slot):
    members, keeper = consortium.members, consortium.relayer
    place = at(keeper.id, 1)
    assert standing_of(slot(members, place)).may_sign_receipts
    for state in (2, 1, 3):
        consortium.govern(members.functions.setState(keeper.id, state))
        standing = standing_of(slot(members, place))
        assert standing == MemberStanding(RELAYER_ROLE, state)
        assert standing.may_sign_receipts is (state == 1)
    assert not standing_of(slot(members, at(consortium.tax.id, 1))).may_sign_receipts


def test_a_schema_and_an_issuers_period(consortium, chain, slot):
    schemas, schema = consortium.schemas, word("schema")
    tax = consortium.tax.id
    receipt = consortium.govern(schemas.functions.register(schema, "s"), schemas.functions.allowIssuer(schema, tax))
    now = chain.time_of(receipt)
    consortium.govern(schemas.functions.setDocument(word("purposes"), word("digest")))
    assert slot(schemas, at(word("purposes"), 3)) == number(word("digest"))
    assert slot(schemas, at(schema, 1)) == now
    assert period_slot(schema, tax) == ("SchemaRegistry", at(tax, at(schema, 2)))
    assert slot(schemas, at(tax, at(schema, 2))) == packed((now, 64), (FOREVER, 64))


def test_an_anchor_a_head_and_the_bitmaps(consortium, chain, slot):
    anchors, tax = consortium.anchors, consortium.tax
    chain.send(consortium.anchor(consortium.batch(tax, size=300), tax.key))
    batch = consortium.batch(tax, 2, 0, 7, word("root 1"), [1], [8])
    chain.send(consortium.anchor(batch, tax.key, [1], [8]))
    change = consortium.change(tax, [0], [4])
    chain.send(consortium.change_status(change, tax.key, [0], [4]))

    head = at(0, at(tax.id, 2))
    assert slot(anchors, head) == packed((2, 64), (307, 64))
    assert slot(anchors, head + 1) == number(batch["root"])
    digest = chain.read(anchors.functions.anchorDigest(tax.id, 0, 2))
    assert slot(anchors, at(2, at(0, at(tax.id, 3)))) == number(digest)
    assert anchor_slot(tax.id, 0, 2) == ("AnchorRegistry", at(2, at(0, at(tax.id, 3))))
    assert [slot(anchors, status_slot(tax.id, *where)[1]) for where in ((0, 0), (1, 1), (1, 0))] == [4, 8, 0]
    assert slot(anchors, at(0, at(0, at(tax.id, 4)))) == 4
    assert slot(anchors, at(1, at(1, at(tax.id, 4)))) == 8
    assert slot(anchors, at(tax.id, 5)) == 1
    assert change["changesDigest"] == lists_digest([0], [4])


def test_a_consent(consortium, chain, slot):
    consents, key, consent_id = consortium.consents, consortium.relayer.key, word("c")
    end = chain.next_time + 1000
    granted = chain.send(consents.functions.grant(consent_id, 77, end, 5, SECRET_HASH, ZERO), key)
    chain.send(consents.functions.recordUses([consent_id], [word("u")]), key)
    withdrawn = chain.send(consents.functions.withdrawByRelayer(consent_id), key)
    times = (chain.time_of(granted), chain.time_of(withdrawn))
    place = at(consent_id, 0)
    expected = ((2, 8), (times[0], 40), (77, 40), (end, 40), (5, 32), (1, 32), (times[1], 40))
    assert slot(consents, place) == packed(*expected)
    assert slot(consents, place + 1) == number(SECRET_HASH)
    assert [where for _, where in consent_slots(consent_id)] == [place, place + 1]


def test_the_history_of_a_subject(consortium, chain, slot):
    subjects, key, subject = consortium.subjects, consortium.registrar.key, word("subject")
    chain.send(subjects.functions.register(subject, word("a")), key)
    receipt = chain.send(subjects.functions.rotate(subject, word("b")), key)
    place = at(subject, 0)
    entry = number(keccak(place.to_bytes(32))) + 3
    assert slot(subjects, place) == 2
    assert slot(subjects, entry) == number(word("b"))
    assert slot(subjects, entry + 1) == chain.time_of(receipt)
    assert slot(subjects, entry + 2) == number(consortium.registrar.id)
    assert [where for _, where in entry_slots(subject, 1)] == [entry, entry + 1]


def test_the_recovery_of_a_subject(consortium, chain, slot):
    subjects, key, subject = consortium.subjects, consortium.registrar.key, word("subject")
    chain.send(subjects.functions.register(subject, word("a")), key)
    asked = [chain.time_of(chain.send(subjects.functions.requestRecovery(subject, word("b")), key))]
    place = at(subject, 1)
    assert slot(subjects, place) == number(word("b"))
    assert slot(subjects, place + 1) == packed((1, 64), (asked[0], 64))
    chain.send(subjects.functions.cancelRecovery(subject, 1), key)
    assert slot(subjects, place) == 0
    assert slot(subjects, place + 1) == packed((1, 64), (asked[0], 64))


def test_the_council(consortium, chain, slot):
    council, governor = consortium.council, consortium.governor
    calls = [(council.address, council.functions.setThreshold(1)._encode_transaction_data())]
    receipt = chain.send(council.functions.propose(calls))
    event = events(council, receipt, "ProposalOpened")[0]
    place = at(event["number"], 5)
    assert [slot(council, i) for i in (0, 1, 2, 4)] == [1, 1, 1, event["number"]]
    assert slot(council, at(governor.address, 3)) == 1
    address = int(governor.address, 16)
    assert slot(council, place) == packed((1, 8), (event["expiresAt"], 64), (address, 160))
    assert slot(council, place + 1) == number(event["digest"])
    assert slot(council, place + 2) == 1
    assert slot(council, at(governor.address, at(event["digest"], 6))) == 1
