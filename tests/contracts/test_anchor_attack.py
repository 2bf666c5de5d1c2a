"""What a thief with a department's key, or another member, tries at the AnchorRegistry, and what undoes it."""

import pytest
from eth_account import Account

from tests.kit.contract_anchor import ERASED, MARK_TYPES, NO_LONGER_USED, lists_digest, mark_digest, mark_of
from tests.kit.contract_set import (
    DEPARTMENT,
    REGISTRAR,
    RELAYER,
    ZERO,
    Member,
    Purpose,
    call_of,
    events,
    word,
)

THIEF = Account.from_key(word("stolen"))


@pytest.fixture
def tax(consortium):
    """A department with 600 attestations, one of whose keys was stolen."""
    tax = consortium.tax
    consortium.add_key(tax, THIEF)
    consortium.chain.send(consortium.anchor(consortium.batch(tax, size=600), tax.key))
    return tax


@pytest.fixture
def anchors(consortium):
    return consortium.anchors.functions


@pytest.fixture
def revoked(consortium, chain):
    return lambda member, *words: chain.read(consortium.anchors.functions.statusWords(member.id, list(words)))[0]


def change(consortium, member, key, words, masks, **fields):
    """Change the status under the next number; the event."""
    number = consortium.chain.read(consortium.anchors.functions.statusNumber(member.id)) + 1
    signed = consortium.change(member, words, masks, number, **fields)
    receipt = consortium.chain.send(consortium.change_status(signed, key, words, masks), consortium.stranger)
    return events(consortium.anchors, receipt, "StatusChanged")[0]


def compromise(consortium, since):
    consortium.govern(consortium.members.functions.markCompromised(THIEF.address, since))


def restore(consortium, event, cleared):
    """Let the council agree on what goes of a mark, and clear it as anybody; the last receipt."""
    anchors, mark = consortium.anchors.functions, mark_of(event)
    consortium.govern(anchors.restore(mark, lists_digest(event["words"], cleared)))
    return consortium.chain.send(anchors.clear(mark, event["words"], event["masks"], cleared), consortium.stranger)


def test_k10_what_a_thief_set_is_cleared_but_not_what_a_good_key_named_as_well(
    consortium, chain, anchors, tax, revoked
):
    early = change(consortium, tax, THIEF, [0], [0b1])
    good = change(consortium, tax, tax.key, [0], [0b110])
    chain.wait(60)
    bad = change(consortium, tax, THIEF, [0, 1], [0b11010, 0b1])
    assert revoked(tax, 0, 1) == [0b11111, 0b1]
    compromise(consortium, bad["markedAt"])

    receipt = restore(consortium, bad, [0b11000, 0b1])

    assert events(consortium.anchors, receipt, "StatusRestored") == [
        {
            "member": tax.id,
            "plane": 0,
            "markDigest": mark_digest(mark_of(bad)),
            "words": [0, 1],
            "cleared": [0b11000, 0b1],
        }
    ]
    assert revoked(tax, 0, 1) == [0b00111, 0]
    # what the key did before its compromise stays, and so does what a good key did
    for event in (early, good):
        function = anchors.restore(mark_of(event), lists_digest(event["words"], event["masks"]))
        consortium.council_refuses("StatusKeyGood", function, event["key"])
    assert chain.read(anchors.clearDigest(mark_digest(mark_of(bad)))) == ZERO


def test_k10_everybody_can_say_what_the_thief_set(consortium, chain, anchors, tax):
    event = change(consortium, tax, THIEF, [0, 2], [5, 1])
    assert (event["key"], event["actor"]) == (THIEF.address, tax.id)
    assert chain.read(anchors.markDigest(tax.id, False, event["number"])) == mark_digest(mark_of(event))


def test_k10_what_a_batch_of_the_thief_superseded_is_cleared(consortium, chain, anchors, tax):
    batch = consortium.batch(tax, 2, 0, 10, word("root 1"), [0], [0b11])
    event = events(consortium.anchors, chain.send(consortium.anchor(batch, THIEF, [0], [0b11])), "StatusChanged")[0]
    assert chain.read(anchors.markDigest(tax.id, True, 2)) == mark_digest(mark_of(event))
    compromise(consortium, event["markedAt"])
    restore(consortium, event, [0b11])
    assert chain.read(anchors.statusWords(tax.id, [0])) == [[0], [0]]


def test_k10_what_restore_overlooked_anybody_sets_again(consortium, chain, anchors, tax, revoked):
    """The council clears too much, or a good key names a position between decision and clearing."""
    bad = change(consortium, tax, THIEF, [0], [0b11])
    good = change(consortium, tax, tax.key, [0], [0b10])
    compromise(consortium, bad["markedAt"])
    restore(consortium, bad, [0b11])
    assert revoked(tax, 0) == [0]
    confirm = anchors.confirm(mark_of(good), good["words"], good["masks"])
    receipt = chain.send(confirm, consortium.stranger)
    assert events(consortium.anchors, receipt, "StatusConfirmed")[0]["masks"] == [0b10]
    assert revoked(tax, 0) == [0b10]


