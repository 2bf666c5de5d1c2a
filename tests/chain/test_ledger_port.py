"""What every method of the Ledger port promises: the real client on the embedded node and the fake are held to it."""

from dataclasses import astuple, replace

import pytest

from ledger_node.chain.port import RECOVERY_DELAY_S, ControllerEntry, Ledger, Member, Role, StreamHead
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.batch import ACCESS_LOG, ATTESTATIONS, NO_ROOT
from ledger_node.domain.consent import Change, RequestState, revocation_hash
from ledger_node.domain.error import ChainError, VerificationError
from ledger_node.domain.event import ConsentEvent, ControlEvent, ControlStep, Inclusion, StatusEvent, Step
from ledger_node.domain.evidence.trust import Contract
from ledger_node.domain.fact import ConsentRecord, ConsentState, FactQuery, IssuerPeriod, KeyRecord, MemberStanding
from ledger_node.domain.hashing import MAX_SIZE
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.status import Plane, StatusReason
from ledger_node.randomness import random_bytes
from tests.kit.fake_ledger import FakeLedger
from tests.kit.ledger_world import (
    BANK,
    DEPARTMENT,
    DEPARTMENT_KEY,
    FOREVER,
    RELAYER,
    RELAYER_KEY,
    SECRET,
    STRANGER_KEY,
    FakeWorld,
    NodeWorld,
)

ACTIVE, SUSPENDED, LEFT = 1, 2, 3
NOTHING = bytes(32)
UNKNOWN, WITHDRAWN, NOT_YET_VALID, EXPIRED, EXHAUSTED, PAUSED = range(6)


@pytest.fixture(scope="module", params=[NodeWorld, FakeWorld], ids=["node", "fake"])
def world(request, tmp_path_factory):
    made = request.param(tmp_path_factory.mktemp("ledger"))
    yield made
    made.close()


@pytest.fixture
def ledger(world):
    return world.ledger


@pytest.fixture
def department(world):
    """A department of the test's own, and its key."""
    return world.new_member(Role.DEPARTMENT)


def id_():
    return random_bytes(32)


def refusal(call, *arguments, **options):
    """Return error and reason with which the contract refuses; nothing is mined."""
    with pytest.raises(ContractRevertError) as refused:
        call(*arguments, **options)
    return refused.value.error, refused.value.reason


def recorded(mined):
    return Inclusion(mined.transaction, mined.block.number, mined.block.hash, mined.block.time)


def granted(world, **changes):
    consent = id_()
    world.ledger.grant(consent, world.terms(**changes))
    return consent


def record_of(ledger, consent):
    return ledger.consents([consent])[0][0]


def registered(ledger):
    subject, commitment = id_(), id_()
    ledger.register_subject(subject, commitment)
    return subject, commitment


def test_the_fake_has_every_method_of_the_port_itself():
    port = {name for part in Ledger.__mro__ for name in vars(part) if not name.startswith("_")}
    for name in port:
        (first, *_) = [part for part in FakeLedger.__mro__ if name in vars(part)]
        assert first.__module__.startswith("tests.kit.fake_ledger"), name


# the chain


def test_a_write_is_mined_in_the_newest_block(world, ledger):
    before = ledger.head()
    mined = ledger.request_consent(id_())
    assert ledger.head() == mined.block
    assert (mined.block.number, mined.block.time) == (before.number + 1, max(world.now(), before.time))
    assert mined.gas_used > 0
    ledger.require_block(mined.block)
    ledger.require_block(before)
    ledger.require_same_chain()


@pytest.mark.parametrize("changes", [{"hash": NOTHING}, {"time": 1}, {"number": 10**6}], ids=str)
def test_a_block_that_the_chain_does_not_have_is_refused(ledger, changes):
    with pytest.raises(VerificationError) as refused:
        ledger.require_block(replace(ledger.head(), **changes))
    assert refused.value.reason is Reason.BLOCK_NOT_FINAL


def test_time_that_passes_shows_in_the_next_block(world, ledger):
    before = ledger.head().time
    world.pass_time(77)
    assert ledger.request_consent(id_()).block.time == world.now() >= before + 77


