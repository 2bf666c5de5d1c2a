"""A change that is closed as refused: stored once, and told to the firm once."""

from sqlalchemy import delete, insert

from api.services.subject.controller_change import (
    ChangeKind,
    ForeignEntryError,
    RefusedChange,
    close_refused,
    refusals_of,
)
from api.storage import table
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.reason import Reason

SUBJECT, COMMITMENT = b"s" * 32, b"c" * 32
CHANGE = RefusedChange(SUBJECT, ChangeKind.RECOVERY, 2, COMMITMENT, Reason.CONTROLLERS_FOREIGN)
DELETION = delete(table.consent_word).where(table.consent_word.c.target == SUBJECT)
"""Of a row that stands for the change: which table it is in does not matter."""
TOLD = {
    "subject": to_hex(SUBJECT),
    "change": "recovery",
    "number": 2,
    "commitment": to_hex(COMMITMENT),
    "reason": "controllers_foreign",
}


def test_a_refusal_is_stored_and_told_once(instance):
    for _ in range(2):
        instance.store.write(insert(table.consent_word).values(target=SUBJECT, act="", number=0, word=""))
        close_refused(instance.store, instance.ledger, CHANGE, DELETION)
    assert refusals_of(instance.store, SUBJECT) == [TOLD | {"time": instance.ledger.head().time}]
    assert refusals_of(instance.store, COMMITMENT) == []
    assert instance.told(SUBJECT) == [("subject.change_refused", TOLD)]


def test_a_change_that_is_gone_is_not_told(instance):
    close_refused(instance.store, instance.ledger, CHANGE, DELETION)
    assert refusals_of(instance.store, SUBJECT) == []
    assert instance.told(SUBJECT) == []


def test_a_foreign_entry_has_a_reason_of_its_own():
    assert ForeignEntryError().reason is Reason.CONTROLLERS_FOREIGN
