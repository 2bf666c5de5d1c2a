"""Rows K6 to K9, K17, K23 and K24 of contract set 2: what a registrar that the council admitted, or a thief, tries."""

import pytest

from tests.kit.contract_set import REGISTRAR, ZERO, Member, word
from tests.kit.storage_root import logs_of, root_of, root_on
from tests.kit.subject_replay import Replay
from tests.kit.subject_set import (
    DAY,
    HOLD,
    HOLD_INTERVAL,
    RECOVERY_DELAY,
    YEAR,
    Controllers,
    Subject,
    account,
    passkey,
    people,
)

FIRM, THIEVES, NEW = people("bakery", 3, 2), people("thieves"), people("new", 2, 2)


@pytest.fixture
def subject(world):
    return Subject(world, "bakery", FIRM).register()


@pytest.fixture
def thief(world):
    """A second registrar, admitted by the council."""
    return world.admit(Member(word("second registrar"), REGISTRAR, world.chain.accounts[7]))


def request(world, subject, to, number=1, entry=1, key=None):
    world.chain.send(subject.request(to, number, entry), key or world.registrar.key)


def recover(world, subject, to, number=1, entry=1, key=None):
    """Ask for a recovery and complete it once the longest wait is over."""
    request(world, subject, to, number, entry, key)
    world.chain.wait(12 * DAY)
    world.chain.send(subject.complete(number), key or world.registrar.key)


def compromise(world, key, since):
    world.govern(world.members.functions.markCompromised(key.address, since))


def last_time(chain):
    return chain.w3.eth.get_block("latest")["timestamp"]


def test_k6_another_registrar_takes_over_nobody(world, chain, subject, thief):
    foreign = (subject.id, thief.id, world.registrar.id)
    chain.refuses("SubjectRegistrarForeign", subject.request(THIEVES), *foreign, sender=thief.key)
    chain.refuses("SubjectRegistrarForeign", subject.hold_by_registrar(), *foreign, sender=thief.key)
    call = subject.rotate(THIEVES, shown=THIEVES)
    chain.refuses("SubjectControllersWrong", call, subject.id, THIEVES.commitment, FIRM.commitment, sender=thief.key)
    signatures = THIEVES.signed(subject.rotation_digest(1, THIEVES.commitment, word("lines"), 2**64 - 1))
    chain.refuses("SubjectSignatureWrong", subject.rotate(THIEVES, signatures=signatures), 0, sender=thief.key)
    chain.refuses("SubjectThresholdNotMet", subject.rotate(THIEVES, signatures=[]), 0, 2, sender=thief.key)
    request(world, subject, NEW)
    chain.wait(RECOVERY_DELAY)
    chain.refuses("SubjectRegistrarForeign", subject.complete(), *foreign, sender=thief.key)
    chain.refuses("SubjectRegistrarForeign", subject.abandon(), *foreign, sender=thief.key)
    assert subject.current() == (0, FIRM.commitment)


def test_k6_the_registrar_alone_rotates_nothing(world, chain, subject):
    chain.refuses("SubjectThresholdNotMet", subject.rotate(THIEVES, signatures=[]), 0, 2, sender=world.registrar.key)
    request(world, subject, THIEVES)
    due = last_time(chain) + RECOVERY_DELAY
    chain.refuses("SubjectRecoveryEarly", subject.complete(), subject.id, due, sender=world.registrar.key)


def test_k6_a_stolen_registrar_keys_recovery_ends_with_the_key(world, chain, subject):
    """Also when the set that it brought rotates honestly: what rests on it counts no more."""
    stolen = world.add_key(world.registrar, chain.accounts[7])
    theft = chain.next_time
    recover(world, subject, THIEVES, key=stolen)
    subject.controllers = THIEVES
    chain.send(subject.rotate(NEW, 2))
    subject.controllers = NEW
    chain.send(subject.rotate(people("launderers"), 3))
    assert subject.current()[0] == 3
    compromise(world, stolen, theft)
    assert subject.current() == (0, FIRM.commitment)
    assert [chain.read(subject.calls.counts(subject.id, i)) for i in range(4)] == [True, False, False, False]
    subject.controllers = people("launderers")
    chain.refuses("SubjectControllersWrong", subject.rotate(THIEVES, 4))
    subject.controllers = FIRM
    chain.send(subject.rotate(NEW, 4))
    assert subject.current() == (4, NEW.commitment)
    subject.controllers = NEW
    recover(world, subject, people("found"), 2, 5)
    assert subject.current() == (5, people("found").commitment)