def test_k10_the_thief_does_not_confirm_what_was_cleared(consortium, chain, anchors, tax):
    bad = change(consortium, tax, THIEF, [0], [0b11])
    compromise(consortium, bad["markedAt"])
    restore(consortium, bad, [0b11])
    again = anchors.confirm(mark_of(bad), bad["words"], bad["masks"])
    chain.refuses("StatusKeyCompromised", again, THIEF.address, sender=consortium.stranger)
    once_more = anchors.clear(mark_of(bad), bad["words"], bad["masks"], [0b11])
    digests = (mark_digest(mark_of(bad)), lists_digest([0], [0b11]))
    chain.refuses("StatusClearNotAgreed", once_more, *digests, sender=consortium.stranger)


def test_k10_nobody_clears_but_what_the_council_agreed_on(consortium, chain, anchors, tax):
    good = change(consortium, tax, tax.key, [0], [0b11])
    bad = change(consortium, tax, THIEF, [0], [0b101])
    compromise(consortium, bad["markedAt"])
    for who in (consortium.court, consortium.relayer, consortium.registrar, consortium.bank):
        for event in (good, bad):
            mark, digest = mark_of(event), lists_digest([0], [0b1])
            clear = anchors.clear(mark, event["words"], event["masks"], [0b1])
            chain.refuses("StatusClearNotAgreed", clear, mark_digest(mark), digest, sender=who.key)
        council_only = anchors.restore(mark_of(bad), digest)
        chain.refuses("OwnableUnauthorizedAccount", council_only, who.key.address, sender=who.key)
    consortium.govern(anchors.restore(mark_of(bad), lists_digest([0], [0b111])))
    beyond = anchors.clear(mark_of(bad), [0], [0b101], [0b111])
    chain.refuses("StatusClearBeyondMark", beyond, 0, sender=consortium.stranger)
    other = anchors.clear(mark_of(bad), [0], [0b111], [0b111])
    digests = (lists_digest([0], [0b101]), lists_digest([0], [0b111]))
    chain.refuses("StatusChangesDigestWrong", other, *digests, sender=consortium.stranger)
    # the council takes it back
    consortium.govern(anchors.restore(mark_of(bad), ZERO))
    chain.refuses("StatusClearNotAgreed", beyond, sender=consortium.stranger)


def test_k10_lists_of_another_length_clear_nothing(consortium, chain, anchors, tax):
    bad = change(consortium, tax, THIEF, [0, 1], [1, 1])
    compromise(consortium, bad["markedAt"])
    consortium.govern(anchors.restore(mark_of(bad), lists_digest([0, 1], [1])))
    chain.refuses("StatusListsUneven", anchors.clear(mark_of(bad), [0, 1], [1, 1], [1]), 2, 1)


@pytest.mark.parametrize("field", range(len(MARK_TYPES)))
def test_k10_a_mark_is_on_record_or_it_is_none(consortium, chain, anchors, tax, field):
    event = change(consortium, tax, THIEF, [0], [1])
    compromise(consortium, event["markedAt"])
    mark = list(mark_of(event))
    mark[field] = {int: 7, bytes: word("other"), str: consortium.court.key.address}[type(mark[field])]
    digest = mark_digest(mark)
    consortium.council_refuses("StatusMarkUnknown", anchors.restore(mark, ZERO), digest)
    chain.refuses("StatusMarkUnknown", anchors.confirm(mark, [0], [1]), digest)
    chain.refuses("StatusMarkUnknown", anchors.clear(mark, [0], [1], [1]), digest)


@pytest.fixture
def gone(consortium, tax):
    """A department that has left, whose attestations the court has taken over."""
    members = consortium.members.functions
    consortium.govern(members.retire(tax.id), members.setSuccessor(tax.id, consortium.court.id))
    return tax


@pytest.mark.parametrize("reason", [NO_LONGER_USED, ERASED])
def test_k11_the_successor_revokes_and_erases_what_a_department_left(consortium, gone, revoked, reason):
    event = change(consortium, gone, consortium.court.key, [0], [0b1], reason=reason)
    assert (event["actor"], event["key"]) == (consortium.court.id, consortium.court.key.address)
    assert revoked(gone, 0) == [1]
    # and only there
    assert revoked(consortium.court, 0) == [0]


