import pytest
from contract_kit import ZERO, events, word

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