def test_k6_a_pending_recovery_ends_with_the_key_that_asked(world, chain, subject):
    stolen = world.add_key(world.registrar, chain.accounts[7])
    request(world, subject, THIEVES, key=stolen)
    compromise(world, stolen, 0)
    chain.wait(RECOVERY_DELAY)
    chain.refuses("SubjectRecoveryNotPending", subject.complete(), subject.id, 1, sender=world.registrar.key)
    request(world, subject, NEW, 2)


def test_k6_back_dating_a_compromise_brings_no_rotated_set_back(world, chain, subject):
    """The key that sent a rotation does not matter; where the registration falls, everything after it falls."""
    sender = world.add_key(world.registrar, chain.accounts[7])
    chain.send(subject.rotate(NEW), sender)
    compromise(world, sender, 1)
    assert subject.current() == (1, NEW.commitment)
    compromise(world, world.registrar.key, 1)
    chain.refuses("SubjectNoneCounts", subject.calls.current(subject.id), subject.id)
    subject.controllers = NEW
    chain.refuses("SubjectNoneCounts", subject.rotate(FIRM, 2), subject.id)
    clean = world.add_key(world.registrar, chain.accounts[8])
    recover(world, subject, people("found"), 1, 2, key=clean)
    assert subject.current() == (2, people("found").commitment)


def test_k6_a_successor_or_whom_the_council_names_recovers(world, chain, subject, thief):
    members, calls = world.members.functions, subject.calls
    world.govern(members.retire(world.registrar.id))
    chain.refuses("MemberNotActive", subject.request(NEW), sender=world.registrar.key)
    world.govern(members.setSuccessor(world.registrar.id, thief.id))
    request(world, subject, NEW, key=thief.key)
    world.govern(members.setSuccessor(world.registrar.id, ZERO))
    chain.wait(RECOVERY_DELAY)
    foreign = (subject.id, thief.id, world.registrar.id)
    chain.refuses("SubjectRegistrarForeign", subject.complete(), *foreign, sender=thief.key)
    world.govern(calls.nameRegistrar(subject.id, thief.id))
    chain.send(subject.complete(), thief.key)
    world.govern(calls.nameRegistrar(subject.id, ZERO))
    assert chain.read(calls.registrarOf(subject.id)) == thief.id


def test_k6_an_expelled_registrar_completes_nothing(world, chain, subject):
    request(world, subject, THIEVES)
    world.govern(world.members.functions.suspend(world.registrar.id))
    chain.wait(RECOVERY_DELAY)
    chain.refuses("MemberNotActive", subject.complete(), world.registrar.id, 2, sender=world.registrar.key)


def test_k7_a_rotated_out_set_does_not_come_back(chain, subject):
    """Every signed or sent change has its entry number, so what is sent again is refused."""
    away, back = subject.rotate(NEW), None
    chain.send(away)
    subject.controllers = NEW
    back = subject.rotate(FIRM, 2)
    chain.send(back)
    chain.refuses("SubjectNumberWrong", away, subject.id, 1, 3)
    chain.refuses("SubjectNumberWrong", back, subject.id, 2, 3)


def test_k7_a_cancelled_recovery_does_not_pend_again(world, chain, subject):
    asked = subject.request(NEW)
    chain.send(asked, world.registrar.key)
    cancelled = subject.cancel(NEW, by=(0,))
    chain.send(cancelled)
    chain.refuses("SubjectNumberWrong", asked, subject.id, 1, 2, sender=world.registrar.key)
    request(world, subject, NEW, 2)
    chain.refuses("SubjectRecoveryNotPending", cancelled, subject.id, 1)


def test_k7_a_request_made_before_a_rotation_is_refused_after_it(world, chain, subject):
    asked = subject.request(THIEVES)
    chain.send(subject.rotate(NEW))
    chain.refuses("SubjectNumberWrong", asked, subject.id, 1, 2, sender=world.registrar.key)


def test_k8_no_member_cancels_a_recovery(world, chain, subject, thief):
    request(world, subject, NEW)
    for key in (thief.key, world.relayer.key, world.bank.key):
        call = subject.cancel(NEW, shown=THIEVES)
        chain.refuses("SubjectControllersWrong", call, subject.id, THIEVES.commitment, FIRM.commitment, sender=key)
    chain.refuses("SubjectThresholdNotMet", subject.cancel(NEW, by=()), 0, 1, sender=thief.key)
    chain.refuses("SubjectSignatureWrong", subject.cancel(THIEVES, by=(0,)), 0)