def test_nothing_is_on_its_way_that_is_mined(ledger):
    consent, use = id_(), id_()
    ledger.record_uses([(consent, use)])
    assert not ledger.is_on_way(use)


def test_every_contract_has_a_signing_domain_of_its_own(ledger):
    domains = {ledger.anchor_domain, ledger.consent_domain, ledger.member_domain, ledger.subject_domain}
    assert len(domains) == 4
    assert len({domain.chain_id for domain in domains}) == 1


def writes(world, ledger):
    """Return a call of every method that writes."""
    terms, order = world.terms(), world.order(DEPARTMENT, DEPARTMENT_KEY)
    return {
        "anchor": lambda: ledger.anchor(order),
        "change_status": lambda: ledger.change_status(*world.change(DEPARTMENT, DEPARTMENT_KEY, [0])),
        "register_subject": lambda: ledger.register_subject(id_(), id_()),
        "rotate": lambda: ledger.rotate(id_(), id_()),
        "request_recovery": lambda: ledger.request_recovery(id_(), id_()),
        "cancel_recovery": lambda: ledger.cancel_recovery(id_(), 1, by=Role.RELAYER),
        "complete_recovery": lambda: ledger.complete_recovery(id_(), 1),
        "request_consent": lambda: ledger.request_consent(id_()),
        "refuse_consent": lambda: ledger.refuse_consent(id_()),
        "grant": lambda: ledger.grant(id_(), terms),
        "change_consent": lambda: ledger.change_consent(id_(), Change.PAUSE, 1),
        "withdraw": lambda: ledger.withdraw(id_(), SECRET),
        "withdraw_by_request": lambda: ledger.withdraw_by_request(id_()),
        "record_uses": lambda: ledger.record_uses([(id_(), id_())]),
    }


WRITES = sorted(writes(FakeWorld(), FakeWorld().ledger))
BY_ANYBODY = {"anchor", "change_status", "withdraw"}


@pytest.mark.parametrize("write", WRITES)
def test_a_client_without_keys_only_reads(world, write):
    with pytest.raises(ChainError) as refused:
        writes(world, world.reader)[write]()
    assert refused.value.reason is Reason.CONFIGURATION


@pytest.mark.parametrize("write", [write for write in WRITES if write not in BY_ANYBODY])
def test_a_key_of_no_member_sends_nothing(world, write):
    assert refusal(writes(world, world.stranger)[write]) == ("MemberKeyUnknown", Reason.LEDGER_REFUSED)


# members


def test_members_are_listed_as_the_council_added_them(world, ledger):
    member, key = world.new_member(Role.BANK | Role.DEPARTMENT)
    found = ledger.members()
    assert found[0] == Member(RELAYER, "Relayer", Role.RELAYER | Role.REGISTRAR, True, "https://relayer.example")
    assert found[-1] == Member(member, "New member", Role.BANK | Role.DEPARTMENT, True, "")
    world.council.set_state(member, SUSPENDED)
    world.council.set_roles(member, Role.BANK)
    assert ledger.members()[-1] == Member(member, "New member", Role.BANK, False, "")
    assert ledger.member_of(address_of(key)) == member
    assert ledger.member_of(address_of(id_())) is None


def test_standing_is_of_one_member_and_its_own_key(world, ledger):
    member, key = world.new_member(Role.BANK)
    address = address_of(key)
    standing = ledger.standing(member, address)
    assert astuple(standing.key) == (0, FOREVER, 0)
    assert (standing.member.id, standing.time) == (member, ledger.head().time)
    assert astuple(ledger.standing(RELAYER, address).key) == (0, 0, 0)
    assert ledger.standing(id_(), address).member is None


def test_a_key_ends_and_is_compromised_on_the_record(world, ledger):
    member, key = world.new_member(Role.BANK)
    address, end = address_of(key), world.now() + 60
    world.council.end_key(address, end)
    world.council.mark_compromised(address, 7)
    assert astuple(ledger.standing(member, address).key) == (0, end, 7)


