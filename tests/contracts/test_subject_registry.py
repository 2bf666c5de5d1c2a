import pytest

from tests.kit.contract import ZERO, events, word

SUBJECT, FIRST, SECOND = word("subject"), word("first"), word("second")


@pytest.fixture
def subjects(consortium):
    return consortium.subjects.functions


def test_controllers_follow_one_another(consortium, chain, subjects):
    registrar = consortium.registrar
    assert chain.read(subjects.count(SUBJECT)) == 0
    registered = chain.send(subjects.register(SUBJECT, FIRST), registrar.key)
    rotated = chain.send(subjects.rotate(SUBJECT, SECOND), registrar.key)

    contract = consortium.subjects
    assert events(contract, registered, "SubjectRegistered") == [{"subjectId": SUBJECT, "commitment": FIRST}]
    assert events(contract, rotated, "SubjectRotated") == [{"subjectId": SUBJECT, "commitment": SECOND}]
    assert chain.read(subjects.count(SUBJECT)) == 2
    first, second = (tuple(chain.read(subjects.entry(SUBJECT, i))) for i in range(2))
    assert first == (FIRST, chain.time_of(registered), registrar.id)
    assert second == (SECOND, chain.time_of(rotated), registrar.id)


def test_a_subject_is_registered_once(consortium, chain, subjects):
    chain.send(subjects.register(SUBJECT, FIRST), consortium.registrar.key)
    again = subjects.register(SUBJECT, SECOND)
    chain.refuses("SubjectExists", again, SUBJECT, sender=consortium.registrar.key)


def test_only_what_is_registered_is_rotated(consortium, chain, subjects):
    chain.refuses("SubjectUnknown", subjects.rotate(SUBJECT, FIRST), SUBJECT, sender=consortium.registrar.key)


def test_zero_is_neither_an_id_nor_a_commitment(consortium, chain, subjects):
    key = consortium.registrar.key
    chain.refuses("SubjectIdZero", subjects.register(ZERO, FIRST), sender=key)
    chain.refuses("SubjectCommitmentZero", subjects.register(SUBJECT, ZERO), SUBJECT, sender=key)
    chain.send(subjects.register(SUBJECT, FIRST), key)
    chain.refuses("SubjectCommitmentZero", subjects.rotate(SUBJECT, ZERO), SUBJECT, sender=key)


def test_an_entry_beyond_the_last_is_refused(consortium, chain, subjects):
    chain.refuses("SubjectEntryUnknown", subjects.entry(SUBJECT, 0), SUBJECT, 0)
    chain.send(subjects.register(SUBJECT, FIRST), consortium.registrar.key)
    chain.refuses("SubjectEntryUnknown", subjects.entry(SUBJECT, 1), SUBJECT, 1)


def test_only_a_registrar_writes(consortium, chain, subjects):
    chain.send(subjects.register(SUBJECT, FIRST), consortium.registrar.key)
    for member in (consortium.tax, consortium.bank, consortium.relayer):
        for function in (subjects.register(word("other"), FIRST), subjects.rotate(SUBJECT, SECOND)):
            chain.refuses("MemberLacksRole", function, member.id, 4, sender=member.key)
    stranger = consortium.stranger
    chain.refuses("MemberKeyUnknown", subjects.rotate(SUBJECT, SECOND), sender=stranger)


def test_what_is_in_force_is_not_recorded_again(consortium, chain, subjects):
    key = consortium.registrar.key
    chain.send(subjects.register(SUBJECT, FIRST), key)
    chain.send(subjects.rotate(SUBJECT, SECOND), key)
    for function in (subjects.rotate(SUBJECT, SECOND), subjects.requestRecovery(SUBJECT, SECOND)):
        chain.refuses("SubjectCommitmentCurrent", function, SUBJECT, sender=key)
    chain.send(subjects.rotate(SUBJECT, FIRST), key)
    assert chain.read(subjects.count(SUBJECT)) == 3


@pytest.fixture
def pending(consortium, chain, subjects):
    """A subject with a recovery that was just requested; the receipt of the request."""
    chain.send(subjects.register(SUBJECT, FIRST), consortium.registrar.key)
    return chain.send(subjects.requestRecovery(SUBJECT, SECOND), consortium.registrar.key)


def test_a_recovery_is_announced_and_takes_effect_after_72_hours(consortium, chain, subjects, pending):
    contract, registrar, asked = consortium.subjects, consortium.registrar, chain.time_of(pending)
    due = asked + 72 * 3600
    assert events(contract, pending, "SubjectRecoveryRequested") == [
        {"subjectId": SUBJECT, "number": 1, "commitment": SECOND, "completableAt": due, "registrar": registrar.id}
    ]
    assert tuple(chain.read(subjects.recovery(SUBJECT))) == (SECOND, 1, asked)
    complete = subjects.completeRecovery(SUBJECT, 1)
    chain.at(due - 1)
    chain.refuses("SubjectRecoveryEarly", complete, SUBJECT, due, sender=registrar.key)
    assert chain.read(subjects.count(SUBJECT)) == 1
    assert chain.next_time == due
    recovered = chain.send(complete, registrar.key)
    assert events(contract, recovered, "SubjectRecovered") == [
        {"subjectId": SUBJECT, "number": 1, "commitment": SECOND}
    ]
    assert tuple(chain.read(subjects.entry(SUBJECT, 1))) == (SECOND, due, registrar.id)
    assert tuple(chain.read(subjects.recovery(SUBJECT))) == (ZERO, 1, asked)
    chain.refuses("SubjectRecoveryNotPending", complete, SUBJECT, 1, sender=registrar.key)


