"""What the Ledger port promises of subjects and their controllers."""

from dataclasses import astuple, replace

import pytest

from ledger_node.chain.port import HOLD_INTERVAL_S, RECOVERY_DELAY_S, RECOVERY_LAPSE_S, Role, SubjectStanding
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.controller_act import Hold, Rotation, subject_id
from ledger_node.domain.controller_entry import HOLD_TIME_S, ControllerEntry, ControllerHistory, EntryKind
from ledger_node.domain.controller_rule import controller_query, entry_in_force, is_held
from ledger_node.domain.error import VerificationError
from ledger_node.domain.event import ControlEvent, ControlStep
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.passkey import Assertion, Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.randomness import random_bytes
from tests.kit.authenticator import Authenticator
from tests.kit.ledger_firm import ALWAYS, Firm, new_firm, people
from tests.kit.ledger_port import BY_ANYBODY, NOTHING, id_, recorded, refusal, writes
from tests.kit.ledger_world import RELAYER, RELAYER_KEY

NO_ADDRESS = bytes(20)
DAY = 86_400
NOT_PENDING = ("SubjectRecoveryNotPending", Reason.RECOVERY_NOT_PENDING)
TAKEN = ("SubjectNumberWrong", Reason.CONTROLLERS_CHANGED)
FOREIGN = ("SubjectRegistrarForeign", Reason.REGISTRAR_FOREIGN)


@pytest.fixture
def firm(ledger):
    return new_firm(ledger, RELAYER)


@pytest.fixture
def couple(ledger):
    return new_firm(ledger, RELAYER, persons=3, threshold=2)


@pytest.fixture
def thief(world):
    """Another registrar, which the council admitted."""
    member, address, thief = world.new_sender(Role.REGISTRAR | Role.RELAYER)
    thief.member, thief.address = member, address
    return thief


def events_of(ledger, *mined):
    first, last = min(one.block.number for one in mined), max(one.block.number for one in mined)
    return ledger.events_between(first, last)


def registration(commitment, mined, registrar=RELAYER):
    return ControllerEntry(commitment, address_of(RELAYER_KEY), mined.block.time, EntryKind.REGISTERED, 0, registrar)


def test_a_subject_is_registered_once_under_the_id_that_the_chain_computes(ledger):
    firm = Firm(ledger, RELAYER, people())
    assert firm.id == subject_id(ledger.subject_domain, RELAYER, firm.people.commitment, firm.salt)
    assert (ledger.controller_entry(firm.id, 0), ledger.current_entry(firm.id)) == (None, None)
    assert ledger.controller_history(firm.id) == ControllerHistory({}, {0: 0}, {1: 0})
    mined = firm.register()
    entry = registration(firm.people.commitment, mined)
    assert (ledger.controller_entry(firm.id, 0), ledger.controller_entry(firm.id, 1)) == (entry, None)
    assert ledger.current_entry(firm.id) == (0, entry)
    assert ledger.controller_history(firm.id) == ControllerHistory({0: entry}, {1: 0}, {1: 0})
    assert ledger.registrar_of(firm.id) == RELAYER
    assert ledger.subjects_since(mined.block.number) == [firm.id]
    assert ledger.subjects_since(mined.block.number + 1) == []
    assert refusal(firm.register) == ("SubjectExists", Reason.SUBJECT_EXISTS)
    assert refusal(ledger.register_subject, NOTHING, id_())[0] == "SubjectCommitmentZero"
    assert refusal(ledger.registrar_of, id_()) == ("SubjectUnknown", Reason.SUBJECT_UNKNOWN)


def test_k9_another_registrar_cannot_take_a_subject_id_first(ledger, thief):
    """What the honest registrar is about to send, the other one sends: it gets an id of its own."""
    firm = Firm(ledger, RELAYER, people())
    mined = thief.register_subject(firm.people.commitment, firm.salt)
    theirs = subject_id(ledger.subject_domain, thief.member, firm.people.commitment, firm.salt)
    assert theirs != firm.id
    assert ledger.subjects_since(mined.block.number) == [theirs]
    firm.register()
    assert ledger.registrar_of(firm.id) == RELAYER