def test_k8_one_controller_cancels_once_a_year_and_then_the_threshold(world, chain, subject):
    request(world, subject, NEW)
    chain.send(subject.cancel(NEW, by=(1,)))
    request(world, subject, NEW, 2)
    chain.refuses("SubjectThresholdNotMet", subject.cancel(NEW, 2, by=(2,)), 1, 2)
    chain.send(subject.cancel(NEW, 2, by=(0, 2)))
    cancelled = last_time(chain)
    chain.at(cancelled + YEAR - 5)
    request(world, subject, NEW, 3)
    chain.refuses("SubjectThresholdNotMet", subject.cancel(NEW, 3, by=(2,)), 1, 2)
    chain.at(cancelled + YEAR)
    chain.send(subject.cancel(NEW, 3, by=(2,)))


def test_k8_a_cancellation_has_a_deadline(world, chain, subject):
    request(world, subject, NEW)
    deadline = chain.next_time + 10
    call = subject.cancel(NEW, by=(0,), deadline=deadline)
    chain.at(deadline + 1)
    chain.refuses("SubjectSignatureLate", call, subject.id, deadline)


def test_k9_a_second_registrar_gets_another_id(world, chain, thief):
    """It copies commitment and salt from the pool, and is first."""
    honest = Subject(world, "bakery", FIRM)
    copied = Subject(world, "bakery", FIRM, thief).register()
    assert copied.id != honest.id
    honest.register()
    assert chain.read(honest.calls.registrarOf(honest.id)) == world.registrar.id
    assert chain.read(honest.calls.recovery(honest.id))[3] == 0


def test_k12_a_freeze_stops_all_of_subjects(world, chain, subject):
    request(world, subject, NEW)
    world.govern(world.members.functions.setFrozen(True))
    mine = (subject.request(NEW, 2), subject.abandon(), subject.complete(), subject.hold_by_registrar())
    for call in (*mine, subject.calls.register(NEW.commitment, ZERO)):
        chain.refuses("MembersFrozen", call, sender=world.registrar.key)
    for call in (subject.rotate(NEW), subject.cancel(NEW), subject.hold()):
        chain.refuses("MembersFrozen", call)


def test_k14_a_registrars_key_without_the_purpose_registers_nothing(world, chain, subject):
    key = world.add_key(world.registrar, chain.accounts[8], 255 - 64)
    for call in (subject.calls.register(NEW.commitment, ZERO), subject.request(NEW), subject.hold_by_registrar()):
        chain.refuses("MemberKeyLacksPurpose", call, key.address, 64, sender=key)


@pytest.mark.parametrize("kind", [account, passkey])
def test_k23_one_persons_two_devices_are_one_person(world, chain, kind):
    devices = (kind(1, "phone"), kind(1, "computer"), kind(2, "partner"))
    subject = Subject(world, "pair", Controllers(devices, 2, "pair")).register()
    chain.refuses("SubjectThresholdNotMet", subject.rotate(THIEVES, by=(0, 1)), 1, 2)
    request(world, subject, NEW)
    chain.send(subject.cancel(NEW, by=(0,)))
    request(world, subject, NEW, 2)
    chain.refuses("SubjectThresholdNotMet", subject.cancel(NEW, 2, by=(0, 1)), 1, 2)
    chain.send(subject.rotate(THIEVES, by=(1, 2)))


def test_k23_one_key_under_two_persons_is_one_key(world, chain):
    devices = (account(1, "same"), account(2, "same"), account(3, "other"))
    subject = Subject(world, "pair", Controllers(devices, 2, "pair")).register()
    chain.refuses("SubjectSignatureRepeated", subject.rotate(THIEVES, by=(0, 1)), 1)
    chain.refuses("SubjectSignatureRepeated", subject.rotate(THIEVES, by=(0, 1, 2)), 1)


def test_k24_a_hold_stops_a_thief_with_one_key_until_the_owners_recover(world, chain, subject):
    chain.send(subject.hold(by=0))
    held = last_time(chain) + HOLD
    chain.refuses("SubjectOnHold", subject.rotate(THIEVES), subject.id, held)
    request(world, subject, NEW)
    chain.refuses("SubjectThresholdNotMet", subject.cancel(NEW, by=(1,)), 1, 2)
    chain.wait(RECOVERY_DELAY)
    chain.send(subject.complete(), world.registrar.key)
    assert chain.next_time < held
    subject.controllers = NEW
    chain.send(subject.rotate(people("later"), 2))


