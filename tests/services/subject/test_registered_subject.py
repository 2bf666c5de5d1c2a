"""Finding registered subjects: only those whose key opens."""

import pytest
from sqlalchemy import select

from api.services.subject.registered_subject import SubjectReader
from api.storage import table
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import REGISTRAR, refused


@pytest.fixture
def reader(instance):
    return SubjectReader(instance.store, instance.keys, instance.departments[REGISTRAR].kek)


def row_of(instance, subject):
    with instance.store.connect() as connection:
        return connection.execute(select(table.subject).where(table.subject.c.id == subject)).one()


def test_a_subject_is_found_by_its_id(instance, firm, reader):
    found = reader.find(firm.subject)
    assert (found.id, found.credit_code) == (firm.subject, firm.code)
    assert reader.credit_code(row_of(instance, firm.subject)) == firm.code
    assert reader.find(random_bytes(32)) is None
    assert reader.find_all([firm.subject, random_bytes(32)]) == {firm.subject: found}


def test_an_erased_subject_is_not_found(instance, firm, reader):
    instance.keys.erase(instance.key_ids_of(firm.subject))
    assert reader.find(firm.subject) is None
    assert reader.why_unknown(firm.subject) is Reason.ERASED
    assert refused(reader.credit_code, row_of(instance, firm.subject)) is Reason.ERASED
