import random

import pytest
from eth_keys.constants import SECPK1_N
from eth_utils import keccak

from tests.kit.contract_anchor import ERASED, NO_LONGER_USED, STATUS_CHANGE_FIELDS, lists_digest, mark_digest, mark_of
from tests.kit.contract_set import FOREVER, SUSPENDED, events, word


@pytest.fixture
def tax(consortium):
    """A department with 600 attestations."""
    tax = consortium.tax
    consortium.chain.send(consortium.anchor(consortium.batch(tax, size=600), tax.key))
    return tax


@pytest.fixture
def words_of(consortium, chain):
    return lambda member, words: chain.read(consortium.anchors.functions.statusWords(member.id, words))


@pytest.mark.parametrize("plane", [0, 1])
def test_anyone_relays_a_signed_change(consortium, chain, tax, words_of, plane):
    words, masks = [0, 2], [0b11, 1 << 87]
    change = consortium.change(tax, words, masks, plane=plane)
    receipt = chain.send(consortium.change_status(change, tax.key, words, masks), consortium.stranger)

    event = {
        "member": tax.id,
        "plane": plane,
        "number": 1,
        "reason": NO_LONGER_USED,
        "markedAt": chain.time_of(receipt),
        "actor": tax.id,
        "key": tax.key.address,
        "words": words,
        "masks": masks,
    }
    assert events(consortium.anchors, receipt, "StatusChanged") == [event]
    stored = consortium.anchors.functions.markDigest(tax.id, False, 1)
    assert chain.read(stored) == mark_digest(mark_of(event))
    planes = words_of(tax, [0, 1, 2])
    assert planes[plane] == [0b11, 0, 1 << 87]
    assert planes[1 - plane] == [0, 0, 0]
    assert chain.read(consortium.anchors.functions.statusNumber(tax.id)) == 1
    status = chain.read(consortium.anchors.functions.statusOf(tax.id, 599))
    assert status == [plane == 0, plane == 1]


def test_bits_are_set_and_not_cleared_by_further_changes(consortium, chain, tax, words_of):
    rng = random.Random(7)
    expected = [[0, 0, 0], [0, 0, 0]]
    for number in range(1, 13):
        plane = rng.randrange(2)
        words = sorted(rng.sample(range(3), rng.randint(1, 3)))
        masks = [rng.getrandbits(88) | 1 for _ in words]
        change = consortium.change(tax, words, masks, number, plane)
        chain.send(consortium.change_status(change, tax.key, words, masks))
        for w, m in zip(words, masks, strict=True):
            expected[plane][w] |= m
        assert words_of(tax, [0, 1, 2]) == expected


def test_a_signed_change_is_not_made_twice(consortium, chain, tax):
    function = consortium.change_status(consortium.change(tax, [0], [1]), tax.key, [0], [1])
    chain.send(function)
    chain.refuses("StatusNumberNotNext", function, 1, 2)


@pytest.mark.parametrize("number", [0, 2, FOREVER])
def test_numbers_of_changes_are_consecutive(consortium, chain, tax, number):
    change = consortium.change(tax, [0], [1], number)
    chain.refuses("StatusNumberNotNext", consortium.change_status(change, tax.key, [0], [1]), number, 1)


def test_numbers_of_changes_are_the_members_own(consortium, chain, tax):
    court = consortium.court
    chain.send(consortium.anchor(consortium.batch(court), court.key))
    for member in (tax, court):
        change = consortium.change(member, [0], [1])
        chain.send(consortium.change_status(change, member.key, [0], [1]))


def test_k19_an_unknown_plane_an_unknown_reason_and_an_empty_list_are_refused(consortium, chain, tax):
    plane = consortium.change(tax, [0], [1], plane=2)
    chain.refuses("StatusPlaneUnknown", consortium.change_status(plane, tax.key, [0], [1]), 2)
    for reason, where in ((0, 0), (3, 0), (2**16 - 1, 1), (ERASED, 1)):
        unknown = consortium.change(tax, [0], [1], reason=reason, plane=where)
        chain.refuses("StatusReasonUnknown", consortium.change_status(unknown, tax.key, [0], [1]), reason, where)
    empty = consortium.change(tax, [], [])
    chain.refuses("StatusListEmpty", consortium.change_status(empty, tax.key, [], []))


@pytest.mark.parametrize(("words", "masks"), [([0], [2]), ([1], [1]), ([0, 1], [1, 1])])
def test_the_changes_are_the_signed_ones(consortium, chain, tax, words, masks):
    change = consortium.change(tax, [0], [1])
    function = consortium.change_status(change, tax.key, words, masks)
    chain.refuses("StatusChangesDigestWrong", function, lists_digest([0], [1]), lists_digest(words, masks))