def test_a_document_has_the_digest_that_was_agreed_on(world, ledger):
    digest = id_()
    world.council.set_document("terms of use", digest)
    assert ledger.document("terms of use") == digest
    assert ledger.document("nothing") == NOTHING


def test_issuers_are_those_that_are_allowed_now(world, ledger, department):
    schema, member = id_(), department[0]
    world.council.register_schema(schema, "s")
    assert schema not in ledger.issuers()
    world.council.allow_issuer(schema, member)
    world.council.allow_issuer(schema, DEPARTMENT)
    assert ledger.issuers()[schema] == {member, DEPARTMENT}
    world.council.disallow_issuer(schema, member)
    assert ledger.issuers()[schema] == {DEPARTMENT}


# anchors


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


# subjects


def test_a_subject_is_registered_once(ledger):
    subject, commitment = id_(), id_()
    mined = ledger.register_subject(subject, commitment)
    entry = ControllerEntry(commitment, mined.block.time, RELAYER)
    assert (ledger.controller_entry(subject, 0), ledger.controller_entry(subject, 1)) == (entry, None)
    assert ledger.subjects_since(mined.block.number) == [subject]
    assert ledger.subjects_since(mined.block.number + 1) == []
    assert refusal(ledger.register_subject, subject, id_()) == ("SubjectExists", Reason.SUBJECT_EXISTS)
    assert refusal(ledger.register_subject, NOTHING, id_())[0] == "SubjectIdZero"
    assert refusal(ledger.register_subject, id_(), NOTHING)[0] == "SubjectCommitmentZero"
    assert ledger.controller_entry(id_(), 0) is None


def test_controllers_are_rotated_to_other_ones(ledger):
    subject, first = registered(ledger)
    second = id_()
    mined = ledger.rotate(subject, second)
    assert ledger.controller_entry(subject, 1) == ControllerEntry(second, mined.block.time, RELAYER)
    event = ControlEvent(ControlStep.ROTATED, subject, recorded(mined), commitment=second)
    assert ledger.events_between(mined.block.number, mined.block.number) == [event]
    unchanged = ("SubjectCommitmentCurrent", Reason.CONTROLLERS_UNCHANGED)
    assert refusal(ledger.rotate, subject, second) == unchanged
    assert refusal(ledger.rotate, subject, NOTHING)[0] == "SubjectCommitmentZero"
    assert refusal(ledger.rotate, id_(), first) == ("SubjectUnknown", Reason.SUBJECT_UNKNOWN)
    ledger.rotate(subject, first)
    assert ledger.controller_entry(subject, 2).commitment == first


def test_a_recovery_waits_three_days(world, ledger):
    subject, commitment = registered(ledger)
    heir = id_()
    assert astuple(ledger.recovery(subject)) == (None, 0, 0)
    mined = ledger.request_recovery(subject, heir)
    state = ledger.recovery(subject)
    assert astuple(state) == (heir, 1, mined.block.time)
    assert state.completable_at == mined.block.time + RECOVERY_DELAY_S
    assert refusal(ledger.request_recovery, subject, id_()) == ("SubjectRecoveryPending", Reason.RECOVERY_PENDING)
    world.pass_time(RECOVERY_DELAY_S - 1)
    assert refusal(ledger.complete_recovery, subject, 1) == ("SubjectRecoveryEarly", Reason.RECOVERY_EARLY)
    assert ledger.controller_entry(subject, 0).commitment == commitment
    world.pass_time(1)
    assert refusal(ledger.complete_recovery, subject, 2) == (
        "SubjectRecoveryNotPending",
        Reason.RECOVERY_NOT_PENDING,
    )
    done = ledger.complete_recovery(subject, 1)
    assert ledger.controller_entry(subject, 1) == ControllerEntry(heir, done.block.time, RELAYER)
    assert astuple(ledger.recovery(subject)) == (None, 1, mined.block.time)
    assert ledger.events_between(mined.block.number, done.block.number) == [
        ControlEvent(
            ControlStep.RECOVERY_REQUESTED,
            subject,
            recorded(mined),
            number=1,
            commitment=heir,
            completable_at=state.completable_at,
        ),
        ControlEvent(ControlStep.RECOVERED, subject, recorded(done), number=1, commitment=heir),
    ]


