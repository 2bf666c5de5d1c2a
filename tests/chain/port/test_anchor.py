"""What the Ledger port promises of batches and of status."""

from dataclasses import replace

import pytest

from ledger_node.chain.port import Role, StreamHead
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS, NO_ROOT
from ledger_node.domain.event import RestoreEvent, StatusEvent, StatusStep
from ledger_node.domain.fact import FactQuery, KeyPurpose
from ledger_node.domain.hashing import MAX_SIZE
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import MAX_WORDS, NOBODY, WORD_BITS, Mark, Plane, StatusReason, changes_digest
from tests.kit.ledger_port import LEFT, NOTHING, SUSPENDED, id_, recorded, refusal
from tests.kit.ledger_world import (
    RELAYER,
    RELAYER_KEY,
    STRANGER_KEY,
)


def test_a_batch_is_anchored_behind_the_head_of_its_stream(world, ledger, department):
    member, key = department
    assert ledger.stream_head(member, ATTESTATIONS) == StreamHead(0, 0, NO_ROOT)
    first, second = world.order(member, key, size=300), None
    anchor, mined = ledger.anchor(first)
    assert (anchor.number, anchor.start, anchor.size, anchor.key) == (1, 0, 300, address_of(key))
    assert anchor.anchored_at == mined.block.time
    second = world.order(member, key)
    assert ledger.anchor(second)[0].start == 300
    assert ledger.stream_head(member, ATTESTATIONS) == StreamHead(2, 305, second.batch.root)
    assert ledger.stream_head(member, ACCESS_LOG) == StreamHead(0, 0, NO_ROOT)
    assert ledger.find_anchor(member, ATTESTATIONS, 1) == (anchor, mined)
    assert ledger.find_anchor(member, ATTESTATIONS, 1, since=mined.block.number + 1) == (anchor, mined)
    assert ledger.find_anchor(member, ATTESTATIONS, 3) is None
    facts = ledger.facts(FactQuery(anchors=frozenset({(member, 0, 1), (member, 0, 3)})))
    assert facts.anchor_digests == {(member, 0, 1): anchor.digest}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"stream": 2}, "BatchStreamUnknown"),
        ({"root": NOTHING}, "BatchRootZero"),
        ({"size": 0}, "BatchSizeInvalid"),
        ({"size": MAX_SIZE + 1}, "BatchSizeInvalid"),
        ({"number": 2}, "BatchNumberNotNext"),
        ({"previous_root": b"x" * 32}, "BatchPreviousRootWrong"),
        ({"superseded_digest": b"x" * 32}, "BatchSupersededDigestWrong"),
        ({"stream": ACCESS_LOG, "positions": [0]}, "BatchCannotSupersede"),
        ({"positions": [0]}, "StatusPositionBeyondTotal"),
        ({"deadline": 1}, "BatchPastDeadline"),
    ],
    ids=str,
)
def test_a_batch_that_does_not_follow_is_refused(world, ledger, department, changes, error):
    before = ledger.head()
    assert refusal(ledger.anchor, world.order(*department, **changes)) == (error, Reason.LEDGER_REFUSED)
    assert ledger.head() == before


def test_a_batch_that_was_anchored_is_refused_the_second_time(world, ledger, department):
    order = world.order(*department)
    ledger.anchor(order)
    assert refusal(ledger.anchor, order)[0] == "BatchNumberNotNext"


def test_a_signature_counts_for_the_member_of_its_key_only(world, ledger, department):
    member, key = department
    order = world.order(member, key)
    assert refusal(ledger.anchor, world.order(member, STRANGER_KEY)) == ("MemberKeyNotValid", Reason.KEY_NOT_VALID)
    assert refusal(ledger.anchor, world.order(id_(), key)) == ("MemberUnknown", Reason.LEDGER_REFUSED)
    assert refusal(ledger.anchor, replace(order, signature=b"x" * 64))[0] == "ECDSAInvalidSignatureLength"
    assert refusal(ledger.anchor, replace(order, signature=bytes(65)))[0] == "ECDSAInvalidSignature"


