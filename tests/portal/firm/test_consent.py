"""The page of a consent: how it stands, whether it can be withdrawn at once, and its slip."""

import pytest

from api.portal.firm.consent.view import consent_page, slip_page
from ledger_node.domain.consent_act import Change
from ledger_node.domain.consent_text import Language
from tests.kit.firm_page import agree
from tests.kit.small_instance import DAY

EN = Language.ENGLISH


def shown(instance, consent):
    return consent_page(instance, instance.consents.stored(consent), ["aa"], EN, instance.now())


@pytest.fixture
def consent(instance, firm):
    return agree(instance, firm, instance.ask(firm).id).id


def test_what_was_drawn_up_here_needs_no_signature_to_withdraw(instance, consent):
    page = shown(instance, consent)
    assert (page.state, page.can_withdraw, page.needs_signature, page.change) == ("live", True, False, "pause")
    assert (page.uses_left, page.max_uses, page.retention_days) == (3, 3, 30)


def test_what_was_drawn_up_elsewhere_needs_one(instance, firm):
    consent = instance.grant(firm)
    assert shown(instance, consent).needs_signature
    assert slip_page(instance, instance.consents.stored(consent), "http://localhost:1", EN) is None


def test_a_paused_consent_can_go_on_or_be_withdrawn(instance, firm, consent):
    instance.consents.change(consent, Change.PAUSE, 1, instance.signed_change(firm, consent, Change.PAUSE, 1))
    page = shown(instance, consent)
    assert (page.state, page.change, page.change_number, page.can_withdraw) == ("paused", "resume", 2, True)


@pytest.mark.parametrize("days", [30, 40])
def test_a_consent_that_is_over_offers_nothing(instance, consent, days):
    instance.chain.pass_time(days * DAY)
    page = shown(instance, consent)
    assert (page.state, page.change, page.can_withdraw) == ("expired", None, False)


def test_a_withdrawn_consent_offers_nothing(instance, firm, consent):
    instance.joint_acts.withdraw(consent, firm.subject)
    page = shown(instance, consent)
    assert (page.state, page.change, page.can_withdraw) == ("withdrawn", None, False)


def test_a_slip_says_just_the_number_and_the_end(instance, consent):
    slip = slip_page(instance, instance.consents.stored(consent), "http://localhost:1", EN)
    assert slip.number == shown(instance, consent).number
    assert slip.until == shown(instance, consent).until
    assert "<svg" in slip.code
    assert "style" not in slip.code