@pytest.mark.parametrize("who", ["relayer", "registrar"])
@pytest.mark.usefixtures("pending")
def test_a_cancelled_recovery_never_takes_effect(consortium, chain, subjects, who):
    member, registrar = getattr(consortium, who), consortium.registrar
    cancelled = chain.send(subjects.cancelRecovery(SUBJECT, 1), member.key)
    assert events(consortium.subjects, cancelled, "SubjectRecoveryCancelled") == [
        {"subjectId": SUBJECT, "number": 1, "by": member.id}
    ]
    chain.at(chain.next_time + 100 * 3600)
    for function in (subjects.completeRecovery(SUBJECT, 1), subjects.cancelRecovery(SUBJECT, 1)):
        chain.refuses("SubjectRecoveryNotPending", function, SUBJECT, 1, sender=registrar.key)
    assert chain.read(subjects.count(SUBJECT)) == 1


@pytest.mark.usefixtures("pending")
def test_a_late_cancellation_or_completion_does_not_meet_the_next_recovery(consortium, chain, subjects):
    key = consortium.registrar.key
    chain.send(subjects.cancelRecovery(SUBJECT, 1), key)
    again = chain.send(subjects.requestRecovery(SUBJECT, SECOND), key)
    assert events(consortium.subjects, again, "SubjectRecoveryRequested")[0]["number"] == 2
    chain.at(chain.next_time + 100 * 3600)
    for number in (0, 1, 3):
        for function in (subjects.cancelRecovery(SUBJECT, number), subjects.completeRecovery(SUBJECT, number)):
            chain.refuses("SubjectRecoveryNotPending", function, SUBJECT, number, sender=key)
    chain.send(subjects.completeRecovery(SUBJECT, 2), key)


@pytest.mark.usefixtures("pending")
def test_one_recovery_is_pending_at_a_time(consortium, chain, subjects):
    function = subjects.requestRecovery(SUBJECT, word("third"))
    chain.refuses("SubjectRecoveryPending", function, SUBJECT, 1, sender=consortium.registrar.key)


@pytest.mark.parametrize("commitment", [SECOND, word("third")])
@pytest.mark.usefixtures("pending")
def test_a_rotation_cancels_a_pending_recovery(consortium, chain, subjects, commitment):
    registrar = consortium.registrar
    rotated = chain.send(subjects.rotate(SUBJECT, commitment), registrar.key)
    cancelled = events(consortium.subjects, rotated, "SubjectRecoveryCancelled")
    assert cancelled == [{"subjectId": SUBJECT, "number": 1, "by": registrar.id}]
    chain.at(chain.next_time + 100 * 3600)
    function = subjects.completeRecovery(SUBJECT, 1)
    chain.refuses("SubjectRecoveryNotPending", function, SUBJECT, 1, sender=registrar.key)
    assert chain.read(subjects.count(SUBJECT)) == 2


def test_only_a_registered_subject_is_recovered_and_to_something(consortium, chain, subjects):
    key = consortium.registrar.key
    chain.refuses("SubjectUnknown", subjects.requestRecovery(SUBJECT, FIRST), SUBJECT, sender=key)
    chain.refuses("SubjectRecoveryNotPending", subjects.completeRecovery(SUBJECT, 0), SUBJECT, 0, sender=key)
    assert tuple(chain.read(subjects.recovery(SUBJECT))) == (ZERO, 0, 0)
    chain.send(subjects.register(SUBJECT, FIRST), key)
    chain.refuses("SubjectCommitmentZero", subjects.requestRecovery(SUBJECT, ZERO), SUBJECT, sender=key)


@pytest.mark.usefixtures("pending")
def test_recoveries_are_asked_for_by_registrars_and_cancelled_by_relayers_too(consortium, chain, subjects):
    for member in (consortium.tax, consortium.bank, consortium.relayer):
        for function in (subjects.requestRecovery(SUBJECT, word("third")), subjects.completeRecovery(SUBJECT, 1)):
            chain.refuses("MemberLacksRole", function, member.id, 4, sender=member.key)
    for member in (consortium.tax, consortium.bank):
        chain.refuses("MemberLacksRole", subjects.cancelRecovery(SUBJECT, 1), member.id, 12, sender=member.key)
    chain.refuses("MemberKeyUnknown", subjects.cancelRecovery(SUBJECT, 1), sender=consortium.stranger)