def test_controllers_rotate_on_their_signatures_whoever_sends_them(world, ledger, firm):
    heirs, grandchildren = people(), people()
    mined = firm.rotate(heirs, ledger=world.stranger)
    entry = ControllerEntry(heirs.commitment, NO_ADDRESS, mined.block.time, EntryKind.ROTATED, 0, NOTHING)
    assert ledger.current_entry(firm.id) == (1, entry)
    event = ControlEvent(ControlStep.ROTATED, firm.id, recorded(mined), entry=1, commitment=heirs.commitment)
    assert events_of(ledger, mined) == [event]
    sent = firm.rotate(grandchildren, entry=2)
    assert events_of(ledger, sent)[0].member == RELAYER
    assert ledger.controller_entry(firm.id, 2).link == 0
    assert ledger.registrar_of(firm.id) == RELAYER


def test_k6_nobody_rotates_a_subject_without_its_controllers(ledger, firm):
    """The registrar itself, and any other, has no way to rotate: only the retiring set and its signatures."""
    heirs, own = people(), firm.people
    forged = replace(heirs, controllers=own.controllers)
    with pytest.raises(VerificationError) as refused:
        firm.rotate(heirs, shown=forged)
    assert refused.value.reason is Reason.SIGNER_NOT_CONTROLLER
    wrong = ("SubjectControllersWrong", Reason.CONTROLLERS_MISMATCH)
    assert refusal(firm.rotate, heirs, shown=people()) == wrong
    assert ledger.current_entry(firm.id)[0] == 0


def test_k7_a_rotation_lands_once_and_a_retired_set_does_not_come_back(ledger, firm):
    first, heirs = firm.people, people()
    firm.rotate(heirs)
    assert refusal(firm.rotate, heirs, shown=first) == TAKEN
    firm.people = heirs
    assert refusal(firm.rotate, people(), entry=2, shown=first)[1] is Reason.CONTROLLERS_MISMATCH
    assert refusal(firm.rotate, people(), entry=3) == TAKEN
    firm.people = heirs
    assert refusal(firm.rotate, heirs, entry=2) == ("SubjectCommitmentCurrent", Reason.CONTROLLERS_UNCHANGED)
    assert refusal(Firm(ledger, RELAYER, people()).rotate, people()) == ("SubjectUnknown", Reason.SUBJECT_UNKNOWN)


def test_a_signature_is_good_until_its_deadline(world, ledger, firm):
    late = ("SubjectSignatureLate", Reason.SIGNATURES_LATE)
    deadline = world.now() + 100
    rotation = Rotation(firm.id, 1, people().controllers, deadline)
    signatures = firm.people.sign(rotation.digest(ledger.subject_domain))
    world.pass_time(101)
    assert refusal(ledger.rotate, rotation, firm.people.controllers, signatures) == late
    assert refusal(firm.hold, deadline=deadline) == late
    heirs = people()
    firm.request(heirs.commitment)
    assert refusal(firm.cancel, heirs.commitment, deadline=deadline) == late


def test_k23_persons_count_and_not_their_devices(ledger):
    """One person with two devices does not meet a threshold of two, here or on the chain."""
    phones = [Authenticator(int.from_bytes(random_bytes(30)) + 1) for _ in range(2)]
    keys = each_person(Passkey(phone.rp_id_hash, phone.public_key) for phone in phones)
    first, second = keys
    alone = Controllers((first, replace(second, person=1), replace(second, person=2, key=b"\x07" * 20)), 2, id_())
    salt = id_()
    subject = subject_id(ledger.subject_domain, RELAYER, alone.commitment, salt)
    ledger.register_subject(alone.commitment, salt)
    heirs = Controllers(keys, 2, id_())
    rotation = Rotation(subject, 1, heirs, ALWAYS)
    digest = rotation.digest(ledger.subject_domain)
    signatures = [Assertion(*phone.assertion(digest)) for phone in phones]
    for given, reason in ((signatures, Reason.SIGNER_REPEATED), (signatures[:1], Reason.THRESHOLD_NOT_MET)):
        with pytest.raises(VerificationError) as refused:
            ledger.rotate(rotation, alone, given)
        assert refused.value.reason is reason


