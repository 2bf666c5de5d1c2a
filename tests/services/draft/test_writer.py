"""A draft grants just what is asked, and may be recorded for a week, but not after the consent is over."""

import pytest

from api.catalogue.purpose import default_purposes
from api.services.draft.draft import RECORDED_WITHIN_S
from api.services.draft.writer import DraftWriter
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.consent_text import Language
from tests.kit.small_instance import DAY


@pytest.fixture
def write(instance):
    writer = DraftWriter(instance.ledger, default_purposes(), instance.consents)

    def write(held, *, language=Language.CHINESE, attempt=0):
        return writer.write(held, language, instance.now(), attempt=attempt, needed=1)

    return write


def test_it_grants_just_what_is_asked_in_the_words_of_its_language(instance, firm, write):
    held = instance.ask(firm)
    draft = write(held)
    asked = draft.consent.asked
    assert (asked.questions, asked.max_uses, asked.expires_at) == (
        held.asked.questions,
        held.asked.max_uses,
        held.asked.expires_at,
    )
    assert asked.purpose_text == default_purposes().named("loan_application").text(Language.CHINESE)


def test_it_can_be_recorded_for_a_week_and_not_after_its_end(instance, firm, write):
    long, short = instance.ask(firm), instance.ask(firm, expires_at=whole_minute(instance.now()) + 3 * DAY)
    assert write(long).consent.bounds.grant_before == whole_minute(instance.now() + RECORDED_WITHIN_S)
    assert write(short).consent.bounds.grant_before == short.asked.expires_at


def test_each_attempt_has_a_secret_of_its_own(instance, firm, write):
    held = instance.ask(firm)
    assert write(held).id == write(held).id
    assert write(held).id != write(held, attempt=1).id