@pytest.mark.parametrize("by", [Role.RELAYER, Role.REGISTRAR])
def test_a_recovery_that_was_cancelled_is_over(ledger, by):
    subject, commitment = registered(ledger)
    ledger.request_recovery(subject, id_())
    assert refusal(ledger.cancel_recovery, subject, 2, by=by)[1] is Reason.RECOVERY_NOT_PENDING
    mined = ledger.cancel_recovery(subject, 1, by=by)
    assert ledger.recovery(subject).commitment is None
    event = ControlEvent(ControlStep.RECOVERY_CANCELLED, subject, recorded(mined), number=1)
    assert ledger.events_between(mined.block.number, mined.block.number) == [event]
    assert refusal(ledger.cancel_recovery, subject, 1, by=by)[1] is Reason.RECOVERY_NOT_PENDING
    assert refusal(ledger.complete_recovery, subject, 1)[1] is Reason.RECOVERY_NOT_PENDING
    assert refusal(ledger.request_recovery, subject, commitment)[1] is Reason.CONTROLLERS_UNCHANGED
    assert refusal(ledger.request_recovery, id_(), commitment)[1] is Reason.SUBJECT_UNKNOWN
    ledger.request_recovery(subject, id_())
    assert ledger.recovery(subject).number == 2


def test_a_rotation_cancels_what_is_pending(ledger):
    subject, _ = registered(ledger)
    ledger.request_recovery(subject, id_())
    mined = ledger.rotate(subject, id_())
    assert (ledger.recovery(subject).commitment, ledger.recovery(subject).number) == (None, 1)
    steps = [event.step for event in ledger.events_between(mined.block.number, mined.block.number)]
    assert steps == [ControlStep.RECOVERY_CANCELLED, ControlStep.ROTATED]


@pytest.mark.parametrize("role", [Role.RELAYER, Role.REGISTRAR])
def test_relayer_and_registrar_send_what_is_theirs(world, role):
    world.council.set_roles(RELAYER, role)
    try:
        for name, write in writes(world, world.ledger).items():
            if name in BY_ANYBODY or name == "cancel_recovery":
                continue
            is_registrars = name in {"register_subject", "rotate", "request_recovery", "complete_recovery"}
            try:
                write()
                error = None
            except ContractRevertError as refused:
                error = refused.error
            assert (error == "MemberLacksRole") == (is_registrars != (role is Role.REGISTRAR)), name
    finally:
        world.council.set_roles(RELAYER, Role.RELAYER | Role.REGISTRAR)


# consents


def test_a_consent_is_granted_with_its_bounds(world, ledger):
    consent, terms = id_(), world.terms()
    mined = ledger.grant(consent, terms)
    records, block = ledger.consents([id_(), consent])
    bounds = (mined.block.time, terms.not_before, terms.expires_at, 3)
    assert list(records) == [None, ConsentRecord(ConsentState.LIVE, *bounds, 0, 0, terms.revocation_hash)]
    assert block == ledger.head()
    assert ledger.consent_events(consent) == [ConsentEvent(Step.GRANTED, consent, recorded(mined))]
    assert refusal(ledger.grant, consent, terms) == ("ConsentExists", Reason.CONSENT_EXISTS)


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"expires_at": 5, "not_before": 5}, "ConsentPeriodInvalid", Reason.LEDGER_REFUSED),
        ({"expires_at": 2**40}, "ConsentPeriodInvalid", Reason.LEDGER_REFUSED),
        ({"expires_at": 5, "not_before": 4}, "ConsentExpired", Reason.CONSENT_EXPIRED),
        ({"max_uses": 0}, "ConsentUsesZero", Reason.LEDGER_REFUSED),
        ({"revocation_hash": NOTHING}, "ConsentRevocationHashZero", Reason.LEDGER_REFUSED),
    ],
    ids=str,
)
def test_a_consent_out_of_bounds_is_refused(world, ledger, changes, error, reason):
    assert refusal(ledger.grant, id_(), world.terms(**changes)) == (error, reason)
    assert refusal(ledger.grant, NOTHING, world.terms())[0] == "ConsentIdZero"