def test_passkeys_rotate_cancel_and_hold_as_keys_do(world, ledger):
    phones = [Authenticator(int.from_bytes(random_bytes(30)) + 1) for _ in range(2)]
    keys = each_person(Passkey(phone.rp_id_hash, phone.public_key) for phone in phones)
    present, salt = Controllers(keys, 2, id_()), id_()
    subject = subject_id(ledger.subject_domain, RELAYER, present.commitment, salt)
    ledger.register_subject(present.commitment, salt)
    hold = Hold(subject, 1, ALWAYS)
    signature = Assertion(*phones[1].assertion(hold.digest(ledger.subject_domain), high=True))
    held = ledger.hold(hold, present, signature)
    assert ledger.standing_of(subject).held_until == held.block.time + HOLD_TIME_S
    world.pass_time(HOLD_TIME_S)
    heirs = people(2, 2)
    rotation = Rotation(subject, 1, heirs.controllers, ALWAYS)
    digest = rotation.digest(ledger.subject_domain)
    signatures = [Assertion(*phone.assertion(digest)) for phone in reversed(phones)]
    ledger.rotate(rotation, present, signatures)
    assert ledger.current_entry(subject)[1].commitment == heirs.commitment


def test_a_recovery_waits_three_days(world, ledger, firm):
    heirs, commitment = people(), firm.people.commitment
    assert astuple(ledger.recovery(firm.id)) == (None, 0, NOTHING, NO_ADDRESS, 0)
    mined = firm.request(heirs.commitment)
    state = ledger.recovery(firm.id)
    completable_at = mined.block.time + RECOVERY_DELAY_S
    assert astuple(state) == (heirs.commitment, 1, RELAYER, address_of(RELAYER_KEY), completable_at)
    pending = ("SubjectRecoveryPending", Reason.RECOVERY_PENDING)
    assert refusal(firm.request, id_(), number=2) == pending
    world.pass_time(RECOVERY_DELAY_S - 1)
    assert refusal(ledger.complete_recovery, firm.id, 1) == ("SubjectRecoveryEarly", Reason.RECOVERY_EARLY)
    assert ledger.current_entry(firm.id)[1].commitment == commitment
    world.pass_time(1)
    assert refusal(ledger.complete_recovery, firm.id, 2) == NOT_PENDING
    done = ledger.complete_recovery(firm.id, 1)
    entry = ControllerEntry(heirs.commitment, address_of(RELAYER_KEY), done.block.time, EntryKind.RECOVERED, 0, RELAYER)
    assert ledger.current_entry(firm.id) == (1, entry)
    assert ledger.recovery(firm.id).commitment is None
    assert events_of(ledger, mined, done) == [
        ControlEvent(
            ControlStep.RECOVERY_REQUESTED,
            firm.id,
            recorded(mined),
            number=1,
            commitment=heirs.commitment,
            member=RELAYER,
            completable_at=completable_at,
        ),
        ControlEvent(ControlStep.RECOVERED, firm.id, recorded(done), number=1, entry=1, member=RELAYER),
    ]


def test_k7_a_recovery_is_requested_under_the_next_number_and_for_the_next_entry(ledger, firm):
    assert refusal(firm.request, id_(), number=2) == TAKEN
    assert refusal(firm.request, id_(), entry=2) == TAKEN
    assert refusal(firm.request, firm.people.commitment)[1] is Reason.CONTROLLERS_UNCHANGED
    assert refusal(firm.request, NOTHING)[0] == "SubjectCommitmentZero"
    assert refusal(ledger.request_recovery, id_(), 1, 1, id_())[1] is Reason.SUBJECT_UNKNOWN
    wanted = id_()
    firm.request(wanted)
    firm.cancel(wanted)
    # what is sent again, or late, does not pend again
    assert refusal(firm.request, wanted) == TAKEN
    assert ledger.recovery(firm.id).commitment is None


def test_k6_only_the_subjects_own_registrar_asks_for_a_recovery(world, ledger, firm, thief):
    for call in (
        lambda: firm.request(id_(), ledger=thief),
        lambda: thief.hold_by_registrar(firm.id, 1),
        lambda: thief.abandon_recovery(firm.id, 1),
        lambda: thief.complete_recovery(firm.id, 1),
    ):
        assert refusal(call) == FOREIGN
    world.council.name_registrar(firm.id, thief.member)
    head = ledger.head().number
    (named,) = ledger.events_between(head, head)
    assert (named.step, named.subject, named.member) == (ControlStep.REGISTRAR_NAMED, firm.id, thief.member)
    assert ledger.registrar_of(firm.id) == thief.member
    assert refusal(firm.request, id_()) == FOREIGN
    firm.request(id_(), ledger=thief)


