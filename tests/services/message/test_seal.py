"""What is sealed for one firm and one row opens for no other, and for nobody after an erasure."""

import pytest
from sqlalchemy import select

from api.services.message.seal import SubjectSeal
from api.storage import table
from ledger_node.domain.error import CredenceError
from ledger_node.domain.reason import Reason
from tests.kit.small_instance import REGISTRAR, refused


@pytest.fixture
def seals(instance):
    return SubjectSeal(instance.store, instance.keys, instance.departments[REGISTRAR].kek)


def test_a_text_opens_in_its_own_row_alone(instance, seals, firm):
    sealed = seals.seal(firm.subject, b"row", "wang@shop.example")
    assert seals.open(firm.subject, b"row", sealed) == "wang@shop.example"
    for subject, name in ((firm.subject, b"other"), (instance.new_firm().subject, b"row")):
        with pytest.raises(CredenceError):
            seals.open(subject, name, sealed)


def test_nothing_opens_after_an_erasure_or_for_an_unknown_firm(instance, seals, firm):
    sealed = seals.seal(firm.subject, b"row", "wang@shop.example")
    key = instance.store.scalar(select(table.subject.c.data_key).where(table.subject.c.id == firm.subject))
    instance.keys.erase([key])
    assert refused(seals.open, firm.subject, b"row", sealed) is Reason.ERASED
    assert refused(seals.seal, firm.subject, b"row", "x") is Reason.ERASED
    assert refused(seals.seal, bytes(32), b"row", "x") is Reason.SUBJECT_UNKNOWN