def test_k11_so_does_the_successor_of_the_successor_and_nobody_else(consortium, chain, gone):
    heir = consortium.admit(Member(word("heir"), DEPARTMENT, consortium.stranger))
    other = consortium.admit(Member(word("other"), DEPARTMENT, Account.from_key(word("another key"))))
    signed = consortium.change(gone, [0], [1])
    for member in (heir, other, consortium.registrar):
        function = consortium.change_status(signed, member.key, [0], [1])
        chain.refuses("StatusActorInvalid", function, gone.id, member.id)
    chain.refuses("MemberLacksRole", consortium.change_status(signed, consortium.relayer.key, [0], [1]))
    chain.refuses("MemberNotActive", consortium.change_status(signed, gone.key, [0], [1]))
    consortium.govern(consortium.members.functions.setSuccessor(consortium.court.id, heir.id))
    change(consortium, gone, heir.key, [0], [1])


def test_k11_a_successor_does_not_attest_for_who_left(consortium, chain, gone):
    batch = consortium.batch(gone, 2, previous=word("root 1"))
    function = consortium.anchor(batch, consortium.court.key)
    chain.refuses("MemberNotActive", function, gone.id, 3)


def test_k11_what_a_thief_set_with_the_successors_key_is_cleared(consortium, gone, revoked):
    consortium.add_key(consortium.court, Account.from_key(word("court's stolen key")))
    key = Account.from_key(word("court's stolen key"))
    event = change(consortium, gone, key, [0], [0b11])
    consortium.govern(consortium.members.functions.markCompromised(key.address, event["markedAt"]))
    restore(consortium, event, [0b11])
    assert revoked(gone, 0) == [0]


@pytest.mark.parametrize("state", ["suspend", "retire"])
def test_k11_the_council_revokes_for_a_member_that_cannot(consortium, chain, anchors, tax, revoked, state):
    function = anchors.changeStatusFor(tax.id, 0, ERASED, [0, 1], [1, 2])
    consortium.council_refuses("StatusMemberActive", function, tax.id)
    consortium.govern(consortium.members.functions[state](tax.id))
    receipt = consortium.govern(function)
    event = events(consortium.anchors, receipt, "StatusChanged")[0]
    assert (event["actor"], event["key"], event["number"]) == (ZERO, consortium.council.address, 1)
    assert chain.read(anchors.markDigest(tax.id, False, 1)) == mark_digest(mark_of(event))
    assert revoked(tax, 0, 1) == [1, 2]
    consortium.council_refuses("StatusKeyGood", anchors.restore(mark_of(event), ZERO), consortium.council.address)


def test_k11_the_council_keeps_to_the_rules_of_a_list(consortium, chain, anchors, tax):
    consortium.govern(consortium.members.functions.suspend(tax.id))
    for name, arguments in (
        ("StatusPlaneUnknown", (2, 1, [0], [1])),
        ("StatusReasonUnknown", (0, 0, [0], [1])),
        ("StatusListEmpty", (0, 1, [], [])),
        ("StatusListsUneven", (0, 1, [0], [])),
        ("StatusPositionBeyondTotal", (0, 1, [3], [1])),
    ):
        consortium.council_refuses(name, anchors.changeStatusFor(tax.id, *arguments))
    for who in (consortium.court, consortium.registrar, consortium.relayer):
        function = anchors.changeStatusFor(tax.id, 0, 1, [0], [1])
        chain.refuses("OwnableUnauthorizedAccount", function, who.key.address, sender=who.key)
    consortium.council_refuses("StatusPositionBeyondTotal", anchors.changeStatusFor(word("nobody"), 0, 1, [0], [1]))


@pytest.mark.parametrize("purpose", list(Purpose)[:-1])
def test_k14_a_key_signs_only_what_it_is_for(consortium, chain, purpose):
    """A sender account's key signed batches of the access log."""
    member = Member(word("all roles"), DEPARTMENT | REGISTRAR | RELAYER, Account.from_key(word("one purpose")))
    consortium.admit(member, purpose)
    consortium.add_key(member, consortium.stranger)
    chain.send(consortium.anchor(consortium.batch(member), consortium.stranger))
    lists = ([0], [1])
    attempts = {
        Purpose.ATTEST: consortium.anchor(consortium.batch(member, 2, previous=word("root 1")), member.key),
        Purpose.LOG: consortium.anchor(consortium.batch(member, stream=1), member.key),
        Purpose.STATUS: consortium.change_status(consortium.change(member, *lists), member.key, *lists),
        Purpose.ERASE: consortium.change_status(consortium.change(member, *lists, reason=ERASED), member.key, *lists),
    }
    for needed, function in attempts.items():
        if needed == purpose:
            continue
        chain.refuses("MemberKeyLacksPurpose", function, member.key.address, needed)
    if purpose in attempts:
        chain.send(attempts[purpose])


def test_k16_a_signed_batch_is_worth_nothing_after_its_deadline(consortium, chain):
    tax, deadline = consortium.tax, chain.next_time + 100
    function = consortium.anchor(consortium.batch(tax, deadline=deadline), tax.key)
    chain.at(deadline + 1)
    chain.refuses("BatchPastDeadline", function, deadline)
    # it is signed anew, not dropped
    chain.send(consortium.anchor(consortium.batch(tax, deadline=deadline + 100), tax.key))


