"""A request is made up step by step within its purpose, and looked at once more before it is sent."""

import pytest

from api.catalogue.datatype import schemas
from api.catalogue.purpose import default_purposes
from api.services.asking.draft import MAX_OPEN, RequestDrafts
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from ledger_node.randomness import random_bytes
from tests.kit.small_instance import BANK, GOOD, STRANGER, one_form, refused

GRADE = one_form("tax_credit_rating.grade in {A, B}")
DAY = 86_400


def claim(text):
    return Claim.parse(text, schemas())


@pytest.fixture
def drafts(instance):
    return RequestDrafts(instance.store, default_purposes())


@pytest.fixture
def draft(instance, firm, drafts):
    return drafts.start(BANK, firm.subject, "loan_application", staff=b"wang", now=instance.now())


def test_a_draft_begins_with_what_its_purpose_allows(drafts, draft, firm):
    assert (draft.subject, draft.questions, draft.request) == (firm.subject, (), None)
    assert (draft.days, draft.uses, draft.retention_days) == (31, 3, 31)
    assert drafts.find(BANK, draft.id) == draft
    assert drafts.open_of(BANK) == [draft]


def test_a_draft_of_another_bank_is_not_there(drafts, draft):
    assert refused(drafts.find, STRANGER, draft.id) is Reason.NOT_FOUND
    assert refused(drafts.add, STRANGER, draft.id, claim(GOOD)) is Reason.NOT_FOUND
    assert refused(drafts.find, BANK, random_bytes(16)) is Reason.NOT_FOUND
    drafts.drop(STRANGER, draft.id)
    assert drafts.find(BANK, draft.id) == draft
    drafts.drop(BANK, draft.id)
    assert drafts.open_of(BANK) == []


def test_questions_are_added_once_taken_out_and_combined(drafts, draft):
    for text in (GOOD, GRADE, GOOD):
        drafts.add(BANK, draft.id, claim(text))
    assert drafts.find(BANK, draft.id).questions == (GOOD, GRADE)
    both = drafts.combine(BANK, draft.id, 1, [GOOD, GRADE])
    assert len(both.questions) == 1
    assert claim(both.questions[0]).is_combined
    assert drafts.remove(BANK, draft.id, both.questions[0]).questions == ()


def test_what_the_purpose_does_not_cover_is_refused(instance, firm, drafts):
    subsidy = drafts.start(BANK, firm.subject, "subsidy_or_tender", staff=b"", now=instance.now())
    assert refused(drafts.add, BANK, subsidy.id, claim(GOOD)) is Reason.PURPOSE_CEILING
    assert refused(drafts.start, BANK, firm.subject, "other", staff=b"", now=5) is Reason.PURPOSE_UNKNOWN


@pytest.mark.parametrize("changed", [{"days": 32}, {"uses": 4}, {"retention_days": 32}])
def test_bounds_above_the_ceiling_are_refused(drafts, draft, changed):
    bounds = {"days": 10, "uses": 2, "retention_days": 5}
    assert refused(drafts.set_bounds, BANK, draft.id, **bounds | changed) is Reason.PURPOSE_CEILING
    after = drafts.set_bounds(BANK, draft.id, **bounds)
    assert (after.days, after.uses, after.retention_days) == (10, 2, 5)
    assert refused(drafts.set_bounds, BANK, draft.id, **bounds | {"uses": 0}) is Reason.VALUE_OUT_OF_RANGE


def test_a_change_after_the_last_look_asks_for_another_one(instance, drafts, draft):
    look = (drafts.look_at, BANK, draft.id, Language.CHINESE)
    assert refused(*look, instance.now()) is Reason.FIELD_MISSING
    drafts.add(BANK, draft.id, claim(GOOD))
    looked = drafts.look_at(BANK, draft.id, Language.CHINESE, instance.now())
    assert (looked.language, looked.begins_at % 60) == (Language.CHINESE, 0)
    assert looked.expires_at == looked.begins_at + 31 * DAY
    assert drafts.add(BANK, draft.id, claim(GRADE)).begins_at is None


def test_a_draft_that_was_sent_changes_no_more(drafts, draft):
    drafts.add(BANK, draft.id, claim(GOOD))
    drafts.note_sent(draft, b"r" * 32)
    assert refused(drafts.add, BANK, draft.id, claim(GRADE)) is Reason.REQUEST_ANSWERED
    drafts.drop(BANK, draft.id)
    assert drafts.find(BANK, draft.id).request == b"r" * 32
    assert drafts.open_of(BANK) == []


def test_a_bank_has_so_many_drafts_and_old_ones_go(instance, firm, drafts):
    start = (drafts.start, BANK, firm.subject, "loan_application")
    for _ in range(MAX_OPEN):
        start[0](*start[1:], staff=b"", now=instance.now())
    assert refused(*start, staff=b"", now=instance.now()) is Reason.OVERLOADED
    late = drafts.start(BANK, firm.subject, "loan_application", staff=b"", now=instance.now() + 31 * DAY)
    assert drafts.open_of(BANK) == [late]
