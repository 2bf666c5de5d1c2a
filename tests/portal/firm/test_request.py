"""The page of a request: every line of the words once, who signed, and what was answered."""

import pytest

from api.portal.firm.request.view import answered_page, cards_of, request_page
from ledger_node.domain.consent_act import refusal_digest
from ledger_node.domain.consent_text import Language
from tests.kit.firm_page import agree, open_page
from tests.kit.small_instance import GOOD, one_form

ZH, EN = Language.CHINESE, Language.ENGLISH
OTHER = one_form("tax_credit_rating.grade in {A, B}")


def shown(instance, firm, request, *, person=None, language=EN):
    held = instance.requests.find(request)
    return request_page(instance, held, open_page(instance, firm, request, language), person, ["aa"], language)


@pytest.mark.parametrize("language", [ZH, EN])
def test_the_elements_of_the_page_are_the_lines_of_the_text_in_their_order(instance, firm, language):
    request = instance.ask(firm, GOOD, OTHER).id
    draft = open_page(instance, firm, request, language)
    title, cards = cards_of(draft.lines, frozenset())
    texts = [title.text, *(line.text for card in cards for line in card.lines)]
    assert texts == [line.text for line in draft.lines]
    assert [card.name for card in cards if card.name != "other"] == ["who", "questions", "data", "limits", "told"]


def test_a_long_line_is_not_split_into_a_narrow_column(instance, firm):
    request = instance.ask(firm).id
    _, cards = cards_of(open_page(instance, firm, request, Language.ENGLISH).lines, frozenset())
    lines = {line.key: line for card in cards for line in card.lines}
    (bounds,) = [line for line in lines.values() if line.text.startswith("Usable from")]
    (bank,) = [line for line in lines.values() if line.text.startswith("Bank:")]
    assert (bounds.label, bank.label) == ("", "Bank: ")


def test_a_question_beyond_the_usual_ones_is_marked(instance, firm):
    request = instance.ask(firm, GOOD, OTHER).id
    _, cards = cards_of(open_page(instance, firm, request).lines, frozenset({2}))
    marked = [line.key for card in cards for line in card.lines if line.is_unusual]
    assert {key.split(".")[1] for key in marked} == {"2"}


def test_what_is_unusual_is_for_the_consortium_to_say(instance, firm):
    request = instance.ask(firm, GOOD, one_form("tax_payment.sales_income >= 10000 CNY during 2025")).id
    marked = [line.key for card in shown(instance, firm, request).cards for line in card.lines if line.is_unusual]
    assert {key.split(".")[1] for key in marked} == {"2"}


def test_the_scripts_are_told_what_they_must_come_to(instance, firm):
    request = instance.ask(firm).id
    page, draft = shown(instance, firm, request), open_page(instance, firm, request)
    refusal = refusal_digest(request, instance.ledger.consent_domain)
    assert page.data["expected"] == {"grant": draft.id.hex(), "refuse": refusal.hex()}
    assert page.data["terms"] == draft.consent.terms.to_json()
    assert page.data["credentials"] == ["aa"]


def test_each_person_sees_whether_it_signed(instance, couple):
    request = instance.ask(couple).id
    agree(instance, couple, request, 0)
    first, second = (shown(instance, couple, request, person=person) for person in (1, 2))
    assert (first.signed, first.needed, first.has_signed, second.has_signed) == (1, 2, True, False)


def test_the_words_stay_in_the_language_of_the_first_signature(instance, couple):
    request = instance.ask(couple).id
    agree(instance, couple, request, 0, ZH)
    page = shown(instance, couple, request, language=EN)
    assert page.language is ZH
    assert "Beijing time" in page.good_until


def test_a_granted_request_shows_its_receipt_number(instance, firm):
    request = instance.ask(firm).id
    consent = agree(instance, firm, request).id
    page = answered_page(instance, instance.requests.find(request), EN)
    assert page.consent == f"/consents/{consent.hex()}"
    assert page.uses == 3


def test_a_refused_request_has_no_consent(instance, firm):
    request = instance.ask(firm).id
    (signature,) = instance.signed_refusal(firm, request)
    assert instance.joint_acts.refuse(request, firm.subject, signature)
    assert answered_page(instance, instance.requests.find(request), EN).consent is None
