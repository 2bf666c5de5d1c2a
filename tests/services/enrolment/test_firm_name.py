"""A firm is called what its registrar wrote, until it is erased."""

import pytest
from sqlalchemy import select

from api.services.enrolment.firm_name import FirmNames
from api.storage import table
from ledger_node.randomness import random_bytes
from tests.kit.enrolment import FIRM, Counter
from tests.kit.small_instance import REGISTRAR


@pytest.fixture
def names(instance):
    return FirmNames(instance.store, instance.keys, instance.departments[REGISTRAR].kek)


def test_an_invited_firm_has_its_name_and_another_one_none(instance, names):
    counter = Counter(instance)
    invitation = counter.open()
    counter.arrive(counter.code(invitation))
    assert names.of([random_bytes(32)]) == {}
    subject = counter.release(invitation).subject
    assert names.of([subject, instance.new_firm().subject]) == {subject: FIRM}
    assert names.of([]) == {}


def test_an_erased_name_is_not_told(instance, names):
    counter = Counter(instance)
    invitation = counter.open()
    counter.arrive(counter.code(invitation))
    subject = counter.release(invitation).subject
    instance.keys.delete(instance.store.scalars(select(table.invitation.c.data_key)))
    assert names.of([subject]) == {}