def test_k24_the_longest_wait_fits_into_a_hold(world, chain, subject):
    for number in (1, 2, 3):
        request(world, subject, NEW, number)
        chain.send(subject.cancel(NEW, number))
    chain.send(subject.hold_by_registrar(), world.registrar.key)
    held = last_time(chain) + HOLD
    request(world, subject, NEW, 4)
    chain.refuses("SubjectThresholdNotMet", subject.cancel(NEW, 4, by=(0,)), 1, 2)
    chain.wait(12 * DAY)
    chain.send(subject.complete(4), world.registrar.key)
    assert last_time(chain) < held


def test_k24_the_only_controllers_hold_stops_its_thief_too(world, chain):
    """With one controller, owner and thief have the same key: a controller's hold leaves it to the registrar."""
    subject = Subject(world, "alone", people("alone")).register()
    chain.send(subject.hold())
    request(world, subject, NEW)
    chain.refuses("SubjectThresholdNotMet", subject.cancel(NEW), 1, 2)


def test_k24_a_registrars_hold_does_not_silence_the_threshold(world, chain):
    """Or else a registrar took over whom it holds."""
    subject = Subject(world, "alone", people("alone")).register()
    chain.send(subject.hold_by_registrar(), world.registrar.key)
    request(world, subject, THIEVES)
    chain.send(subject.cancel(THIEVES))


@pytest.mark.parametrize("by", ["controller", "registrar"])
def test_k24_a_hold_comes_once_in_60_days_unless_a_recovery_follows(world, chain, subject, by):
    hold = subject.hold if by == "controller" else subject.hold_by_registrar
    key = world.registrar.key
    chain.send(hold(1), key)
    allowed = last_time(chain) + HOLD_INTERVAL
    chain.wait(20 * DAY)
    chain.refuses("SubjectHoldTooSoon", hold(2), subject.id, allowed, sender=key)
    recover(world, subject, NEW)
    subject.controllers = NEW
    chain.send((subject.hold if by == "controller" else subject.hold_by_registrar)(2), key)


def test_k24_nobody_else_holds(world, chain, subject, thief):
    call = subject.hold(shown=THIEVES)
    chain.refuses("SubjectControllersWrong", call, subject.id, THIEVES.commitment, FIRM.commitment, sender=thief.key)
    chain.refuses("MemberLacksRole", subject.hold_by_registrar(), sender=world.relayer.key)
    chain.send(subject.hold(1))
    old = subject.hold(1)
    chain.refuses("SubjectNumberWrong", old, subject.id, 1, 2, sender=thief.key)


def test_k17_storage_is_rebuilt_from_logs_alone(world, chain, subject, thief):
    others = [Subject(world, f"firm {i}", people(f"firm {i}")).register() for i in range(3)]
    stolen = world.add_key(world.registrar, chain.accounts[8])
    recover(world, subject, THIEVES, key=stolen)
    subject.controllers = THIEVES
    chain.send(subject.rotate(NEW, 2), world.relayer.key)
    compromise(world, stolen, 1)
    subject.controllers = FIRM
    chain.send(subject.rotate(NEW, 3), world.relayer.key)
    subject.controllers = NEW
    recover(world, subject, people("found"), 2, 4)
    request(world, others[0], NEW)
    chain.send(others[0].cancel(NEW))
    request(world, others[0], NEW, 2)
    chain.send(others[0].rotate(FIRM), world.stranger)
    chain.send(others[1].hold(), world.stranger)
    chain.send(others[1].hold_by_registrar(2), world.registrar.key)
    request(world, others[1], NEW)
    chain.send(others[1].abandon(), world.registrar.key)
    request(world, others[1], FIRM, 2)
    chain.send(others[2].hold(), world.stranger)
    recover(world, others[2], NEW)
    world.govern(subject.calls.nameRegistrar(others[2].id, thief.id))
    replay = Replay(world.council.address)
    for name, told in logs_of(chain, world.subjects):
        replay.take(name, told)
    slots = replay.slots()
    assert {slot: chain.slot(world.subjects, slot) for slot in slots} == slots
    assert root_of(slots) == root_on(chain, world.subjects)