def test_a_relayer_anchors_the_access_log_and_no_attestations(world, ledger):
    assert refusal(ledger.anchor, world.order(RELAYER, RELAYER_KEY, stream=2))[0] == "BatchStreamUnknown"
    ledger.anchor(world.order(RELAYER, RELAYER_KEY, stream=ACCESS_LOG))
    member, key = world.new_member(Role.RELAYER)
    assert refusal(ledger.anchor, world.order(member, key)) == ("MemberLacksRole", Reason.NOT_ALLOWED)
    member, key = world.new_member(Role.BANK)
    assert refusal(ledger.anchor, world.order(member, key, stream=ACCESS_LOG))[0] == "MemberLacksRole"


@pytest.mark.parametrize("end", ["ended", "compromised", "suspended", "left"])
def test_what_signs_no_more_anchors_no_more(world, ledger, department, end):
    member, key = department
    order = world.order(member, key)
    if end == "ended":
        world.council.end_key(address_of(key), world.now() + 5)
        world.pass_time(5)
    elif end == "compromised":
        world.council.mark_compromised(address_of(key), world.now())
    else:
        world.council.set_state(member, SUSPENDED if end == "suspended" else LEFT)
    expected = ("MemberKeyNotValid", Reason.KEY_NOT_VALID)
    if end in {"suspended", "left"}:
        expected = ("MemberNotActive", Reason.NOT_ALLOWED)
    assert refusal(ledger.anchor, order) == expected


def test_a_batch_supersedes_positions_before_it(world, ledger, department):
    member, key = department
    ledger.anchor(world.order(member, key, size=300))
    _, mined = ledger.anchor(world.order(member, key, positions=[3, 299]))
    facts = ledger.facts(FactQuery(positions=frozenset({(member, 3), (member, 299)})))
    assert facts.status == {
        (member, Plane.REVOKED, 0): 0,
        (member, Plane.REVOKED, 1): 0,
        (member, Plane.SUPERSEDED, 0): 1 << 3,
        (member, Plane.SUPERSEDED, 1): 1 << 43,
    }
    lists = (0, 1), (1 << 3, 1 << 43)
    mark = mark_of(mined, member, Plane.SUPERSEDED, 2, StatusReason.SUPERSEDED, *lists, key)
    assert happened(ledger, mined) == [StatusEvent.changed(mark, *lists, recorded(mined))]
    assert ledger.mark_digest(member, 2, by_batch=True) == mark.digest
    assert ledger.mark_digest(member, 2, by_batch=False) == ledger.mark_digest(member, 1, by_batch=True) == NOTHING


def mark_of(mined, member, plane, number, reason, words, masks, key, actor=None):
    """Return the mark that a transaction left."""
    place = (changes_digest(words, masks), mined.block.time, actor or member, address_of(key))
    return Mark(member, plane, number, int(reason), *place)


def happened(ledger, mined):
    number = mined.block.number
    return list(ledger.events_between(number, number))


def test_a_change_of_status_names_who_made_it_with_which_key(world, ledger, department):
    member, key = department
    ledger.anchor(world.order(member, key))
    assert ledger.status_number(member) == 0
    change, signature, words, masks = world.change(member, key, [0, 2])
    mined = ledger.change_status(change, signature, words, masks)
    ledger.change_status(*world.change(member, key, [1], reason=StatusReason.NO_LONGER_USED))
    assert ledger.status_number(member) == 2
    facts = ledger.facts(FactQuery(positions=frozenset({(member, 0)})))
    assert facts.status == {(member, Plane.REVOKED, 0): 0b111, (member, Plane.SUPERSEDED, 0): 0}
    assert ledger.status_words(member, [0, 7]) == {Plane.REVOKED: {0: 0b111, 7: 0}, Plane.SUPERSEDED: {0: 0, 7: 0}}
    mark = mark_of(mined, member, Plane.REVOKED, 1, StatusReason.ERASED, words, masks, key)
    assert happened(ledger, mined) == [StatusEvent.changed(mark, words, masks, recorded(mined))]
    assert ledger.mark_digest(member, 1, by_batch=False) == mark.digest


@pytest.mark.parametrize("kind", ["batch", "change", "clear", "confirm"])
def test_k18_the_longest_list_is_taken_with_the_gas_that_every_network_allows(world, ledger, department, kind):
    member, key = department
    ledger.anchor(world.order(member, key, size=MAX_WORDS * WORD_BITS))
    every = range(MAX_WORDS * WORD_BITS)
    if kind == "batch":
        mined = ledger.anchor(world.order(member, key, positions=every))[1]
    else:
        change = world.change(member, key, every)
        mined = ledger.change_status(*change)
        lists = change[2:]
        mark = mark_of(mined, member, Plane.REVOKED, 1, StatusReason.ERASED, *lists, key)
        if kind == "confirm":
            mined = ledger.confirm(mark, *lists)
        if kind == "clear":
            world.council.mark_compromised(address_of(key), mined.block.time)
            world.council.restore(mark, changes_digest(*lists))
            mined = ledger.clear(mark, *lists, lists[1])
    assert mined.gas_used < 16_700_000