def test_k6_what_a_stolen_registrar_key_recovered_counts_no_more(world, ledger, firm, thief):
    """An honest rotation on top of it does not launder it, and nobody who only sends takes anything back with them."""
    first, theirs, laundered = firm.people, people(), people()
    world.council.name_registrar(firm.id, thief.member)
    firm.request(theirs.commitment, ledger=thief)
    world.pass_time(RECOVERY_DELAY_S)
    stolen = thief.complete_recovery(firm.id, 1)
    firm.people = theirs
    firm.rotate(laundered, entry=2)
    assert ledger.current_entry(firm.id)[0] == 2
    world.council.mark_compromised(thief.address, stolen.block.time)
    index, entry = ledger.current_entry(firm.id)
    assert (index, entry.commitment) == (0, first.commitment)
    facts = facts_of(ledger, firm, [ledger.head().time])
    assert entry_in_force(facts, ledger.head().time).index == 0
    firm.people = first
    firm.rotate(people(), entry=3)
    assert ledger.current_entry(firm.id)[0] == 3


def test_a_subject_whose_only_root_is_compromised_has_no_controllers(world, ledger, thief):
    firm = Firm(thief, thief.member, people())
    mined = firm.register()
    world.council.mark_compromised(thief.address, mined.block.time)
    assert ledger.current_entry(firm.id) is None
    none = ("SubjectNoneCounts", Reason.CONTROLLERS_NONE_COUNT)
    assert refusal(firm.rotate, people(), ledger=ledger) == none
    assert entry_in_force(facts_of(ledger, firm, [mined.block.time]), mined.block.time) is None


def facts_of(ledger, firm, times):
    """Facts about who controls a firm at these times, as a prover reads them: all there is, then what is needed."""
    history = ledger.controller_history(firm.id)
    keys = ledger.facts(FactQuery(keys=history.keys)).keys
    return ledger.facts(FactQuery(subject=controller_query(firm.id, history, keys, times)))


def test_facts_tell_who_controlled_a_subject_at_a_time(world, ledger, firm):
    began = ledger.head().time
    world.pass_time(10)
    rotated = firm.rotate(people()).block.time
    world.pass_time(10)
    held = firm.hold().block.time
    times = [began, rotated - 1, rotated, held - 1, held, held + HOLD_TIME_S]
    facts = facts_of(ledger, firm, times)
    assert [entry_in_force(facts, time).index for time in times] == [0, 0, 1, 1, 1, 1]
    assert [is_held(facts, time) for time in times] == [False, False, False, False, True, False]
    assert facts.controllers.entries[1] == ledger.controller_entry(firm.id, 1)


@pytest.mark.parametrize("ended", ["cancelled", "abandoned", "lapsed", "rotated"])
def test_a_recovery_that_is_over_does_not_come_back(world, ledger, firm, ended):
    wanted, commitment = id_(), firm.people.commitment
    firm.request(wanted)
    if ended == "cancelled":
        mined = firm.cancel(wanted, ledger=world.stranger)
        event = ControlEvent(ControlStep.RECOVERY_CANCELLED, firm.id, recorded(mined), number=1)
        assert events_of(ledger, mined) == [event]
        assert ledger.standing_of(firm.id) == SubjectStanding(mined.block.time, 1, 0, 0)
    elif ended == "abandoned":
        mined = ledger.abandon_recovery(firm.id, 1)
        event = ControlEvent(ControlStep.RECOVERY_ABANDONED, firm.id, recorded(mined), number=1, member=RELAYER)
        assert events_of(ledger, mined) == [event]
        assert ledger.standing_of(firm.id) == SubjectStanding(0, 0, 0, 0)
    elif ended == "rotated":
        mined = firm.rotate(people())
        steps = [event.step for event in events_of(ledger, mined)]
        assert steps == [ControlStep.RECOVERY_CANCELLED, ControlStep.ROTATED]
    else:
        world.pass_time(RECOVERY_DELAY_S + RECOVERY_LAPSE_S)
    if ended == "lapsed":
        # a view speaks of the newest block
        firm.hold()
    assert ledger.recovery(firm.id).commitment is None
    assert ledger.recovery(firm.id).number == 1
    assert refusal(firm.cancel, wanted) == NOT_PENDING
    assert refusal(ledger.complete_recovery, firm.id, 1) == NOT_PENDING
    assert refusal(ledger.abandon_recovery, firm.id, 1) == NOT_PENDING
    if ended != "rotated":
        assert refusal(firm.request, commitment, number=2)[1] is Reason.CONTROLLERS_UNCHANGED
        firm.request(id_(), number=2)
        assert ledger.recovery(firm.id).number == 2