def test_a_request_is_answered_once(world, ledger):
    asked, refused, consent = id_(), id_(), id_()
    mined = [ledger.request_consent(asked), ledger.request_consent(refused)]
    assert ledger.request_states([asked, id_()]) == [RequestState.OPEN, RequestState.NONE]
    assert refusal(ledger.request_consent, asked) == ("RequestExists", Reason.REQUEST_ANSWERED)
    assert refusal(ledger.request_consent, NOTHING)[0] == "RequestIdZero"
    mined.append(ledger.grant(consent, world.terms(), request=asked))
    mined.append(ledger.refuse_consent(refused))
    assert ledger.request_states([refused, asked]) == [RequestState.REFUSED, RequestState.GRANTED]
    at = [recorded(one) for one in mined]
    events = [
        ConsentEvent(Step.REQUESTED, asked, at[0]),
        ConsentEvent(Step.REQUESTED, refused, at[1]),
        ConsentEvent(Step.GRANTED, consent, at[2]),
        ConsentEvent(Step.ANSWERED, asked, at[2], answer=consent),
        ConsentEvent(Step.REFUSED, refused, at[3]),
    ]
    assert ledger.events_between(at[0].block_number, at[3].block_number) == events
    assert ledger.consent_events(asked) == [events[0], events[3]]
    for request in (asked, refused, id_()):
        assert refusal(ledger.refuse_consent, request) == ("RequestNotOpen", Reason.REQUEST_ANSWERED)
        late = id_()
        assert refusal(ledger.grant, late, world.terms(), request=request)[0] == "RequestNotOpen"
        assert record_of(ledger, late) is None


def test_a_consent_is_paused_and_resumed_by_number(world, ledger):
    consent = granted(world)
    assert refusal(ledger.change_consent, consent, Change.RESUME, 1) == ("ConsentNotPaused", Reason.CONSENT_NOT_PAUSED)
    wrong = ("ConsentChangeNumberWrong", Reason.CONSENT_CHANGED_ALREADY)
    assert refusal(ledger.change_consent, consent, Change.PAUSE, 2) == wrong
    paused = ledger.change_consent(consent, Change.PAUSE, 1)
    assert (record_of(ledger, consent).state, record_of(ledger, consent).changes) == (ConsentState.PAUSED, 1)
    assert refusal(ledger.change_consent, consent, Change.PAUSE, 2) == (
        "ConsentAlreadyPaused",
        Reason.CONSENT_PAUSED,
    )
    assert refusal(ledger.change_consent, consent, Change.RESUME, 1) == wrong
    resumed = ledger.change_consent(consent, Change.RESUME, 2)
    assert (record_of(ledger, consent).state, record_of(ledger, consent).changes) == (ConsentState.LIVE, 2)
    assert ledger.consent_events(consent)[1:] == [
        ConsentEvent(Step.PAUSED, consent, recorded(paused), number=1),
        ConsentEvent(Step.RESUMED, consent, recorded(resumed), number=2),
    ]
    unknown = ("ConsentUnknown", Reason.CONSENT_UNKNOWN)
    assert refusal(ledger.change_consent, id_(), Change.PAUSE, 1) == unknown