def test_k18_words_are_read_however_many_they_are(ledger, department):
    member, _ = department
    assert ledger.status_words(member, []) == {plane: {} for plane in Plane}
    many = range(2 * MAX_WORDS + 1)
    assert ledger.status_words(member, many) == {plane: dict.fromkeys(many, 0) for plane in Plane}


@pytest.mark.parametrize(
    ("positions", "options", "error"),
    [
        ([0], {"number": 2}, "StatusNumberNotNext"),
        ([0], {"reason": StatusReason.SUPERSEDED}, "StatusReasonUnknown"),
        ([0], {"plane": Plane.SUPERSEDED}, "StatusReasonUnknown"),
        ([0], {"deadline": 1}, "StatusPastDeadline"),
        ([], {}, "StatusChangesDigestWrong"),
        ([5], {}, "StatusPositionBeyondTotal"),
        ([256], {}, "StatusPositionBeyondTotal"),
    ],
    ids=str,
)
def test_a_change_of_status_that_does_not_follow_is_refused(world, ledger, department, positions, options, error):
    ledger.anchor(world.order(*department))
    change = world.change(*department, positions, **options)
    assert refusal(ledger.change_status, *change) == (error, Reason.LEDGER_REFUSED)


def test_a_change_of_status_is_what_was_signed(world, ledger, department):
    member, key = department
    ledger.anchor(world.order(member, key))
    change, signature, words, _ = world.change(member, key, [0])
    assert refusal(ledger.change_status, change, signature, words, [2])[0] == "StatusChangesDigestWrong"
    assert refusal(ledger.change_status, *world.change(member, STRANGER_KEY, [0]))[0] == "MemberKeyUnknown"
    bank, its_key = world.new_member(Role.BANK)
    assert refusal(ledger.change_status, *world.change(bank, its_key, [0]))[0] == "MemberLacksRole"
    _, other = world.new_member(Role.DEPARTMENT)
    assert refusal(ledger.change_status, *world.change(member, other, [0]))[0] == "StatusActorInvalid"


def test_k16_what_is_past_its_deadline_is_refused_and_counts_until_then(world, ledger, department):
    member, key = department
    ledger.anchor(world.order(member, key))
    change, order = world.change(member, key, [0], deadline=world.now() + 5), world.order(member, key)
    world.pass_time(5)
    ledger.change_status(*change)
    late = world.change(member, key, [1], deadline=world.now() - 1)
    assert refusal(ledger.change_status, *late) == ("StatusPastDeadline", Reason.LEDGER_REFUSED)
    world.pass_time(order.batch.deadline - world.now() + 1)
    assert refusal(ledger.anchor, order) == ("BatchPastDeadline", Reason.LEDGER_REFUSED)


@pytest.mark.parametrize("purpose", [KeyPurpose.ATTEST, KeyPurpose.STATUS, KeyPurpose.ERASE, KeyPurpose.LOG])
def test_a_key_signs_for_its_purpose_alone(world, ledger, department, purpose):
    member, key = department
    ledger.anchor(world.order(member, key))
    special = id_()
    world.council.add_key(member, address_of(special), purposes=purpose)
    calls = {
        KeyPurpose.ATTEST: lambda: ledger.anchor(world.order(member, special)),
        KeyPurpose.LOG: lambda: ledger.anchor(world.order(member, special, stream=ACCESS_LOG)),
        KeyPurpose.ERASE: lambda: ledger.change_status(*world.change(member, special, [0])),
        KeyPurpose.STATUS: lambda: ledger.change_status(
            *world.change(member, special, [0], reason=StatusReason.NO_LONGER_USED)
        ),
    }
    for other, call in calls.items():
        if other is purpose:
            call()
        else:
            assert refusal(call) == ("MemberKeyLacksPurpose", Reason.KEY_PURPOSE_WRONG)