def test_k8_the_wait_doubles_with_each_cancellation_and_further_ones_take_the_threshold(world, ledger, couple):
    waits = []
    for number in range(1, 5):
        wanted = id_()
        mined = couple.request(wanted, number=number)
        assert ledger.standing_of(couple.id).recovery_wait(mined.block.time) == (
            ledger.recovery(couple.id).completable_at - mined.block.time
        )
        waits.append(ledger.recovery(couple.id).completable_at - mined.block.time)
        needed = ledger.standing_of(couple.id).needed_to_cancel(2, mined.block.time)
        if number > 1:
            not_met = ("SubjectThresholdNotMet", Reason.THRESHOLD_NOT_MET)
            assert refusal(couple.cancel, wanted, number=number) == not_met
        couple.cancel(wanted, number=number, by=range(needed))
        assert needed == (1 if number == 1 else 2)
    assert waits == [3 * DAY, 6 * DAY, 12 * DAY, 12 * DAY]
    world.pass_time(365 * DAY)
    mined = couple.request(id_(), number=5)
    assert ledger.recovery(couple.id).completable_at == mined.block.time + RECOVERY_DELAY_S


def test_k24_a_hold_stops_rotations_and_a_single_controllers_cancellation(world, ledger, couple):
    assert (ledger.hold_count(couple.id), ledger.entry_count(couple.id)) == (0, 1)
    mined = couple.hold(by=2, ledger=world.stranger)
    assert ledger.hold_count(couple.id) == 1
    event = ControlEvent(ControlStep.HELD, couple.id, recorded(mined), number=1)
    assert events_of(ledger, mined) == [event]
    standing = ledger.standing_of(couple.id)
    assert standing == SubjectStanding(0, 0, mined.block.time, 0)
    own = couple.people
    assert refusal(couple.rotate, people()) == ("SubjectOnHold", Reason.SUBJECT_ON_HOLD)
    couple.people = own
    wanted = people()
    couple.request(wanted.commitment)
    assert standing.needed_to_cancel(1, mined.block.time) == 2
    assert refusal(couple.cancel, wanted.commitment)[1] is Reason.THRESHOLD_NOT_MET
    assert refusal(couple.hold, number=2) == ("SubjectHoldTooSoon", Reason.HOLD_TOO_SOON)
    assert refusal(couple.hold, number=3) == TAKEN
    world.pass_time(RECOVERY_DELAY_S)
    done = ledger.complete_recovery(couple.id, 1)
    assert ledger.standing_of(couple.id).held_until == 0
    couple.people = wanted
    couple.hold(number=2)
    facts = facts_of(ledger, couple, [mined.block.time, done.block.time - 1])
    assert [is_held(facts, time) for time in (mined.block.time, done.block.time - 1)] == [True, True]


def test_k24_the_registrar_holds_once_in_sixty_days(world, ledger, firm):
    mined = ledger.hold_by_registrar(firm.id, 1)
    (event,) = events_of(ledger, mined)
    assert (event.step, event.number, event.by_registrar, event.member) == (ControlStep.HELD, 1, True, RELAYER)
    standing = ledger.standing_of(firm.id)
    assert standing == SubjectStanding(0, 0, 0, mined.block.time)
    assert standing.hold_from(by_registrar=True) == mined.block.time + HOLD_INTERVAL_S
    assert standing.hold_from(by_registrar=False) == 0
    firm.hold(number=2)
    assert refusal(ledger.hold_by_registrar, firm.id, 3)[1] is Reason.HOLD_TOO_SOON
    world.pass_time(HOLD_INTERVAL_S)
    ledger.hold_by_registrar(firm.id, 3)


def test_the_registrar_sends_what_is_its_own(world):
    registrars = {"register_subject", "request_recovery", "abandon_recovery", "complete_recovery", "hold_by_registrar"}
    world.council.set_roles(RELAYER, Role.RELAYER)
    try:
        for name, write in writes(world, world.ledger).items():
            if name not in registrars | (BY_ANYBODY & {"rotate", "cancel_recovery", "hold"}):
                continue
            try:
                write()
                error = None
            except ContractRevertError as refused:
                error = refused.error
            assert (error == "MemberLacksRole") == (name in registrars), name
    finally:
        world.council.set_roles(RELAYER, Role.RELAYER | Role.REGISTRAR)
