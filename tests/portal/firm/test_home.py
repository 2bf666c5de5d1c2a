"""The first page: requests that are open, consents that run, and what is urgent."""

import datetime as dt

from api.portal.firm.home.view import home_of, month_start
from api.portal.firm.receipt_number import receipt_number
from ledger_node.domain.consent_act import Change
from ledger_node.domain.consent_text import Language
from tests.kit.firm_page import agree
from tests.kit.small_instance import BANK, DAY, NAMES

EN = Language.ENGLISH


def shown(instance, firm):
    return home_of(instance, firm.subject, EN, instance.now())


def test_an_open_request_is_shown_until_it_is_answered(instance, firm):
    request = instance.ask(firm).id
    (card,) = shown(instance, firm).requests
    assert (card.bank, card.questions, card.path) == (NAMES[BANK], 1, f"/requests/{request.hex()}")
    assert (card.signed, card.needed, card.is_urgent) == (0, 1, False)
    agree(instance, firm, request)
    home = shown(instance, firm)
    assert home.requests == ()
    (consent,) = home.consents
    assert (consent.bank, consent.uses_left, consent.state) == (NAMES[BANK], 3, "live")
    assert consent.purpose == "Decide on a loan application"


def test_a_request_that_is_over_is_not_shown(instance, firm):
    instance.ask(firm)
    instance.chain.pass_time(30 * DAY)
    assert shown(instance, firm).requests == ()


def test_what_ends_first_stands_first_and_is_urgent_on_its_last_day(instance, firm):
    late, soon = instance.ask(firm).id, instance.ask(firm, expires_at=instance.now() + DAY - 60).id
    cards = shown(instance, firm).requests
    assert [card.path for card in cards] == [f"/requests/{soon.hex()}", f"/requests/{late.hex()}"]
    assert [card.is_urgent for card in cards] == [True, False]


def test_a_request_that_one_of_two_signed_says_so_to_the_other(instance, couple):
    request = instance.ask(couple).id
    agree(instance, couple, request)
    (card,) = shown(instance, couple).requests
    assert (card.signed, card.needed) == (1, 2)


def test_a_paused_consent_stays_and_a_withdrawn_one_goes(instance, firm):
    consent = agree(instance, firm, instance.ask(firm).id).id
    instance.consents.change(consent, Change.PAUSE, 1, instance.signed_change(firm, consent, Change.PAUSE, 1))
    assert [card.state for card in shown(instance, firm).consents] == ["paused"]
    instance.joint_acts.withdraw(consent, firm.subject)
    assert shown(instance, firm).consents == ()


def test_the_records_of_departments_are_counted(instance, firm):
    assert shown(instance, firm).records == 0
    instance.attest(firm.code, instance.new_code())
    assert shown(instance, firm).records == 1


def test_a_firm_sees_nothing_of_others(instance, firm):
    other = instance.new_firm()
    agree(instance, other, instance.ask(other).id)
    instance.ask(other)
    home = shown(instance, firm)
    assert (home.requests, home.consents, home.looked) == ((), (), 0)


def test_the_month_begins_in_beijing():
    beijing = dt.timezone(dt.timedelta(hours=8))
    now = int(dt.datetime(2026, 11, 30, 22, 0, tzinfo=dt.UTC).timestamp())
    assert month_start(now) == int(dt.datetime(2026, 12, 1, tzinfo=beijing).timestamp())


def test_a_receipt_number_is_short_and_has_no_letter_that_is_mistaken():
    assert receipt_number(bytes(32)) == "0000-0000"
    assert receipt_number(b"\xff" * 32) == "ZZZZ-ZZZZ"