def test_k11_a_successor_revokes_what_a_member_attested_that_has_left(world, ledger, department):
    member, key = department
    heir, its_key = world.new_member(Role.DEPARTMENT)
    ledger.anchor(world.order(member, key))
    assert refusal(ledger.change_status, *world.change(member, its_key, [0]))[0] == "StatusActorInvalid"
    world.council.set_successor(member, heir)
    world.council.set_state(member, LEFT)
    change = world.change(member, its_key, [0])
    mined = ledger.change_status(*change)
    mark = mark_of(mined, member, Plane.REVOKED, 1, StatusReason.ERASED, *change[2:], its_key, actor=heir)
    assert happened(ledger, mined) == [StatusEvent.changed(mark, *change[2:], recorded(mined))]


def test_k11_the_council_changes_the_status_of_who_cannot_any_more(world, ledger, department):
    member, key = department
    ledger.anchor(world.order(member, key))
    world.council.set_state(member, SUSPENDED)
    world.council.change_status_for(member, Plane.SUPERSEDED, StatusReason.NO_LONGER_USED, [0], [2])
    (event,) = ledger.events_between(ledger.head().number, ledger.head().number)
    assert (event.member, event.plane, event.number, event.reason) == (member, Plane.SUPERSEDED, 1, 1)
    assert (event.actor, event.words, event.masks) == (NOBODY, (0,), (2,))
    assert ledger.status_words(member, [0])[Plane.SUPERSEDED] == {0: 2}


def test_k10_what_a_compromised_key_set_is_cleared_and_what_a_good_key_set_is_set_again(world, ledger, department):
    member, key = department
    ledger.anchor(world.order(member, key, size=300))
    stolen = id_()
    world.council.add_key(member, address_of(stolen))
    good = world.change(member, key, [1])
    good_mark = mark_of(ledger.change_status(*good), member, Plane.REVOKED, 1, StatusReason.ERASED, *good[2:], key)
    bad = world.change(member, stolen, [0, 1, 299], reason=StatusReason.NO_LONGER_USED)
    at = ledger.change_status(*bad)
    bad_mark = mark_of(at, member, Plane.REVOKED, 2, StatusReason.NO_LONGER_USED, *bad[2:], stolen)
    words, masks = bad[2:]
    assert refusal(ledger.clear, bad_mark, words, masks, masks)[0] == "StatusClearNotAgreed"
    assert ledger.clear_digest(bad_mark.digest) == NOTHING
    world.council.mark_compromised(address_of(stolen), at.block.time)
    world.council.restore(bad_mark, changes_digest(words, masks))
    agreed = RestoreEvent(member, bad_mark.digest, address_of(stolen), changes_digest(words, masks), at_head(ledger))
    assert ledger.events_between(ledger.head().number, ledger.head().number)[-1:] == [agreed]
    assert [event.mark for event in ledger.status_changes(member)] == [good_mark.digest, bad_mark.digest]
    assert ledger.clear_digest(bad_mark.digest) == changes_digest(words, masks)
    assert refusal(ledger.confirm, bad_mark, words, masks)[0] == "StatusKeyCompromised"
    mined = ledger.clear(bad_mark, words, masks, masks)
    lists = tuple(words), tuple(masks)
    cleared = StatusEvent(StatusStep.RESTORED, member, Plane.REVOKED, *lists, recorded(mined), bad_mark.digest)
    assert happened(ledger, mined) == [cleared]
    assert ledger.status_words(member, [0, 1])[Plane.REVOKED] == {0: 0, 1: 0}
    assert refusal(ledger.clear, bad_mark, words, masks, masks)[0] == "StatusClearNotAgreed"
    mined = ledger.confirm(good_mark, *good[2:])
    lists = tuple(good[2]), tuple(good[3])
    confirmed = StatusEvent(StatusStep.CONFIRMED, member, Plane.REVOKED, *lists, recorded(mined), good_mark.digest)
    assert happened(ledger, mined) == [confirmed]
    assert ledger.status_words(member, [0])[Plane.REVOKED] == {0: 2}
    assert refusal(ledger.confirm, replace(good_mark, number=9), *good[2:])[0] == "StatusMarkUnknown"


def at_head(ledger):
    """Return where the last event was recorded."""
    return ledger.events_between(ledger.head().number, ledger.head().number)[-1].recorded


def test_k19_there_is_one_neutral_reason_beside_erased():
    assert {reason.name: int(reason) for reason in StatusReason} == {"SUPERSEDED": 0, "NO_LONGER_USED": 1, "ERASED": 2}
