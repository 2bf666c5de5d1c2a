"""What a subject's life is, and what each call of it is refused for."""

import pytest

from tests.kit.contract_set import NOBODY, ZERO, events, word
from tests.kit.subject_set import (
    DAY,
    HOLD,
    HOLD_INTERVAL,
    LAPSE,
    RECOVERED,
    RECOVERY_DELAY,
    REGISTERED,
    ROTATED,
    YEAR,
    Controllers,
    Subject,
    account,
    passkey,
    people,
)


@pytest.fixture
def subject(world):
    """A firm with three controllers, of whom two decide."""
    return Subject(world, "bakery", people("bakery", 3, 2)).register()


@pytest.fixture
def ask(world):
    """Request the next recovery of a subject, and return when it can be completed."""

    def asked(subject, to, number=1, entry=1):
        receipt = world.chain.send(subject.request(to, number, entry), world.registrar.key)
        return events(world.subjects, receipt, "SubjectRecoveryRequested")[0]["completableAt"]

    return asked


def entry_of(world, subject, index):
    return world.chain.read(subject.calls.entry(subject.id, index))


NEXT = people("next", 2, 2)


def test_a_subject_is_registered_under_a_computed_id(world, chain):
    subject = Subject(world, "bakery", people("bakery"))
    receipt = chain.send(subject.calls.register(subject.controllers.commitment, subject.salt), world.registrar.key)
    now = chain.time_of(receipt)
    assert events(world.subjects, receipt, "SubjectRegistered") == [
        {
            "subjectId": subject.id,
            "registrar": world.registrar.id,
            "key": world.registrar.key.address,
            "commitment": subject.controllers.commitment,
            "salt": subject.salt,
            "since": now,
        }
    ]
    key = world.registrar.key.address
    assert entry_of(world, subject, 0) == (subject.controllers.commitment, key, now, REGISTERED, 0, world.registrar.id)
    assert subject.current() == (0, subject.controllers.commitment)
    again = subject.calls.register(subject.controllers.commitment, subject.salt)
    chain.refuses("SubjectExists", again, subject.id, sender=world.registrar.key)


def test_only_a_registrar_registers(world, chain):
    call = world.subjects.functions.register(NEXT.commitment, ZERO)
    chain.refuses("MemberLacksRole", call, sender=world.relayer.key)
    chain.refuses("MemberKeyUnknown", call, sender=world.stranger)
    zero = world.subjects.functions.register(ZERO, ZERO)
    chain.refuses("SubjectCommitmentZero", zero, sender=world.registrar.key)


def test_the_contract_commits_as_the_prose_says(world, chain):
    mixed = Controllers((account(1, "a"), passkey(1, "b"), passkey(7, "c")), 2, "mixed")
    assert chain.read(world.subjects.functions.commitmentOf(mixed.shown)) == mixed.commitment


@pytest.mark.parametrize(
    "shown",
    [
        (ZERO, 1, b""),
        (ZERO, 0, account(1, "a").packed),
        (ZERO, 1, account(1, "a").packed[:-1]),
        (ZERO, 1, account(1, "a").packed + b"\1"),
        (ZERO, 1, account(1, "a").packed + b"\1\3" + bytes(20)),
        (ZERO, 1, passkey(1, "a").packed[:-1]),
        (ZERO, 1, account(1, "a").packed * 17),
    ],
)
def test_a_malformed_set_is_refused(world, chain, shown):
    chain.refuses("SubjectControllersMalformed", world.subjects.functions.commitmentOf(shown))


def test_a_rotation_shows_the_retiring_controllers_and_their_signatures(world, chain, subject):
    receipt = chain.send(subject.rotate(NEXT, by=(0, 2)), world.stranger)
    now = chain.time_of(receipt)
    assert events(world.subjects, receipt, "SubjectRotated") == [
        {
            "subjectId": subject.id,
            "entry": 1,
            "sender": ZERO,
            "key": world.stranger.address,
            "commitment": NEXT.commitment,
            "root": 0,
            "since": now,
        }
    ]
    assert entry_of(world, subject, 1) == (NEXT.commitment, NOBODY, now, ROTATED, 0, ZERO)
    subject.controllers = NEXT
    chain.send(subject.rotate(people("third"), 2), world.relayer.key)
    assert subject.current() == (2, people("third").commitment)


def test_a_rotation_is_only_what_was_signed(world, chain, subject):
    good = subject.rotate(NEXT)
    arguments = list(good.arguments)
    for place, value in ((2, word("another")), (3, word("other lines")), (4, 2**63)):
        bad = [*arguments[:place], value, *arguments[place + 1 :]]
        chain.refuses("SubjectSignatureWrong", subject.calls.rotate(*bad), 0)
    other = Subject(world, "other", subject.controllers).register()
    chain.refuses("SubjectSignatureWrong", subject.calls.rotate(other.id, *arguments[1:]), 0)


