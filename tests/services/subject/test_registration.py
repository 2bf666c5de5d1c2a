"""Registration: a firm gets an id that tells nothing, whose controllers are on the ledger before anything counts."""

import pytest
from sqlalchemy import select

from api.catalogue.datatype import schemas
from api.services.subject.registration import SubjectService
from api.storage import table
from ledger_node.domain.controller_act import subject_id
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.presentation import SUBJECT_REGISTRATION
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import each_person
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import REGISTRAR, Silence, refused

ADDRESS, OTHER = address_of(b"a" * 32), address_of(b"b" * 32)


@pytest.fixture
def subjects(instance):
    assert type(instance.subjects) is SubjectService
    return instance.subjects


@pytest.fixture
def code(instance):
    return instance.new_code()


def register(instance, code, *addresses, threshold=1):
    return instance.subjects.register(code, each_person(addresses or (ADDRESS,)), threshold, now=instance.now())


def test_a_firm_is_registered_on_the_ledger_and_attested_to(instance, subjects, code):
    found = register(instance, code)
    entry = instance.ledger.controller_entry(found.id, 0)
    assert (entry.commitment, entry.registrar) == (instance.history.find_current(found.id).commitment, REGISTRAR)
    assert instance.ledger.stream_head(REGISTRAR, 0).number == 1
    assert (found.credit_code, subjects.find(found.id)) == (code, found)
    assert code not in repr(found)
    assert subjects.find_all([found.id, random_bytes(32)]) == {found.id: found}


def test_the_same_controllers_get_the_same_subject_and_others_none(instance, code):
    found = register(instance, code)
    assert register(instance, code) == found
    assert refused(register, instance, code, OTHER) is Reason.SUBJECT_EXISTS
    assert refused(register, instance, code, ADDRESS, OTHER, threshold=2) is Reason.SUBJECT_EXISTS
    assert register(instance, instance.new_code()).id != found.id


@pytest.mark.parametrize("method", ["register_subject", "anchor", "controller_entry"])
@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("by_itself", [True, False])
def test_a_registration_that_was_cut_off_is_finished(instance, subjects, code, method, lands, by_itself):
    with Silence(instance.ledger, method, lands=lands):
        assert refused(register, instance, code) is Reason.LEDGER_UNAVAILABLE
    (subject,) = subjects.waiting()
    assert subjects.find(subject) is None
    if by_itself:
        subjects.resume(subject, instance.now())
    assert register(instance, code).id == subject
    assert subjects.waiting() == []
    assert instance.ledger.subjects_since(0) == [subject]


def test_k9_what_another_registrar_sends_first_takes_no_id(instance, subjects, code):
    """It sees commitment and salt on their way, and sends them as its own: the honest registration goes through."""
    sent = []
    with Silence(instance.ledger, "register_subject", sees=sent.append):
        assert refused(register, instance, code) is Reason.LEDGER_UNAVAILABLE
    (subject,) = subjects.waiting()
    instance.other.register_subject(*sent[0])
    assert register(instance, code).id == subject
    theirs, ours = instance.ledger.subjects_since(0)
    assert (ours, instance.ledger.registrar_of(ours)) == (subject, REGISTRAR)
    assert theirs != ours


def test_the_id_is_the_one_that_the_chain_computes(instance, code):
    found = register(instance, code)
    row = instance.store.row(select(table.subject).where(table.subject.c.id == found.id))
    commitment = instance.history.current(found.id).controllers.commitment
    assert found.id == subject_id(instance.ledger.subject_domain, REGISTRAR, commitment, row.salt)


def test_without_the_councils_leave_nothing_is_registered(instance, subjects, code):
    instance.council.disallow_issuer(schemas()[SUBJECT_REGISTRATION].id, REGISTRAR)
    assert refused(register, instance, code) is Reason.ISSUER_NOT_ALLOWED
    assert subjects.waiting() == []


def test_why_a_subject_is_not_found(instance, subjects, code):
    with Silence(instance.ledger, "register_subject"):
        assert refused(register, instance, code) is Reason.LEDGER_UNAVAILABLE
    (subject,) = subjects.waiting()
    assert subjects.why_unknown(subject) is Reason.NO_ATTESTATION
    assert subjects.why_unknown(random_bytes(32)) is Reason.ERASED


@pytest.mark.parametrize("threshold", [0, 3])
def test_controllers_that_make_no_sense_register_nothing(instance, subjects, code, threshold):
    with pytest.raises(InvalidInputError):
        register(instance, code, ADDRESS, OTHER, threshold=threshold)
    assert subjects.waiting() == []
