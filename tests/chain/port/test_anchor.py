"""What the Ledger port promises of batches and of status."""

from dataclasses import replace

import pytest

from ledger_node.chain.port import Role, StreamHead
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS, NO_ROOT
from ledger_node.domain.event import StatusEvent
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.hashing import MAX_SIZE
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import Plane, StatusReason
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
    at = recorded(mined)
    assert ledger.events_between(mined.block.number, mined.block.number) == [
        StatusEvent(member, Plane.SUPERSEDED, 0, 1 << 3, at),
        StatusEvent(member, Plane.SUPERSEDED, 1, 1 << 43, at),
    ]


def test_status_is_set_and_never_cleared(world, ledger, department):
    member, key = department
    ledger.anchor(world.order(member, key))
    assert ledger.status_number(member) == 0
    change, signature, words, masks = world.change(member, key, [0, 2])
    mined = ledger.change_status(change, signature, words, masks)
    ledger.change_status(*world.change(member, key, [1], reason=StatusReason.ISSUED_IN_ERROR))
    assert ledger.status_number(member) == 2
    facts = ledger.facts(FactQuery(positions=frozenset({(member, 0)})))
    assert facts.status == {(member, Plane.REVOKED, 0): 0b111, (member, Plane.SUPERSEDED, 0): 0}
    number = mined.block.number
    assert ledger.events_between(number, number) == [
        StatusEvent(member, Plane.REVOKED, 0, 0b101, recorded(mined), StatusReason.ERASED)
    ]
    signed = ledger.signed_change(mined.transaction)
    assert (signed.change, signed.key) == (change, address_of(key))


def test_only_a_change_of_status_is_a_signed_change(world, ledger, department):
    _, mined = ledger.anchor(world.order(*department))
    assert ledger.signed_change(mined.transaction) is None
    assert ledger.signed_change(id_()) is None


@pytest.mark.parametrize(
    ("positions", "options", "error"),
    [
        ([0], {"number": 2}, "StatusNumberNotNext"),
        ([0], {"reason": StatusReason.SUPERSEDED}, "StatusReasonZero"),
        ([], {}, "StatusListEmpty"),
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
    assert refusal(ledger.change_status, *world.change(member, STRANGER_KEY, [0]))[0] == "MemberKeyNotValid"
    bank, its_key = world.new_member(Role.BANK)
    assert refusal(ledger.change_status, *world.change(bank, its_key, [0]))[0] == "MemberLacksRole"
