"""A change that is closed as refused: stored once, and told to the firm once."""

import pytest

from api.services.subject.controller_change import (
    ChangeKind,
    ForeignEntryError,
    RefusedChange,
    close_refused,
    refusals_of,
)
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

SUBJECT, COMMITMENT = b"s" * 32, b"c" * 32
CHANGE = RefusedChange(SUBJECT, ChangeKind.RECOVERY, 2, COMMITMENT, Reason.CONTROLLERS_FOREIGN)
TOLD = {
    "subject": to_hex(SUBJECT),
    "change": "recovery",
    "number": 2,
    "commitment": to_hex(COMMITMENT),
    "reason": "controllers_foreign",
}


@pytest.mark.parametrize("recipient", [None, b"r" * 32])
def test_a_refusal_is_stored_and_told_once(instance, recipient):
    for _ in range(2):
        close_refused(instance.store, instance.ledger, CHANGE, lambda _: True, recipient=recipient)
    with instance.store.connect() as connection:
        assert refusals_of(connection, SUBJECT) == [TOLD | {"time": instance.ledger.head().time}]
        assert refusals_of(connection, COMMITMENT) == []
    assert instance.told(recipient or SUBJECT) == [("subject.change_refused", TOLD)]


def test_a_change_that_is_gone_is_not_told(instance):
    close_refused(instance.store, instance.ledger, CHANGE, lambda _: False)
    with instance.store.connect() as connection:
        assert refusals_of(connection, SUBJECT) == []
    assert instance.told(SUBJECT) == []


def test_a_foreign_entry_has_a_reason_of_its_own():
    assert ForeignEntryError().reason is Reason.CONTROLLERS_FOREIGN