def test_k16_the_deadline_itself_is_in_time(consortium, chain, tax):
    deadline = chain.next_time + 100
    batch = consortium.anchor(consortium.batch(tax, 2, previous=word("root 1"), deadline=deadline), tax.key)
    chain.at(deadline)
    chain.send(batch)
    deadline += 100
    change_ = consortium.change_status(consortium.change(tax, [0], [1], deadline=deadline), tax.key, [0], [1])
    chain.at(deadline)
    chain.send(change_)


def test_k16_a_signed_change_is_worth_nothing_after_its_deadline(consortium, chain, tax):
    deadline = chain.next_time + 100
    function = consortium.change_status(consortium.change(tax, [0], [1], deadline=deadline), tax.key, [0], [1])
    chain.at(deadline + 1)
    chain.refuses("StatusPastDeadline", function, deadline)


@pytest.mark.parametrize("what", ["batch", "change"])
def test_k16_what_was_signed_for_a_rehearsal_counts_nowhere_else(consortium, chain, tax, what):
    elsewhere = {"chain_id": chain.w3.eth.chain_id + 1}
    if what == "batch":
        batch = consortium.batch(tax, 2, previous=word("root 1"))
        signature = consortium.sign_batch(batch, tax.key, **elsewhere)
        chain.refuses("MemberKeyNotValid", consortium.anchor(batch, None, signature=signature))
    else:
        signed = consortium.change(tax, [0], [1])
        signature = consortium.sign_change(signed, tax.key, **elsewhere)
        chain.refuses("MemberKeyUnknown", consortium.change_status(signed, None, [0], [1], signature))


@pytest.mark.parametrize("kind", ["batch", "change", "clear", "confirm"])
def test_k18_six_hundred_words_stay_below_the_gas_of_a_transaction(consortium, chain, anchors, kind):
    tax, words, masks = consortium.tax, list(range(600)), [2**256 - 1] * 600
    consortium.add_key(tax, THIEF)
    chain.send(consortium.anchor(consortium.batch(tax, size=600 * 256), tax.key))
    if kind == "batch":
        batch = consortium.batch(tax, 2, previous=word("root 1"), words=words, masks=masks)
        receipt = chain.send(consortium.anchor(batch, tax.key, words, masks))
    else:
        signed = consortium.change(tax, words, masks)
        key = THIEF if kind == "clear" else tax.key
        receipt = chain.send(consortium.change_status(signed, key, words, masks))
        event = events(consortium.anchors, receipt, "StatusChanged")[0]
        if kind == "clear":
            compromise(consortium, event["markedAt"])
            receipt = restore(consortium, event, masks)
        if kind == "confirm":
            receipt = chain.send(anchors.confirm(mark_of(event), words, masks))
    assert receipt["gasUsed"] < 16_700_000


def test_k18_a_proposal_keeps_its_lists_so_the_councils_have_three_hundred_words(consortium, chain, anchors):
    tax, words, masks = consortium.tax, list(range(300)), [2**256 - 1] * 300
    chain.send(consortium.anchor(consortium.batch(tax, size=300 * 256), tax.key))
    consortium.govern(consortium.members.functions.suspend(tax.id))
    call = call_of(anchors.changeStatusFor(tax.id, 0, ERASED, words, masks))
    opened = chain.send(consortium.council.functions.propose([call]))
    number = events(consortium.council, opened, "ProposalOpened")[0]["number"]
    executed = chain.send(consortium.council.functions.execute(number))
    assert max(opened["gasUsed"], executed["gasUsed"]) < 16_700_000


def test_k19_one_neutral_reason_and_erased_apart(consortium, tax):
    for reason in (NO_LONGER_USED, ERASED):
        assert change(consortium, tax, tax.key, [0], [1], reason=reason)["reason"] == reason


def test_k12_a_freeze_stops_batches_and_changes_but_not_what_the_council_restores(consortium, chain, anchors, tax):
    good = change(consortium, tax, tax.key, [0], [0b10])
    bad = change(consortium, tax, THIEF, [0], [0b11])
    compromise(consortium, bad["markedAt"])
    consortium.govern(consortium.members.functions.setFrozen(True))
    batch = consortium.batch(tax, 2, previous=word("root 1"))
    chain.refuses("MembersFrozen", consortium.anchor(batch, tax.key))
    signed = consortium.change(tax, [0], [1], 3)
    chain.refuses("MembersFrozen", consortium.change_status(signed, tax.key, [0], [1]))
    restore(consortium, bad, [0b1])
    chain.send(anchors.confirm(mark_of(good), good["words"], good["masks"]))