@pytest.mark.parametrize("by_secret", [True, False])
@pytest.mark.parametrize("is_paused", [True, False])
def test_a_withdrawal_is_final(world, ledger, by_secret, is_paused):
    consent = granted(world)
    if is_paused:
        ledger.change_consent(consent, Change.PAUSE, 1)
    mined = ledger.withdraw(consent, SECRET) if by_secret else ledger.withdraw_by_request(consent)
    assert record_of(ledger, consent).state is ConsentState.WITHDRAWN
    event = ConsentEvent(Step.WITHDRAWN, consent, recorded(mined), by_secret=by_secret)
    assert ledger.consent_events(consent)[-1] == event
    assert ledger.withdrawal_secret(mined.transaction) == (SECRET if by_secret else None)
    over = ("ConsentNotLive", Reason.CONSENT_WITHDRAWN)
    assert refusal(ledger.withdraw, consent, SECRET) == over
    assert refusal(ledger.withdraw_by_request, consent) == over
    assert refusal(ledger.change_consent, consent, Change.RESUME, 1) == over
    assert refusal(ledger.grant, consent, world.terms())[0] == "ConsentExists"


def test_only_the_secret_withdraws_and_anybody_may_show_it(world, ledger):
    consent = granted(world)
    wrong = ("ConsentWrongSecret", Reason.CONSENT_WRONG_SECRET)
    assert refusal(ledger.withdraw, consent, id_()) == wrong
    assert refusal(ledger.withdraw, id_(), SECRET) == ("ConsentUnknown", Reason.CONSENT_UNKNOWN)
    assert refusal(ledger.withdraw_by_request, id_()) == ("ConsentUnknown", Reason.CONSENT_UNKNOWN)
    assert ledger.withdrawal_secret(id_()) is None
    world.stranger.withdraw(consent, SECRET)
    assert record_of(ledger, consent).state is ConsentState.WITHDRAWN


def test_uses_are_counted_one_by_one_up_to_the_limit(world, ledger):
    consent, other, uses = granted(world), granted(world), [id_() for _ in range(5)]
    results = ledger.record_uses([*((consent, use) for use in uses[:4]), (other, uses[4])])
    assert [(one.recorded, one.uses, one.refusal) for one in results] == [
        (True, 1, None),
        (True, 2, None),
        (True, 3, None),
        (False, 0, EXHAUSTED),
        (True, 1, None),
    ]
    (mined,) = {one.mined for one in results}
    assert record_of(ledger, consent).uses == 3
    assert ledger.recorded_uses([other, consent]) == {other: [uses[4]], consent: uses[:3]}
    number = mined.block.number
    assert ledger.uses_since(number) == [*((consent, use) for use in uses[:3]), (other, uses[4])]
    assert ledger.uses_since(number + 1) == []
    assert ledger.consent_events(other)[1:] == [ConsentEvent(Step.USED, other, recorded(mined), number=1, use=uses[4])]
    found = ledger.recorded_use(consent, uses[1])
    assert (found.recorded, found.uses, found.refusal, found.mined) == (True, 2, None, mined)
    assert ledger.recorded_use(consent, uses[3]) is None
    assert ledger.recorded_use(other, uses[1]) is None


def test_a_use_id_that_repeats_counts_each_time_and_is_found_as_the_first(world, ledger):
    consent, use = granted(world), id_()
    assert [one.uses for one in ledger.record_uses([(consent, use), (consent, use)])] == [1, 2]
    assert ledger.recorded_use(consent, use).uses == 1


def test_a_use_is_refused_with_the_first_reason_that_there_is(world, ledger):
    now = world.now()
    early = granted(world, not_before=now + 50)
    short = granted(world, expires_at=now + 20)
    paused, withdrawn = granted(world, expires_at=now + 20), granted(world)
    ledger.change_consent(paused, Change.PAUSE, 1)
    ledger.withdraw(withdrawn, SECRET)
    ids = [id_(), early, short, paused, withdrawn]

    def refusals():
        return [one.refusal for one in ledger.record_uses([(consent, id_()) for consent in ids])]

    assert refusals() == [UNKNOWN, NOT_YET_VALID, None, PAUSED, WITHDRAWN]
    world.pass_time(20)
    assert refusals() == [UNKNOWN, NOT_YET_VALID, EXPIRED, PAUSED, WITHDRAWN]
    world.pass_time(30)
    assert refusals()[1] is None