@pytest.mark.parametrize(("at", "mask"), [(2, 1 << 88), (3, 1), (2**256 - 1, 1)])
def test_a_position_beyond_the_total_has_no_status(consortium, chain, tax, at, mask):
    change = consortium.change(tax, [at], [mask])
    function = consortium.change_status(change, tax.key, [at], [mask])
    chain.refuses("StatusPositionBeyondTotal", function, at, mask, 600)


def test_rows_of_the_access_log_have_no_status(consortium, chain):
    registrar = consortium.registrar
    chain.send(consortium.anchor(consortium.batch(registrar, stream=1), registrar.key))
    change = consortium.change(registrar, [0], [1])
    function = consortium.change_status(change, registrar.key, [0], [1])
    chain.refuses("StatusPositionBeyondTotal", function, 0, 1, 0)


def test_h10_a_department_does_not_change_the_status_of_another(consortium, chain, tax, words_of):
    court = consortium.court
    for sender in (court.key, tax.key, consortium.stranger):
        function = consortium.change_status(consortium.change(tax, [0], [1]), court.key, [0], [1])
        chain.refuses("StatusActorInvalid", function, tax.id, court.id, sender=sender)
    assert words_of(tax, [0]) == [[0], [0]]


def test_h10_a_department_does_not_supersede_what_another_attested(consortium, chain, tax, words_of):
    """A batch of the court reaches the court's own positions only, and the court has none yet."""
    court = consortium.court
    batch = consortium.batch(court, words=[0], masks=[1])
    chain.refuses("StatusPositionBeyondTotal", consortium.anchor(batch, court.key, [0], [1]))
    forged = consortium.batch(tax, 2, previous=word("root 1"), words=[0], masks=[1])
    chain.refuses("MemberKeyNotValid", consortium.anchor(forged, court.key, [0], [1]))
    assert words_of(tax, [0]) == [[0], [0]]


def test_h10_a_signature_of_the_victim_for_something_else_does_not_serve(consortium, chain, tax):
    revoke = consortium.change(tax, [0], [1], reason=1)
    signature = consortium.sign_change(revoke, tax.key)
    for other in ({"plane": 1}, {"reason": 2}):
        function = consortium.change_status({**revoke, **other}, None, [0], [1], signature)
        chain.refuses("MemberKeyUnknown", function)
    batch_signature = consortium.sign_batch(consortium.batch(tax), tax.key)
    chain.refuses("MemberKeyUnknown", consortium.change_status(revoke, None, [0], [1], batch_signature))


def test_h5_a_change_by_who_may_not_act_is_refused(consortium, chain, tax):
    members = consortium.members.functions
    change = consortium.change_status(consortium.change(tax, [0], [1]), tax.key, [0], [1])
    consortium.govern(members.addRoles(tax.id, 2 | 8), members.removeRoles(tax.id, 1))
    chain.refuses("MemberLacksRole", change, tax.id, 1 | 4)
    consortium.govern(members.addRoles(tax.id, 1), members.suspend(tax.id))
    chain.refuses("MemberNotActive", change, tax.id, SUSPENDED)
    consortium.govern(members.reactivate(tax.id), members.endKey(tax.key.address, 0))
    chain.refuses("MemberKeyNotValid", change, tax.key.address.lower())


@pytest.mark.parametrize("domain", ["chain_id", "contract"])
def test_a_change_signed_for_another_chain_or_contract_is_refused(consortium, chain, tax, domain):
    other = {"chain_id": 1} if domain == "chain_id" else {"contract": consortium.members}
    change = consortium.change(tax, [0], [1])
    signature = consortium.sign_change(change, tax.key, **other)
    chain.refuses("MemberKeyUnknown", consortium.change_status(change, None, [0], [1], signature))


def test_a_change_with_a_high_s_is_refused(consortium, chain, tax):
    change = consortium.change(tax, [0], [1])
    good = consortium.sign_change(change, tax.key)
    s = (SECPK1_N - int.from_bytes(good[32:64])).to_bytes(32)
    high = good[:32] + s + bytes([55 - good[64]])
    chain.refuses("ECDSAInvalidSignatureS", consortium.change_status(change, None, [0], [1], high), s)


def test_the_status_change_digest_is_the_one_of_eth_account(consortium, chain, tax):
    change = consortium.change(tax, [3, 9], [1, 2], FOREVER, 1, 2**16 - 1)
    typed = consortium.typed(consortium.anchors, "StatusChange", STATUS_CHANGE_FIELDS, change)
    digest = chain.read(consortium.anchors.functions.statusChangeDigest(tuple(change.values())))
    assert digest == keccak(b"\x19" + typed.version + typed.header + typed.body)