def test_a_rotation_takes_the_threshold(chain, subject):
    chain.refuses("SubjectThresholdNotMet", subject.rotate(NEXT, by=(1,)), 1, 2)
    chain.refuses("SubjectThresholdNotMet", subject.rotate(NEXT, by=()), 0, 2)
    chain.refuses("SubjectSignatureRepeated", subject.rotate(NEXT, by=(1, 1)), 1)
    chain.refuses("SubjectSignatureRepeated", subject.rotate(NEXT, by=(1, 0)), 0)
    signatures = subject.controllers.signed(b"\0" * 32, (0,))
    chain.refuses("SubjectSignatureWrong", subject.rotate(NEXT, signatures=signatures), 0)
    chain.refuses("SubjectSignatureWrong", subject.rotate(NEXT, signatures=[(3, signatures[0][1])]), 3)
    chain.send(subject.rotate(NEXT, by=(0, 1, 2)))


def test_a_rotation_shows_the_set_in_force(chain, subject):
    for shown in (people("thief"), subject.controllers.but(threshold=1), subject.controllers.but(name="other salt")):
        call = subject.rotate(NEXT, shown=shown)
        chain.refuses("SubjectControllersWrong", call, subject.id, shown.commitment, subject.controllers.commitment)


def test_a_rotation_has_a_number_a_deadline_and_another_commitment(world, chain, subject):
    for number in (0, 2):
        chain.refuses("SubjectNumberWrong", subject.rotate(NEXT, number), subject.id, number, 1)
    chain.refuses("SubjectCommitmentCurrent", subject.rotate(subject.controllers), subject.id)
    zero = list(subject.rotate(NEXT).arguments)
    zero[2] = ZERO
    chain.refuses("SubjectCommitmentZero", subject.calls.rotate(*zero), subject.id)
    deadline = chain.next_time + 100
    call = subject.rotate(NEXT, deadline=deadline)
    chain.at(deadline + 1)
    chain.refuses("SubjectSignatureLate", call, subject.id, deadline)
    later = subject.rotate(NEXT, deadline=chain.next_time + 5)
    chain.at(chain.next_time + 5)
    chain.send(later)
    unknown = Subject(world, "unknown", NEXT)
    chain.refuses("SubjectUnknown", unknown.rotate(people("x")), unknown.id)


def test_a_recovery_waits_72_hours(world, chain, subject, ask):
    to = people("found")
    due = ask(subject, to)
    assert due == chain.w3.eth.get_block("latest")["timestamp"] + RECOVERY_DELAY
    chain.refuses("SubjectRecoveryPending", subject.request(to, 2), subject.id, 1, sender=world.registrar.key)
    chain.at(due - 1)
    chain.refuses("SubjectRecoveryEarly", subject.complete(), subject.id, due, sender=world.registrar.key)
    chain.at(due)
    receipt = chain.send(subject.complete(), world.registrar.key)
    (event,) = events(world.subjects, receipt, "SubjectRecovered")
    assert (event["entry"], event["link"], event["number"]) == (1, 0, 1)
    key = world.registrar.key.address
    assert entry_of(world, subject, 1) == (to.commitment, key, chain.time_of(receipt), RECOVERED, 0, world.registrar.id)
    assert subject.current() == (1, to.commitment)
    chain.refuses("SubjectRecoveryNotPending", subject.complete(), subject.id, 1, sender=world.registrar.key)


def test_a_recovery_is_asked_under_the_next_numbers_for_another_set(world, chain, subject):
    key = world.registrar.key
    chain.refuses("SubjectNumberWrong", subject.request(NEXT, 2), subject.id, 2, 1, sender=key)
    chain.refuses("SubjectNumberWrong", subject.request(NEXT, 1, 2), subject.id, 2, 1, sender=key)
    chain.refuses("SubjectCommitmentCurrent", subject.request(subject.controllers), subject.id, sender=key)
    zero = subject.calls.requestRecovery(subject.id, 1, 1, ZERO)
    chain.refuses("SubjectCommitmentZero", zero, subject.id, sender=key)
    unknown = Subject(world, "unknown", NEXT)
    chain.refuses("SubjectUnknown", unknown.request(people("x")), unknown.id, sender=key)


def test_a_recovery_lapses_30_days_after_it_could_have_taken_effect(world, chain, subject, ask):
    to, key = people("found"), world.registrar.key
    due = ask(subject, to)
    chain.at(due + LAPSE)
    assert not chain.read(subject.calls.isRecoveryPending(subject.id))
    chain.refuses("SubjectRecoveryNotPending", subject.complete(), subject.id, 1, sender=key)
    chain.refuses("SubjectRecoveryNotPending", subject.cancel(to), subject.id, 1, sender=key)
    due = ask(subject, to, 2)
    chain.at(due + LAPSE - 1)
    chain.send(subject.complete(2), key)


def test_a_rotation_cancels_a_pending_recovery(world, chain, subject, ask):
    ask(subject, people("found"))
    receipt = chain.send(subject.rotate(NEXT), world.relayer.key)
    (event,) = events(world.subjects, receipt, "SubjectRecoveryCancelled")
    assert (event["number"], event["cancellations"], event["sender"]) == (1, 1, world.relayer.id)
    chain.refuses("SubjectRecoveryNotPending", subject.complete(), subject.id, 1, sender=world.registrar.key)