def test_uses_are_recorded_for_departments_as_well_and_at_most_1024_at_a_time(world, ledger):
    consent, use = granted(world), id_()
    (result,) = world.of(DEPARTMENT_KEY).record_uses([(consent, use)])
    assert result.recorded
    assert refusal(ledger.record_uses, [(consent, use)] * 1025)[0] == "UseListTooLong"
    assert ledger.record_uses([]) == []


# facts


def test_facts_are_of_one_block(world, ledger, department):
    member, key = department
    schema, address = id_(), address_of(key)
    world.council.register_schema(schema, "s")
    world.council.allow_issuer(schema, member)
    allowed_at = ledger.head().time
    query = FactQuery(
        keys=frozenset({(member, address), (BANK, address)}),
        issuers=frozenset({(schema, member), (schema, BANK)}),
        standings=frozenset({member, NOTHING}),
    )
    before = ledger.head()
    world.pass_time(10)
    world.council.disallow_issuer(schema, member)
    world.council.mark_compromised(address, 9)
    world.council.set_state(member, SUSPENDED)
    facts = ledger.facts(query)
    head = ledger.head()
    assert (facts.block_number, facts.block_hash, facts.block_time) == (head.number, head.hash, head.time)
    assert (facts.anchor_domain, facts.consent_domain) == (ledger.anchor_domain, ledger.consent_domain)
    assert facts.keys == {(member, address): KeyRecord(0, FOREVER, 9), (BANK, address): KeyRecord(0, 0, 0)}
    assert facts.issuers[schema, member] == IssuerPeriod(allowed_at, head.time)
    assert facts.issuers[schema, BANK] == IssuerPeriod(0, 0)
    assert facts.standings == {
        member: MemberStanding(Role.DEPARTMENT, SUSPENDED),
        NOTHING: MemberStanding(0, 0),
    }
    assert (facts.consent, facts.controllers) == (None, None)
    then = ledger.facts(query, before)
    assert (then.block_number, then.keys[member, address]) == (before.number, KeyRecord(0, FOREVER, 0))
    assert then.issuers[schema, member] == IssuerPeriod(allowed_at, FOREVER)
    assert then.standings[member] == MemberStanding(Role.DEPARTMENT, ACTIVE)


def test_controllers_are_those_of_the_time_of_the_grant(world, ledger):
    subject, first = registered(ledger)
    world.pass_time(10)
    consent = granted(world)
    world.pass_time(10)
    second = id_()
    ledger.rotate(subject, second)
    later = granted(world)

    def found(consent, entry):
        return ledger.facts(FactQuery(consent=consent, subject=(subject, entry))).controllers

    assert (found(consent, 0), found(consent, 1)) == (first, None)
    assert (found(later, 0), found(later, 1)) == (None, second)
    assert found(id_(), 0) is None
    facts = ledger.facts(FactQuery(consent=consent, subject=(subject, 0)))
    assert facts.consent == record_of(ledger, consent)
    assert found(consent, 2) is None
    assert facts.controllers == first


def test_events_end_with_the_newest_block(ledger):
    mined = ledger.request_consent(id_())
    number = mined.block.number
    assert len(ledger.events_between(number, number + 100)) == 1
    assert ledger.events_between(number + 1, number + 100) == []
    assert ledger.events_between(number, number - 1) == []


def test_state_proofs_and_trust_are_of_a_real_chain_only(world, ledger):
    if world.is_fake:
        for call in (lambda: ledger.state_proof({}, ledger.head()), ledger.trust):
            with pytest.raises(NotImplementedError, match="embedded node"):
                call()
    else:
        proof = ledger.state_proof({Contract.CONSENTS: [0]}, ledger.head())
        assert (proof.words, proof.block.hash) == ({(Contract.CONSENTS, 0): 0}, ledger.head().hash)
        assert ledger.trust().chain_id == ledger.consent_domain.chain_id


def test_a_revocation_hash_is_what_the_registry_computes(world, ledger):
    consent = granted(world, revocation_hash=revocation_hash(b"z" * 32))
    ledger.withdraw(consent, b"z" * 32)
    assert record_of(ledger, consent).state is ConsentState.WITHDRAWN