def test_the_registrar_calls_its_recovery_off_and_the_wait_stays(world, chain, subject, ask):
    ask(subject, people("found"))
    receipt = chain.send(subject.abandon(), world.registrar.key)
    assert len(events(world.subjects, receipt, "SubjectRecoveryAbandoned")) == 1
    due = ask(subject, people("found"), 2)
    assert due == chain.w3.eth.get_block("latest")["timestamp"] + RECOVERY_DELAY
    chain.refuses("SubjectRecoveryNotPending", subject.abandon(1), subject.id, 1, sender=world.registrar.key)


def test_the_wait_doubles_to_twelve_days_and_is_72_hours_again_after_a_year(chain, subject, ask):
    waits = []
    for number in range(1, 6):
        due = ask(subject, people("found"), number)
        waits.append((due - chain.w3.eth.get_block("latest")["timestamp"]) // DAY)
        chain.send(subject.cancel(people("found"), number))
    assert waits == [3, 6, 12, 12, 12]
    assert chain.read(subject.calls.standing(subject.id))[1] == 5
    chain.wait(YEAR)
    due = ask(subject, people("found"), 6)
    assert due == chain.w3.eth.get_block("latest")["timestamp"] + RECOVERY_DELAY
    chain.send(subject.cancel(people("found"), 6, by=(1,)))
    assert chain.read(subject.calls.standing(subject.id))[1] == 1


def test_a_hold_ends_after_14_days_and_may_come_again_after_60(world, chain, subject):
    receipt = chain.send(subject.hold(by=2), world.stranger)
    start = chain.time_of(receipt)
    (event,) = events(world.subjects, receipt, "SubjectHeld")
    assert (event["number"], event["byRegistrar"], event["from"], event["sender"]) == (1, False, start, ZERO)
    assert chain.read(subject.calls.heldUntil(subject.id)) == start + HOLD
    chain.at(start + HOLD - 1)
    chain.refuses("SubjectOnHold", subject.rotate(NEXT), subject.id, start + HOLD)
    chain.refuses("SubjectHoldTooSoon", subject.hold(2), subject.id, start + HOLD_INTERVAL)
    chain.send(subject.hold_by_registrar(2), world.registrar.key)
    chain.at(start + 2 * HOLD + 10)
    chain.send(subject.rotate(NEXT))
    subject.controllers = NEXT
    chain.at(start + HOLD_INTERVAL - 1)
    chain.refuses("SubjectHoldTooSoon", subject.hold(3), subject.id, start + HOLD_INTERVAL)
    chain.at(start + HOLD_INTERVAL)
    chain.send(subject.hold(3))
    assert chain.read(subject.calls.holdCount(subject.id)) == 3
    assert chain.read(subject.calls.holdOf(subject.id, 1)) == (start, False)
    chain.refuses("SubjectHoldUnknown", subject.calls.holdOf(subject.id, 4), subject.id, 4)
    chain.refuses("SubjectHoldUnknown", subject.calls.holdOf(subject.id, 0), subject.id, 0)


def test_a_hold_has_a_number_and_a_deadline(world, chain, subject):
    chain.refuses("SubjectNumberWrong", subject.hold(2), subject.id, 2, 1)
    chain.refuses("SubjectNumberWrong", subject.hold_by_registrar(0), subject.id, 0, 1, sender=world.registrar.key)
    deadline = chain.next_time - 1
    chain.refuses("SubjectSignatureLate", subject.hold(deadline=deadline), subject.id, deadline)
    wrong = list(subject.hold().arguments)
    wrong[4] = (9, wrong[4][1])
    chain.refuses("SubjectSignatureWrong", subject.calls.hold(*wrong), 9)


def test_views_of_what_is_not_there_are_refused(chain, subject):
    unknown = word("unknown")
    chain.refuses("SubjectUnknown", subject.calls.current(unknown), unknown)
    chain.refuses("SubjectUnknown", subject.calls.registrarOf(unknown), unknown)
    chain.refuses("SubjectEntryUnknown", subject.calls.entry(subject.id, 1), subject.id, 1)
    chain.refuses("SubjectEntryUnknown", subject.calls.counts(subject.id, 1), subject.id, 1)
    assert chain.read(subject.calls.count(unknown)) == 0
    assert chain.read(subject.calls.recovery(subject.id)) == (ZERO, ZERO, NOBODY, 0, 0)


def test_only_the_council_names_a_registrar(world, chain, subject):
    call = subject.calls.nameRegistrar(subject.id, world.registrar.id)
    chain.refuses("OwnableUnauthorizedAccount", call, sender=world.registrar.key)
    world.council_refuses(
        "SubjectRegistrarInvalid", subject.calls.nameRegistrar(subject.id, world.bank.id), world.bank.id
    )
    world.council_refuses("SubjectUnknown", subject.calls.nameRegistrar(ZERO, ZERO), ZERO)
    world.govern(call)
    world.govern(subject.calls.nameRegistrar(subject.id, ZERO))
    assert chain.read(subject.calls.registrarOf(subject.id)) == world.registrar.id
